// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/compute/expression.h>
#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/plan/expression.h"

namespace windrow::plan {

/// A translated part of an expression, with the type it evaluates to.
struct TypedExpr {
  arrow::compute::Expression expression;
  std::shared_ptr<arrow::DataType> type;
  /// Where it came from; outlives it.
  const Expr* source = nullptr;
  /// Operations it takes, counted as often as they are evaluated.
  int64_t weight = 1;

  /// Written as a literal: takes the type of what it meets.
  bool is_literal() const { return source->IsLiteral(); }
};

/// "bigint at column 3", for messages about types that do not fit.
std::string TypeAndPlace(const TypedExpr& expr);

TypedExpr TypedScalar(const Expr& source, std::shared_ptr<arrow::Scalar> value);
TypedExpr TypedNull(const Expr& source, std::shared_ptr<arrow::DataType> type);

/// Applies an Arrow compute function. UserError when it takes no such types, and when the
/// expression becomes absurdly large by the repetition of its parts.
Result<TypedExpr> CallKernel(
    const Expr& source, const std::string& function, std::vector<TypedExpr> args,
    std::shared_ptr<arrow::compute::FunctionOptions> options = nullptr);

/// Casts without looking for sense; integers become floats by rounding, timestamps of a
/// finer unit are cut. An overflow is an error while running.
Result<TypedExpr> CastKernel(TypedExpr value,
                             const std::shared_ptr<arrow::DataType>& type);

/// `value` in the type expressions compute with: dictionaries give their values, string
/// views strings, half floats floats.
Result<TypedExpr> Plain(TypedExpr value);

/// The type all of `args` can be given without loss (integers may round to doubles),
/// literals after the others; null type when all are null. UserError naming `source` when
/// there is none. `args` are Plain.
Result<std::shared_ptr<arrow::DataType>> JointType(const Expr& source,
                                                   const std::vector<TypedExpr>& args);

/// `value` as `type`, which JointType found for it.
Result<TypedExpr> AsType(TypedExpr value, const std::shared_ptr<arrow::DataType>& type);

/// All of `args` in their joint type; `if_null` when that is the null type.
Result<std::vector<TypedExpr>> Unified(const Expr& source, std::vector<TypedExpr> args,
                                       const std::shared_ptr<arrow::DataType>& if_null);

}  // namespace windrow::plan
