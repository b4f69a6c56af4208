// SPDX-License-Identifier: Apache-2.0
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>

#include "windrow/op/aggregate_state.h"
#include "windrow/op/aggregate_state_parts.h"

namespace windrow::op {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;
using column::Aggregate;

namespace {

/// Integers of at most 64 bits cannot overflow this, however many rows there are.
using Wide = __int128;

/// Sums and averages. `Value` is what comes in, `Total` what it is added up in. Whether a
/// sum overflows is asked of the whole sum, so that it does not depend on the way there:
/// decimals, which could pass the 128 bits on the way, count how often they did.
template <typename Value, typename Total>
class SumState : public AggregateState {
  static constexpr bool kIsDouble = std::is_same_v<Total, double>;
  static constexpr bool kIsDecimal = std::is_same_v<Value, Wide>;

 public:
  SumState(const AggregateKind& kind, arrow::MemoryPool* pool)
      : kind_(kind),
        is_average_(kind.function == Aggregate::kAvg),
        totals_(pool),
        counts_(pool),
        carries_(pool),
        seen_(pool) {}

  Status Resize(int64_t groups, bool have_values) override {
    ARROW_RETURN_NOT_OK(Extend<Total>(&totals_, groups, 0));
    if (is_average_) ARROW_RETURN_NOT_OK(Extend<int64_t>(&counts_, groups, 0));
    if (kIsDecimal) ARROW_RETURN_NOT_OK(Extend<int64_t>(&carries_, groups, 0));
    return seen_.Resize(groups, have_values);
  }

  Status Update(const AggregateValues& values, const uint32_t* rows, int64_t count,
                const uint32_t* groups) override {
    const auto* added = values.As<Value>();
    Total* totals = totals_.data();
    ForEachValid(values, rows, count, groups, [&](int64_t row, uint32_t group) {
      if constexpr (kIsDecimal) {
        Wide value;  // what is mapped need not be aligned for it
        std::memcpy(&value, added + row, sizeof(value));
        Add(group, value, 0);
      } else {
        totals[group] += added[row];
      }
    });
    seen_.Note(values, rows, count, groups);
    if (!is_average_) return Status::OK();
    ForEachValid(values, rows, count, groups,
                 [&](int64_t, uint32_t group) { ++counts_[group]; });
    return Status::OK();
  }

  Status Merge(const AggregateState& state, const uint32_t* rows, int64_t count,
               const uint32_t* groups) override {
    const auto& other = static_cast<const SumState&>(state);
    ForEachRow(rows, count, groups, [&](int64_t row, uint32_t group) {
      if constexpr (kIsDecimal) {
        Add(group, other.totals_[row], other.carries_[row]);
      } else {
        totals_[group] += other.totals_[row];
      }
      if (is_average_) counts_[group] += other.counts_[row];
    });
    seen_.Note(other.seen_, rows, count, groups);
    return Status::OK();
  }

  bool has_values() const override { return seen_.all(); }

  Result<std::vector<ArrayPtr>> Save(std::span<const uint32_t> groups,
                                     arrow::MemoryPool* pool) const override {
    const auto always = [](uint32_t) { return true; };
    const TypePtr type =
        kIsDouble ? arrow::float64() : arrow::fixed_size_binary(sizeof(Wide));
    ARROW_ASSIGN_OR_RAISE(
        ArrayPtr totals, Gathered<Total>(
                             type, groups, [&](uint32_t group) { return totals_[group]; },
                             [&](uint32_t group) { return seen_[group]; }, pool));
    ARROW_ASSIGN_OR_RAISE(ArrayPtr counts, Gathered<int64_t>(
                                               arrow::int64(), groups,
                                               [&](uint32_t group) {
                                                 return is_average_ ? counts_[group] : 0;
                                               },
                                               always, pool));
    ARROW_ASSIGN_OR_RAISE(ArrayPtr carries, Gathered<int64_t>(
                                                arrow::int64(), groups,
                                                [&](uint32_t group) {
                                                  return kIsDecimal ? carries_[group] : 0;
                                                },
                                                always, pool));
    return std::vector<ArrayPtr>{std::move(totals), std::move(counts),
                                 std::move(carries)};
  }

