// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/ipc_decoder.h"

#include <arrow/array.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/compute/initialize.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/util/bitmap_ops.h>

#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

namespace windrow::source {
namespace {

class LastBatch : public arrow::ipc::Listener {
 public:
  Status OnRecordBatchDecoded(std::shared_ptr<arrow::RecordBatch> batch) override {
    batch_ = std::move(batch);
    return Status::OK();
  }
  std::shared_ptr<arrow::RecordBatch> Take() { return std::exchange(batch_, nullptr); }

 private:
  std::shared_ptr<arrow::RecordBatch> batch_;
};

arrow::ipc::IpcReadOptions ReadOptions(const std::vector<int>& columns,
                                       arrow::MemoryPool* pool) {
  arrow::ipc::IpcReadOptions options;
  options.memory_pool = pool;
  options.included_fields = columns;
  options.use_threads = false;
  options.ensure_alignment = arrow::ipc::Alignment::kDataTypeSpecificAlignment;
  return options;
}

/// String or binary values out of views that have been validated. Arrow's cast is not
/// used: it follows the views of null rows, which validation does not look at.
Result<std::shared_ptr<arrow::Array>> FlattenViews(
    const arrow::BinaryViewArray& views, const std::shared_ptr<arrow::DataType>& type,
    arrow::MemoryPool* pool) {
  const int64_t rows = views.length();
  int64_t bytes = 0;
  for (int64_t i = 0; i < rows; ++i) {
    if (views.IsValid(i)) bytes += views.raw_values()[i].size();
  }
  if (bytes > std::numeric_limits<int32_t>::max()) {
    return DataError("holds ", bytes,
                     " bytes of text in one record batch, expected at most ",
                     std::numeric_limits<int32_t>::max());
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> offsets,
                        arrow::AllocateBuffer((rows + 1) * sizeof(int32_t), pool));
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> values,
                        arrow::AllocateBuffer(bytes, pool));
  int32_t* ends = offsets->mutable_data_as<int32_t>();
  uint8_t* out = values->mutable_data();
  int32_t end = 0;
  ends[0] = 0;
  for (int64_t i = 0; i < rows; ++i) {
    if (views.IsValid(i)) {
      const std::string_view value = views.GetView(i);
      if (!value.empty()) std::memcpy(out + end, value.data(), value.size());
      end += static_cast<int32_t>(value.size());
    }
    ends[i + 1] = end;
  }
  std::shared_ptr<arrow::Buffer> validity;
  if (views.null_count() > 0) {
    ARROW_ASSIGN_OR_RAISE(validity,
                          arrow::internal::CopyBitmap(pool, views.null_bitmap_data(),
                                                      views.offset(), rows));
  }
  return arrow::MakeArray(arrow::ArrayData::Make(
      type, rows, {validity, std::move(offsets), std::move(values)}, views.null_count()));
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> FlattenIpcArray(
    std::shared_ptr<arrow::Array> array, const std::shared_ptr<arrow::DataType>& type,
    arrow::compute::ExecContext* context) {
  if (array->type()->Equals(*type)) return array;
  if (array->type_id() == arrow::Type::RUN_END_ENCODED) {
    const auto& runs = static_cast<const arrow::RunEndEncodedArray&>(*array);
    ARROW_ASSIGN_OR_RAISE(auto values, FlattenIpcArray(runs.values(), type, context));
    ARROW_ASSIGN_OR_RAISE(auto flat_runs,
                          arrow::RunEndEncodedArray::Make(runs.length(), runs.run_ends(),
                                                          values, runs.offset()));
    ARROW_RETURN_NOT_OK(arrow::compute::Initialize());
    ARROW_ASSIGN_OR_RAISE(arrow::Datum rows,
                          arrow::compute::RunEndDecode(flat_runs, context));
    return rows.make_array();
  }
  if (array->type_id() == arrow::Type::DICTIONARY) {
    const auto& encoded = static_cast<const arrow::DictionaryArray&>(*array);
    const auto& to = static_cast<const arrow::DictionaryType&>(*type);
    ARROW_ASSIGN_OR_RAISE(
        auto values, FlattenIpcArray(encoded.dictionary(), to.value_type(), context));
    return std::make_shared<arrow::DictionaryArray>(type, encoded.indices(), values);
  }
  return FlattenViews(static_cast<const arrow::BinaryViewArray&>(*array), type,
                      context->memory_pool());
}

std::shared_ptr<arrow::DataType> IpcOutputType(
    const std::shared_ptr<arrow::DataType>& type) {
  switch (type->id()) {
    case arrow::Type::STRING_VIEW:
      return arrow::utf8();
    case arrow::Type::BINARY_VIEW:
      return arrow::binary();
    case arrow::Type::RUN_END_ENCODED:
      return IpcOutputType(
          static_cast<const arrow::RunEndEncodedType&>(*type).value_type());
    case arrow::Type::DICTIONARY: {
      const auto& encoded = static_cast<const arrow::DictionaryType&>(*type);
      const auto values = IpcOutputType(encoded.value_type());
      if (values == encoded.value_type()) return type;
      return arrow::dictionary(encoded.index_type(), values, encoded.ordered());
    }
    default:
      return type;
  }
}

/// One run of Arrow's stream decoder over the schema, the dictionaries as far as they
/// have been asked for, and the batches in any order between two dictionaries.
class IpcDecoder::Reader {
 public:
  Reader(const MappedFile& mapped, const std::vector<int>& columns,
         arrow::MemoryPool* pool)
      : mapped_(mapped),
        last_(std::make_shared<LastBatch>()),
        decoder_(last_, ReadOptions(columns, pool)) {}

