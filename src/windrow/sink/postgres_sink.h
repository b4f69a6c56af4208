// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "windrow/exec/operator.h"
#include "windrow/postgres/catalog.h"
#include "windrow/postgres/connection_pool.h"
#include "windrow/sink/copy_streams.h"
#include "windrow/sink/postgres_columns.h"
#include "windrow/sink/postgres_staging.h"

namespace windrow::exec {
struct RunContext;
}

namespace windrow::sink {

struct PostgresSinkOptions {
  postgres::DatabaseUrl url;
  std::string table;  ///< as SQL writes it
  /// Rows for which this SQL condition holds go in the transaction that brings the new
  /// ones; "" for none.
  std::string replace_where;
  int parallel = 1;  ///< connections that take rows
  bool binary_copy = true;
};

/// Puts rows into a table of PostgreSQL by COPY, in one transaction: it waits for other
/// runs of Windrow that write the table, deletes what the condition names, and is
/// committed by Commit. Until then, and after any failure, the table is as it was.
///
/// With more than one connection, each copies into an unlogged table of its own
/// (postgres_staging.h), without any lock on the target; Finish then deletes and moves
/// the rows over in one transaction, which is tried again when the server asks for it.
///
/// Life cycle of exec::Sink. Errors carry the URL without secrets and the table.
class PostgresSink final : public exec::Sink {
 public:
  /// Looks the table up and pairs the columns; writes nothing.
  static Result<std::unique_ptr<exec::Sink>> Make(
      PostgresSinkOptions options, const arrow::Schema& schema,
      std::shared_ptr<postgres::ConnectionPool> pool, exec::RunContext* context);

  /// What Make would say, and whether the server understands the condition.
  static Status Check(const PostgresSinkOptions& options, const arrow::Schema& schema,
                      const std::shared_ptr<postgres::ConnectionPool>& pool);

  ~PostgresSink() override { Abort(); }

  Result<std::unique_ptr<exec::Prepared>> Encode(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Write(std::unique_ptr<exec::Prepared> encoded) override;
  Status Finish() override;
  Status Commit() override;
  void Abort() override;
  int64_t bytes_written() const override { return bytes_written_; }

 private:
  struct EncodedRows;

  PostgresSink(PostgresSinkOptions options, postgres::TargetTable table,
               PostgresColumns columns, postgres::ConnectionPool::Lent connection,
               std::shared_ptr<postgres::ConnectionPool> pool, exec::RunContext* context);
  bool is_staged() const { return options_.parallel > 1; }
  std::string place() const { return options_.url.text + " " + table_.text(); }
  Result<std::shared_ptr<arrow::Buffer>> EncodeRows(const arrow::RecordBatch& batch,
                                                    int64_t first_row) const;
  Status Start();
  Status OpenStaging();
  Status OpenTransaction(bool takes_staged);
  Status TryTransaction(bool takes_staged);
  Status MoveStaged();
  void DropStaging();

  PostgresSinkOptions options_;
  postgres::TargetTable table_;
  PostgresColumns columns_;
  postgres::ConnectionPool::Lent connection_;  ///< of the transaction
  std::shared_ptr<postgres::ConnectionPool> pool_;
  exec::RunContext* context_;
  std::optional<PostgresStaging> staging_;
  std::vector<postgres::ConnectionPool::Lent> staging_connections_;
  std::unique_ptr<CopyStreams> streams_;  ///< null before the first row and after Finish
  int64_t rows_written_ = 0;
  int64_t bytes_written_ = 0;
};

}  // namespace windrow::sink
