// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/parquet_file.h"

#include <arrow/array/array_dict.h>
#include <arrow/chunked_array.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/io/file.h>
#include <arrow/type.h>
#include <arrow/util/io_util.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <string_view>

#include "windrow/source/remote_file.h"

namespace windrow::source {
namespace {

constexpr int64_t kSmallestFile = 12;  // magic, footer length, magic
constexpr int64_t kTailBytes = 8;

Result<std::shared_ptr<arrow::io::ReadableFile>> OpenBytes(const std::string& path) {
  struct stat entry;
  if (::stat(path.c_str(), &entry) == 0 && S_ISDIR(entry.st_mode)) {
    return StorageError(path, ": is a folder, expected a Parquet file");
  }
  auto opened = arrow::io::ReadableFile::Open(path);
  if (opened.ok()) return opened;
  if (arrow::internal::ErrnoFromStatus(opened.status()) == ENOENT) {
    return StorageError(path, ": no such file");
  }
  const int error_number = arrow::internal::ErrnoFromStatus(opened.status());
  return StorageError(
      path, ": cannot be opened: ",
      error_number == 0 ? opened.status().message() : std::strerror(error_number));
}

/// Names what is wrong with files that are not Parquet better than the Parquet library.
Status CheckFrame(const std::string& path, arrow::io::RandomAccessFile& file,
                  int64_t size, bool reads_head) {
  if (size < kSmallestFile) {
    return DataError(path, ": not a Parquet file: ", size, " bytes, expected at least ",
                     kSmallestFile);
  }
  char head[4] = {'P', 'A', 'R', '1'};
  char tail[kTailBytes];
  if (reads_head) {
    ARROW_ASSIGN_OR_RAISE(const int64_t found, file.ReadAt(0, sizeof(head), head));
    if (found != sizeof(head)) return DataError(path, ": shrank while it was opened");
  }
  ARROW_ASSIGN_OR_RAISE(const int64_t found_tail,
                        file.ReadAt(size - kTailBytes, kTailBytes, tail));
  if (found_tail != kTailBytes) {
    return DataError(path, ": shrank while it was opened");
  }
  const std::string_view first(head, 4);
  const std::string_view last(tail + 4, 4);
  if (first == "PARE" || last == "PARE") {
    return DataError(path, ": encrypted Parquet file, expected an unencrypted one");
  }
  if (first != "PAR1") {
    return DataError(path, ": not a Parquet file: it does not begin with PAR1");
  }
  if (last != "PAR1") {
    return DataError(path, ": truncated Parquet file: it does not end with PAR1");
  }
  uint32_t footer_bytes;
  std::memcpy(&footer_bytes, tail, sizeof(footer_bytes));
  if (footer_bytes > size - kSmallestFile) {
    return DataError(path, ": damaged Parquet file: a footer of ", footer_bytes,
                     " bytes in a file of ", size);
  }
  return Status::OK();
}

void CollectLeaves(const parquet::arrow::SchemaField& field, std::vector<int>* leaves) {
  if (field.column_index >= 0) leaves->push_back(field.column_index);
  for (const auto& child : field.children) CollectLeaves(child, leaves);
}

Status ReadSchema(ParquetFile* file) {
  parquet::arrow::SchemaManifest manifest;
  const parquet::ArrowReaderProperties properties(/*use_threads=*/false);
  ARROW_RETURN_NOT_OK(parquet::arrow::SchemaManifest::Make(
      file->metadata->schema(), file->metadata->key_value_metadata(), properties,
      &manifest));
  std::shared_ptr<arrow::Schema> stored;
  ARROW_RETURN_NOT_OK(
      parquet::arrow::FromParquetSchema(file->metadata->schema(), properties,
                                        file->metadata->key_value_metadata(), &stored));
  arrow::FieldVector fields = stored->fields();
  for (auto& field : fields) field = field->WithType(EngineType(field->type()));
  file->schema = arrow::schema(std::move(fields), stored->metadata());
  for (const auto& field : manifest.schema_fields) {
    CollectLeaves(field, &file->leaves.emplace_back());
  }
  if (static_cast<int>(file->leaves.size()) != file->schema->num_fields()) {
    return DataError("schema with ", file->schema->num_fields(), " columns stored as ",
                     file->leaves.size());
  }
  return Status::OK();
}

Status CheckRowGroups(ParquetFile* file) {
  file->row_offsets.push_back(0);
  for (int i = 0; i < file->metadata->num_row_groups(); ++i) {
    const auto group = file->metadata->RowGroup(i);
    const int64_t rows = group->num_rows();
    const int64_t before = file->row_offsets.back();
    if (rows < 0 || rows > std::numeric_limits<int64_t>::max() - before) {
      return DataError("row group ", i, ": ", rows, " rows");
    }
    if (group->num_columns() != file->metadata->num_columns()) {
      return DataError("row group ", i, ": ", group->num_columns(), " columns, expected ",
                       file->metadata->num_columns());
    }
    file->row_offsets.push_back(before + rows);
  }
  if (file->row_offsets.back() != file->metadata->num_rows()) {
    return DataError("row groups have ", file->row_offsets.back(),
                     " rows, the footer says ", file->metadata->num_rows());
  }
  return Status::OK();
}

Status ReadFooter(ParquetFile* file) {
  file->layout = parquet::ParquetFileReader::Open(
      file->bytes, ReaderPropertiesOf(arrow::default_memory_pool()));
  file->metadata = file->layout->metadata();
  if (file->metadata->is_encryption_algorithm_set()) {
    return DataError("encrypted Parquet file, expected an unencrypted one");
  }
  ARROW_RETURN_NOT_OK(CheckRowGroups(file));
  return ReadSchema(file);
}

Result<std::shared_ptr<const ParquetFile>> Opened(std::shared_ptr<ParquetFile> file,
                                                  bool reads_head) {
  ARROW_RETURN_NOT_OK(CheckFrame(file->path, *file->bytes, file->size, reads_head));
  ARROW_RETURN_NOT_OK(
      AtInput(file->path, CatchParquet([&] { return ReadFooter(file.get()); })));
  return file;
}

}  // namespace

std::string ParquetFile::PlaceOf(int row_group, int column) const {
  return internal::Words(path, ": row group ", row_group, ": column '",
                         schema->field(column)->name(), "'");
}

int ParquetFile::FlatLeaf(int column) const {
  if (leaves[column].size() != 1) return -1;
  const int leaf = leaves[column][0];
  const parquet::ColumnDescriptor* descriptor = metadata->schema()->Column(leaf);
  const bool is_flat = descriptor->max_repetition_level() == 0 &&
                       descriptor->path()->ToDotVector().size() == 1;
  return is_flat ? leaf : -1;
}

Result<std::shared_ptr<const ParquetFile>> OpenParquetFile(const std::string& path) {
  auto file = std::make_shared<ParquetFile>();
  file->path = path;
  ARROW_ASSIGN_OR_RAISE(file->bytes, OpenBytes(path));
  ARROW_ASSIGN_OR_RAISE(file->size, file->bytes->GetSize());
  return Opened(std::move(file), /*reads_head=*/true);
}

Result<std::shared_ptr<const ParquetFile>> OpenParquetFile(
    std::shared_ptr<RemoteFile> remote) {
  auto file = std::make_shared<ParquetFile>();
  file->path = remote->object().path;
  file->bytes = remote;
  file->remote = remote;
  file->size = remote->object().size_bytes;
  // The first bytes are not worth a request of their own.
  ARROW_ASSIGN_OR_RAISE(auto opened, Opened(file, remote->whole() != nullptr));
  remote->DropEnd();
  return opened;
}

Result<std::vector<arrow::io::ReadRange>> ColumnRanges(const ParquetFile& file,
                                                       int row_group, int column) {
  std::vector<arrow::io::ReadRange> ranges;
  const Status status = CatchParquet([&]() -> Status {
    for (const int leaf : file.leaves[column]) {
      ARROW_ASSIGN_OR_RAISE(auto leaf_ranges,
                            file.layout->GetReadRanges({row_group}, {leaf}));
      ranges.insert(ranges.end(), leaf_ranges.begin(), leaf_ranges.end());
    }
    return Status::OK();
  });
  ARROW_RETURN_NOT_OK(AtInput(file.PlaceOf(row_group, column), status));
  return ranges;
}

parquet::ReaderProperties ReaderPropertiesOf(arrow::MemoryPool* pool) {
  parquet::ReaderProperties properties(pool);
  properties.set_page_checksum_verification(true);
  return properties;
}

std::shared_ptr<arrow::DataType> EngineType(
    const std::shared_ptr<arrow::DataType>& stored) {
  const auto child = [&](int i) {
    const auto& field = stored->field(i);
    return field->WithType(EngineType(field->type()));
  };
  switch (stored->id()) {
    case arrow::Type::STRING_VIEW:
      return arrow::utf8();
    case arrow::Type::BINARY_VIEW:
      return arrow::binary();
    case arrow::Type::LIST:
      return arrow::list(child(0));
    case arrow::Type::LARGE_LIST:
      return arrow::large_list(child(0));
    case arrow::Type::STRUCT: {
      arrow::FieldVector fields;
      for (int i = 0; i < stored->num_fields(); ++i) fields.push_back(child(i));
      return arrow::struct_(std::move(fields));
    }
    default:
      return stored;
  }
}

Result<std::shared_ptr<arrow::ChunkedArray>> ToEngineType(
    std::shared_ptr<arrow::ChunkedArray> array,
    const std::shared_ptr<arrow::DataType>& type, arrow::MemoryPool* pool) {
  if (array->type()->Equals(*type)) return array;
  arrow::compute::ExecContext context(pool);
  context.set_use_threads(false);
  const auto options = arrow::compute::CastOptions::Safe(type);
  if (array->type()->id() != arrow::Type::DICTIONARY) {
    ARROW_ASSIGN_OR_RAISE(auto cast, arrow::compute::Cast(array, options, &context));
    return cast.chunked_array();
  }
  const auto& stored = static_cast<const arrow::DictionaryType&>(*array->type());
  if (stored.value_type()->Equals(*type)) return array;
  arrow::ArrayVector chunks;
  for (const auto& chunk : array->chunks()) {
    const auto& codes = static_cast<const arrow::DictionaryArray&>(*chunk);
    ARROW_ASSIGN_OR_RAISE(
        auto values, arrow::compute::Cast(*codes.dictionary(), type, options, &context));
    ARROW_ASSIGN_OR_RAISE(
        auto dictionary,
        arrow::DictionaryArray::FromArrays(arrow::dictionary(stored.index_type(), type),
                                           codes.indices(), std::move(values)));
    chunks.push_back(std::move(dictionary));
  }
  return arrow::ChunkedArray::Make(std::move(chunks),
                                   arrow::dictionary(stored.index_type(), type));
}

}  // namespace windrow::source
