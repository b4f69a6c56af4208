// SPDX-License-Identifier: Apache-2.0
#include <arrow/builder.h>

#include <array>

#include "windrow/column/store_assignment.h"
#include "windrow/column/store_internal.h"

namespace windrow::column {
namespace {

using arrow::internal::checked_cast;

constexpr int kUuidBytes = 16;

struct Uuid {
  std::array<uint8_t, kUuidBytes> bytes;
};

int HexDigit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

/// As PostgreSQL reads it: 32 hexadecimal digits, a hyphen allowed after every four, the
/// whole perhaps in braces.
bool ReadUuid(std::string_view text, Uuid* uuid) {
  if (text.size() >= 2 && text.front() == '{' && text.back() == '}') {
    text = text.substr(1, text.size() - 2);
  }
  size_t at = 0;
  for (int i = 0; i < kUuidBytes; ++i) {
    if (at + 2 > text.size()) return false;
    const int high = HexDigit(text[at]);
    const int low = HexDigit(text[at + 1]);
    if (high < 0 || low < 0) return false;
    uuid->bytes[i] = static_cast<uint8_t>(high << 4 | low);
    at += 2;
    const bool may_have_hyphen = i % 2 == 1 && i < kUuidBytes - 1;
    if (may_have_hyphen && at < text.size() && text[at] == '-') ++at;
  }
  return at == text.size();
}

}  // namespace

Result<internal::ArrayPtr> internal::StoreUuid(const ArrayPtr& values,
                                               const SqlType& type, BadValue* bad,
                                               arrow::MemoryPool* pool) {
  if (values->type_id() == arrow::Type::FIXED_SIZE_BINARY) return values;
  ARROW_ASSIGN_OR_RAISE(const ArrayPtr plain, CastTo(values, arrow::binary(), pool));
  const auto& texts = checked_cast<const arrow::BinaryArray&>(*plain);
  return StoreRows<Uuid>(
      *values, type.StorageType(), bad, pool,
      [&](int64_t row, Uuid* uuid) { return ReadUuid(texts.GetView(row), uuid); });
}

Result<std::shared_ptr<arrow::Array>> UuidText(const std::shared_ptr<arrow::Array>& uuids,
                                               arrow::MemoryPool* pool) {
  constexpr char kDigits[] = "0123456789abcdef";
  constexpr int kTextBytes = 36;
  if (uuids->type_id() == arrow::Type::LIST) {
    const auto& lists = checked_cast<const arrow::ListArray&>(*uuids);
    ARROW_ASSIGN_OR_RAISE(const auto values, UuidText(lists.values(), pool));
    auto data = lists.data()->Copy();
    data->type = arrow::list(arrow::utf8());
    data->child_data = {values->data()};
    return arrow::MakeArray(std::move(data));
  }
  const auto& values = checked_cast<const arrow::FixedSizeBinaryArray&>(*uuids);
  arrow::StringBuilder texts(pool);
  ARROW_RETURN_NOT_OK(texts.Reserve(values.length()));
  ARROW_RETURN_NOT_OK(texts.ReserveData(values.length() * kTextBytes));
  for (int64_t row = 0; row < values.length(); ++row) {
    if (values.IsNull(row)) {
      texts.UnsafeAppendNull();
      continue;
    }
    std::array<char, kTextBytes> text;
    char* out = text.data();
    for (int i = 0; i < kUuidBytes; ++i) {
      if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
      const uint8_t byte = values.GetValue(row)[i];
      *out++ = kDigits[byte >> 4];
      *out++ = kDigits[byte & 15];
    }
    texts.UnsafeAppend(std::string_view(text.data(), text.size()));
  }
  return texts.Finish();
}

}  // namespace windrow::column
