// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/open_files.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <algorithm>

#include "windrow/plan/column_types.h"
#include "windrow/plan/database_spec.h"
#include "windrow/plan/inline_values.h"
#include "windrow/plan/open_servers.h"
#include "windrow/plan/partition_files.h"
#include "windrow/sink/array_record_sink.h"
#include "windrow/sink/ipc_sink.h"
#include "windrow/sink/ndjson_sink.h"
#include "windrow/sink/parquet_sink.h"
#include "windrow/source/file_set.h"
#include "windrow/source/generated_table.h"
#include "windrow/source/memory_table.h"
#include "windrow/source/piece_table.h"
#include "windrow/source/row_buffer_table.h"
#include "windrow/source/stream_table.h"
#include "windrow/source/table_part.h"

namespace windrow::plan {
namespace {

using SchemaPtr = std::shared_ptr<arrow::Schema>;

/// A batch a sink gets: 65,536 rows are what the readers of other engines take as one
/// task, and a few megabytes for tables of usual width; long values make it shorter.
constexpr op::Rebatch::Size kSinkBatch{64 << 10, 128 << 20};

bool EndsWith(const std::string& path, std::string_view ending) {
  return path.size() >= ending.size() && path.ends_with(ending);
}

source::FileKind FileKindOf(FileFormat format) {
  switch (format) {
    case FileFormat::kArrow:
      return source::FileKind::kIpc;
    case FileFormat::kParquet:
      return source::FileKind::kParquet;
    case FileFormat::kArrayRecord:
      return source::FileKind::kArrayRecord;
    case FileFormat::kNdjson:
      break;  // never read
  }
  return source::FileKind::kIpc;
}

Result<std::unique_ptr<exec::Sink>> OpenArrayRecordSink(const WriteSpec& write,
                                                        const SchemaPtr& schema,
                                                        exec::RunContext* context) {
  sink::ArrayRecordSinkOptions options;
  options.path = write.path.value;
  if (write.compression.has_value()) {
    ARROW_ASSIGN_OR_RAISE(options.compression,
                          format::ChunkCompression::Parse(write.compression->value));
  }
  if (write.group_size.has_value()) options.group_size = write.group_size->value;
  return sink::ArrayRecordSink::Make(std::move(options), schema, context);
}

Result<std::unique_ptr<exec::Sink>> OpenNdjsonSink(const WriteSpec& write,
                                                   const SchemaPtr& schema,
                                                   exec::RunContext* context) {
  if (write.compression.has_value() && write.compression->value != "none") {
    return UserError(write.path.value, ": found compression '", write.compression->value,
                     "'; expected none, as NDJSON is written as text");
  }
  sink::NdjsonSinkOptions options;
  options.path = write.path.value;
  options.json_columns = JsonColumnsOf(write.types);
  return sink::NdjsonSink::Make(std::move(options), schema, context);
}

}  // namespace

FileFormat FormatOf(const WriteSpec& write) {
  if (write.format.has_value()) return *write.format;
  const std::string& path = write.path.value;
  if (EndsWith(path, ".parquet") || EndsWith(path, ".pq")) return FileFormat::kParquet;
  if (EndsWith(path, ".arrayrecord") || EndsWith(path, ".array_record")) {
    return FileFormat::kArrayRecord;
  }
  if (EndsWith(path, ".ndjson") || EndsWith(path, ".jsonl")) return FileFormat::kNdjson;
  return FileFormat::kArrow;
}

op::Rebatch::Size SinkBatch(const WriteSpec& write, const arrow::Schema& schema,
                            const exec::RunContext& context) {
  // A row with lists may be of any size, so bytes decide, and few enough for any budget.
  constexpr op::Rebatch::Size kNestedBatch{64 << 10, 8 << 20};
  // Lines do not follow batches, and are several times as long as what they say.
  if (FormatOf(write) == FileFormat::kNdjson) {
    return {kNestedBatch.rows, std::min(kNestedBatch.bytes, context.batch_bytes)};
  }
  const bool is_nested = std::any_of(
      schema.fields().begin(), schema.fields().end(),
      [](const auto& field) { return arrow::is_nested(field->type()->id()); });
  return is_nested ? kNestedBatch : kSinkBatch;
}

Result<std::unique_ptr<exec::Sink>> OpenWriteSink(const WriteSpec& write,
                                                  const SchemaPtr& schema,
                                                  exec::RunContext* context) {
  if (FormatOf(write) == FileFormat::kArrayRecord) {
    return OpenArrayRecordSink(write, schema, context);
  }
  if (FormatOf(write) == FileFormat::kNdjson) {
    return OpenNdjsonSink(write, schema, context);
  }
  if (FormatOf(write) == FileFormat::kParquet) {
    sink::ParquetSinkOptions options;
    options.path = write.path.value;
    if (write.compression.has_value()) {
      ARROW_ASSIGN_OR_RAISE(options.compression,
                            sink::ParseParquetCompression(write.compression->value));
    }
    if (write.row_group_rows.has_value()) {
      options.row_group_rows = write.row_group_rows->value;
    }
    return sink::ParquetSink::Make(std::move(options), schema, context);
  }
  sink::IpcSinkOptions options;
  options.path = write.path.value;
  if (EndsWith(options.path, ".arrows")) options.format = sink::IpcFormat::kStream;
  if (write.compression.has_value()) {
    ARROW_ASSIGN_OR_RAISE(options.compression,
                          sink::ParseIpcCompression(write.compression->value));
  }
  return sink::IpcSink::Make(std::move(options), schema, context);
}

/// The sink that writes one file of `write` for each value.
Result<std::unique_ptr<sink::PartitionedSink>> OpenPartitionedSink(
    const WriteSpec& write, const SchemaPtr& schema, exec::RunContext* context) {
  sink::PartitionedSinkOptions options;
  options.folder = FolderOf(write);
  options.column = write.partition_by->column.value;
  for (const PlacedText& value : write.partition_by->values) {
    options.files.push_back({value.value, FileNameFor(write, value.value)});
  }
  if (write.manifest.has_value()) options.manifest = write.manifest->value;
  const auto open_file = [&](const std::string& path, const SchemaPtr& file_schema) {
    WriteSpec file = write;
    file.path = path;
    return OpenWriteSink(file, file_schema, context);
  };
  return sink::PartitionedSink::Make(std::move(options), schema, open_file, context);
}

std::shared_ptr<exec::Table> OpenTablePart(std::shared_ptr<exec::Table> table,
                                           exec::ChunkRange chunks) {
  return source::MakeTablePart(std::move(table), chunks);
}

std::shared_ptr<exec::Table> OpenBatch(std::shared_ptr<arrow::RecordBatch> rows) {
  const auto schema = rows->schema();
  return source::MakeMemoryTable(schema, {std::move(rows)}, "values of the job");
}

std::shared_ptr<exec::Table> OpenBatches(
    std::shared_ptr<arrow::Schema> schema,
    std::vector<std::shared_ptr<arrow::RecordBatch>> rows) {
  const std::string description =
      "in memory, " + std::to_string(rows.size()) + " batches";
  return source::MakeMemoryTable(std::move(schema), std::move(rows), description);
}

Result<std::shared_ptr<exec::Table>> OpenPieces(
    SchemaPtr schema, const std::vector<std::shared_ptr<arrow::Buffer>>& pieces) {
  return source::MakePieceTable(std::move(schema), pieces);
}

std::shared_ptr<exec::Table> OpenPieceStream(
    SchemaPtr schema, size_t pieces,
    std::function<Result<std::shared_ptr<arrow::Buffer>>(size_t)> fetch) {
  return source::MakePieceStream(std::move(schema), pieces, std::move(fetch));
}

std::shared_ptr<exec::Table> OpenStream(std::shared_ptr<arrow::Schema> schema,
                                        ReaderOpener open, bool is_read_once) {
  return source::MakeStreamTable(std::move(schema), std::move(open), is_read_once);
}

std::shared_ptr<exec::Table> OpenKeptTable(std::shared_ptr<arrow::Schema> schema) {
  return std::make_shared<source::RowBufferTable>(std::move(schema));
}

Result<std::shared_ptr<exec::Table>> OpenTable(const SourceSpec& source,
                                               const Databases& databases,
                                               const fs::ObjectAccess& objects,
                                               const flight::ServerAccess& servers) {
  if (const auto* generate = std::get_if<GenerateSpec>(&source.kind)) {
    source::GenerateOptions options;
    options.dataset = generate->dataset.value;
    options.rows = generate->rows.value;
    if (generate->seed.has_value()) options.seed = static_cast<uint64_t>(*generate->seed);
    for (const auto& [name, value] : generate->options) {
      ARROW_RETURN_NOT_OK(source::SetGenerateOption(name, value.value, &options));
    }
    return source::OpenGeneratedTable(options);
  }
  if (const auto* values = std::get_if<ValuesSpec>(&source.kind)) {
    ARROW_ASSIGN_OR_RAISE(auto rows, MakeInlineBatch(*values));
    return OpenBatch(std::move(rows));
  }
  const auto& scan = std::get<ScanSpec>(source.kind);
  if (ReadsDatabase(scan)) return OpenDatabaseTable(scan, databases);
  if (ReadsServer(scan)) return OpenServerTable(scan, servers);
  std::vector<std::string> patterns;
  for (const PlacedText& path : scan.paths) patterns.push_back(path.value);
  std::optional<source::FileKind> kind;
  if (scan.format.has_value()) kind = FileKindOf(*scan.format);
  std::optional<source::DeclaredSchema> declared;
  if (!scan.schema.empty()) {
    declared.emplace().allow_empty = scan.allow_empty;
    for (const ColumnType& column : scan.schema) {
      ARROW_ASSIGN_OR_RAISE(auto type, ReadDeclaredType(column.type.value));
      declared->columns.push_back({column.column.value, std::move(type)});
    }
  }
  return source::OpenFiles(patterns, kind, objects, declared);
}

}  // namespace windrow::plan
