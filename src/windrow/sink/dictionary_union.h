// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/array/array_dict.h>
#include <arrow/type_fwd.h>

#include <deque>
#include <memory>

#include "windrow/base/status.h"

namespace windrow::sink {

/// Where each value of one dictionary went in the union; null when it stayed in place.
using IndexMap = std::shared_ptr<arrow::Buffer>;

/// The union of the dictionaries of one column, in order of first appearance. An IPC file
/// holds one dictionary per column, while every batch may come with its own.
/// Single-threaded.
class DictionaryUnion {
 public:
  static Result<DictionaryUnion> Make(const std::shared_ptr<arrow::DataType>& value_type,
                                      arrow::MemoryPool* pool);

  /// Adds the values of `dictionary`, which holds no nulls; int32 new indices, one per
  /// value.
  Result<IndexMap> Add(const std::shared_ptr<arrow::Array>& dictionary);

  /// The union. At most once, after the last Add.
  Result<std::shared_ptr<arrow::Array>> Take();

 private:
  struct Seen {
    std::shared_ptr<arrow::ArrayData> dictionary;
    IndexMap map;
  };
  explicit DictionaryUnion(std::unique_ptr<arrow::DictionaryUnifier> unifier)
      : unifier_(std::move(unifier)) {}

  std::unique_ptr<arrow::DictionaryUnifier> unifier_;
  /// The last few dictionaries: batches cut from the same row group share one.
  std::deque<Seen> seen_;
};

/// True when no value of `dictionary`, which holds no nulls, occurs twice.
Result<bool> IsDistinct(const arrow::Array& dictionary, arrow::MemoryPool* pool);

/// `array`, whose indices are int32, with its indices replaced through `map`. The
/// result's dictionary is meaningless. A valid index outside the dictionary is a data
/// error.
Result<std::shared_ptr<arrow::Array>> MapIndices(const arrow::DictionaryArray& array,
                                                 const IndexMap& map,
                                                 arrow::MemoryPool* pool);

}  // namespace windrow::sink
