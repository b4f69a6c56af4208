// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/compute/expression.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"

namespace windrow::op {

/// Keeps the rows for which a predicate is true: neither false nor null.
class Filter : public exec::Operator {
 public:
  /// `predicate` is bound to `schema`; `text` is it as written, for errors.
  Filter(arrow::compute::Expression predicate, std::string text,
         std::shared_ptr<arrow::Schema> schema, exec::RunContext* context);

  const std::shared_ptr<arrow::Schema>& output_schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Process(
      std::shared_ptr<arrow::RecordBatch> batch) override;

 private:
  arrow::compute::Expression predicate_;
  std::vector<int> columns_read_;
  std::string text_;
  std::shared_ptr<arrow::Schema> schema_;
  exec::RunContext* context_;
};

/// Computes output columns: each one an input column or an expression. An expression of
/// one column that comes as a dictionary is computed for each value, not for each row;
/// text is then a dictionary, too, in a column whose type is plain.
class Project : public exec::Operator {
 public:
  struct Column {
    int input = -1;  ///< input column passed through; -1: use the expression
    std::optional<arrow::compute::Expression> expression;  ///< bound to the input schema
    std::string text;  ///< the expression as written, for errors
  };

  Project(const std::vector<Column>& columns, std::shared_ptr<arrow::Schema> input_schema,
          std::shared_ptr<arrow::Schema> output_schema, exec::RunContext* context);

  const std::shared_ptr<arrow::Schema>& output_schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Process(
      std::shared_ptr<arrow::RecordBatch> batch) override;

 private:
  struct Planned {
    Column column;
    std::vector<int> columns_read;
    bool is_by_value = false;  ///< pure, and reads one column
  };

  std::vector<Planned> columns_;
  std::vector<int> columns_read_together_;  ///< not by value
  std::shared_ptr<arrow::Schema> input_schema_;
  std::shared_ptr<arrow::Schema> schema_;
  exec::RunContext* context_;
};

}  // namespace windrow::op
