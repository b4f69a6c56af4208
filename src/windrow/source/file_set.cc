// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/file_set.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/compute/expression.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>

#include "windrow/exec/run_context.h"
#include "windrow/fs/object_listing.h"
#include "windrow/source/array_record_table.h"
#include "windrow/source/ipc_table.h"
#include "windrow/source/parquet_table.h"
#include "windrow/source/remote_table.h"
#include "windrow/source/set_batches.h"
#include "windrow/source/set_rows.h"
#include "windrow/source/set_source.h"

namespace windrow::source {
namespace {

using TablePtr = std::shared_ptr<exec::Table>;
using ScalarPtr = std::shared_ptr<arrow::Scalar>;

Result<TablePtr> OpenFile(const std::string& path, FileKind kind) {
  switch (kind) {
    case FileKind::kIpc:
      return OpenIpcTable(path);
    case FileKind::kParquet:
      return OpenParquetTable(path);
    case FileKind::kArrayRecord:
      return OpenArrayRecordTable(path);
  }
  return InternalError(path, ": no reader for this kind of file");
}

/// A file and the values its folders give to the partition columns, in their order.
struct Part {
  std::string path;
  TablePtr table;
  std::vector<ScalarPtr> values;
  bool is_remote = false;  ///< an object in a store
};

/// What a set with objects in a store was opened from; without objects for a local one.
struct RemoteParts {
  std::vector<std::string> patterns;
  std::vector<fs::FileEntry> objects;
  fs::ObjectAccess access;
};

class SetTable : public exec::Table {
 public:
  SetTable(std::shared_ptr<arrow::Schema> schema, std::vector<Part> parts,
           RemoteParts remote)
      : schema_(std::move(schema)),
        parts_(std::move(parts)),
        remote_(std::make_shared<const RemoteParts>(std::move(remote))) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }

  std::optional<int64_t> num_rows() const override {
    return Sum([](const exec::Table& table) { return table.num_rows(); });
  }
  std::optional<int64_t> stored_bytes() const override {
    return Sum([](const exec::Table& table) { return table.stored_bytes(); });
  }

  std::vector<int64_t> chunk_offsets() const override {
    std::vector<int64_t> all = {0};
    for (const Part& part : parts_) {
      const std::vector<int64_t> offsets = part.table->chunk_offsets();
      if (offsets.empty()) return {};
      const int64_t first = all.back();
      for (size_t c = 1; c < offsets.size(); ++c) all.push_back(first + offsets[c]);
    }
    return all;
  }

  /// Only null counts are combined: with several files an order of their minima says
  /// little that pruning of each file does not.
  exec::ColumnStats column_stats(int column) const override {
    exec::ColumnStats stats;
    if (column >= file_columns()) return stats;
    if (parts_.size() == 1) return parts_[0].table->column_stats(column);
    stats.null_count = Sum(
        [&](const exec::Table& table) { return table.column_stats(column).null_count; });
    return stats;
  }

  std::string description() const override {
    if (parts_.size() == 1) return parts_[0].table->description();
    return std::to_string(parts_.size()) + " files, first " +
           parts_[0].table->description();
  }

  Result<std::unique_ptr<exec::Source>> Scan(const exec::ScanOptions& options,
                                             exec::RunContext* context) const override {
    arrow::FieldVector fields;
    for (const int column : options.columns) fields.push_back(schema_->field(column));
    if (options.row_numbers) {
      fields.push_back(arrow::field(exec::kRowNumberColumn, arrow::int64(), false));
    }
    const auto schema = arrow::schema(std::move(fields));
    std::vector<PartScan> scans;
    int64_t first_row = 0;
    int64_t first_chunk = 0;
    for (const Part& part : parts_) {
      exec::ScanOptions part_options = options;
      int64_t rows = part.table->num_rows().value_or(0);
      if (options.chunks.has_value()) {
        const std::vector<int64_t> offsets = part.table->chunk_offsets();
        const auto chunks = static_cast<int64_t>(offsets.size()) - 1;
        const exec::ChunkRange asked{
            std::clamp<int64_t>(options.chunks->begin - first_chunk, 0, chunks),
            std::clamp<int64_t>(options.chunks->end - first_chunk, 0, chunks)};
        first_chunk += chunks;
        if (asked.begin == asked.end) continue;
        rows = offsets[asked.end] - offsets[asked.begin];
        part_options.chunks = asked;
      }
      ARROW_ASSIGN_OR_RAISE(auto scan, ScanPart(part, part_options, schema, first_row));
      if (scan.has_value()) scans.push_back(std::move(*scan));
      first_row += rows;
    }
    ReadAhead ahead;
    ahead.is_on = remote_->access.prefetch;
    if (!remote_->objects.empty()) {
      ahead.check = [remote = remote_] {
        return CheckUnchanged(remote->patterns, remote->objects, remote->access);
      };
    }
    return std::make_unique<SetSource>(schema, std::move(scans), std::move(ahead),
                                       context);
  }

