// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "windrow/base/status.h"
#include "windrow/plan/expression.h"

namespace windrow::plan {

/// The narrowest type both go into; null when there is none. Equal types and the null
/// type go with anything; integers with floats give double, ubigint with a signed type
/// bigint, naive and zoned timestamps nothing.
std::shared_ptr<arrow::DataType> Widen(const std::shared_ptr<arrow::DataType>& left,
                                       const std::shared_ptr<arrow::DataType>& right);

/// `type` when it holds the literal, else the narrowest wider type that does; null when
/// there is none. UserError for a string that does not read as a date or time.
Result<std::shared_ptr<arrow::DataType>> WidenForLiteral(
    const std::shared_ptr<arrow::DataType>& type, const Expr& literal);

/// True for integers, floats and decimals.
bool IsNumber(const arrow::DataType& type);

/// True for varchar and large strings.
bool IsText(const arrow::DataType& type);

}  // namespace windrow::plan