  Status Load(const std::vector<ArrayPtr>& columns) override {
    const int64_t rows = columns[0]->length();
    const auto load = [&](auto* vector, const ArrayPtr& column) -> Status {
      using T = std::remove_reference_t<decltype((*vector)[0])>;
      ARROW_RETURN_NOT_OK(vector->Resize(rows));
      std::copy_n(reinterpret_cast<const T*>(column->data()->buffers[1]->data()) +
                      column->offset(),
                  rows, vector->data());
      return Status::OK();
    };
    ARROW_RETURN_NOT_OK(load(&totals_, columns[0]));
    if (is_average_) ARROW_RETURN_NOT_OK(load(&counts_, columns[1]));
    if (kIsDecimal) ARROW_RETURN_NOT_OK(load(&carries_, columns[2]));
    return seen_.Load(*columns[0]);
  }

  Result<ArrayPtr> Finish(std::span<const uint32_t> groups,
                          arrow::MemoryPool* pool) const override {
    const auto seen = [&](uint32_t group) { return seen_[group]; };
    if (is_average_) {
      return Gathered<double>(
          arrow::float64(), groups, [&](uint32_t group) { return Average(group); }, seen,
          pool);
    }
    if constexpr (kIsDouble) {
      return Gathered<double>(
          arrow::float64(), groups, [&](uint32_t group) { return totals_[group]; }, seen,
          pool);
    } else {
      const TypePtr type = column::AggregateType(Aggregate::kSum, kind_.argument);
      for (const uint32_t group : groups) {
        if (seen_[group] && !Fits(group)) {
          return DataError("a sum does not fit ",
                           kIsDecimal ? type->ToString() : std::string("bigint"));
        }
      }
      using Result = std::conditional_t<kIsDecimal, Wide, int64_t>;
      return Gathered<Result>(
          type, groups,
          [&](uint32_t group) { return static_cast<Result>(totals_[group]); }, seen,
          pool);
    }
  }

  int64_t bytes() const override {
    return totals_.size() * static_cast<int64_t>(sizeof(Total)) + counts_.size() * 8 +
           carries_.size() * 8 + seen_.bytes();
  }

 private:
  void Add(uint32_t group, Wide value, int64_t carry) {
    if constexpr (kIsDecimal) {
      Wide& total = totals_[group];
      if (__builtin_add_overflow(total, value, &total)) carry += value < 0 ? -1 : 1;
      carries_[group] += carry;
    }
  }

  bool Fits(uint32_t group) const {
    if constexpr (kIsDecimal) {
      const Wide total = totals_[group];
      const arrow::Decimal128 decimal(static_cast<int64_t>(total >> 64),
                                      static_cast<uint64_t>(total));
      return carries_[group] == 0 &&
             decimal.FitsInPrecision(arrow::Decimal128Type::kMaxPrecision);
    } else {
      return totals_[group] >= std::numeric_limits<int64_t>::min() &&
             totals_[group] <= std::numeric_limits<int64_t>::max();
    }
  }

  double Average(uint32_t group) const {
    const auto count = static_cast<double>(counts_[group]);
    if constexpr (kIsDecimal) {
      constexpr double kWrap = 340282366920938463463374607431768211456.0;  // 2^128
      const auto& type = static_cast<const arrow::DecimalType&>(*kind_.argument);
      const auto total = static_cast<double>(totals_[group]) +
                         static_cast<double>(carries_[group]) * kWrap;
      return total / count / std::pow(10.0, type.scale());
    } else {
      return static_cast<double>(totals_[group]) / count;
    }
  }

  const AggregateKind kind_;
  const bool is_average_;
  column::PoolVector<Total> totals_;
  column::PoolVector<int64_t> counts_;   ///< of an average
  column::PoolVector<int64_t> carries_;  ///< of decimals: times 2^128
  SeenGroups seen_;
};

}  // namespace

std::unique_ptr<AggregateState> MakeSumState(const AggregateKind& kind,
                                             arrow::MemoryPool* pool) {
  switch (FormOf(kind.function, *kind.argument)) {
    case ValueForm::kDouble:
      return std::make_unique<SumState<double, double>>(kind, pool);
    case ValueForm::kUInt64:
      return std::make_unique<SumState<uint64_t, Wide>>(kind, pool);
    case ValueForm::kDecimal:
      return std::make_unique<SumState<Wide, Wide>>(kind, pool);
    default:
      return std::make_unique<SumState<int64_t, Wide>>(kind, pool);
  }
}

}  // namespace windrow::op