  std::shared_ptr<const exec::StoredBatches> stored_batches(
      const std::vector<int>& columns) const override {
    const auto is_of_folder = [&](int column) { return column >= file_columns(); };
    if (std::any_of(columns.begin(), columns.end(), is_of_folder)) return nullptr;
    std::vector<SetBatches::Part> parts;
    for (const Part& part : parts_) {
      const auto chunks = std::ssize(part.table->chunk_offsets()) - 1;
      if (chunks == 0) continue;
      auto batches = part.table->stored_batches(columns);
      if (batches == nullptr) return nullptr;
      if (!parts.empty() && batches->codec() != parts[0].batches->codec()) return nullptr;
      parts.push_back({std::move(batches), chunks});
    }
    if (parts.empty()) return nullptr;
    return std::make_shared<SetBatches>(std::move(parts));
  }

  Result<std::shared_ptr<exec::RowStore>> row_store(
      exec::RunContext* context) const override {
    std::vector<PartRows> parts;
    for (const Part& part : parts_) {
      ARROW_ASSIGN_OR_RAISE(auto store, part.table->row_store(context));
      if (store == nullptr) return nullptr;
      parts.push_back({std::move(store), &part.values});
    }
    return std::make_shared<SetRows>(schema_, std::move(parts), remote_->access.prefetch,
                                     context);
  }

 private:
  int file_columns() const { return parts_[0].table->schema()->num_fields(); }

  template <typename Get>
  std::optional<int64_t> Sum(const Get& get) const {
    int64_t sum = 0;
    for (const Part& part : parts_) {
      const std::optional<int64_t> value = get(*part.table);
      if (!value.has_value()) return std::nullopt;
      sum += *value;
    }
    return sum;
  }

  /// The scan of one part, or nothing when its folder names rule it out.
  Result<std::optional<PartScan>> ScanPart(const Part& part,
                                           const exec::ScanOptions& options,
                                           const std::shared_ptr<arrow::Schema>& schema,
                                           int64_t first_row) const {
    auto columns = std::make_shared<PartColumns>();
    columns->schema = schema;
    columns->first_row = first_row;
    columns->row_numbers = options.row_numbers;
    exec::ScanOptions part_options;
    part_options.chunks = options.chunks;
    part_options.row_numbers = options.row_numbers;
    for (const int column : options.columns) {
      const bool is_file_column = column < file_columns();
      if (is_file_column && options.MayBeDictionary(columns->inputs.size())) {
        const auto position = static_cast<int>(part_options.columns.size());
        part_options.dictionary_columns.push_back(position);
        if (options.IsHashed(columns->inputs.size())) {
          part_options.hashed_columns.push_back(position);
        }
      }
      columns->inputs.push_back(
          is_file_column ? static_cast<int>(part_options.columns.size()) : -1);
      columns->constants.push_back(is_file_column ? nullptr
                                                  : part.values[column - file_columns()]);
      if (is_file_column) part_options.columns.push_back(column);
    }
    if (options.row_numbers) {
      columns->inputs.push_back(static_cast<int>(part_options.columns.size()));
      columns->constants.push_back(nullptr);
    }
    if (options.pruning_predicate != nullptr) {
      ARROW_ASSIGN_OR_RAISE(const auto predicate,
                            WithFolderValues(*options.pruning_predicate, part));
      if (!predicate.IsSatisfiable()) return std::nullopt;
      const auto bound = predicate.Bind(*part.table->schema());
      if (bound.ok()) {
        part_options.pruning_predicate =
            std::make_shared<const arrow::compute::Expression>(*bound);
      }
    }
    return PartScan{part.table.get(), std::move(part_options), std::move(columns),
                    part.is_remote};
  }

