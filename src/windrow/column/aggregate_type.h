// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>

namespace windrow::column {

/// What an aggregate makes of the values of a group's rows. Nulls are ignored but by
/// kCountRows, kFirst and kLast.
enum class Aggregate {
  kCountRows,
  kCount,
  kCountDistinct,
  kSum,
  kMin,
  kMax,
  kAvg,
  kFirst,
  kLast
};

/// The type of the values of a dictionary; any other type as it is.
std::shared_ptr<arrow::DataType> ValueType(const std::shared_ptr<arrow::DataType>& type);

/// The type an aggregate gives for arguments of this type; null when it takes none such.
///
/// | counts        | anything, distinct ones without nesting | bigint             |
/// | sum           | integers; floats; decimals up to 38     | bigint; double;    |
/// |               | digits                                  | decimal(38, scale) |
/// | avg           | numbers                                 | double             |
/// | min max       | types with an order                     | the same           |
/// | first last    | types with an order                     | the same           |
std::shared_ptr<arrow::DataType> AggregateType(
    Aggregate function, const std::shared_ptr<arrow::DataType>& argument);

/// A column of AggregateType, which there must be. Counts are never null.
std::shared_ptr<arrow::Field> AggregateField(
    const std::string& name, Aggregate function,
    const std::shared_ptr<arrow::DataType>& argument);

/// "sum(usage)", for people.
std::string AggregateText(Aggregate function, const std::string& argument);

}  // namespace windrow::column
