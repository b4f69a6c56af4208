// SPDX-License-Identifier: Apache-2.0
#include <arrow/compute/api_scalar.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/string.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

#include "windrow/plan/expression_token.h"
#include "windrow/plan/function_table.h"

namespace windrow::plan {
namespace {

namespace cp = arrow::compute;

/// A part of a date or timestamp; of a zoned timestamp, as the clock shows it there.
Result<TypedExpr> Part(const FunctionCall& call, const char* kernel) {
  ARROW_ASSIGN_OR_RAISE(TypedExpr value, InstantArgument(call, 0));
  return CallKernel(call.source, kernel, {std::move(value)});
}

/// Arrow has no time of day for dates.
Result<TypedExpr> ClockPart(const FunctionCall& call, const char* kernel) {
  ARROW_ASSIGN_OR_RAISE(TypedExpr value, InstantArgument(call, 0));
  if (value.type->id() == arrow::Type::DATE32) {
    ARROW_ASSIGN_OR_RAISE(
        value, CastKernel(std::move(value), arrow::timestamp(arrow::TimeUnit::SECOND)));
  }
  return CallKernel(call.source, kernel, {std::move(value)});
}

Result<TypedExpr> BindYear(FunctionCall call) { return Part(call, "year"); }
Result<TypedExpr> BindMonth(FunctionCall call) { return Part(call, "month"); }
Result<TypedExpr> BindDay(FunctionCall call) { return Part(call, "day"); }
Result<TypedExpr> BindHour(FunctionCall call) { return ClockPart(call, "hour"); }
Result<TypedExpr> BindMinute(FunctionCall call) { return ClockPart(call, "minute"); }
Result<TypedExpr> BindSecond(FunctionCall call) { return ClockPart(call, "second"); }

/// 28 to 31, of the month that the date or timestamp lies in.
Result<TypedExpr> BindDaysInMonth(FunctionCall call) {
  constexpr std::array<int64_t, 12> kDays = {31, 28, 31, 30, 31, 30,
                                             31, 31, 30, 31, 30, 31};
  const auto number = [&](int64_t value) {
    return TypedScalar(call.source, arrow::MakeScalar(value));
  };
  ARROW_ASSIGN_OR_RAISE(const TypedExpr month, Part(call, "month"));
  ARROW_ASSIGN_OR_RAISE(const TypedExpr is_leap_year, Part(call, "is_leap_year"));
  std::vector<TypedExpr> choice;
  ARROW_ASSIGN_OR_RAISE(choice.emplace_back(),
                        CallKernel(call.source, "subtract", {month, number(1)}));
  for (const int64_t days : kDays) choice.push_back(number(days));
  ARROW_ASSIGN_OR_RAISE(TypedExpr days,
                        CallKernel(call.source, "choose", std::move(choice)));
  ARROW_ASSIGN_OR_RAISE(TypedExpr is_february,
                        CallKernel(call.source, "equal", {month, number(2)}));
  ARROW_ASSIGN_OR_RAISE(
      TypedExpr is_longer,
      CallKernel(call.source, "and_kleene", {std::move(is_february), is_leap_year}));
  ARROW_ASSIGN_OR_RAISE(TypedExpr extra,
                        CastKernel(std::move(is_longer), arrow::int64()));
  return CallKernel(call.source, "add", {std::move(days), std::move(extra)});
}

Result<TypedExpr> BindDayOfWeek(FunctionCall call) {
  ARROW_ASSIGN_OR_RAISE(TypedExpr value, InstantArgument(call, 0));
  return CallKernel(call.source, "day_of_week", {std::move(value)},
                    std::make_shared<cp::DayOfWeekOptions>(/*count_from_zero=*/false,
                                                           /*week_start=*/1));
}

struct NamedUnit {
  std::string_view name;
  cp::CalendarUnit unit;
};

constexpr std::array<NamedUnit, 10> kUnits = {{
    {"year", cp::CalendarUnit::YEAR},
    {"quarter", cp::CalendarUnit::QUARTER},
    {"month", cp::CalendarUnit::MONTH},
    {"week", cp::CalendarUnit::WEEK},
    {"day", cp::CalendarUnit::DAY},
    {"hour", cp::CalendarUnit::HOUR},
    {"minute", cp::CalendarUnit::MINUTE},
    {"second", cp::CalendarUnit::SECOND},
    {"millisecond", cp::CalendarUnit::MILLISECOND},
    {"microsecond", cp::CalendarUnit::MICROSECOND},
}};

/// Weeks start on Monday.
Result<TypedExpr> BindDateTrunc(FunctionCall call) {
  ARROW_ASSIGN_OR_RAISE(TypedExpr value, InstantArgument(call, 1));
  ARROW_ASSIGN_OR_RAISE(const auto given, TextLiteral(call, 0));
  if (!given) return TypedNull(call.source, value.type);
  const std::string name = arrow::internal::AsciiToLower(*given);
  const auto* unit =
      std::find_if(kUnits.begin(), kUnits.end(),
                   [&](const NamedUnit& each) { return each.name == name; });
  if (unit == kUnits.end()) {
    return ExprError(call.args[0].source->offset(), "found the unit '", *given,
                     "', expected year, quarter, month, week, day, hour, minute, second, "
                     "millisecond or microsecond");
  }
  const bool is_below_day = unit->unit < cp::CalendarUnit::DAY;
  if (value.type->id() == arrow::Type::DATE32 && is_below_day) return value;
  return CallKernel(call.source, "floor_temporal", {std::move(value)},
                    std::make_shared<cp::RoundTemporalOptions>(1, unit->unit));
}

}  // namespace

const std::vector<FunctionEntry>& TimeFunctions() {
  static const std::vector<FunctionEntry> table = {
      {"date_trunc", "date_trunc('unit', date or timestamp)", 2, 2, BindDateTrunc},
      {"day", "day(date or timestamp)", 1, 1, BindDay},
      {"day_of_week", "day_of_week(date or timestamp), Monday is 1", 1, 1, BindDayOfWeek},
      {"days_in_month", "days_in_month(date or timestamp)", 1, 1, BindDaysInMonth},
      {"hour", "hour(date or timestamp)", 1, 1, BindHour},
      {"minute", "minute(date or timestamp)", 1, 1, BindMinute},
      {"month", "month(date or timestamp)", 1, 1, BindMonth},
      {"second", "second(date or timestamp)", 1, 1, BindSecond},
      {"year", "year(date or timestamp)", 1, 1, BindYear},
  };
  return table;
}

}  // namespace windrow::plan
