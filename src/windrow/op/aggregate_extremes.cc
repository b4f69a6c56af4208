// SPDX-License-Identifier: Apache-2.0
#include <arrow/type.h>

#include <cmath>
#include <limits>

#include "windrow/op/aggregate_state.h"
#include "windrow/op/aggregate_state_parts.h"

namespace windrow::op {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;
using column::Aggregate;

namespace {

/// NaN stands after all numbers, as where rows are sorted.
template <typename Value>
bool IsLess(Value a, Value b) {
  if constexpr (std::is_same_v<Value, double>) {
    return a < b || (std::isnan(b) && !std::isnan(a));
  } else {
    return a < b;
  }
}

/// The smallest or greatest value of 64 bits; of equal ones the first.
template <typename Value, bool kIsMax>
class ExtremeState : public AggregateState {
 public:
  ExtremeState(const AggregateKind& kind, TypePtr wide, arrow::MemoryPool* pool)
      : kind_(kind), wide_(std::move(wide)), values_(pool), seen_(pool) {}

  Status Resize(int64_t groups, bool have_values) override {
    ARROW_RETURN_NOT_OK(Extend<Value>(&values_, groups, Beyond()));
    return seen_.Resize(groups, have_values);
  }
  Status Update(const AggregateValues& values, const uint32_t* rows, int64_t count,
                const uint32_t* groups) override {
    const auto* found = values.As<Value>();
    ForEachValid(values, rows, count, groups,
                 [&](int64_t row, uint32_t group) { Take(group, found[row]); });
    seen_.Note(values, rows, count, groups);
    return Status::OK();
  }
  Status Merge(const AggregateState& state, const uint32_t* rows, int64_t count,
               const uint32_t* groups) override {
    const auto& other = static_cast<const ExtremeState&>(state);
    ForEachRow(rows, count, groups,
               [&](int64_t row, uint32_t group) { Take(group, other.values_[row]); });
    seen_.Note(other.seen_, rows, count, groups);
    return Status::OK();
  }
  bool has_values() const override { return seen_.all(); }
  Result<std::vector<ArrayPtr>> Save(std::span<const uint32_t> groups,
                                     arrow::MemoryPool* pool) const override {
    ARROW_ASSIGN_OR_RAISE(ArrayPtr values, Values(groups, pool));
    return std::vector<ArrayPtr>{std::move(values)};
  }
  Status Load(const std::vector<ArrayPtr>& columns) override {
    const arrow::Array& column = *columns[0];
    const auto* values = column.data()->GetValues<Value>(1);
    ARROW_RETURN_NOT_OK(values_.Append({values, static_cast<size_t>(column.length())}));
    return seen_.Load(column);
  }
  Result<ArrayPtr> Finish(std::span<const uint32_t> groups,
                          arrow::MemoryPool* pool) const override {
    ARROW_ASSIGN_OR_RAISE(const ArrayPtr values, Values(groups, pool));
    return Narrowed(values, kind_.argument, pool);
  }
  int64_t bytes() const override { return values_.size() * 8 + seen_.bytes(); }

 private:
  /// What every value comes before. A group that has seen none has it too.
  static Value Beyond() {
    using Limits = std::numeric_limits<Value>;
    if constexpr (std::is_same_v<Value, double>) {
      return kIsMax ? -Limits::infinity() : Limits::quiet_NaN();
    } else {
      return kIsMax ? Limits::min() : Limits::max();
    }
  }
  void Take(uint32_t group, Value value) {
    Value& held = values_[group];
    if (kIsMax ? IsLess(held, value) : IsLess(value, held)) held = value;
  }
  Result<ArrayPtr> Values(std::span<const uint32_t> groups,
                          arrow::MemoryPool* pool) const {
    return Gathered<Value>(
        wide_, groups, [&](uint32_t group) { return values_[group]; },
        [&](uint32_t group) { return seen_[group]; }, pool);
  }

  const AggregateKind kind_;
  const TypePtr wide_;
  column::PoolVector<Value> values_;
  SeenGroups seen_;
};

template <typename Value>
std::unique_ptr<AggregateState> Extreme(const AggregateKind& kind, TypePtr wide,
                                        arrow::MemoryPool* pool) {
  if (kind.function == Aggregate::kMax) {
    return std::make_unique<ExtremeState<Value, true>>(kind, std::move(wide), pool);
  }
  return std::make_unique<ExtremeState<Value, false>>(kind, std::move(wide), pool);
}

/// The value of the first or last row, which may be null.
class EndState : public AggregateState {
  enum Found : uint8_t { kNothing, kNull, kValue };

