// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/postgres_table.h"

#include <arrow/array/array_primitive.h>
#include <arrow/buffer_builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <atomic>
#include <numeric>
#include <set>

#include "windrow/exec/run_context.h"
#include "windrow/format/copy_binary.h"
#include "windrow/postgres/catalog.h"
#include "windrow/source/postgres_type.h"

namespace windrow::source {
namespace {

using postgres::Connection;
using postgres::ConnectionPool;

/// What can be read, and where.
struct Readable {
  postgres::DatabaseUrl url;
  std::shared_ptr<ConnectionPool> pool;
  std::string place;  ///< for messages
  std::string from;   ///< what stands after FROM
  std::vector<format::CopyType> types;
  std::vector<std::string> expressions;  ///< in the select list
  std::shared_ptr<arrow::Schema> schema;
};

/// What all units of one scan share.
struct ScanPlan {
  std::shared_ptr<const Readable> readable;
  std::vector<format::CopyType> types;
  std::vector<std::string> names;
  bool row_numbers;
  std::shared_ptr<arrow::Schema> schema;
  exec::RunContext* context;
};

/// Rows as the server sent them, one batch.
class RowsReader : public exec::UnitReader {
 public:
  RowsReader(std::shared_ptr<const ScanPlan> plan, std::shared_ptr<arrow::Buffer> rows,
             int64_t first_row, int64_t num_rows)
      : plan_(std::move(plan)),
        rows_(std::move(rows)),
        first_row_(first_row),
        num_rows_(num_rows) {}

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    if (rows_ == nullptr) return nullptr;
    auto decoded = format::DecodeCopyRows(std::string_view(*rows_), plan_->types,
                                          plan_->names, num_rows_, plan_->context->pool);
    rows_.reset();
    if (!decoded.ok()) return At(plan_->readable->place, decoded.status());
    arrow::ArrayVector columns = std::move(*decoded);
    if (plan_->row_numbers) {
      ARROW_ASSIGN_OR_RAISE(
          std::shared_ptr<arrow::Buffer> numbers,
          arrow::AllocateBuffer(num_rows_ * static_cast<int64_t>(sizeof(int64_t)),
                                plan_->context->pool));
      auto* first = reinterpret_cast<int64_t*>(numbers->mutable_data());
      std::iota(first, first + num_rows_, first_row_);
      columns.push_back(
          std::make_shared<arrow::Int64Array>(num_rows_, std::move(numbers)));
    }
    return arrow::RecordBatch::Make(plan_->schema, num_rows_, std::move(columns));
  }

 private:
  std::shared_ptr<const ScanPlan> plan_;
  std::shared_ptr<arrow::Buffer> rows_;
  int64_t first_row_;
  int64_t num_rows_;
};

class PostgresScan : public exec::Source {
 public:
  PostgresScan(std::shared_ptr<const ScanPlan> plan, std::string copy)
      : plan_(std::move(plan)), copy_(std::move(copy)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return plan_->schema; }

  Result<std::unique_ptr<exec::UnitReader>> NextUnit(
      const arrow::StopToken& stop) override {
    ARROW_RETURN_NOT_OK(stop.Poll());
    if (has_ended_) return nullptr;
    if (connection_ == nullptr) ARROW_RETURN_NOT_OK(Start());
    const exec::RunContext& context = *plan_->context;
    arrow::BufferBuilder rows(context.pool);
    int64_t num_rows = 0;
    while (num_rows < context.morsel_rows && rows.length() < context.morsel_bytes) {
      ARROW_ASSIGN_OR_RAISE(std::optional<std::string_view> row, NextRow());
      if (!row.has_value()) break;
      ARROW_RETURN_NOT_OK(rows.Append(row->data(), static_cast<int64_t>(row->size())));
      ++num_rows;
    }
    if (num_rows == 0) return nullptr;
    const int64_t first_row = rows_read_;
    rows_read_ += num_rows;
    ARROW_ASSIGN_OR_RAISE(auto buffer, rows.Finish());
    return std::make_unique<RowsReader>(plan_, std::move(buffer), first_row, num_rows);
  }

  /// The rows and what is made of them.
  int64_t next_unit_bytes() const override {
    return has_ended_ ? 0 : 2 * plan_->context->morsel_bytes;
  }

  int64_t bytes_read() const override { return bytes_read_; }

 private:
  Status Start() {
    ARROW_ASSIGN_OR_RAISE(connection_,
                          plan_->readable->pool->Acquire(plan_->readable->url));
    return connection_->StartCopyOut(copy_);
  }

