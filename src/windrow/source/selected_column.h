// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <span>

#include "windrow/base/status.h"
#include "windrow/source/parquet_pages.h"

namespace windrow::source {

/// Collects the selected values of one column chunk. Output rows that get no value are
/// null. Single-threaded.
class SelectedColumn {
 public:
  virtual ~SelectedColumn() = default;
  /// Takes over the values of the dictionary page, which may go away afterwards.
  virtual Status TakeDictionary(std::span<const uint8_t> values, int64_t count) = 0;
  /// Adds the wanted values of a page that is kPlain.
  virtual Status AddPlain(std::span<const uint8_t> values,
                          const WantedValues& wanted) = 0;
  /// The same for a kCodes page, after TakeDictionary; changes `wanted`.
  virtual Status AddCodes(std::span<const uint8_t> values, WantedValues* wanted) = 0;
  virtual Result<std::shared_ptr<arrow::Array>> Finish() = 0;
};

/// For `num_rows` output rows of a boolean, fixed-width, string or binary type. Fixed
/// widths are stored in `stored_width` bytes, at least as many as the type has.
Result<std::unique_ptr<SelectedColumn>> MakeSelectedColumn(
    const std::shared_ptr<arrow::DataType>& type, int stored_width, int64_t num_rows,
    arrow::MemoryPool* pool);

}  // namespace windrow::source
