// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/text_values.h"

#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

namespace windrow::column {
namespace {

using arrow::Type;

bool IsText(const arrow::DataType& type) {
  return type.id() == Type::STRING || type.id() == Type::LARGE_STRING;
}

template <typename Code>
int64_t CodeAt(const arrow::ArraySpan& codes, int64_t row) {
  return static_cast<int64_t>(codes.GetValues<Code>(1)[row]);
}

}  // namespace

bool TextValues::Takes(const arrow::DataType& type) {
  if (type.id() == Type::DICTIONARY) {
    return IsText(*static_cast<const arrow::DictionaryType&>(type).value_type());
  }
  return IsText(type) || type.id() == Type::NA;
}

Result<TextValues> TextValues::Of(const arrow::compute::ExecValue& argument) {
  TextValues texts;
  if (argument.is_scalar()) {
    texts.is_scalar_ = true;
    texts.scalar_owner_ = argument.scalar->GetSharedPtr();
    if (texts.scalar_owner_->type->id() == Type::DICTIONARY) {
      ARROW_ASSIGN_OR_RAISE(texts.scalar_owner_,
                            static_cast<const arrow::DictionaryScalar&>(*argument.scalar)
                                .GetEncodedValue());
    }
    if (texts.scalar_owner_->is_valid && IsText(*texts.scalar_owner_->type)) {
      texts.scalar_ =
          static_cast<const arrow::BaseBinaryScalar&>(*texts.scalar_owner_).view();
    }
    return texts;
  }
  const arrow::ArraySpan& array = argument.array;
  if (array.type->id() == Type::NA) return texts;
  texts.values_ = &array;
  if (array.type->id() == Type::DICTIONARY) {
    const auto& type = static_cast<const arrow::DictionaryType&>(*array.type);
    texts.codes_ = &array;
    texts.code_bytes_ = type.index_type()->byte_width();
    texts.is_signed_ = arrow::is_signed_integer(type.index_type()->id());
    texts.values_ = &array.dictionary();
    ARROW_RETURN_NOT_OK(texts.CheckCodes());
  }
  texts.is_large_ = texts.values_->type->id() == Type::LARGE_STRING;
  return texts;
}

Status TextValues::CheckCodes() const {
  for (int64_t row = 0; row < codes_->length; ++row) {
    const int64_t code = Code(row);
    if (code < -1 || code >= values_->length) {
      return Status::IndexError("found the code ", code, " in a dictionary of ",
                                values_->length);
    }
  }
  return Status::OK();
}

int64_t TextValues::Code(int64_t row) const {
  if (codes_->IsNull(row)) return -1;
  int64_t code = 0;
  switch (code_bytes_) {
    case 1:
      code = is_signed_ ? CodeAt<int8_t>(*codes_, row) : CodeAt<uint8_t>(*codes_, row);
      break;
    case 2:
      code = is_signed_ ? CodeAt<int16_t>(*codes_, row) : CodeAt<uint16_t>(*codes_, row);
      break;
    case 4:
      code = is_signed_ ? CodeAt<int32_t>(*codes_, row) : CodeAt<uint32_t>(*codes_, row);
      break;
    default:
      code = CodeAt<int64_t>(*codes_, row);
      break;
  }
  // A code of -1 that is no null must not pass for one.
  return code < 0 ? INT64_MIN : code;
}

std::optional<std::string_view> TextValues::Text(int64_t place) const {
  if (values_->IsNull(place)) return std::nullopt;
  const auto* bytes = reinterpret_cast<const char*>(values_->buffers[2].data);
  if (is_large_) {
    const auto* offsets = values_->GetValues<int64_t>(1) + place;
    return std::string_view(bytes + offsets[0], offsets[1] - offsets[0]);
  }
  const auto* offsets = values_->GetValues<int32_t>(1) + place;
  return std::string_view(bytes + offsets[0], offsets[1] - offsets[0]);
}

}  // namespace windrow::column