  /// The next row without what stands around the rows; nullopt after the last one.
  Result<std::optional<std::string_view>> NextRow() {
    while (true) {
      ARROW_ASSIGN_OR_RAISE(std::optional<std::string_view> row,
                            connection_->NextCopyRow());
      if (!row.has_value()) {
        has_ended_ = true;
        connection_.reset();  // back to the pool
        return row;
      }
      bytes_read_ += static_cast<int64_t>(row->size());
      if (!has_header_) {
        const auto size = format::CopyHeaderSize(*row);
        if (!size.ok()) return At(plan_->readable->place, size.status());
        row->remove_prefix(*size);
        has_header_ = true;
      }
      if (!row->empty() && *row != format::CopyTrailer()) return row;
    }
  }

  std::shared_ptr<const ScanPlan> plan_;
  const std::string copy_;
  ConnectionPool::Lent connection_;
  bool has_header_ = false;
  bool has_ended_ = false;
  int64_t rows_read_ = 0;
  std::atomic<int64_t> bytes_read_ = 0;
};

class PostgresTable : public exec::Table {
 public:
  explicit PostgresTable(std::shared_ptr<const Readable> readable)
      : readable_(std::move(readable)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override {
    return readable_->schema;
  }
  std::optional<int64_t> num_rows() const override { return std::nullopt; }
  std::optional<int64_t> stored_bytes() const override { return std::nullopt; }
  exec::ColumnStats column_stats(int) const override { return {}; }
  std::string description() const override { return "postgresql"; }

  Result<std::unique_ptr<exec::Source>> Scan(const exec::ScanOptions& options,
                                             exec::RunContext* context) const override {
    auto plan = std::make_shared<ScanPlan>();
    plan->readable = readable_;
    plan->row_numbers = options.row_numbers;
    plan->context = context;
    std::string list;
    arrow::FieldVector fields;
    for (const int column : options.columns) {
      list += (list.empty() ? "" : ", ") + readable_->expressions[column];
      fields.push_back(readable_->schema->field(column));
      plan->types.push_back(readable_->types[column]);
      plan->names.push_back(fields.back()->name());
    }
    if (options.row_numbers) {
      fields.push_back(arrow::field(exec::kRowNumberColumn, arrow::int64(), false));
    }
    plan->schema = arrow::schema(std::move(fields));
    std::string copy = "copy (select " + list + " from " + readable_->from +
                       ") to stdout (format binary)";
    return std::make_unique<PostgresScan>(std::move(plan), std::move(copy));
  }

  bool is_repeatable() const override { return false; }
  Result<std::shared_ptr<exec::RowStore>> row_store(exec::RunContext*) const override {
    return nullptr;
  }

 private:
  std::shared_ptr<const Readable> readable_;
};

/// The query without the semicolon and blanks at its end.
std::string Trimmed(std::string query) {
  while (!query.empty() && (query.back() == ';' || isspace(query.back()) != 0)) {
    query.pop_back();
  }
  return query;
}

}  // namespace

Result<std::shared_ptr<exec::Table>> OpenPostgresTable(
    const PostgresTableOptions& options, std::shared_ptr<ConnectionPool> pool) {
  ARROW_ASSIGN_OR_RAISE(const auto connection, pool->Acquire(options.url));
  auto readable = std::make_shared<Readable>();
  readable->url = options.url;
  readable->place = options.url.text;
  if (options.query.empty()) {
    readable->place += " " + options.table;
    ARROW_ASSIGN_OR_RAISE(readable->from,
                          postgres::FindRelation(connection.get(), options.table));
  } else {
    const std::string query = Trimmed(options.query);
    // Alone first, so that messages are about what was written.
    ARROW_RETURN_NOT_OK(connection->Describe(query).status());
    // The line end ends a comment.
    readable->from = "(" + query + "\n) as query";
  }
  ARROW_ASSIGN_OR_RAISE(const auto columns,
                        connection->Describe("select * from " + readable->from));
  arrow::FieldVector fields;
  std::set<std::string> names;
  for (const postgres::ResultColumn& column : columns) {
    if (!names.insert(column.name).second) {
      return UserError(readable->place, ": found the column '", column.name,
                       "' twice; expected each name once");
    }
    const auto type = CopyTypeOf(column.type_oid, column.modifier);
    std::string expression = Connection::Quoted(column.name);
    if (!type.has_value()) expression += "::text";
    readable->expressions.push_back(std::move(expression));
    readable->types.push_back(type.value_or(format::CopyType{}));
    fields.push_back(
        arrow::field(column.name, format::DecodedTypeOf(readable->types.back())));
  }
  readable->schema = arrow::schema(std::move(fields));
  readable->pool = std::move(pool);
  return std::make_shared<PostgresTable>(std::move(readable));
}

}  // namespace windrow::source
