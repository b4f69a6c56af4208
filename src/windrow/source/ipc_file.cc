// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/ipc_file.h"

#include <arrow/io/memory.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/reader.h>

#include <utility>

#include "windrow/source/ipc_column.h"
#include "windrow/source/ipc_decoder.h"

namespace windrow::source {

Result<std::shared_ptr<const IpcFile>> IpcFile::Open(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto mapped, MappedFile::Open(path));
  return Open(path, std::move(mapped));
}

Result<std::shared_ptr<const IpcFile>> IpcFile::Open(const std::string& path,
                                                     std::shared_ptr<MappedFile> mapped) {
  auto file = std::shared_ptr<IpcFile>(new IpcFile());
  file->path_ = path;
  file->mapped_ = std::move(mapped);
  auto layout = format::IpcLayout::Read(file->mapped_->data(), file->mapped_->size());
  if (!layout.ok()) return At(path, layout.status());
  file->layout_ = std::move(*layout);
  ARROW_RETURN_NOT_OK(AtInput(path, file->ReadSchema()));
  file->places_ = format::PlaceIpcFields(*file->stored_schema_);
  file->batch_offsets_.reserve(file->num_batches() + 1);
  file->batch_offsets_.push_back(0);
  for (const format::IpcBatch& batch : file->layout_.batches()) {
    file->batch_offsets_.push_back(file->batch_offsets_.back() + batch.rows);
  }
  file->ClassifyColumns();
  return file;
}

Status IpcFile::ReadSchema() {
  arrow::ipc::IpcReadOptions options;
  options.use_threads = false;
  options.ensure_native_endian = false;
  if (layout_.is_stream()) {
    const format::IpcSpan& head = layout_.schema_message().head;
    arrow::io::BufferReader reader(mapped_->Slice(head.offset, head.length));
    arrow::ipc::DictionaryMemo memo;
    ARROW_ASSIGN_OR_RAISE(stored_schema_, arrow::ipc::ReadSchema(&reader, &memo));
  } else {
    auto reader = std::make_shared<arrow::io::BufferReader>(mapped_->bytes());
    ARROW_ASSIGN_OR_RAISE(auto file,
                          arrow::ipc::RecordBatchFileReader::Open(reader, options));
    stored_schema_ = file->schema();
  }
  if (!stored_schema_->is_native_endian()) {
    return DataError("the data is ",
                     arrow::EndiannessToString(stored_schema_->endianness()),
                     "-endian, expected this machine's byte order");
  }
  return Status::OK();
}

void IpcFile::ClassifyColumns() {
  bool compressed = false;
  for (const format::IpcBatch& batch : layout_.batches()) {
    compressed = compressed || batch.codec != format::IpcCodec::kNone;
  }
  arrow::FieldVector fields = stored_schema_->fields();
  for (auto& field : fields) {
    const std::shared_ptr<arrow::DataType> type = IpcOutputType(field->type());
    const bool cast = type != field->type();
    if (cast) field = field->WithType(type);
    plain_.push_back(IsPlainIpcType(*type) && !cast);
    resident_.push_back(!compressed && !cast);
  }
  schema_ = arrow::schema(std::move(fields), stored_schema_->endianness(),
                          stored_schema_->metadata());
}

Status IpcFile::AppendSpans(int batch, int column,
                            std::vector<format::IpcSpan>* spans) const {
  if (IsPlain(column)) {
    ARROW_ASSIGN_OR_RAISE(const format::IpcNode node, Node(batch, column));
    if (node.null_count == node.length) return Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(const format::IpcBufferRange range, Buffers(batch, column));
  for (int64_t i = range.first; i < range.first + range.count; ++i) {
    ARROW_ASSIGN_OR_RAISE(const format::IpcSpan span, layout_.Buffer(batch, i));
    spans->push_back(span);
  }
  return Status::OK();
}

int64_t IpcFile::StoredBytes(int batch, int column) const {
  std::vector<format::IpcSpan> spans;
  if (!AppendSpans(batch, column, &spans).ok()) return 0;
  int64_t bytes = 0;
  for (const format::IpcSpan& span : spans) bytes += span.length;
  return bytes;
}

Result<std::shared_ptr<arrow::Buffer>> IpcFile::Zeros(int64_t size) const {
  std::lock_guard lock(zeros_mutex_);
  if (zeros_ == nullptr || zeros_->size() < size) {
    ARROW_ASSIGN_OR_RAISE(zeros_, MapZeros(size));
  }
  return arrow::SliceBuffer(zeros_, 0, size);
}

std::string IpcFile::Where(int batch, int column) const {
  return internal::Words(path_, ": record batch ", batch, ", column '",
                         stored_schema_->field(column)->name(), "'");
}

}  // namespace windrow::source
