// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/collect_coding.h"

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/buffer.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <string>

#include "windrow/base/check.h"
#include "windrow/column/ordered_key.h"
#include "windrow/exec/memory_budget.h"

namespace windrow::op {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using column::PoolVector;

namespace {

constexpr int64_t kDictionaryBytesMax = int64_t{256} << 20;

/// A uint32 column over the memory of `codes`.
Result<ArrayPtr> ColumnOf(const PoolVector<uint32_t>& codes, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer,
                        arrow::AllocateBuffer(codes.size() * sizeof(uint32_t), pool));
  std::copy(codes.begin(), codes.end(),
            reinterpret_cast<uint32_t*>(buffer->mutable_data()));
  return std::make_shared<arrow::UInt32Array>(codes.size(), std::move(buffer));
}

Result<ArrayPtr> CastTo(const std::shared_ptr<arrow::DataType>& type,
                        const arrow::Array& column, arrow::MemoryPool* pool) {
  arrow::compute::ExecContext compute(pool);
  compute.set_use_threads(false);
  return arrow::compute::Cast(column, type, arrow::compute::CastOptions::Safe(),
                              &compute);
}

/// Codes with a bitmap in which the code of null is null.
Result<std::shared_ptr<arrow::ArrayData>> WithNulls(const arrow::ArrayData& codes,
                                                    arrow::MemoryPool* pool) {
  auto data = codes.Copy();
  const auto* values = codes.GetValues<uint32_t>(1);
  const auto nulls =
      std::count(values, values + codes.length, column::ValueDictionary::kNullCode);
  if (nulls == 0) return data;
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> bits,
                        arrow::AllocateEmptyBitmap(codes.offset + codes.length, pool));
  for (int64_t row = 0; row < codes.length; ++row) {
    if (values[row] == column::ValueDictionary::kNullCode) continue;
    arrow::bit_util::SetBit(bits->mutable_data(), codes.offset + row);
  }
  data->buffers[0] = std::move(bits);
  data->null_count = nulls;
  return data;
}

}  // namespace

/// A payload column of text. It is coded for as long as it comes in dictionaries and they
/// stay small next to the rows.
struct CollectCoding::TextColumn {
  TextColumn(std::shared_ptr<arrow::DataType> type, arrow::MemoryPool* pool)
      : type(std::move(type)), map(pool) {}
  std::shared_ptr<arrow::DataType> type;
  DictionaryMap map;
  std::atomic<bool> is_too_large = false;
  ArrayPtr values;  ///< by code, after Finish
};

CollectCoding::CollectCoding(std::shared_ptr<arrow::Schema> schema, std::vector<int> keys,
                             std::vector<int> payload, bool codes_payload,
                             exec::RunContext* context)
    : schema_(std::move(schema)),
      key_columns_(std::move(keys)),
      payload_columns_(std::move(payload)),
      codes_payload_(codes_payload),
      context_(context),
      keys_(SpillPoolOf(*context)) {
  for (const int key : key_columns_) key_types_.push_back(schema_->field(key)->type());
  for (const int column : payload_columns_) {
    const auto& type = schema_->field(column)->type();
    const bool is_text = arrow::is_base_binary_like(type->id());
    texts_.push_back(is_text ? std::make_unique<TextColumn>(type, SpillPoolOf(*context))
                             : nullptr);
  }
  plain_layout_ = LayoutOf(std::vector<bool>(payload_columns_.size(), false));
}

CollectCoding::~CollectCoding() = default;

std::shared_ptr<const CollectLayout> CollectCoding::LayoutOf(
    const std::vector<bool>& is_coded) {
  const std::scoped_lock lock(layouts_mutex_);
  auto& layout = layouts_[is_coded];
  if (layout != nullptr) return layout;
  arrow::FieldVector fields = {arrow::field("group", arrow::uint32(), false)};
  for (size_t i = 0; i < payload_columns_.size(); ++i) {
    const auto& field = schema_->field(payload_columns_[i]);
    fields.push_back(is_coded[i] ? arrow::field(field->name(), arrow::uint32()) : field);
  }
  layout = std::make_shared<CollectLayout>(
      CollectLayout{arrow::schema(std::move(fields)), is_coded});
  return layout;
}

Result<ArrayPtr> CollectCoding::KeyOf(const arrow::RecordBatch& batch) const {
  if (column::IsOwnKey(key_types_)) return batch.column(key_columns_[0]);
  std::vector<ArrayPtr> columns;
  for (const int key : key_columns_) columns.push_back(batch.column(key));
  return column::EncodeOrderedKeys(columns, context_->pool);
}

