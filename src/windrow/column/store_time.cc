// SPDX-License-Identifier: Apache-2.0
// Dates and timestamps: everything becomes microseconds, or days, by one division that
// rounds to the lower.
#include "windrow/column/store_internal.h"

namespace windrow::column::internal {
namespace {

constexpr int64_t kMicrosPerDay = 86'400'000'000;

int64_t FloorDivide(int64_t value, int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

/// A stored value is `value` * `micros` / `per_micro` microseconds.
struct TimeScale {
  int64_t micros = 1;
  int64_t per_micro = 1;
};

TimeScale ScaleOf(const arrow::DataType& type) {
  if (type.id() == arrow::Type::DATE32) return {kMicrosPerDay, 1};
  if (type.id() == arrow::Type::DATE64) return {1000, 1};
  switch (checked_cast<const arrow::TimestampType&>(type).unit()) {
    case arrow::TimeUnit::SECOND:
      return {1'000'000, 1};
    case arrow::TimeUnit::MILLI:
      return {1000, 1};
    case arrow::TimeUnit::MICRO:
      return {1, 1};
    case arrow::TimeUnit::NANO:
      return {1, 1000};
  }
  return {};
}

/// Calls `with` with a function from row to stored value.
template <typename With>
Result<ArrayPtr> ReadTimes(const arrow::Array& values, With&& with) {
  if (values.type_id() == arrow::Type::DATE32) {
    const int32_t* days = checked_cast<const arrow::Date32Array&>(values).raw_values();
    return with([days](int64_t row) { return static_cast<int64_t>(days[row]); });
  }
  const int64_t* ticks = values.data()->GetValues<int64_t>(1);
  return with([ticks](int64_t row) { return ticks[row]; });
}

Result<ArrayPtr> StoreDate(const ArrayPtr& values, BadValue* bad,
                           arrow::MemoryPool* pool) {
  if (values->type_id() == arrow::Type::DATE32) return values;
  const TimeScale scale = ScaleOf(*values->type());
  const int64_t ticks_per_day = kMicrosPerDay / scale.micros * scale.per_micro;
  return ReadTimes(*values, [&](auto tick) {
    return StoreRows<int32_t>(*values, arrow::date32(), bad, pool,
                              [&](int64_t row, int32_t* out) {
                                const int64_t day = FloorDivide(tick(row), ticks_per_day);
                                *out = static_cast<int32_t>(day);
                                return *out == day;
                              });
  });
}

}  // namespace

Result<ArrayPtr> StoreTime(const ArrayPtr& values, const SqlType& type, BadValue* bad,
                           arrow::MemoryPool* pool) {
  if (type.kind == SqlKind::kDate) return StoreDate(values, bad, pool);
  const auto stored = type.StorageType();
  const TimeScale scale = ScaleOf(*values->type());
  int64_t step_micros = 1;
  for (int digits = type.fraction_digits; digits < 6; ++digits) step_micros *= 10;
  // A step of the output in ticks of the input; 1 when nothing is rounded.
  const int64_t step_ticks = step_micros * scale.per_micro / scale.micros;
  if (step_ticks <= 1 && scale.micros == 1) {
    auto data = values->data()->Copy();
    data->type = stored;
    return arrow::MakeArray(std::move(data));
  }
  return ReadTimes(*values, [&](auto tick) {
    return StoreRows<int64_t>(*values, stored, bad, pool, [&](int64_t row, int64_t* out) {
      if (step_ticks <= 1) {
        return !__builtin_mul_overflow(tick(row), scale.micros, out);
      }
      int64_t raised = 0;
      if (__builtin_add_overflow(tick(row), step_ticks / 2, &raised)) return false;
      return !__builtin_mul_overflow(FloorDivide(raised, step_ticks), step_micros, out);
    });
  });
}

}  // namespace windrow::column::internal