  Status Feed(const format::IpcMessage& message) {
    ARROW_RETURN_NOT_OK(Feed(message.head));
    return message.body.length == 0 ? Status::OK() : Feed(message.body);
  }

  Status AdvanceTo(int num_dictionaries, const std::vector<format::IpcMessage>& all) {
    for (; num_dictionaries_ < num_dictionaries; ++num_dictionaries_) {
      ARROW_RETURN_NOT_OK(Feed(all[num_dictionaries_]));
    }
    return Status::OK();
  }

  int num_dictionaries() const { return num_dictionaries_; }
  std::shared_ptr<arrow::RecordBatch> TakeBatch() { return last_->Take(); }

 private:
  Status Feed(const format::IpcSpan& span) {
    return decoder_.Consume(mapped_.Slice(span.offset, span.length));
  }

  const MappedFile& mapped_;
  std::shared_ptr<LastBatch> last_;
  arrow::ipc::StreamDecoder decoder_;
  int num_dictionaries_ = 0;
};

IpcDecoder::IpcDecoder(std::shared_ptr<const IpcFile> file, std::vector<int> columns,
                       arrow::MemoryPool* pool)
    : file_(std::move(file)), columns_(std::move(columns)), pool_(pool) {}

IpcDecoder::~IpcDecoder() = default;

Result<std::unique_ptr<IpcDecoder::Reader>> IpcDecoder::TakeReader(
    int num_dictionaries) const {
  {
    std::lock_guard lock(mutex_);
    for (auto& reader : idle_) {
      // A reader cannot go back to dictionaries that later ones have replaced.
      if (reader->num_dictionaries() > num_dictionaries) continue;
      std::swap(reader, idle_.back());
      std::unique_ptr<Reader> taken = std::move(idle_.back());
      idle_.pop_back();
      return taken;
    }
  }
  const format::IpcMessage& schema = file_->layout().schema_message();
  if (schema.head.length == 0) {
    return DataError("the file does not start with a schema message");
  }
  auto reader = std::make_unique<Reader>(file_->mapped(), columns_, pool_);
  ARROW_RETURN_NOT_OK(reader->Feed(schema));
  return reader;
}

Result<arrow::ArrayVector> IpcDecoder::Load(int batch) const {
  const format::IpcBatch& place = file_->batch(batch);
  auto decode = [&]() -> Result<std::shared_ptr<arrow::RecordBatch>> {
    ARROW_ASSIGN_OR_RAISE(auto reader, TakeReader(place.num_dictionaries));
    ARROW_RETURN_NOT_OK(
        reader->AdvanceTo(place.num_dictionaries, file_->layout().dictionaries()));
    ARROW_RETURN_NOT_OK(reader->Feed(place.message));
    std::shared_ptr<arrow::RecordBatch> decoded = reader->TakeBatch();
    if (decoded == nullptr) return DataError("the record batch is incomplete");
    if (decoded->num_columns() != static_cast<int>(columns_.size()) ||
        decoded->num_rows() != place.rows) {
      return DataError("found ", decoded->num_columns(), " columns of ",
                       decoded->num_rows(), " rows, expected ", columns_.size(), " of ",
                       place.rows);
    }
    std::lock_guard lock(mutex_);
    idle_.push_back(std::move(reader));
    return decoded;
  };
  auto decoded = decode();
  if (!decoded.ok()) return AtInput(file_->Where(batch, columns_[0]), decoded.status());
  arrow::ArrayVector arrays(columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    auto array = Finish(batch, columns_[i], (*decoded)->column(static_cast<int>(i)));
    if (!array.ok()) return AtInput(file_->Where(batch, columns_[i]), array.status());
    arrays[i] = std::move(*array);
  }
  return arrays;
}

Result<std::shared_ptr<arrow::Array>> IpcDecoder::Finish(
    int batch, int column, std::shared_ptr<arrow::Array> array) const {
  const auto& stored = file_->stored_schema()->field(column)->type();
  if (!array->type()->Equals(*stored)) {
    return DataError("found ", array->type()->ToString(), ", expected ",
                     stored->ToString());
  }
  if (array->length() != file_->batch(batch).rows) {
    return DataError("has ", array->length(), " rows, the batch has ",
                     file_->batch(batch).rows);
  }
  ARROW_RETURN_NOT_OK(array->ValidateFull());
  arrow::compute::ExecContext context(pool_);
  context.set_use_threads(false);
  return FlattenIpcArray(std::move(array), file_->schema()->field(column)->type(),
                         &context);
}

}  // namespace windrow::source
