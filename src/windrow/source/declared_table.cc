// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/declared_table.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/compute/expression.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "windrow/column/declared_type.h"
#include "windrow/exec/run_context.h"

namespace windrow::source {
namespace {

namespace cp = arrow::compute;
using ArrayPtr = std::shared_ptr<arrow::Array>;

/// A file's column as the declared one.
Result<ArrayPtr> ReadColumn(const ArrayPtr& stored, const ColumnOrigin& origin,
                            const std::string& path, const std::string& name,
                            arrow::MemoryPool* pool) {
  if (!origin.read_as.has_value()) return stored;
  auto read = column::ReadAs(stored, *origin.read_as, name, pool);
  return read.ok() ? read : At(path, read.status());
}

/// What all units of one scan share.
struct ScanColumns {
  std::string path;
  std::shared_ptr<arrow::Schema> schema;
  std::vector<ColumnOrigin> origins;  ///< by output column
  std::vector<int> inputs;            ///< the column of the file's batch, or -1
  arrow::MemoryPool* pool;
};

class DeclaredUnit : public exec::UnitReader {
 public:
  DeclaredUnit(std::unique_ptr<exec::UnitReader> unit,
               std::shared_ptr<const ScanColumns> columns)
      : unit_(std::move(unit)), columns_(std::move(columns)) {}

  std::string place() const override { return unit_->place(); }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    ARROW_ASSIGN_OR_RAISE(const auto batch, unit_->Next());
    if (batch == nullptr) return nullptr;
    arrow::ArrayVector arrays;
    for (size_t c = 0; c < columns_->inputs.size(); ++c) {
      const ColumnOrigin& origin = columns_->origins[c];
      const std::string& name = columns_->schema->field(static_cast<int>(c))->name();
      ArrayPtr array;
      if (columns_->inputs[c] >= 0) {
        ARROW_ASSIGN_OR_RAISE(
            array, ReadColumn(batch->column(columns_->inputs[c]), origin, columns_->path,
                              name, columns_->pool));
      } else {
        ARROW_ASSIGN_OR_RAISE(
            array, arrow::MakeArrayFromScalar(*origin.constant, batch->num_rows(),
                                              columns_->pool));
      }
      arrays.push_back(std::move(array));
    }
    return exec::MakeScanBatch(columns_->schema, batch->num_rows(), std::move(arrays));
  }

 private:
  std::unique_ptr<exec::UnitReader> unit_;
  std::shared_ptr<const ScanColumns> columns_;
};

class DeclaredScan : public exec::Source {
 public:
  /// Without a scan of the file there are no rows.
  DeclaredScan(std::unique_ptr<exec::Source> file,
               std::shared_ptr<const ScanColumns> columns)
      : file_(std::move(file)), columns_(std::move(columns)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override {
    return columns_->schema;
  }
  Result<std::unique_ptr<exec::UnitReader>> NextUnit(
      const arrow::StopToken& stop) override {
    if (file_ == nullptr) return nullptr;
    ARROW_ASSIGN_OR_RAISE(auto unit, file_->NextUnit(stop));
    if (unit == nullptr) return nullptr;
    return std::make_unique<DeclaredUnit>(std::move(unit), columns_);
  }
  int64_t next_unit_bytes() const override {
    return file_ == nullptr ? 0 : file_->next_unit_bytes();
  }
  int64_t bytes_read() const override {
    return file_ == nullptr ? 0 : file_->bytes_read();
  }

 private:
  std::unique_ptr<exec::Source> file_;
  std::shared_ptr<const ScanColumns> columns_;
};

class DeclaredRows : public exec::RowStore {
 public:
  DeclaredRows(std::string path, std::shared_ptr<exec::RowStore> file,
               std::shared_ptr<arrow::Schema> schema, std::vector<ColumnOrigin> origins,
               arrow::MemoryPool* pool)
      : path_(std::move(path)),
        file_(std::move(file)),
        schema_(std::move(schema)),
        origins_(std::move(origins)),
        pool_(pool) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  const std::vector<int64_t>& chunk_offsets() const override {
    return file_->chunk_offsets();
  }
  bool IsResident(int column) const override {
    const ColumnOrigin& origin = origins_.at(column);
    return origin.file_column >= 0 && !origin.read_as.has_value() &&
           file_->IsResident(origin.file_column);
  }
  Result<ArrayPtr> LoadColumn(int chunk, int column) const override {
    const ColumnOrigin& origin = origins_.at(column);
    if (origin.file_column < 0) {
      const auto& offsets = chunk_offsets();
      return arrow::MakeArrayFromScalar(*origin.constant,
                                        offsets[chunk + 1] - offsets[chunk], pool_);
    }
    ARROW_ASSIGN_OR_RAISE(const auto stored,
                          file_->LoadColumn(chunk, origin.file_column));
    return ReadColumn(stored, origin, path_, schema_->field(column)->name(), pool_);
  }
  Result<ArrayPtr> LoadRows(int chunk, int column, std::span<const uint32_t> rows,
                            arrow::MemoryPool* pool) const override {
    const ColumnOrigin& origin = origins_.at(column);
    if (origin.file_column < 0) {
      return arrow::MakeArrayFromScalar(*origin.constant,
                                        static_cast<int64_t>(rows.size()), pool);
    }
    ARROW_ASSIGN_OR_RAISE(const auto stored,
                          file_->LoadRows(chunk, origin.file_column, rows, pool));
    return ReadColumn(stored, origin, path_, schema_->field(column)->name(), pool);
  }
  int64_t bytes_read() const override { return file_->bytes_read(); }

