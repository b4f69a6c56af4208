// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/inline_values.h"

#include <arrow/array/builder_base.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/string.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "windrow/plan/expression_text.h"
#include "windrow/plan/literal_value.h"
#include "windrow/plan/type_name.h"
#include "windrow/plan/type_widening.h"

namespace windrow::plan {
namespace {

using arrow::Type;

/// The literal that a cell of `type` stands for; null when it stands for none.
ExprPtr LiteralOf(const std::string& text, const arrow::DataType& type) {
  if (type.id() == Type::BOOL) {
    const std::string lower = arrow::internal::AsciiToLower(text);
    const bool is_boolean = lower == "true" || lower == "false";
    return is_boolean ? Expr::Literal(LiteralKind::kBoolean, lower) : nullptr;
  }
  if (!IsNumber(type)) return Expr::Literal(LiteralKind::kString, text);
  if (text.find_first_not_of("0123456789+-.eE") != std::string::npos) return nullptr;
  const Result<ExprPtr> number = ParseExpression(text);
  return number.ok() && (*number)->IsNumber() ? *number : nullptr;
}

/// Null when the text is no value of the type.
std::shared_ptr<arrow::Scalar> CellScalar(const ValueCell& cell,
                                          const std::shared_ptr<arrow::DataType>& type) {
  if (!cell.value.has_value()) return arrow::MakeNullScalar(type);
  const ExprPtr literal = LiteralOf(*cell.value, *type);
  return literal == nullptr ? nullptr : LiteralScalar(*literal, type).ValueOr(nullptr);
}

}  // namespace

std::shared_ptr<arrow::DataType> InlineType(const ValuesColumn& column,
                                            ProblemList& problems) {
  if (column.type.value.empty()) return nullptr;  // reported where it was read
  const auto type = ParseTypeText(column.type.value);
  if (type.ok()) return *type;
  problems.Add(column.type.place, "column '", column.name.value,
               "': ", type.status().message());
  return nullptr;
}

void CheckValues(const ValuesSpec& values, ProblemList& problems) {
  std::vector<std::shared_ptr<arrow::DataType>> types;
  std::map<std::string_view, Place> seen;
  for (const ValuesColumn& column : values.columns) {
    types.push_back(InlineType(column, problems));
    if (seen.emplace(column.name.value, column.name.place).second) continue;
    problems.Add(column.name.place, "found the column '", column.name.value,
                 "' twice; expected each name once");
  }
  for (const auto& row : values.rows) {
    if (row.value.size() != types.size()) {
      problems.Add(row.place, "found a row of ", row.value.size(), " values; expected ",
                   types.size(), ", one for each column");
      continue;
    }
    for (size_t c = 0; c < types.size(); ++c) {
      const ValueCell& cell = row.value[c];
      if (types[c] == nullptr || CellScalar(cell, types[c]) != nullptr) continue;
      problems.Add(cell.place, "found '", *cell.value, "' in column '",
                   values.columns[c].name.value, "'; expected a value of type ",
                   TypeText(*types[c]));
    }
  }
}

Result<std::shared_ptr<arrow::RecordBatch>> MakeInlineBatch(const ValuesSpec& values) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (size_t c = 0; c < values.columns.size(); ++c) {
    const ValuesColumn& column = values.columns[c];
    ARROW_ASSIGN_OR_RAISE(const auto type, ParseTypeText(column.type.value));
    ARROW_ASSIGN_OR_RAISE(const auto builder, arrow::MakeBuilder(type));
    for (const auto& row : values.rows) {
      const auto scalar = CellScalar(row.value.at(c), type);
      if (scalar == nullptr) return InternalError("an unchecked inline value");
      ARROW_RETURN_NOT_OK(builder->AppendScalar(*scalar));
    }
    fields.push_back(arrow::field(column.name.value, type));
    ARROW_ASSIGN_OR_RAISE(arrays.emplace_back(), builder->Finish());
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)),
                                  std::ssize(values.rows), std::move(arrays));
}

}  // namespace windrow::plan
