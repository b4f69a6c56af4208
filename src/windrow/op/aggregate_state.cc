// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/aggregate_state.h"

#include <arrow/type.h>

#include "windrow/op/aggregate_state_parts.h"

namespace windrow::op {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;
using column::Aggregate;

namespace {

/// Counts rows, or those with a value.
class CountState : public AggregateState {
 public:
  explicit CountState(arrow::MemoryPool* pool) : counts_(pool) {}

  Status Resize(int64_t groups, bool) override {
    return Extend<int64_t>(&counts_, groups, 0);
  }
  Status Update(const AggregateValues& values, const uint32_t* rows, int64_t count,
                const uint32_t* groups) override {
    ForEachValid(values, rows, count, groups,
                 [&](int64_t, uint32_t group) { ++counts_[group]; });
    return Status::OK();
  }
  Status Merge(const AggregateState& other, const uint32_t* rows, int64_t count,
               const uint32_t* groups) override {
    const auto& counted = static_cast<const CountState&>(other).counts_;
    ForEachRow(rows, count, groups,
               [&](int64_t row, uint32_t group) { counts_[group] += counted[row]; });
    return Status::OK();
  }
  bool has_values() const override { return true; }
  Result<std::vector<ArrayPtr>> Save(std::span<const uint32_t> groups,
                                     arrow::MemoryPool* pool) const override {
    ARROW_ASSIGN_OR_RAISE(ArrayPtr counts, Finish(groups, pool));
    return std::vector<ArrayPtr>{std::move(counts)};
  }
  Status Load(const std::vector<ArrayPtr>& columns) override {
    const auto& counts = static_cast<const arrow::Int64Array&>(*columns[0]);
    return counts_.Append({counts.raw_values(), static_cast<size_t>(counts.length())});
  }
  Result<ArrayPtr> Finish(std::span<const uint32_t> groups,
                          arrow::MemoryPool* pool) const override {
    return Gathered<int64_t>(
        arrow::int64(), groups, [&](uint32_t group) { return counts_[group]; },
        [](uint32_t) { return true; }, pool);
  }
  int64_t bytes() const override { return counts_.size() * 8; }

 private:
  column::PoolVector<int64_t> counts_;
};

}  // namespace

std::unique_ptr<AggregateState> MakeCountState(arrow::MemoryPool* pool) {
  return std::make_unique<CountState>(pool);
}

std::unique_ptr<AggregateState> MakeAggregateState(const AggregateKind& kind,
                                                   int code_bits,
                                                   arrow::MemoryPool* pool) {
  const bool is_bytes = FormOf(kind.function, *kind.argument) == ValueForm::kBytes;
  switch (kind.function) {
    case Aggregate::kCountRows:
    case Aggregate::kCount:
      return MakeCountState(pool);
    case Aggregate::kCountDistinct:
      return MakeDistinctState(code_bits, pool);
    case Aggregate::kSum:
    case Aggregate::kAvg:
      return MakeSumState(kind, pool);
    case Aggregate::kMin:
    case Aggregate::kMax:
      return is_bytes ? MakeBytesState(kind, pool) : MakeExtremeState(kind, pool);
    case Aggregate::kFirst:
    case Aggregate::kLast:
      return is_bytes ? MakeBytesState(kind, pool) : MakeEndState(kind, pool);
  }
  return nullptr;
}

std::vector<TypePtr> SavedTypes(const AggregateKind& kind) {
  const ValueForm form = FormOf(kind.function, *kind.argument);
  const TypePtr word = form == ValueForm::kDouble   ? arrow::float64()
                       : form == ValueForm::kUInt64 ? arrow::uint64()
                                                    : arrow::int64();
  const TypePtr total =
      form == ValueForm::kDouble ? arrow::float64() : arrow::fixed_size_binary(16);
  switch (kind.function) {
    case Aggregate::kCountRows:
    case Aggregate::kCount:
      return {arrow::int64()};
    case Aggregate::kCountDistinct:
      return {};
    case Aggregate::kSum:
    case Aggregate::kAvg:
      return {total, arrow::int64(), arrow::int64()};
    case Aggregate::kMin:
    case Aggregate::kMax:
      if (form == ValueForm::kBytes) return {arrow::large_binary(), arrow::uint8()};
      return {word};
    case Aggregate::kFirst:
    case Aggregate::kLast:
      if (form == ValueForm::kBytes) return {arrow::large_binary(), arrow::uint8()};
      return {arrow::uint64(), arrow::uint8()};
  }
  return {};
}

}  // namespace windrow::op