Result<ArrayPtr> CollectCoding::CodePayload(size_t index, const ArrayPtr& column,
                                            bool* is_coded) {
  if (column->type_id() != arrow::Type::DICTIONARY) return column;
  TextColumn* text = texts_[index].get();
  const auto& type = schema_->field(payload_columns_[index])->type();
  if (type->id() == arrow::Type::DICTIONARY) return column;
  if (text == nullptr || !codes_payload_ || text->is_too_large)
    return CastTo(type, *column, context_->pool);
  PoolVector<uint32_t> codes(context_->pool);
  ARROW_RETURN_NOT_OK(text->map.CodesOf(column, context_->pool, &codes, nullptr));
  int64_t most = kDictionaryBytesMax;
  if (context_->budget != nullptr) {
    most = std::min(most, context_->budget->budget_bytes() / 16);
  }
  if (text->map.values().bytes() > most) text->is_too_large = true;
  *is_coded = true;
  return ColumnOf(codes, context_->pool);
}

Result<CollectPiece> CollectCoding::Code(const arrow::RecordBatch& batch,
                                         PoolVector<uint32_t>* tags) {
  CollectPiece piece;
  piece.rows = batch.num_rows();
  ARROW_ASSIGN_OR_RAISE(const ArrayPtr key, KeyOf(batch));
  PoolVector<uint32_t> codes(context_->pool);
  ARROW_RETURN_NOT_OK(keys_.CodesOf(key, context_->pool, &codes, tags));
  ARROW_ASSIGN_OR_RAISE(ArrayPtr group, ColumnOf(codes, context_->pool));
  piece.columns.push_back(std::move(group));
  std::vector<bool> is_coded;
  for (size_t i = 0; i < payload_columns_.size(); ++i) {
    bool coded = false;
    ARROW_ASSIGN_OR_RAISE(ArrayPtr column,
                          CodePayload(i, batch.column(payload_columns_[i]), &coded));
    piece.columns.push_back(std::move(column));
    is_coded.push_back(coded);
  }
  piece.layout = LayoutOf(is_coded);
  return piece;
}

Status CollectCoding::Finish() {
  for (const auto& text : texts_) {
    if (text == nullptr) continue;
    text->map.ForgetDictionaries();
    ARROW_ASSIGN_OR_RAISE(text->values,
                          text->map.values().ToArray(text->type, context_->pool));
  }
  return Status::OK();
}

Result<std::vector<ArrayPtr>> CollectCoding::Payload(const CollectPiece& piece,
                                                     bool as_dictionaries) const {
  std::vector<ArrayPtr> payload;
  for (size_t i = 0; i < payload_columns_.size(); ++i) {
    const ArrayPtr& column = piece.columns[i + 1];
    if (!piece.layout->is_coded[i]) {
      payload.push_back(column);
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(auto data, WithNulls(*column->data(), context_->pool));
    data->type = arrow::dictionary(arrow::uint32(), texts_[i]->type);
    data->dictionary = texts_[i]->values->data();
    ArrayPtr coded = arrow::MakeArray(std::move(data));
    if (!as_dictionaries) {
      ARROW_ASSIGN_OR_RAISE(coded, CastTo(texts_[i]->type, *coded, context_->pool));
    }
    payload.push_back(std::move(coded));
  }
  return payload;
}

Result<CollectPiece> CollectCoding::Plain(const CollectPiece& piece) const {
  CollectPiece plain{plain_layout_, {piece.columns[0]}, piece.rows, {}};
  ARROW_ASSIGN_OR_RAISE(auto payload, Payload(piece, /*as_dictionaries=*/false));
  plain.columns.insert(plain.columns.end(), payload.begin(), payload.end());
  return plain;
}

Result<std::vector<ArrayPtr>> CollectCoding::KeyColumns(std::span<const uint32_t> codes,
                                                        arrow::MemoryPool* pool) const {
  const std::vector<std::string> values = keys_.values().CopyValues(codes);
  if (!column::IsOwnKey(key_types_)) {
    const std::vector<std::string_view> views(values.begin(), values.end());
    return column::DecodeOrderedKeys(key_types_, views, pool);
  }
  const auto build = [&](auto builder) -> Result<ArrayPtr> {
    for (size_t i = 0; i < codes.size(); ++i) {
      ARROW_RETURN_NOT_OK(codes[i] == column::ValueDictionary::kNullCode
                              ? builder.AppendNull()
                              : builder.Append(values[i]));
    }
    return builder.Finish();
  };
  ArrayPtr column;
  if (arrow::is_large_binary_like(key_types_[0]->id())) {
    ARROW_ASSIGN_OR_RAISE(column, build(arrow::LargeBinaryBuilder(pool)));
  } else {
    ARROW_ASSIGN_OR_RAISE(column, build(arrow::BinaryBuilder(pool)));
  }
  ARROW_ASSIGN_OR_RAISE(column, column->View(key_types_[0]));
  return std::vector<ArrayPtr>{std::move(column)};
}

}  // namespace windrow::op
