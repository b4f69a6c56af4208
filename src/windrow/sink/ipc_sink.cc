// SPDX-License-Identifier: Apache-2.0
#include "windrow/sink/ipc_sink.h"

#include <arrow/api.h>
#include <arrow/util/checked_cast.h>
#include <arrow/util/compression.h>

#include <utility>

#include "windrow/exec/run_context.h"
#include "windrow/exec/task_slots.h"
#include "windrow/sink/stored_batch.h"

namespace windrow::sink {

using arrow::internal::checked_cast;

struct IpcSink::EncodedBatch : exec::Prepared {
  std::shared_ptr<arrow::RecordBatch> batch;
  std::vector<IndexMap> maps;  ///< one for each dictionary column, of a file
  arrow::ipc::IpcPayload payload;
};

namespace {

bool CanUnify(const arrow::DataType& value_type) {
  return arrow::DictionaryUnifier::Make(value_type.GetSharedPtr()).ok();
}

Result<arrow::ipc::IpcWriteOptions> WriteOptions(const Compression& compression,
                                                 arrow::MemoryPool* pool) {
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.alignment = 64;
  options.memory_pool = pool;
  options.use_threads = false;
  if (compression.type != arrow::Compression::UNCOMPRESSED) {
    ARROW_ASSIGN_OR_RAISE(
        options.codec, arrow::util::Codec::Create(compression.type, compression.level));
  }
  return options;
}

const std::shared_ptr<arrow::Array>& DictionaryOf(const arrow::RecordBatch& batch,
                                                  int column) {
  return checked_cast<const arrow::DictionaryArray&>(*batch.column(column)).dictionary();
}

}  // namespace

Result<std::unique_ptr<exec::Sink>> IpcSink::Make(
    IpcSinkOptions options, const std::shared_ptr<arrow::Schema>& schema,
    exec::RunContext* context) {
  const bool is_file = options.format == IpcFormat::kFile;
  auto stored = StoredSchema(*schema, CanUnify, is_file ? arrow::int32() : nullptr);
  ARROW_ASSIGN_OR_RAISE(auto output,
                        fs::AtomicOutput::Open(options.path, context->sync_outputs));
  std::unique_ptr<IpcSink> sink(
      new IpcSink(std::move(options), std::move(stored), std::move(output), context));
  ARROW_RETURN_NOT_OK(sink->output_->Locate(sink->Start()));
  return sink;
}

IpcSink::IpcSink(IpcSinkOptions options, std::shared_ptr<arrow::Schema> stored,
                 std::unique_ptr<fs::AtomicOutput> output, exec::RunContext* context)
    : options_(std::move(options)),
      stored_(std::move(stored)),
      output_(std::move(output)),
      context_(context) {}

Status IpcSink::Start() {
  ARROW_ASSIGN_OR_RAISE(write_options_,
                        WriteOptions(options_.compression, context_->pool));
  const arrow::ipc::DictionaryFieldMapper mapper(*stored_);
  for (int column = 0; column < stored_->num_fields(); ++column) {
    const auto& type = stored_->field(column)->type();
    if (type->id() != arrow::Type::DICTIONARY) continue;
    ARROW_ASSIGN_OR_RAISE(const int64_t id, mapper.GetFieldId({column}));
    const auto& values = checked_cast<const arrow::DictionaryType&>(*type).value_type();
    ARROW_ASSIGN_OR_RAISE(auto all, DictionaryUnion::Make(values, context_->pool));
    dictionaries_.push_back({column, id, std::move(all), nullptr});
  }
  arrow::io::OutputStream* stream = output_->stream().get();
  auto writer =
      options_.format == IpcFormat::kFile
          ? arrow::ipc::internal::MakePayloadFileWriter(stream, stored_, write_options_)
          : arrow::ipc::internal::MakePayloadStreamWriter(stream, write_options_);
  ARROW_ASSIGN_OR_RAISE(writer_, std::move(writer));
  ARROW_RETURN_NOT_OK(writer_->Start());
  arrow::ipc::IpcPayload payload;
  ARROW_RETURN_NOT_OK(
      arrow::ipc::GetSchemaPayload(*stored_, write_options_, mapper, &payload));
  return writer_->WritePayload(payload);
}

Result<std::unique_ptr<exec::Prepared>> IpcSink::Encode(
    std::shared_ptr<arrow::RecordBatch> batch) {
  auto encoded = std::make_unique<EncodedBatch>();
  auto stored = ToStored(*batch, stored_, context_->pool);
  if (!stored.ok()) return At(options_.path, stored.status());
  encoded->batch = *std::move(stored);
  const bool is_unified = options_.format == IpcFormat::kFile && !dictionaries_.empty();
  if (!is_unified) {
    ARROW_RETURN_NOT_OK(At(options_.path, MakePayload(encoded.get())));
  }
  return encoded;
}

Status IpcSink::MakePayload(EncodedBatch* encoded) const {
  auto columns = encoded->batch->columns();
  for (size_t i = 0; i < encoded->maps.size(); ++i) {
    if (encoded->maps[i] == nullptr) continue;
    auto& column = columns[dictionaries_[i].column];
    ARROW_ASSIGN_OR_RAISE(column,
                          MapIndices(checked_cast<const arrow::DictionaryArray&>(*column),
                                     encoded->maps[i], context_->pool));
  }
  const int64_t num_rows = encoded->batch->num_rows();
  const auto mapped = arrow::RecordBatch::Make(stored_, num_rows, std::move(columns));
  return arrow::ipc::GetRecordBatchPayload(*mapped, write_options_, &encoded->payload);
}

Status IpcSink::Write(std::unique_ptr<exec::Prepared> prepared) {
  std::unique_ptr<EncodedBatch> encoded(checked_cast<EncodedBatch*>(prepared.release()));
  const bool is_file = options_.format == IpcFormat::kFile;
  return output_->Locate(is_file ? WriteToFile(std::move(encoded))
                                 : WriteToStream(*encoded));
}

Status IpcSink::WriteToFile(std::unique_ptr<EncodedBatch> encoded) {
  if (dictionaries_.empty()) return writer_->WritePayload(encoded->payload);
  for (DictionaryColumn& dictionary : dictionaries_) {
    const auto& values = DictionaryOf(*encoded->batch, dictionary.column);
    ARROW_ASSIGN_OR_RAISE(auto map, dictionary.all.Add(values));
    encoded->maps.push_back(std::move(map));
  }
  pending_.push_back(std::move(encoded));
  const auto num_slots = static_cast<size_t>(context_->slots->num_slots());
  return pending_.size() < num_slots ? Status::OK() : FlushPending();
}

Status IpcSink::FlushPending() {
  ARROW_RETURN_NOT_OK(context_->slots->ParallelFor(
      static_cast<int64_t>(pending_.size()),
      [this](int64_t index) { return MakePayload(pending_[index].get()); }));
  for (const auto& encoded : pending_) {
    ARROW_RETURN_NOT_OK(writer_->WritePayload(encoded->payload));
  }
  pending_.clear();
  return Status::OK();
}

Status IpcSink::WriteToStream(const EncodedBatch& encoded) {
  for (DictionaryColumn& dictionary : dictionaries_) {
    const auto& values = DictionaryOf(*encoded.batch, dictionary.column);
    const bool is_known =
        dictionary.last != nullptr &&
        (dictionary.last->data() == values->data() || dictionary.last->Equals(values));
    if (is_known) continue;
    arrow::ipc::IpcPayload payload;
    ARROW_RETURN_NOT_OK(arrow::ipc::GetDictionaryPayload(dictionary.id, values,
                                                         write_options_, &payload));
    ARROW_RETURN_NOT_OK(writer_->WritePayload(payload));
    dictionary.last = values;
  }
  return writer_->WritePayload(encoded.payload);
}

Status IpcSink::Complete() {
  if (options_.format == IpcFormat::kFile) {
    ARROW_RETURN_NOT_OK(FlushPending());
    for (DictionaryColumn& dictionary : dictionaries_) {
      ARROW_ASSIGN_OR_RAISE(auto values, dictionary.all.Take());
      arrow::ipc::IpcPayload payload;
      ARROW_RETURN_NOT_OK(arrow::ipc::GetDictionaryPayload(dictionary.id, values,
                                                           write_options_, &payload));
      ARROW_RETURN_NOT_OK(writer_->WritePayload(payload));
    }
  }
  return writer_->Close();
}

Status IpcSink::Finish() {
  ARROW_RETURN_NOT_OK(output_->Locate(Complete()));
  return output_->Finish();
}

Status IpcSink::Commit() { return output_->Commit(); }

void IpcSink::Abort() {
  pending_.clear();
  output_->Abort();
}

}  // namespace windrow::sink
