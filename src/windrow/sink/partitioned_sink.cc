// SPDX-License-Identifier: Apache-2.0
#include "windrow/sink/partitioned_sink.h"

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/util/checked_cast.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "windrow/base/check.h"
#include "windrow/exec/run_context.h"
#include "windrow/sink/former_files.h"

namespace windrow::sink {

using arrow::internal::checked_cast;

struct PartitionedSink::Routed : exec::Prepared {
  struct Part {
    int32_t file;
    int64_t rows;
    std::unique_ptr<exec::Prepared> encoded;
  };
  std::vector<Part> parts;
};

namespace {

fs::AtomicFolder::Options FolderOptions(const PartitionedSinkOptions& options,
                                        const exec::RunContext& context) {
  fs::AtomicFolder::Options folder;
  folder.manifest = options.manifest;
  folder.is_synced = context.sync_outputs;
  if (options.manifest.empty()) return folder;
  // Read when it is asked for: another run may have published meanwhile.
  folder.is_owned =
      [path = options.folder + "/" + options.manifest,
       former = std::optional<std::set<std::string>>()](const std::string& name) mutable {
        if (!former.has_value()) former = FilesOfManifest(path);
        return former->contains(name);
      };
  return folder;
}

}  // namespace

Result<std::unique_ptr<PartitionedSink>> PartitionedSink::Make(
    PartitionedSinkOptions options, const std::shared_ptr<arrow::Schema>& schema,
    const FileSink& open_file, exec::RunContext* context) {
  ARROW_ASSIGN_OR_RAISE(
      auto folder,
      fs::AtomicFolder::Make(options.folder, FolderOptions(options, *context)));
  std::unique_ptr<PartitionedSink> sink(
      new PartitionedSink(std::move(options), std::move(folder), context));
  sink->column_ = schema->GetFieldIndex(sink->options_.column);
  WINDROW_CHECK(sink->column_ >= 0);
  ARROW_ASSIGN_OR_RAISE(sink->file_schema_, schema->RemoveField(sink->column_));
  for (const auto& file : sink->options_.files) {
    auto opened = open_file(sink->staging() + "/" + file.name, sink->file_schema_);
    ARROW_RETURN_NOT_OK(sink->folder_->Locate(opened.status()));
    sink->sinks_.push_back(*std::move(opened));
  }
  return sink;
}

PartitionedSink::PartitionedSink(PartitionedSinkOptions options,
                                 std::unique_ptr<fs::AtomicFolder> folder,
                                 exec::RunContext* context)
    : options_(std::move(options)),
      folder_(std::move(folder)),
      context_(context),
      rows_(options_.files.size()) {
  for (const auto& file : options_.files) {
    file_of_value_.emplace(file.value, static_cast<int32_t>(file_of_value_.size()));
  }
}

Result<std::unique_ptr<exec::Prepared>> PartitionedSink::Encode(
    std::shared_ptr<arrow::RecordBatch> batch) {
  ARROW_ASSIGN_OR_RAISE(const auto file_of_row, FileOfEachRow(*batch->column(column_)));
  std::vector<int64_t> counts(sinks_.size());
  for (const int32_t file : file_of_row) ++counts[static_cast<size_t>(file)];
  ARROW_ASSIGN_OR_RAISE(const auto payload, batch->RemoveColumn(column_));
  auto routed = std::make_unique<Routed>();
  for (size_t f = 0; f < sinks_.size(); ++f) {
    if (counts[f] == 0) continue;
    const auto file = static_cast<int32_t>(f);
    ARROW_ASSIGN_OR_RAISE(auto rows, RowsOf(*payload, file_of_row, file, counts[f]));
    auto encoded = sinks_[f]->Encode(std::move(rows));
    ARROW_RETURN_NOT_OK(folder_->Locate(encoded.status()));
    routed->parts.push_back({file, counts[f], *std::move(encoded)});
  }
  return routed;
}

template <typename Strings>
std::vector<int32_t> PartitionedSink::Look(const Strings& values) const {
  std::vector<int32_t> files(static_cast<size_t>(values.length()), kNoFile);
  std::string_view last;
  int32_t last_file = kNoFile;
  for (int64_t row = 0; row < values.length(); ++row) {
    if (values.IsNull(row)) continue;
    const std::string_view value = values.GetView(row);
    if (last_file == kNoFile || value != last) {
      const auto found = file_of_value_.find(value);
      last_file = found == file_of_value_.end() ? kNoFile : found->second;
      last = value;
    }
    files[static_cast<size_t>(row)] = last_file;
  }
  return files;
}

std::vector<int32_t> PartitionedSink::FileOfEachString(
    const arrow::Array& strings) const {
  switch (strings.type_id()) {
    case arrow::Type::STRING:
      return Look(checked_cast<const arrow::StringArray&>(strings));
    case arrow::Type::LARGE_STRING:
      return Look(checked_cast<const arrow::LargeStringArray&>(strings));
    default:
      return Look(checked_cast<const arrow::StringViewArray&>(strings));
  }
}

Result<std::vector<int32_t>> PartitionedSink::FileOfEachRow(
    const arrow::Array& column) const {
  std::vector<int32_t> files;
  if (column.type_id() == arrow::Type::DICTIONARY) {
    const auto& coded = checked_cast<const arrow::DictionaryArray&>(column);
    // A value that no row has may lack a file.
    const std::vector<int32_t> of_code = FileOfEachString(*coded.dictionary());
    files.assign(static_cast<size_t>(column.length()), kNoFile);
    for (int64_t row = 0; row < column.length(); ++row) {
      if (coded.IsNull(row)) continue;
      files[static_cast<size_t>(row)] =
          of_code[static_cast<size_t>(coded.GetValueIndex(row))];
    }
  } else {
    files = FileOfEachString(column);
  }
  const auto unknown = std::find(files.begin(), files.end(), kNoFile);
  if (unknown != files.end()) return Unroutable(column, unknown - files.begin());
  return files;
}

Status PartitionedSink::Unroutable(const arrow::Array& column, int64_t row) const {
  ARROW_ASSIGN_OR_RAISE(const auto scalar, column.GetScalar(row));
  std::shared_ptr<arrow::Scalar> value = scalar;
  if (value->is_valid && value->type->id() == arrow::Type::DICTIONARY) {
    ARROW_ASSIGN_OR_RAISE(
        value, checked_cast<const arrow::DictionaryScalar&>(*scalar).GetEncodedValue());
  }
  std::string known;
  for (const auto& file : options_.files) {
    known += (known.empty() ? "'" : ", '") + file.value + "'";
  }
  return DataError(folder_->path(), ": found ",
                   value->is_valid ? "'" + value->ToString() + "'" : "null",
                   " in column '", options_.column, "'; expected one of ", known);
}

Result<std::shared_ptr<arrow::RecordBatch>> PartitionedSink::RowsOf(
    const arrow::RecordBatch& batch, const std::vector<int32_t>& file_of_row,
    int32_t file, int64_t count) const {
  const auto first = std::find(file_of_row.begin(), file_of_row.end(), file);
  const auto end = first + count;
  if (std::all_of(first, end, [file](int32_t other) { return other == file; })) {
    return batch.Slice(first - file_of_row.begin(), count);
  }
  arrow::compute::ExecContext compute(context_->pool);
  compute.set_use_threads(false);
  arrow::Int32Builder rows(context_->pool);
  ARROW_RETURN_NOT_OK(rows.Reserve(count));
  for (size_t row = 0; row < file_of_row.size(); ++row) {
    if (file_of_row[row] == file) rows.UnsafeAppend(static_cast<int32_t>(row));
  }
  ARROW_ASSIGN_OR_RAISE(const auto indices, rows.Finish());
  arrow::ArrayVector columns;
  for (const auto& column : batch.columns()) {
    ARROW_ASSIGN_OR_RAISE(
        auto taken,
        arrow::compute::Take(*column, *indices,
                             arrow::compute::TakeOptions::NoBoundsCheck(), &compute));
    columns.push_back(std::move(taken));
  }
  return arrow::RecordBatch::Make(batch.schema(), count, std::move(columns));
}

Status PartitionedSink::Write(std::unique_ptr<exec::Prepared> prepared) {
  for (Routed::Part& part : checked_cast<Routed&>(*prepared).parts) {
    const auto file = static_cast<size_t>(part.file);
    ARROW_RETURN_NOT_OK(folder_->Locate(sinks_[file]->Write(std::move(part.encoded))));
    rows_[file] += part.rows;
  }
  return Status::OK();
}

Status PartitionedSink::Finish() {
  for (const auto& sink : sinks_) {
    ARROW_RETURN_NOT_OK(folder_->Locate(sink->Finish()));
    // Into the hidden folder; what users see is the folder's own Commit.
    ARROW_RETURN_NOT_OK(folder_->Locate(sink->Commit()));
  }
  return Status::OK();
}

void PartitionedSink::Abort() {
  for (const auto& sink : sinks_) sink->Abort();
  folder_->Abort();
}

int64_t PartitionedSink::bytes_written() const {
  int64_t bytes = 0;
  for (const auto& sink : sinks_) bytes += sink->bytes_written();
  return bytes;
}

std::vector<PartitionedSink::FileRows> PartitionedSink::files() const {
  std::vector<FileRows> files;
  for (size_t f = 0; f < rows_.size(); ++f) {
    files.push_back({options_.files[f].name, rows_[f]});
  }
  return files;
}

}  // namespace windrow::sink
