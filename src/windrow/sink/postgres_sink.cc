// SPDX-License-Identifier: Apache-2.0
#include "windrow/sink/postgres_sink.h"

#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "windrow/column/store_assignment.h"
#include "windrow/exec/run_context.h"
#include "windrow/format/copy_binary.h"
#include "windrow/format/copy_text.h"
#include "windrow/postgres/error_class.h"
#include "windrow/postgres/table_lock.h"

namespace windrow::sink {
namespace {

using postgres::Connection;
using postgres::ConnectionPool;

/// Transactions that another one's locks can undo are tried this often.
constexpr int kTries = 5;
/// How long the last words may take after the run was stopped.
constexpr double kLastWordsSeconds = 0.4;

std::string DeleteOf(const postgres::TargetTable& table, const std::string& condition) {
  return "delete from " + table.sql() + " where (" + condition + "\n)";
}

std::string CopyOf(const std::string& table, const std::string& columns, bool is_binary) {
  return "copy " + table + " (" + columns + ") from stdin" +
         (is_binary ? " (format binary)" : "");
}

}  // namespace

/// Rows ready to send, or the batch that could not be encoded.
struct PostgresSink::EncodedRows : exec::Prepared {
  std::shared_ptr<arrow::Buffer> bytes;
  std::shared_ptr<arrow::RecordBatch> failed;
  int64_t num_rows = 0;
};

PostgresSink::PostgresSink(PostgresSinkOptions options, postgres::TargetTable table,
                           PostgresColumns columns, ConnectionPool::Lent connection,
                           std::shared_ptr<ConnectionPool> pool,
                           exec::RunContext* context)
    : options_(std::move(options)),
      table_(std::move(table)),
      columns_(std::move(columns)),
      connection_(std::move(connection)),
      pool_(std::move(pool)),
      context_(context) {}

Result<std::unique_ptr<exec::Sink>> PostgresSink::Make(
    PostgresSinkOptions options, const arrow::Schema& schema,
    std::shared_ptr<ConnectionPool> pool, exec::RunContext* context) {
  ARROW_ASSIGN_OR_RAISE(ConnectionPool::Lent connection, pool->Acquire(options.url));
  ARROW_ASSIGN_OR_RAISE(postgres::TargetTable table,
                        postgres::FindTargetTable(connection.get(), options.table));
  ARROW_ASSIGN_OR_RAISE(
      PostgresColumns columns,
      PostgresColumns::Match(table, schema, options.url.text + " " + table.text()));
  return std::unique_ptr<exec::Sink>(
      new PostgresSink(std::move(options), std::move(table), std::move(columns),
                       std::move(connection), std::move(pool), context));
}

Status PostgresSink::Check(const PostgresSinkOptions& options,
                           const arrow::Schema& schema,
                           const std::shared_ptr<ConnectionPool>& pool) {
  ARROW_ASSIGN_OR_RAISE(const ConnectionPool::Lent connection,
                        pool->Acquire(options.url));
  ARROW_ASSIGN_OR_RAISE(const postgres::TargetTable table,
                        postgres::FindTargetTable(connection.get(), options.table));
  const std::string place = options.url.text + " " + table.text();
  ARROW_RETURN_NOT_OK(PostgresColumns::Match(table, schema, place).status());
  if (options.replace_where.empty()) return Status::OK();
  return At("replace_where",
            connection->Describe(DeleteOf(table, options.replace_where)).status());
}

Result<std::shared_ptr<arrow::Buffer>> PostgresSink::EncodeRows(
    const arrow::RecordBatch& batch, int64_t first_row) const {
  ARROW_ASSIGN_OR_RAISE(const auto stored,
                        columns_.Store(batch, first_row, context_->pool));
  return options_.binary_copy ? format::EncodeCopyRows(columns_.copy_types(), stored,
                                                       batch.num_rows(), context_->pool)
                              : format::EncodeCopyText(columns_.copy_types(), stored,
                                                       batch.num_rows(), context_->pool);
}

Result<std::unique_ptr<exec::Prepared>> PostgresSink::Encode(
    std::shared_ptr<arrow::RecordBatch> batch) {
  auto encoded = std::make_unique<EncodedRows>();
  encoded->num_rows = batch->num_rows();
  auto bytes = EncodeRows(*batch, column::kUnknownRow);
  if (bytes.ok()) {
    encoded->bytes = std::move(*bytes);
  } else if (BlameOf(bytes.status()) == Blame::kData) {
    encoded->failed = std::move(batch);  // Write knows the row's number
  } else {
    return bytes.status();
  }
  return encoded;
}

Status PostgresSink::Write(std::unique_ptr<exec::Prepared> encoded) {
  auto& rows = static_cast<EncodedRows&>(*encoded);
  if (rows.failed != nullptr) {
    ARROW_ASSIGN_OR_RAISE(rows.bytes, EncodeRows(*rows.failed, rows_written_));
  }
  if (streams_ == nullptr) ARROW_RETURN_NOT_OK(Start());
  rows_written_ += rows.num_rows;
  bytes_written_ += rows.bytes->size();
  return At(table_.text(), streams_->Put(std::move(rows.bytes)));
}

/// Opens what rows are sent to.
Status PostgresSink::Start() {
  std::vector<Connection*> connections;
  if (is_staged()) {
    ARROW_RETURN_NOT_OK(OpenStaging());
    for (const auto& connection : staging_connections_) {
      connections.push_back(connection.get());
    }
  } else {
    ARROW_RETURN_NOT_OK(OpenTransaction(false));
    ARROW_RETURN_NOT_OK(connection_->StartCopyIn(
        CopyOf(table_.sql(), columns_.sql_list(), options_.binary_copy)));
    connections.push_back(connection_.get());
  }
  CopyStreams::Options options;
  if (options_.binary_copy) {
    options.header = format::CopyHeader();
    options.trailer = format::CopyTrailer();
  }
  options.most_bytes =
      context_->morsel_bytes * (static_cast<int64_t>(connections.size()) + 1);
  streams_ = std::make_unique<CopyStreams>(connections, options, context_->stop);
  return Status::OK();
}

Status PostgresSink::OpenStaging() {
  ARROW_ASSIGN_OR_RAISE(
      staging_, PostgresStaging::Make(connection_.get(), table_, columns_.sql_list(),
                                      options_.parallel));
  for (const std::string& table : staging_->tables()) {
    ARROW_ASSIGN_OR_RAISE(auto connection, pool_->Acquire(options_.url));
    ARROW_RETURN_NOT_OK(connection->StartCopyIn(
        CopyOf(table, columns_.sql_list(), options_.binary_copy)));
    staging_connections_.push_back(std::move(connection));
  }
  return Status::OK();
}

/// Begins the transaction that replaces the rows; tries again after a deadlock.
Status PostgresSink::OpenTransaction(bool takes_staged) {
  for (int tries = 1;; ++tries) {
    const Status status = TryTransaction(takes_staged);
    const bool may_retry = connection_->is_open() && tries < kTries &&
                           postgres::IsTransient(connection_->last_sqlstate());
    if (status.ok() || !may_retry) return At(table_.text(), status);
    ARROW_RETURN_NOT_OK(connection_->Query("rollback").status());
  }
}

Status PostgresSink::TryTransaction(bool takes_staged) {
  // After the lock, each statement sees what the run before has committed.
  ARROW_RETURN_NOT_OK(
      connection_->Query("begin isolation level read committed").status());
  ARROW_RETURN_NOT_OK(postgres::LockForWriting(connection_.get(), table_));
  if (!options_.replace_where.empty()) {
    ARROW_RETURN_NOT_OK(
        connection_->Query(DeleteOf(table_, options_.replace_where)).status());
  }
  return takes_staged ? MoveStaged() : Status::OK();
}

Status PostgresSink::MoveStaged() {
  int64_t rows_moved = 0;
  for (const std::string& table : staging_->tables()) {
    ARROW_ASSIGN_OR_RAISE(
        const postgres::Answer answer,
        connection_->Query("insert into " + table_.sql() + " (" + columns_.sql_list() +
                           ") select " + columns_.sql_list() + " from " + table));
    rows_moved += std::stoll(answer.command.substr(answer.command.rfind(' ') + 1));
  }
  if (rows_moved != rows_written_) {
    return StorageError("found ", rows_moved, " rows in the staging tables; expected ",
                        rows_written_);
  }
  return staging_->Drop(connection_.get());
}

Status PostgresSink::Finish() {
  if (streams_ == nullptr) return OpenTransaction(false);
  const Result<int64_t> rows = streams_->Finish();
  streams_.reset();
  staging_connections_.clear();
  if (!rows.ok()) return At(table_.text(), rows.status());
  if (*rows != rows_written_) {
    return StorageError(place(), ": the server stored ", *rows, " rows; expected ",
                        rows_written_);
  }
  return is_staged() ? OpenTransaction(true) : Status::OK();
}

Status PostgresSink::Commit() {
  bool is_unknown = false;
  connection_->SetPatience(kLastWordsSeconds);
  const Status status = connection_->Commit(&is_unknown);
  connection_->SetPatience(0);
  if (is_unknown) {
    return StorageError(place(),
                        ": no answer to COMMIT, so the rows may be there or not; ",
                        options_.replace_where.empty()
                            ? "look before running again, as nothing is replaced"
                            : "running again is safe");
  }
  if (!status.ok()) return At(table_.text(), status);
  if (staging_.has_value()) {
    if (!staging_->Unlock(connection_.get()).ok()) connection_->Close();
    staging_.reset();
  }
  connection_.reset();
  return Status::OK();
}

void PostgresSink::Abort() {
  if (connection_ == nullptr) return;
  streams_.reset();
  for (const auto& connection : staging_connections_) connection->Close();
  staging_connections_.clear();
  if (staging_.has_value()) DropStaging();
  // The server rolls back what is under way.
  connection_->Close();
  connection_.reset();
}

/// As far as a server that may be gone or hang lets it; else the next run does it.
void PostgresSink::DropStaging() {
  connection_->SetPatience(kLastWordsSeconds);
  if (connection_->is_open()) {
    if (!connection_->is_idle()) static_cast<void>(connection_->Query("rollback"));
    static_cast<void>(staging_->Drop(connection_.get()));
    return;
  }
  if (!context_->stop.IsStopRequested()) return;  // the server itself went away
  const auto other = Connection::Open(options_.url, context_->stop, kLastWordsSeconds);
  if (other.ok()) static_cast<void>(staging_->Drop(other->get()));
}

}  // namespace windrow::sink
