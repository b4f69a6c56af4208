// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/compute/expression.h>
#include <arrow/type_fwd.h>

#include <memory>
#include <string>

#include "windrow/base/status.h"
#include "windrow/plan/bind_settings.h"
#include "windrow/plan/expression.h"

namespace windrow::plan {

/// An expression ready to run on batches of one schema. Immutable and thread-safe.
struct BoundExpression {
  arrow::compute::Expression expression;  ///< bound; casts explicit, constants folded
  std::shared_ptr<arrow::DataType> type;
  bool is_constant = false;  ///< reads no column
  std::string text;          ///< SQL, for error messages and explain
};

/// Types `expr` over the columns of `schema` by SQL's rules (nulls, three-valued logic; a
/// literal takes the type of the column it meets) and translates it to Arrow kernels. A
/// column alone keeps its physical type; everything computed has a plain one. UserError
/// with the place in the text for an unknown or ambiguous column, an unknown function,
/// types that do not go together, and a constant part that fails.
Result<BoundExpression> BindExpression(const Expr& expr, const arrow::Schema& schema,
                                       BindSettings settings = {});

/// Like BindExpression; UserError when the result is not a boolean.
Result<BoundExpression> BindPredicate(const Expr& expr, const arrow::Schema& schema,
                                      BindSettings settings = {});

}  // namespace windrow::plan
