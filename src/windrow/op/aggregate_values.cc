// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/aggregate_values.h"

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include "windrow/column/ordered_key.h"
#include "windrow/column/plain_column.h"

namespace windrow::op {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;
using arrow::Type;
using column::Aggregate;

namespace {

Result<ArrayPtr> CastTo(const TypePtr& type, const arrow::Array& column,
                        arrow::MemoryPool* pool) {
  arrow::compute::ExecContext compute(pool);
  compute.set_use_threads(false);
  return arrow::compute::Cast(column, type, arrow::compute::CastOptions::Unsafe(type),
                              &compute);
}

/// The integer type that has the bits of a date or time.
TypePtr BitsOf(const arrow::DataType& type) {
  return type.bit_width() == 32 ? arrow::int32() : arrow::int64();
}

ValueForm NumberForm(const arrow::DataType& type) {
  if (type.id() == Type::UINT64) return ValueForm::kUInt64;
  if (arrow::is_floating(type.id())) return ValueForm::kDouble;
  if (arrow::is_decimal(type.id())) return ValueForm::kDecimal;
  return ValueForm::kInt64;
}

/// Views of all values of a text or binary array; those of nulls are unspecified.
Status FillViews(const arrow::Array& array, column::PoolVector<std::string_view>* views) {
  ARROW_RETURN_NOT_OK(views->Resize(array.length()));
  const auto fill = [&](const auto& typed) {
    const auto* offsets = typed.raw_value_offsets();
    const auto* data = reinterpret_cast<const char*>(typed.raw_data());
    for (int64_t i = 0; i < typed.length(); ++i) {
      (*views)[i] = {data + offsets[i], static_cast<size_t>(offsets[i + 1] - offsets[i])};
    }
  };
  if (arrow::is_large_binary_like(array.type_id())) {
    fill(static_cast<const arrow::LargeBinaryArray&>(array));
  } else {
    fill(static_cast<const arrow::BinaryArray&>(array));
  }
  return Status::OK();
}

/// True for codes of a dictionary that is worth looking at value by value.
bool IsCoded(const arrow::Array& column) {
  constexpr int64_t kDictionaryShare = 4;
  if (column.type_id() != Type::DICTIONARY) return false;
  const auto& coded = static_cast<const arrow::DictionaryArray&>(column);
  return coded.dictionary()->null_count() == 0 &&
         coded.dictionary()->length() <= kDictionaryShare * column.length();
}

Status FillBytes(const TypePtr& type, const ArrayPtr& column, arrow::MemoryPool* pool,
                 AggregateValues* values) {
  if (arrow::is_base_binary_like(type->id()) && IsCoded(*column)) {
    const auto& coded = static_cast<const arrow::DictionaryArray&>(*column);
    ArrayPtr indices = coded.indices();
    if (indices->type_id() != Type::INT32) {
      ARROW_ASSIGN_OR_RAISE(indices, CastTo(arrow::int32(), *indices, pool));
    }
    values->indices = indices->data()->GetValues<int32_t>(1);
    values->owners = {indices, coded.dictionary()};
    ARROW_RETURN_NOT_OK(FillViews(*coded.dictionary(), &values->views_memory));
    // A null has any index; its view is not to be looked at, but must be there.
    return Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(ArrayPtr plain, column::PlainColumn(column, pool));
  const ArrayPtr nulls = plain;
  if (!arrow::is_base_binary_like(type->id())) {
    ARROW_ASSIGN_OR_RAISE(plain, column::EncodeOrderedKeys({plain}, pool));
  }
  values->owners = {plain, nulls};
  return FillViews(*plain, &values->views_memory);
}

}  // namespace

ValueForm FormOf(Aggregate function, const arrow::DataType& type) {
  switch (function) {
    case Aggregate::kCountRows:
    case Aggregate::kCount:
      return ValueForm::kNone;
    case Aggregate::kCountDistinct:
      return ValueForm::kCode;
    case Aggregate::kSum:
    case Aggregate::kAvg:
      return NumberForm(type);
    default:
      break;
  }
  const bool is_word = arrow::is_primitive(type.id()) && type.bit_width() <= 64;
  return is_word ? NumberForm(type) : ValueForm::kBytes;
}

Result<ArrayPtr> Widened(const ArrayPtr& column, arrow::MemoryPool* pool) {
  switch (column->type_id()) {
    case Type::INT64:
    case Type::UINT64:
    case Type::DOUBLE:
    case Type::DECIMAL128:
      return column;
    case Type::HALF_FLOAT:
    case Type::FLOAT:
      return CastTo(arrow::float64(), *column, pool);
    case Type::DECIMAL32:
    case Type::DECIMAL64: {
      const auto& type = static_cast<const arrow::DecimalType&>(*column->type());
      return CastTo(arrow::decimal128(type.precision(), type.scale()), *column, pool);
    }
    case Type::BOOL:
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::UINT8:
    case Type::UINT16:
    case Type::UINT32:
      return CastTo(arrow::int64(), *column, pool);
    default: {
      ARROW_ASSIGN_OR_RAISE(const ArrayPtr bits, column->View(BitsOf(*column->type())));
      return Widened(bits, pool);
    }
  }
}

Result<ArrayPtr> Narrowed(const ArrayPtr& column, const TypePtr& type,
                          arrow::MemoryPool* pool) {
  if (column->type()->Equals(*type)) return column;
  if (arrow::is_integer(type->id()) || arrow::is_floating(type->id()) ||
      type->id() == Type::BOOL) {
    return CastTo(type, *column, pool);
  }
  ARROW_ASSIGN_OR_RAISE(const ArrayPtr bits, Narrowed(column, BitsOf(*type), pool));
  return bits->View(type);
}

Result<AggregateValues> AggregateValues::Make(ValueForm form, const TypePtr& type,
                                              const ArrayPtr& column,
                                              arrow::MemoryPool* pool) {
  AggregateValues values(pool);
  values.form = form;
  ArrayPtr nulls = column;
  if (column->type_id() == Type::DICTIONARY && !IsCoded(*column)) {
    ARROW_ASSIGN_OR_RAISE(nulls, column::PlainColumn(column, pool));
  }
  switch (form) {
    case ValueForm::kNone:
    case ValueForm::kCode:
      break;
    case ValueForm::kBytes:
      ARROW_RETURN_NOT_OK(FillBytes(type, nulls, pool, &values));
      break;
    default: {
      ARROW_ASSIGN_OR_RAISE(const ArrayPtr plain, column::PlainColumn(nulls, pool));
      ARROW_ASSIGN_OR_RAISE(const ArrayPtr wide, Widened(plain, pool));
      values.owners = {wide};
      const int64_t width = form == ValueForm::kDecimal ? 16 : 8;
      values.words = wide->data()->buffers[1] == nullptr
                         ? nullptr
                         : wide->data()->buffers[1]->data() + wide->offset() * width;
      break;
    }
  }
  values.owners.push_back(nulls);
  if (nulls->null_count() > 0) {
    values.validity = nulls->null_bitmap_data();
    values.offset = nulls->offset();
  }
  return values;
}

int64_t AggregateValues::bytes() const {
  int64_t bytes = views_memory.size() * static_cast<int64_t>(sizeof(std::string_view)) +
                  codes.size() * static_cast<int64_t>(sizeof(uint64_t));
  if (words != nullptr) bytes += owners[0]->length() * 8;
  if (indices == nullptr) {
    for (const std::string_view view : views_memory) {
      bytes += static_cast<int64_t>(view.size());
    }
  }
  return bytes;
}

}  // namespace windrow::op
