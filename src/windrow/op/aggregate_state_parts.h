// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "windrow/column/pool_vector.h"
#include "windrow/op/aggregate_values.h"

// What the families of AggregateState are made of. Private to aggregate_*.cc.
namespace windrow::op {

/// visit(row, group) for each row.
template <typename Visit>
void ForEachRow(const uint32_t* rows, int64_t count, const uint32_t* groups,
                const Visit& visit) {
  if (rows == nullptr) {
    for (int64_t i = 0; i < count; ++i) visit(i, groups[i]);
  } else {
    for (int64_t i = 0; i < count; ++i) visit(int64_t{rows[i]}, groups[i]);
  }
}

/// visit(row, group) for each row whose value is not null.
template <typename Visit>
void ForEachValid(const AggregateValues& values, const uint32_t* rows, int64_t count,
                  const uint32_t* groups, const Visit& visit) {
  if (!values.has_nulls()) return ForEachRow(rows, count, groups, visit);
  ForEachRow(rows, count, groups, [&](int64_t row, uint32_t group) {
    if (values.IsValid(row)) visit(row, group);
  });
}

/// Which groups have had a value. Kept only from the first group on that may have none;
/// most columns have no nulls.
class SeenGroups {
 public:
  explicit SeenGroups(arrow::MemoryPool* pool) : seen_(pool) {}

  bool all() const { return !is_kept_; }
  bool operator[](int64_t group) const { return !is_kept_ || seen_[group] != 0; }

  Status Resize(int64_t groups, bool have_values) {
    if (!is_kept_ && (have_values || groups == size_)) {
      size_ = groups;
      return Status::OK();
    }
    if (!is_kept_) ARROW_RETURN_NOT_OK(seen_.Assign(size_, 1));
    is_kept_ = true;
    ARROW_RETURN_NOT_OK(seen_.Resize(groups));
    std::fill(seen_.begin() + size_, seen_.end(), 0);
    size_ = groups;
    return Status::OK();
  }
  void Note(const AggregateValues& values, const uint32_t* rows, int64_t count,
            const uint32_t* groups) {
    if (!is_kept_) return;
    ForEachValid(values, rows, count, groups,
                 [&](int64_t, uint32_t group) { seen_[group] = 1; });
  }
  void Note(const SeenGroups& other, const uint32_t* rows, int64_t count,
            const uint32_t* groups) {
    if (!is_kept_) return;
    ForEachRow(rows, count, groups,
               [&](int64_t row, uint32_t group) { seen_[group] |= other[row]; });
  }
  /// A group for each row, seen where it is not null.
  Status Load(const arrow::Array& column) {
    ARROW_RETURN_NOT_OK(Resize(column.length(), column.null_count() == 0));
    if (!is_kept_) return Status::OK();
    for (int64_t row = 0; row < column.length(); ++row) seen_[row] = column.IsValid(row);
    return Status::OK();
  }
  int64_t bytes() const { return seen_.size(); }

 private:
  bool is_kept_ = false;
  int64_t size_ = 0;
  column::PoolVector<uint8_t> seen_;
};

/// Grows `values` to `groups` elements, new ones being `value`.
template <typename T>
Status Extend(column::PoolVector<T>* values, int64_t groups, T value) {
  const int64_t known = values->size();
  ARROW_RETURN_NOT_OK(values->Resize(groups));
  std::fill(values->begin() + known, values->end(), value);
  return Status::OK();
}

/// A column of `type` with value_of(group), a T of the type's width, for each of
/// `groups`; null unless is_valid(group).
template <typename T, typename ValueOf, typename IsValid>
Result<std::shared_ptr<arrow::Array>> Gathered(
    const std::shared_ptr<arrow::DataType>& type, std::span<const uint32_t> groups,
    const ValueOf& value_of, const IsValid& is_valid, arrow::MemoryPool* pool) {
  const auto count = static_cast<int64_t>(groups.size());
  ARROW_ASSIGN_OR_RAISE(
      std::shared_ptr<arrow::Buffer> values,
      arrow::AllocateBuffer(count * static_cast<int64_t>(sizeof(T)), pool));
  auto* out = reinterpret_cast<T*>(values->mutable_data());
  int64_t nulls = 0;
  for (size_t i = 0; i < groups.size(); ++i) {
    out[i] = value_of(groups[i]);
    nulls += is_valid(groups[i]) ? 0 : 1;
  }
  std::shared_ptr<arrow::Buffer> bitmap;
  if (nulls > 0) {
    ARROW_ASSIGN_OR_RAISE(bitmap, arrow::AllocateEmptyBitmap(count, pool));
    for (size_t i = 0; i < groups.size(); ++i) {
      arrow::bit_util::SetBitTo(bitmap->mutable_data(), static_cast<int64_t>(i),
                                is_valid(groups[i]));
    }
  }
  return arrow::MakeArray(
      arrow::ArrayData::Make(type, count, {std::move(bitmap), std::move(values)}, nulls));
}

}  // namespace windrow::op
