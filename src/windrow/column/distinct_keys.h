// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "windrow/base/status.h"
#include "windrow/column/key_table.h"

namespace windrow::column {

/// Whether DistinctKeys can list keys of this common type: integers but unsigned 64-bit
/// ones, dates, times, timestamps, durations, strings and binaries.
bool HasDistinctKeys(const arrow::DataType& common_type);

/// The distinct keys of a frozen table with one such key column, ascending, without
/// nulls, as an array of its common type; strings as large_binary.
Result<std::shared_ptr<arrow::Array>> DistinctKeys(const KeyTable& table,
                                                   arrow::MemoryPool* pool);

}  // namespace windrow::column
