// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/checked_cast.h>

#include <memory>
#include <string>
#include <string_view>

#include "windrow/base/status.h"
#include "windrow/column/sql_type.h"

namespace windrow::column::internal {

using arrow::internal::checked_cast;
using ArrayPtr = std::shared_ptr<arrow::Array>;

/// The first value that cannot be stored. The one who knows the column's name makes the
/// message.
struct BadValue {
  int64_t row = -1;
  std::string found;

  /// Notes the value at `row`, with what is wrong with it unless that is plain from the
  /// type, and gives the failure to return.
  Status At(int64_t row, std::string found, std::string_view what_is_wrong = {});
  /// The same with the value read from `values`.
  Status At(const arrow::Array& values, int64_t row, std::string_view what_is_wrong = {});
};

/// `text` as a message can show it: in quotes, of one line, long ones cut.
std::string ShownText(std::string_view text);

/// The array's validity from bit 0 on; null when it has no nulls.
Result<std::shared_ptr<arrow::Buffer>> ValidityOf(const arrow::Array& values,
                                                  arrow::MemoryPool* pool);

inline Result<ArrayPtr> CastTo(const ArrayPtr& values,
                               const std::shared_ptr<arrow::DataType>& type,
                               arrow::MemoryPool* pool) {
  if (values->type()->Equals(*type)) return values;
  arrow::compute::ExecContext compute(pool);
  compute.set_use_threads(false);
  ARROW_ASSIGN_OR_RAISE(
      const arrow::Datum cast,
      arrow::compute::Cast(values, arrow::compute::CastOptions::Safe(type), &compute));
  return cast.make_array();
}

/// An array of `type`, of fixed width, whose value at each row that is not null is what
/// `store(row, &value)` puts there. When it returns false, the row is the bad value.
template <typename Value, typename Store>
Result<ArrayPtr> StoreRows(const arrow::Array& values,
                           const std::shared_ptr<arrow::DataType>& type, BadValue* bad,
                           arrow::MemoryPool* pool, Store&& store) {
  ARROW_ASSIGN_OR_RAISE(auto validity, ValidityOf(values, pool));
  ARROW_ASSIGN_OR_RAISE(
      std::shared_ptr<arrow::Buffer> buffer,
      arrow::AllocateBuffer(values.length() * static_cast<int64_t>(sizeof(Value)), pool));
  auto* out = reinterpret_cast<Value*>(buffer->mutable_data());
  for (int64_t row = 0; row < values.length(); ++row) {
    out[row] = Value{};
    if (values.IsNull(row)) continue;
    if (!store(row, &out[row])) return bad->At(values, row);
  }
  return arrow::MakeArray(
      arrow::ArrayData::Make(type, values.length(), {validity, std::move(buffer)}));
}

// Each takes what CheckAssignable lets through but dictionaries, extensions and nulls.
Result<ArrayPtr> StoreNumber(const ArrayPtr& values, const SqlType& type, BadValue* bad,
                             arrow::MemoryPool* pool);
Result<ArrayPtr> StoreNumeric(const ArrayPtr& values, const SqlType& type, BadValue* bad,
                              arrow::MemoryPool* pool);
Result<ArrayPtr> StoreText(const ArrayPtr& values, const SqlType& type, BadValue* bad,
                           arrow::MemoryPool* pool);
Result<ArrayPtr> StoreJson(const ArrayPtr& values, const SqlType& type, BadValue* bad,
                           arrow::MemoryPool* pool);
Result<ArrayPtr> StoreUuid(const ArrayPtr& values, const SqlType& type, BadValue* bad,
                           arrow::MemoryPool* pool);
Result<ArrayPtr> StoreTime(const ArrayPtr& values, const SqlType& type, BadValue* bad,
                           arrow::MemoryPool* pool);

}  // namespace windrow::column::internal
