// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/plan/bind_settings.h"
#include "windrow/plan/typed_expression.h"

namespace windrow::plan {

/// A call of a function, its arguments translated.
struct FunctionCall {
  const Expr& source;
  std::vector<TypedExpr> args;
  std::string_view signature;
  BindSettings settings = {};
};

/// A function of the expression language.
struct FunctionEntry {
  std::string_view name;
  std::string_view signature;  ///< shown when a call does not fit
  size_t args_min;
  size_t args_max;
  Result<TypedExpr> (*bind)(FunctionCall call);
};

inline constexpr size_t kAnyNumber = 100'000;

// One table per family; docs and error messages are made from them.
const std::vector<FunctionEntry>& NumberFunctions();
const std::vector<FunctionEntry>& TextFunctions();
const std::vector<FunctionEntry>& TimeFunctions();
const std::vector<FunctionEntry>& ChoiceFunctions();
const std::vector<FunctionEntry>& LabelFunctions();

// Operators that take and treat text like a function.
const FunctionEntry& LikeOperator();
const FunctionEntry& ConcatOperator();

/// Names of all functions, sorted.
const std::vector<std::string>& FunctionNames();

/// The UserError for a call of a function that is not there, or not here.
Status UnknownFunction(const Expr& call);

/// Translates a call by name. UserError for an unknown function (with the near name and
/// the list) and for arguments that do not fit (with the signature).
Result<TypedExpr> BindFunction(const Expr& source, std::vector<TypedExpr> args,
                               BindSettings settings);

// What the families use to read their arguments. A null argument becomes a null of the
// type asked for; what cannot be that type is a UserError with the signature.
Result<TypedExpr> NumberArgument(const FunctionCall& call, size_t index);
Result<TypedExpr> DoubleArgument(const FunctionCall& call, size_t index);
Result<TypedExpr> TextArgument(const FunctionCall& call, size_t index);
/// Dates and timestamps; a string literal is read as a timestamp.
Result<TypedExpr> InstantArgument(const FunctionCall& call, size_t index);
/// An argument Arrow wants to know beforehand: it must be a literal. nullopt for NULL.
Result<std::optional<std::string>> TextLiteral(const FunctionCall& call, size_t index);
Result<std::optional<int64_t>> IntegerLiteral(const FunctionCall& call, size_t index);

}  // namespace windrow::plan