 private:
  std::string path_;
  std::shared_ptr<exec::RowStore> file_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<ColumnOrigin> origins_;
  arrow::MemoryPool* pool_;
};

void AddConjuncts(const cp::Expression& predicate, std::vector<cp::Expression>* all) {
  const auto* call = predicate.call();
  if (call == nullptr || call->function_name != "and_kleene") {
    all->push_back(predicate);
    return;
  }
  for (const cp::Expression& part : call->arguments) AddConjuncts(part, all);
}

}  // namespace

DeclaredTable::DeclaredTable(std::string path, std::shared_ptr<exec::Table> file,
                             std::shared_ptr<arrow::Schema> schema,
                             std::vector<ColumnOrigin> origins)
    : path_(std::move(path)),
      file_(std::move(file)),
      schema_(std::move(schema)),
      origins_(std::move(origins)) {}

exec::ColumnStats DeclaredTable::column_stats(int column) const {
  const ColumnOrigin& origin = origins_.at(column);
  exec::ColumnStats stats;
  if (origin.file_column >= 0) {
    stats = file_->column_stats(origin.file_column);
    // A conversion keeps nulls, but bounds are of the stored type.
    if (origin.read_as.has_value()) stats.min = stats.max = nullptr;
  } else {
    stats.null_count = origin.constant->is_valid ? 0 : num_rows();
  }
  return stats;
}

/// Adds what of the predicate the file can use. False when its constants rule it out.
Result<bool> DeclaredTable::AddPruning(const cp::Expression& predicate,
                                       exec::ScanOptions* file_options) const {
  cp::Expression known = cp::literal(true);
  for (size_t c = 0; c < origins_.size(); ++c) {
    if (origins_[c].file_column >= 0) continue;
    const auto column = cp::field_ref(schema_->field(static_cast<int>(c))->name());
    known = cp::and_(known, origins_[c].constant->is_valid
                                ? cp::equal(column, cp::literal(origins_[c].constant))
                                : cp::is_null(column));
  }
  ARROW_ASSIGN_OR_RAISE(known, known.Bind(*schema_));
  ARROW_ASSIGN_OR_RAISE(const auto left, cp::SimplifyWithGuarantee(predicate, known));
  if (!left.IsSatisfiable()) return false;
  std::vector<cp::Expression> conjuncts;
  AddConjuncts(left, &conjuncts);
  std::erase_if(conjuncts, [&](const cp::Expression& conjunct) {
    const auto columns = cp::FieldsInExpression(conjunct);
    return !std::all_of(columns.begin(), columns.end(), [&](const arrow::FieldRef& ref) {
      const int column = ref.IsName() ? schema_->GetFieldIndex(*ref.name()) : -1;
      return column >= 0 && origins_[column].file_column >= 0 &&
             !origins_[column].read_as.has_value();
    });
  });
  if (conjuncts.empty()) return true;
  ARROW_ASSIGN_OR_RAISE(auto usable, cp::and_(conjuncts).Bind(*file_->schema()));
  file_options->pruning_predicate =
      std::make_shared<const cp::Expression>(std::move(usable));
  return true;
}

Result<std::unique_ptr<exec::Source>> DeclaredTable::Scan(
    const exec::ScanOptions& options, exec::RunContext* context) const {
  auto columns = std::make_shared<ScanColumns>();
  columns->path = path_;
  columns->pool = context->pool;
  exec::ScanOptions file_options;
  file_options.row_numbers = options.row_numbers;
  arrow::FieldVector fields;
  for (size_t c = 0; c < options.columns.size(); ++c) {
    const ColumnOrigin& origin = origins_.at(options.columns[c]);
    fields.push_back(schema_->field(options.columns[c]));
    columns->origins.push_back(origin);
    const auto position = static_cast<int>(file_options.columns.size());
    columns->inputs.push_back(origin.file_column >= 0 ? position : -1);
    if (origin.file_column < 0) continue;
    file_options.columns.push_back(origin.file_column);
    if (options.MayBeDictionary(c) && !origin.read_as.has_value()) {
      file_options.dictionary_columns.push_back(position);
      if (options.IsHashed(c)) file_options.hashed_columns.push_back(position);
    }
  }
  if (options.row_numbers) {
    fields.push_back(arrow::field(exec::kRowNumberColumn, arrow::int64(), false));
    columns->origins.emplace_back();
    columns->inputs.push_back(static_cast<int>(file_options.columns.size()));
  }
  columns->schema = arrow::schema(std::move(fields));
  std::unique_ptr<exec::Source> scan;
  bool may_match = true;
  if (options.pruning_predicate != nullptr) {
    ARROW_ASSIGN_OR_RAISE(may_match,
                          AddPruning(*options.pruning_predicate, &file_options));
  }
  if (may_match) {
    ARROW_ASSIGN_OR_RAISE(scan, file_->Scan(file_options, context));
  }
  return std::make_unique<DeclaredScan>(std::move(scan), std::move(columns));
}

Result<std::shared_ptr<exec::RowStore>> DeclaredTable::row_store(
    exec::RunContext* context) const {
  ARROW_ASSIGN_OR_RAISE(auto file, file_->row_store(context));
  if (file == nullptr) return nullptr;
  return std::make_shared<DeclaredRows>(path_, std::move(file), schema_, origins_,
                                        context->pool);
}

}  // namespace windrow::source
