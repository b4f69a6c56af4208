// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <span>

#include "windrow/format/ipc_layout.h"

namespace windrow::format {

/// Metadata of a record batch message (format/Message.fbs of Arrow, version 5, without
/// the prefix of its length) for arrays and buffers that lie elsewhere. Spans of
/// `buffers` count from the body's start. No array may be of a view type.
std::shared_ptr<arrow::Buffer> WriteIpcBatchMessage(int64_t rows, IpcCodec codec,
                                                    std::span<const IpcNode> arrays,
                                                    std::span<const IpcSpan> buffers,
                                                    int64_t body_bytes);

}  // namespace windrow::format
