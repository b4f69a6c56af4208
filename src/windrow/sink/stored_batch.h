// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>

#include "windrow/base/status.h"

namespace windrow::sink {

// What a run holds in memory and what a file can hold differ in encodings only. A sink
// derives the stored schema once and brings every batch into it:
//
//   dictionary<int8, string>        -> kept as a dictionary where the format can
//   list<dictionary<int8, string>>  -> list<string>: formats and readers differ on these
//   dictionary<int32, string_view>  -> dictionary<int32, string>

/// True when the format keeps a top-level dictionary with values of this type.
using KeepsDictionary = std::function<bool(const arrow::DataType& value_type)>;

/// `schema` with every dictionary decoded that is nested or that `keeps` refuses. Kept
/// ones get indices of `index_type`, or keep their own when it is null.
std::shared_ptr<arrow::Schema> StoredSchema(
    const arrow::Schema& schema, const KeepsDictionary& keeps,
    const std::shared_ptr<arrow::DataType>& index_type);

/// `batch` in the encodings of `stored`, whose columns it has with equal logical types.
/// Kept dictionaries hold no nulls. Columns already stored so are passed on without a
/// copy, except that views are copied so that no unused bytes go along. Thread-safe.
Result<std::shared_ptr<arrow::RecordBatch>> ToStored(
    const arrow::RecordBatch& batch, const std::shared_ptr<arrow::Schema>& stored,
    arrow::MemoryPool* pool);

/// The plain values of a dictionary array.
Result<std::shared_ptr<arrow::Array>> Decode(const std::shared_ptr<arrow::Array>& array,
                                             arrow::MemoryPool* pool);

}  // namespace windrow::sink