  Result<arrow::compute::Expression> WithFolderValues(
      const arrow::compute::Expression& predicate, const Part& part) const {
    namespace cp = arrow::compute;
    cp::Expression known = cp::literal(true);
    for (size_t v = 0; v < part.values.size(); ++v) {
      const auto& name = schema_->field(file_columns() + static_cast<int>(v))->name();
      const cp::Expression fact =
          part.values[v]->is_valid
              ? cp::equal(cp::field_ref(name), cp::literal(part.values[v]))
              : cp::is_null(cp::field_ref(name));
      known = cp::and_(known, fact);
    }
    ARROW_ASSIGN_OR_RAISE(known, known.Bind(*schema_));
    return cp::SimplifyWithGuarantee(predicate, known);
  }

  std::shared_ptr<arrow::Schema> schema_;
  std::vector<Part> parts_;
  std::shared_ptr<const RemoteParts> remote_;
};

/// First difference between two files' columns, or OK.
Status CheckSameColumns(const Part& first, const Part& other) {
  const arrow::Schema& expected = *first.table->schema();
  const arrow::Schema& found = *other.table->schema();
  for (int c = 0; c < std::max(expected.num_fields(), found.num_fields()); ++c) {
    auto describe = [&](const arrow::Schema& schema) {
      if (c >= schema.num_fields()) return std::string("nothing");
      return schema.field(c)->name() + " " + schema.field(c)->type()->ToString();
    };
    if (describe(expected) == describe(found)) continue;
    return DataError(other.path, ": schemas differ: column ", c + 1, " is ",
                     describe(found), "; expected ", describe(expected), " as in ",
                     first.path);
  }
  return Status::OK();
}

bool IsInteger(const std::string& text) {
  int64_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

using Folders = std::vector<std::vector<fs::PartitionValue>>;

std::optional<std::string> FolderValue(const std::vector<fs::PartitionValue>& folders,
                                       const std::string& key) {
  for (const auto& [name, value] : folders) {
    if (name == key) return value;
  }
  return std::nullopt;
}

/// Gives every part its values and returns the columns they make.
arrow::FieldVector AddFolderColumns(const Folders& folders, std::vector<Part>* parts) {
  arrow::FieldVector fields;
  std::set<std::string> seen;
  for (const auto& file : folders) {
    for (const auto& [key, value] : file) {
      if (!seen.insert(key).second) continue;
      if (!parts->front().table->schema()->GetAllFieldIndices(key).empty()) continue;
      bool all_integers = true;
      for (const auto& other : folders) {
        const auto text = FolderValue(other, key);
        all_integers = all_integers && (!text.has_value() || IsInteger(*text));
      }
      const auto type = all_integers ? arrow::int64() : arrow::utf8();
      for (size_t p = 0; p < parts->size(); ++p) {
        const auto text = FolderValue(folders[p], key);
        ScalarPtr scalar = arrow::MakeNullScalar(type);
        if (text.has_value() && all_integers) {
          scalar = std::make_shared<arrow::Int64Scalar>(std::stoll(*text));
        } else if (text.has_value()) {
          scalar = std::make_shared<arrow::StringScalar>(*text);
        }
        (*parts)[p].values.push_back(std::move(scalar));
      }
      fields.push_back(arrow::field(key, type));
    }
  }
  return fields;
}

Result<TablePtr> Declare(std::vector<Part> parts, const Folders& folders,
                         const DeclaredSchema& declared, RemoteParts remote) {
  std::vector<OpenedFile> files;
  for (size_t p = 0; p < parts.size(); ++p) {
    files.push_back({parts[p].path, parts[p].table, folders[p]});
  }
  ARROW_ASSIGN_OR_RAISE(const auto schema, SchemaOf(declared, files));
  if (parts.empty()) return MakeEmptyTable(schema);
  for (size_t p = 0; p < parts.size(); ++p) {
    ARROW_ASSIGN_OR_RAISE(parts[p].table, DeclareTable(files[p], declared, schema));
  }
  if (parts.size() == 1 && !parts[0].is_remote) return parts[0].table;
  return std::make_shared<SetTable>(schema, std::move(parts), std::move(remote));
}

}  // namespace

FileKind FileKindOf(const std::string& path) {
  if (path.ends_with(".arrayrecord") || path.ends_with(".array_record")) {
    return FileKind::kArrayRecord;
  }
  std::array<char, 4> magic = {};
  std::ifstream(path, std::ios::binary).read(magic.data(), magic.size());
  if (std::string_view(magic.data(), magic.size()) == "PAR1") return FileKind::kParquet;
  return IsArrayRecordFile(path) ? FileKind::kArrayRecord : FileKind::kIpc;
}

namespace {

/// The objects among `files` opened, by position; null for local ones.
Result<std::vector<TablePtr>> OpenObjects(const std::vector<fs::FileEntry>& files,
                                          std::optional<FileKind> kind,
                                          RemoteParts* remote) {
  for (const fs::FileEntry& file : files) {
    if (fs::IsObjectPath(file.path)) remote->objects.push_back(file);
  }
  std::vector<TablePtr> tables(files.size());
  if (remote->objects.empty()) return tables;
  ARROW_ASSIGN_OR_RAISE(auto opened,
                        OpenRemoteTables(remote->objects, kind, remote->access));
  size_t next = 0;
  for (size_t i = 0; i < files.size(); ++i) {
    if (fs::IsObjectPath(files[i].path)) tables[i] = std::move(opened[next++]);
  }
  return tables;
}

}  // namespace

Result<TablePtr> OpenFiles(const std::vector<std::string>& patterns,
                           std::optional<FileKind> kind, const fs::ObjectAccess& access,
                           const std::optional<DeclaredSchema>& declared) {
  const bool may_be_missing = declared.has_value() && declared->allow_empty;
  RemoteParts remote{patterns, {}, access};
  ARROW_ASSIGN_OR_RAISE(const auto listed,
                        fs::ListFiles(patterns, access, may_be_missing));
  std::vector<fs::FileEntry> files;
  for (size_t i = 0; i < patterns.size(); ++i) {
    if (listed[i].empty() && !may_be_missing) {
      return StorageError(patterns[i],
                          ": the folder holds no data file; expected at least one");
    }
    files.insert(files.end(), listed[i].begin(), listed[i].end());
  }
  ARROW_ASSIGN_OR_RAISE(auto objects, OpenObjects(files, kind, &remote));
  std::vector<Part> parts;
  Folders folders;
  for (size_t i = 0; i < files.size(); ++i) {
    const fs::FileEntry& file = files[i];
    TablePtr table = std::move(objects[i]);
    const bool is_remote = table != nullptr;
    if (!is_remote) {
      ARROW_ASSIGN_OR_RAISE(
          table, OpenFile(file.path, kind.has_value() ? *kind : FileKindOf(file.path)));
    }
    parts.push_back({file.path, std::move(table), {}, is_remote});
    folders.push_back(file.partitions);
    if (declared.has_value()) continue;
    ARROW_RETURN_NOT_OK(CheckSameColumns(parts.front(), parts.back()));
  }
  if (declared.has_value()) {
    return Declare(std::move(parts), folders, *declared, std::move(remote));
  }
  arrow::FieldVector added = AddFolderColumns(folders, &parts);
  if (parts.size() == 1 && added.empty() && !parts[0].is_remote) return parts[0].table;
  arrow::FieldVector fields = parts[0].table->schema()->fields();
  fields.insert(fields.end(), added.begin(), added.end());
  return std::make_shared<SetTable>(arrow::schema(std::move(fields)), std::move(parts),
                                    std::move(remote));
}

}  // namespace windrow::source
