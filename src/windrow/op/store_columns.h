// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "windrow/column/sql_type.h"
#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"

namespace windrow::op {

/// Brings columns to declared types by the rules of column/store_assignment.h, for a
/// file: uuid comes out as text, all else as its storage type. Other columns pass
/// through. Thread-safe.
class StoreColumns : public exec::Operator {
 public:
  struct Column {
    int input;  ///< whose type passed column::CheckAssignable
    column::SqlType type;
  };

  /// `target` names the sink in errors.
  StoreColumns(std::string target, const std::vector<Column>& columns,
               const arrow::Schema& schema, exec::RunContext* context);

  const std::shared_ptr<arrow::Schema>& output_schema() const override { return schema_; }
  /// A value that does not fit is a DataError naming the target, the column and the
  /// value.
  Result<std::shared_ptr<arrow::RecordBatch>> Process(
      std::shared_ptr<arrow::RecordBatch> batch) override;

 private:
  std::string target_;
  std::vector<Column> columns_;
  std::shared_ptr<arrow::Schema> schema_;
  exec::RunContext* context_;
};

}  // namespace windrow::op
