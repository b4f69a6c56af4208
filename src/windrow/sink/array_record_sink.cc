// SPDX-License-Identifier: Apache-2.0
#include "windrow/sink/array_record_sink.h"

#include <arrow/array.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/checked_cast.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "windrow/base/check.h"
#include "windrow/exec/task_slots.h"

namespace windrow::sink {

using arrow::internal::checked_cast;

struct ArrayRecordSink::EncodedBatch : exec::Prepared {
  int64_t num_rows = 0;
  int64_t null_row = -1;                  ///< first row that is null, if any
  int64_t num_bytes = 0;                  ///< of all records
  format::EncodedChunks chunks;           ///< with a group size of 1
  std::shared_ptr<arrow::Array> records;  ///< with a larger one
};

namespace {

// Rows of this size keep a slot busy for some hundredths of a second.
constexpr int64_t kPieceBytes = 4 << 20;

const arrow::DataType& ValueType(const arrow::DataType& type) {
  if (type.id() != arrow::Type::DICTIONARY) return type;
  return *checked_cast<const arrow::DictionaryType&>(type).value_type();
}

Status CheckSchema(const std::string& path, const arrow::Schema& schema) {
  constexpr std::string_view kExpected =
      "; expected one column of type binary, large_binary, string or large_string";
  if (schema.num_fields() != 1) {
    return UserError(path, ": an ArrayRecord file would get ", schema.num_fields(),
                     " columns", kExpected);
  }
  const auto& field = *schema.field(0);
  if (arrow::is_base_binary_like(ValueType(*field.type()).id())) return Status::OK();
  return UserError(path, ": an ArrayRecord file would get column '", field.name(),
                   "' of type ", field.type()->ToString(), kExpected);
}

template <typename ArrayType>
void AddPlain(const arrow::Array& array, std::vector<std::string_view>* records) {
  const auto& values = checked_cast<const ArrayType&>(array);
  for (int64_t i = 0; i < array.length(); ++i) records->push_back(values.GetView(i));
}

template <typename ArrayType>
void AddCoded(const arrow::DictionaryArray& array,
              std::vector<std::string_view>* records) {
  const auto& values = checked_cast<const ArrayType&>(*array.dictionary());
  for (int64_t i = 0; i < array.length(); ++i) {
    records->push_back(values.GetView(array.GetValueIndex(i)));
  }
}

/// Appends the rows of `array`, none of which is null, to `records`. Binary and string
/// arrays are alike in memory, as are the large ones.
void AddRecords(const arrow::Array& array, std::vector<std::string_view>* records) {
  const bool is_large = arrow::is_large_binary_like(ValueType(*array.type()).id());
  if (array.type_id() == arrow::Type::DICTIONARY) {
    const auto& coded = checked_cast<const arrow::DictionaryArray&>(array);
    return is_large ? AddCoded<arrow::LargeBinaryArray>(coded, records)
                    : AddCoded<arrow::BinaryArray>(coded, records);
  }
  return is_large ? AddPlain<arrow::LargeBinaryArray>(array, records)
                  : AddPlain<arrow::BinaryArray>(array, records);
}

int64_t FirstNull(const arrow::Array& array) {
  if (array.type_id() != arrow::Type::DICTIONARY && array.null_count() == 0) return -1;
  const auto* coded = array.type_id() == arrow::Type::DICTIONARY
                          ? &checked_cast<const arrow::DictionaryArray&>(array)
                          : nullptr;
  for (int64_t i = 0; i < array.length(); ++i) {
    if (array.IsNull(i)) return i;
    if (coded != nullptr && coded->dictionary()->IsNull(coded->GetValueIndex(i))) {
      return i;
    }
  }
  return -1;
}

/// What the records and the list of them take.
int64_t BytesOf(std::span<const std::string_view> records) {
  int64_t bytes = 0;
  for (const std::string_view record : records) {
    bytes += static_cast<int64_t>(sizeof(record) + record.size());
  }
  return bytes;
}

/// Chunks of `group_size` records, the last perhaps of fewer.
Result<format::EncodedChunks> EncodeGroups(std::span<const std::string_view> records,
                                           const ArrayRecordSinkOptions& options,
                                           const exec::RunContext& context) {
  format::ChunkEncoder encoder(options.compression, context.pool);
  while (!records.empty()) {
    ARROW_RETURN_NOT_OK(context.stop.Poll());
    const size_t size = std::min(records.size(), static_cast<size_t>(options.group_size));
    ARROW_RETURN_NOT_OK(encoder.Add(records.first(size)));
    records = records.subspan(size);
  }
  return encoder.Finish();
}

}  // namespace

Result<std::unique_ptr<ArrayRecordSink>> ArrayRecordSink::Make(
    ArrayRecordSinkOptions options, const std::shared_ptr<arrow::Schema>& schema,
    exec::RunContext* context) {
  WINDROW_CHECK(options.group_size >= 1);
  ARROW_RETURN_NOT_OK(CheckSchema(options.path, *schema));
  ARROW_ASSIGN_OR_RAISE(auto output,
                        fs::AtomicOutput::Open(options.path, context->sync_outputs));
  std::unique_ptr<ArrayRecordSink> sink(
      new ArrayRecordSink(std::move(options), std::move(output), context));
  ARROW_RETURN_NOT_OK(sink->output_->Locate(sink->writer_.Begin()));
  return sink;
}

ArrayRecordSink::ArrayRecordSink(ArrayRecordSinkOptions options,
                                 std::unique_ptr<fs::AtomicOutput> output,
                                 exec::RunContext* context)
    : options_(std::move(options)),
      output_(std::move(output)),
      context_(context),
      writer_(
          options_.compression, options_.group_size,
          [stream = output_->stream().get()](std::span<const uint8_t> bytes) {
            return stream->Write(bytes.data(), static_cast<int64_t>(bytes.size()));
          },
          context->pool) {}

Result<std::unique_ptr<exec::Prepared>> ArrayRecordSink::Encode(
    std::shared_ptr<arrow::RecordBatch> batch) {
  auto encoded = std::make_unique<EncodedBatch>();
  encoded->records = batch->column(0);
  encoded->num_rows = batch->num_rows();
  encoded->null_row = FirstNull(*encoded->records);
  // Which row of the output it is, only Write knows.
  if (encoded->null_row >= 0) return encoded;
  std::vector<std::string_view> records;
  records.reserve(batch->num_rows());
  AddRecords(*encoded->records, &records);
  encoded->num_bytes = BytesOf(records);
  if (options_.group_size > 1) return encoded;
  auto chunks = EncodeGroups(records, options_, *context_);
  if (!chunks.ok()) return At(options_.path, chunks.status());
  encoded->chunks = *std::move(chunks);
  encoded->records = nullptr;
  return encoded;
}

Status ArrayRecordSink::Write(std::unique_ptr<exec::Prepared> encoded) {
  return output_->Locate(WriteBatch(checked_cast<EncodedBatch*>(encoded.get())));
}

Status ArrayRecordSink::WriteBatch(EncodedBatch* batch) {
  if (batch->null_row >= 0) {
    return DataError("row ", num_rows_ + batch->null_row,
                     " is null, expected a record of bytes");
  }
  num_rows_ += batch->num_rows;
  if (options_.group_size == 1) return writer_.Place(batch->chunks);
  pending_.push_back(std::move(batch->records));
  pending_rows_ += batch->num_rows;
  pending_bytes_ += batch->num_bytes;
  const bool is_enough = pending_rows_ >= options_.group_size &&
                         pending_bytes_ >= kPieceBytes * context_->slots->num_slots();
  return is_enough ? WritePending(/*is_last=*/false) : Status::OK();
}

/// Writes the whole groups of the pending rows; of the last ones all.
Status ArrayRecordSink::WritePending(bool is_last) {
  const int64_t group_size = options_.group_size;
  const int64_t num_written =
      is_last ? pending_rows_ : pending_rows_ / group_size * group_size;
  std::vector<std::string_view> records;
  records.reserve(pending_rows_);
  for (const auto& array : pending_) AddRecords(*array, &records);
  const std::span<const std::string_view> written(records.data(),
                                                  static_cast<size_t>(num_written));
  const int64_t num_groups = (num_written + group_size - 1) / group_size;
  const int64_t num_pieces = std::clamp<int64_t>(
      pending_bytes_ / kPieceBytes, std::min<int64_t>(1, num_groups), num_groups);
  std::vector<format::EncodedChunks> pieces(num_pieces);
  ARROW_RETURN_NOT_OK(context_->slots->ParallelFor(num_pieces, [&](int64_t i) -> Status {
    const int64_t begin = num_groups * i / num_pieces * group_size;
    const int64_t end =
        std::min(num_groups * (i + 1) / num_pieces * group_size, num_written);
    ARROW_ASSIGN_OR_RAISE(pieces[i], EncodeGroups(written.subspan(begin, end - begin),
                                                  options_, *context_));
    return Status::OK();
  }));
  for (const auto& piece : pieces) ARROW_RETURN_NOT_OK(writer_.Place(piece));

  pending_bytes_ = BytesOf(std::span(records).subspan(num_written));
  pending_rows_ -= num_written;
  arrow::ArrayVector rest;
  for (int64_t missing = pending_rows_; missing > 0; pending_.pop_back()) {
    const auto& last = pending_.back();
    const int64_t taken = std::min(missing, last->length());
    rest.push_back(last->Slice(last->length() - taken));
    missing -= taken;
  }
  std::reverse(rest.begin(), rest.end());
  pending_ = std::move(rest);
  return Status::OK();
}

Status ArrayRecordSink::Complete() {
  ARROW_RETURN_NOT_OK(WritePending(/*is_last=*/true));
  return writer_.Finish();
}

Status ArrayRecordSink::Finish() {
  ARROW_RETURN_NOT_OK(output_->Locate(Complete()));
  return output_->Finish();
}

Status ArrayRecordSink::Commit() { return output_->Commit(); }

void ArrayRecordSink::Abort() {
  pending_.clear();
  output_->Abort();
}

}  // namespace windrow::sink
