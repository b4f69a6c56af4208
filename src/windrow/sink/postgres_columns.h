// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/column/sql_type.h"
#include "windrow/format/copy_type.h"
#include "windrow/postgres/catalog.h"

namespace windrow::sink {

/// Which column of a table each column of the input goes to, in the input's order.
/// Immutable and thread-safe.
class PostgresColumns {
 public:
  /// Pairs by name. A UserError, with the table and column, for a column the table does
  /// not have or computes itself, a type that cannot be stored in it, and a column of the
  /// table that must have a value and is not in the input. Errors start with `place`.
  static Result<PostgresColumns> Match(const postgres::TargetTable& table,
                                       const arrow::Schema& input,
                                       const std::string& place);

  /// The names in double quotes, for statements.
  std::string sql_list() const;
  /// How the values go out, a column each.
  std::vector<format::CopyType> copy_types() const;

  /// The rows of `batch` in the types that the encoders take. A DataError, with table,
  /// column, row (counted on from `first_row` if that is not column::kUnknownRow) and
  /// value, for what does not fit.
  Result<std::vector<std::shared_ptr<arrow::Array>>> Store(
      const arrow::RecordBatch& batch, int64_t first_row, arrow::MemoryPool* pool) const;

 private:
  struct Column {
    std::string name;
    column::SqlType type;
    format::CopyType copy_type;
    bool not_null = false;
  };

  std::string place_;
  std::vector<Column> columns_;
};

}  // namespace windrow::sink
