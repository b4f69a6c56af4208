// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "windrow/column/sql_type.h"
#include "windrow/exec/table.h"

namespace windrow::source {

/// Where a declared column of one file comes from.
struct ColumnOrigin {
  int file_column = -1;                     ///< -1: every row is `constant`
  std::optional<column::SqlType> read_as;   ///< nothing: as it is stored
  std::shared_ptr<arrow::Scalar> constant;  ///< of the declared type, perhaps null
};

/// A file's table under a declared schema. Columns that are read as they are stored keep
/// their statistics, dictionaries and cheap access; a predicate prunes by those and by
/// the constants, and not by columns that are converted.
class DeclaredTable : public exec::Table {
 public:
  /// `origins` has one for each column of `schema`. `path` names the file in errors.
  DeclaredTable(std::string path, std::shared_ptr<exec::Table> file,
                std::shared_ptr<arrow::Schema> schema, std::vector<ColumnOrigin> origins);

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  std::optional<int64_t> num_rows() const override { return file_->num_rows(); }
  std::optional<int64_t> stored_bytes() const override { return file_->stored_bytes(); }
  exec::ColumnStats column_stats(int column) const override;
  std::string description() const override { return file_->description(); }
  Result<std::unique_ptr<exec::Source>> Scan(const exec::ScanOptions& options,
                                             exec::RunContext* context) const override;
  Result<std::shared_ptr<exec::RowStore>> row_store(
      exec::RunContext* context) const override;

 private:
  Result<bool> AddPruning(const arrow::compute::Expression& predicate,
                          exec::ScanOptions* file_options) const;

  std::string path_;
  std::shared_ptr<exec::Table> file_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<ColumnOrigin> origins_;
};

}  // namespace windrow::source
