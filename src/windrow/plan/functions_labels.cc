// SPDX-License-Identifier: Apache-2.0
#include <arrow/compute/expression.h>
#include <arrow/type.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "windrow/column/label_columns.h"
#include "windrow/column/label_functions.h"
#include "windrow/column/text_values.h"
#include "windrow/plan/expression_token.h"
#include "windrow/plan/function_table.h"
#include "windrow/plan/type_name.h"

namespace windrow::plan {
namespace {

/// An argument as the label functions take it: dictionaries stay what they are.
Result<TypedExpr> TextOrCodes(const FunctionCall& call, size_t index) {
  const TypedExpr& value = call.args[index];
  if (value.type->id() == arrow::Type::NA) return TypedNull(*value.source, arrow::utf8());
  if (column::TextValues::Takes(*value.type)) return value;
  return TextArgument(call, index);
}

Result<TypedExpr> CallLabels(const FunctionCall& call, const char* kernel,
                             std::vector<TypedExpr> args,
                             std::optional<std::vector<std::string>> keys = {}) {
  return CallKernel(
      call.source, kernel, std::move(args),
      column::MakeLabelOptions(std::move(keys), call.settings.label_memo_bytes));
}

Result<TypedExpr> BindLabels(FunctionCall call) {
  if (column::HoldsLabels(*call.args[0].type)) {
    return CallLabels(call, column::kLabelsFunction, {call.args[0]});
  }
  ARROW_ASSIGN_OR_RAISE(TypedExpr value, TextOrCodes(call, 0));
  return CallLabels(call, column::kLabelsFunction, {std::move(value)});
}

Result<TypedExpr> BindPipeLabels(FunctionCall call) {
  ARROW_ASSIGN_OR_RAISE(TypedExpr value, TextOrCodes(call, 0));
  return CallLabels(call, column::kPipeLabelsFunction, {std::move(value)});
}

/// The literals from argument 1 on.
Result<std::vector<std::string>> Keys(const FunctionCall& call) {
  std::vector<std::string> keys;
  for (size_t i = 1; i < call.args.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(std::optional<std::string> key, TextLiteral(call, i));
    // No key equals null.
    if (key.has_value()) keys.push_back(*std::move(key));
  }
  return keys;
}

/// A filter of labels that were just read is part of reading them: the others then are
/// never written.
Result<TypedExpr> BindLabelFilter(FunctionCall call) {
  ARROW_ASSIGN_OR_RAISE(TypedExpr set, TextOrCodes(call, 0));
  ARROW_ASSIGN_OR_RAISE(std::vector<std::string> keys, Keys(call));
  const auto* read = set.expression.call();
  if (read != nullptr && read->options != nullptr &&
      column::KeepsAllLabels(read->function_name, *read->options)) {
    set.expression = arrow::compute::call(
        read->function_name, read->arguments,
        column::MakeLabelOptions(std::move(keys), call.settings.label_memo_bytes));
    return set;
  }
  return CallLabels(call, column::kLabelFilterFunction, {std::move(set)},
                    std::move(keys));
}

Result<TypedExpr> BindLabelValue(FunctionCall call) {
  ARROW_ASSIGN_OR_RAISE(TypedExpr set, TextOrCodes(call, 0));
  ARROW_ASSIGN_OR_RAISE(std::vector<std::string> keys, Keys(call));
  return CallLabels(call, column::kLabelValueFunction, {std::move(set)}, std::move(keys));
}

Result<TypedExpr> BindLabelMerge(FunctionCall call) {
  std::vector<TypedExpr> sets;
  for (size_t i = 0; i < call.args.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(sets.emplace_back(), TextOrCodes(call, i));
  }
  return CallLabels(call, column::kLabelMergeFunction, std::move(sets));
}

}  // namespace

const std::vector<FunctionEntry>& LabelFunctions() {
  static const std::vector<FunctionEntry> table = {
      {"label_filter", "label_filter(set, 'key', ...)", 1, kAnyNumber, BindLabelFilter},
      {"label_merge", "label_merge(set, ...), later ones win", 1, kAnyNumber,
       BindLabelMerge},
      {"label_value", "label_value(set, 'key')", 2, 2, BindLabelValue},
      {"labels", "labels(JSON text, or a map or struct of plain values)", 1, 1,
       BindLabels},
      {"pipe_labels", "pipe_labels('key:value|key:value')", 1, 1, BindPipeLabels},
  };
  return table;
}

}  // namespace windrow::plan