 public:
  EndState(const AggregateKind& kind, arrow::MemoryPool* pool)
      : kind_(kind),
        is_last_(kind.function == Aggregate::kLast),
        words_(pool),
        found_(pool) {}

  Status Resize(int64_t groups, bool) override {
    ARROW_RETURN_NOT_OK(Extend<uint64_t>(&words_, groups, 0));
    return Extend<uint8_t>(&found_, groups, kNothing);
  }
  Status Update(const AggregateValues& values, const uint32_t* rows, int64_t count,
                const uint32_t* groups) override {
    const auto* words = values.As<uint64_t>();
    ForEachRow(rows, count, groups, [&](int64_t row, uint32_t group) {
      const bool is_value = values.IsValid(row);
      Take(group, is_value ? kValue : kNull, is_value ? words[row] : 0);
    });
    return Status::OK();
  }
  Status Merge(const AggregateState& state, const uint32_t* rows, int64_t count,
               const uint32_t* groups) override {
    const auto& other = static_cast<const EndState&>(state);
    ForEachRow(rows, count, groups, [&](int64_t row, uint32_t group) {
      if (other.found_[row] != kNothing) {
        Take(group, other.found_[row], other.words_[row]);
      }
    });
    return Status::OK();
  }
  bool has_values() const override { return false; }
  Result<std::vector<ArrayPtr>> Save(std::span<const uint32_t> groups,
                                     arrow::MemoryPool* pool) const override {
    const auto always = [](uint32_t) { return true; };
    ARROW_ASSIGN_OR_RAISE(
        ArrayPtr words, Gathered<uint64_t>(
                            arrow::uint64(), groups,
                            [&](uint32_t group) { return words_[group]; }, always, pool));
    ARROW_ASSIGN_OR_RAISE(
        ArrayPtr found, Gathered<uint8_t>(
                            arrow::uint8(), groups,
                            [&](uint32_t group) { return found_[group]; }, always, pool));
    return std::vector<ArrayPtr>{std::move(words), std::move(found)};
  }
  Status Load(const std::vector<ArrayPtr>& columns) override {
    const auto rows = static_cast<size_t>(columns[0]->length());
    ARROW_RETURN_NOT_OK(
        words_.Append({columns[0]->data()->GetValues<uint64_t>(1), rows}));
    return found_.Append({columns[1]->data()->GetValues<uint8_t>(1), rows});
  }
  Result<ArrayPtr> Finish(std::span<const uint32_t> groups,
                          arrow::MemoryPool* pool) const override {
    const ValueForm form = FormOf(kind_.function, *kind_.argument);
    const TypePtr wide = form == ValueForm::kDouble   ? arrow::float64()
                         : form == ValueForm::kUInt64 ? arrow::uint64()
                                                      : arrow::int64();
    ARROW_ASSIGN_OR_RAISE(
        const ArrayPtr values,
        Gathered<uint64_t>(
            wide, groups, [&](uint32_t group) { return words_[group]; },
            [&](uint32_t group) { return found_[group] == kValue; }, pool));
    return Narrowed(values, kind_.argument, pool);
  }
  int64_t bytes() const override { return words_.size() * 9; }

 private:
  void Take(uint32_t group, uint8_t found, uint64_t word) {
    if (!is_last_ && found_[group] != kNothing) return;
    found_[group] = found;
    words_[group] = word;
  }

  const AggregateKind kind_;
  const bool is_last_;
  column::PoolVector<uint64_t> words_;
  column::PoolVector<uint8_t> found_;
};

}  // namespace

std::unique_ptr<AggregateState> MakeExtremeState(const AggregateKind& kind,
                                                 arrow::MemoryPool* pool) {
  switch (FormOf(kind.function, *kind.argument)) {
    case ValueForm::kDouble:
      return Extreme<double>(kind, arrow::float64(), pool);
    case ValueForm::kUInt64:
      return Extreme<uint64_t>(kind, arrow::uint64(), pool);
    default:
      return Extreme<int64_t>(kind, arrow::int64(), pool);
  }
}

std::unique_ptr<AggregateState> MakeEndState(const AggregateKind& kind,
                                             arrow::MemoryPool* pool) {
  return std::make_unique<EndState>(kind, pool);
}

}  // namespace windrow::op
