// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>

#include "windrow/base/status.h"

namespace windrow::format {

// A batch put aside on disk and read back by the same run:
//
//   bytes 0..3    "WSPL"
//   bytes 4..7    version, 1
//   bytes 8..15   bytes of the body
//   bytes 16..23  rows
//   bytes 24..31  XXH3 (64 bits) of the body
//   body          an encapsulated Arrow IPC record batch message, buffers in LZ4 frames
//
// Numbers are little-endian. The schema is not stored.

/// Bytes before the body.
inline constexpr int64_t kSpillHeaderBytes = 32;

/// Whether a value of this type may lie in a dictionary, at any depth.
bool HoldsDictionary(const arrow::DataType& type);

/// `batch` as one block in memory of `pool`. InternalError for a column that holds a
/// dictionary, which would not be stored with it.
Result<std::shared_ptr<arrow::Buffer>> EncodeSpillBlock(const arrow::RecordBatch& batch,
                                                        arrow::MemoryPool* pool);

/// The batch of a whole block; decompressed buffers are memory of `pool`, those that
/// were not worth compressing stay in `block`. StorageError when the block is not one
/// that EncodeSpillBlock made of a batch of `schema`.
Result<std::shared_ptr<arrow::RecordBatch>> DecodeSpillBlock(
    const std::shared_ptr<arrow::Buffer>& block,
    const std::shared_ptr<arrow::Schema>& schema, arrow::MemoryPool* pool);

}  // namespace windrow::format
