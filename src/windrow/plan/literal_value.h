// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <arrow/util/decimal.h>

#include <memory>
#include <optional>

#include "windrow/base/status.h"
#include "windrow/plan/expression.h"

namespace windrow::plan {

// A literal has no type of its own until it meets a column. Types whose values lie on a
// grid (integers, decimals, dates, timestamps) compare with a literal exactly: the
// literal is placed on the column's grid, and one that falls between two points or
// outside the range changes the comparison instead of the column.

enum class GridRange { kBelow, kInside, kAbove };

/// Where a literal lies on the grid of a type.
struct GridPoint {
  /// Whether `floor` is a value of the type.
  GridRange range = GridRange::kInside;
  /// The literal is itself a point of the grid.
  bool is_exact = true;
  /// The greatest point not above the literal, in units of the type. Set when kInside.
  arrow::Decimal256 floor;
};

/// True for integers, decimals, date32 and timestamps.
bool HasGrid(const arrow::DataType& type);

/// Places `literal` on the grid of `type`. Numbers go to numeric types; dates, timestamps
/// and strings to dates and timestamps; any other pair gives nullopt. UserError when a
/// string is not of the type, and when one of literal and type is zoned and the other is
/// not (a string without offset counts as UTC for a UTC column).
Result<std::optional<GridPoint>> PlaceOnGrid(const Expr& literal,
                                             const arrow::DataType& type);

/// The value of `type` at `floor`.
std::shared_ptr<arrow::Scalar> GridScalar(const std::shared_ptr<arrow::DataType>& type,
                                          const arrow::Decimal256& floor);

/// The type a literal has where nothing else gives it one: bigint (ubigint, double when
/// too large), double, boolean, varchar, date, timestamp in microseconds (nanoseconds
/// when it has more digits, UTC when it has an offset), null. UserError when a date or
/// timestamp does not parse.
Result<std::shared_ptr<arrow::DataType>> NaturalType(const Expr& literal);

/// The decimal type that holds a number literal exactly; null when it needs over 38
/// digits.
std::shared_ptr<arrow::DataType> DecimalTypeOf(const Expr& literal);

/// `literal` as a value of `type`; null when it is not exactly one (a fraction is rounded
/// for float types, which a bigger integer is not). UserError as for PlaceOnGrid.
Result<std::shared_ptr<arrow::Scalar>> LiteralScalar(
    const Expr& literal, const std::shared_ptr<arrow::DataType>& type);

}  // namespace windrow::plan
