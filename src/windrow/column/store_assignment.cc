// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/store_assignment.h"

#include <arrow/array/util.h>
#include <arrow/compute/api_vector.h>
#include <arrow/extension_type.h>
#include <arrow/util/bitmap_ops.h>
#include <arrow/util/utf8.h>

#include <algorithm>

#include "windrow/base/check.h"
#include "windrow/column/plain_column.h"
#include "windrow/column/store_internal.h"

namespace windrow::column {
namespace internal {

Status BadValue::At(int64_t bad_row, std::string shown, std::string_view what_is_wrong) {
  row = bad_row;
  found = std::move(shown);
  if (!what_is_wrong.empty()) found.append(" ").append(what_is_wrong);
  return DataError("row ", row, ": found ", found);
}

Status BadValue::At(const arrow::Array& values, int64_t bad_row,
                    std::string_view what_is_wrong) {
  ARROW_ASSIGN_OR_RAISE(const auto value, values.GetScalar(bad_row));
  const bool is_text = arrow::is_base_binary_like(values.type_id()) ||
                       arrow::is_binary_view_like(values.type_id());
  if (!is_text) return At(bad_row, value->ToString(), what_is_wrong);
  const auto& text = checked_cast<const arrow::BaseBinaryScalar&>(*value);
  return At(bad_row, ShownText(text.view()), what_is_wrong);
}

std::string ShownText(std::string_view text) {
  constexpr size_t kBytesMax = 60;
  constexpr char kDigits[] = "0123456789abcdef";
  arrow::util::InitializeUTF8();
  std::string_view cut = text.substr(0, kBytesMax);
  // No code point is cut in two.
  while (cut.size() < text.size() && !cut.empty() &&
         (static_cast<unsigned char>(text[cut.size()]) & 0xC0) == 0x80) {
    cut.remove_suffix(1);
  }
  const bool is_utf8 = arrow::util::ValidateUTF8(cut);
  std::string shown = "'";
  for (const char c : cut) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !is_utf8)) {
      shown.append("\\x") += kDigits[byte >> 4];
      shown += kDigits[byte & 15];
    } else {
      shown += c;
    }
  }
  return shown + (cut.size() < text.size() ? "...'" : "'");
}

Result<std::shared_ptr<arrow::Buffer>> ValidityOf(const arrow::Array& values,
                                                  arrow::MemoryPool* pool) {
  if (values.null_count() == 0) return nullptr;
  if (values.offset() == 0) return values.null_bitmap();
  return arrow::internal::CopyBitmap(pool, values.null_bitmap_data(), values.offset(),
                                     values.length());
}

namespace {

bool IsText(arrow::Type::type id) {
  return arrow::is_string(id) || id == arrow::Type::STRING_VIEW;
}

bool IsBinary(arrow::Type::type id) {
  return id == arrow::Type::BINARY || id == arrow::Type::LARGE_BINARY ||
         id == arrow::Type::BINARY_VIEW || id == arrow::Type::FIXED_SIZE_BINARY;
}

bool IsTime(arrow::Type::type id) {
  return arrow::is_date(id) || id == arrow::Type::TIMESTAMP;
}

bool IsList(arrow::Type::type id) {
  return id == arrow::Type::LIST || id == arrow::Type::LARGE_LIST ||
         id == arrow::Type::FIXED_SIZE_LIST;
}

bool IsAssignable(const arrow::DataType& from, const SqlType& type) {
  const auto id = from.id();
  if (id == arrow::Type::NA) return true;
  if (id == arrow::Type::DICTIONARY) {
    return IsAssignable(*checked_cast<const arrow::DictionaryType&>(from).value_type(),
                        type);
  }
  if (id == arrow::Type::EXTENSION) {
    return IsAssignable(*checked_cast<const arrow::ExtensionType&>(from).storage_type(),
                        type);
  }
  if (type.is_array) {
    return IsList(id) && IsAssignable(*from.field(0)->type(), type.Element());
  }
  switch (type.kind) {
    case SqlKind::kSmallint:
    case SqlKind::kInteger:
    case SqlKind::kBigint:
    case SqlKind::kReal:
    case SqlKind::kDouble:
    case SqlKind::kNumeric:
      return arrow::is_integer(id) || arrow::is_floating(id) || arrow::is_decimal(id);
    case SqlKind::kBoolean:
      return id == arrow::Type::BOOL;
    case SqlKind::kText:
    case SqlKind::kVarchar:
      return IsText(id) || arrow::is_integer(id) || id == arrow::Type::BOOL;
    case SqlKind::kJson:
    case SqlKind::kJsonb:
      return IsText(id);
    case SqlKind::kUuid:
      return IsText(id) ||
             (id == arrow::Type::FIXED_SIZE_BINARY &&
              checked_cast<const arrow::FixedSizeBinaryType&>(from).byte_width() == 16);
    case SqlKind::kDate:
    case SqlKind::kTimestamp:
    case SqlKind::kTimestampTz:
      return IsTime(id);
    case SqlKind::kBytea:
      return IsBinary(id);
  }
  return false;
}

Result<ArrayPtr> Store(const ArrayPtr& values, const SqlType& type, BadValue* bad,
                       arrow::MemoryPool* pool);

/// Converts the dictionary, if that is less than the rows. A value that does not fit only
/// matters if a row has it.
Result<ArrayPtr> StoreDictionary(const ArrayPtr& values, const SqlType& type,
                                 BadValue* bad, arrow::MemoryPool* pool) {
  const auto& coded = checked_cast<const arrow::DictionaryArray&>(*values);
  if (coded.dictionary()->length() <= coded.length()) {
    const auto stored = Store(coded.dictionary(), type, bad, pool);
    if (stored.ok()) {
      return PlainColumn(
          std::make_shared<arrow::DictionaryArray>(
              arrow::dictionary(coded.indices()->type(), (*stored)->type()),
              coded.indices(), *stored),
          pool);
    }
    if (bad->row < 0) return stored.status();
    *bad = BadValue();
  }
  ARROW_ASSIGN_OR_RAISE(const auto plain, PlainColumn(values, pool));
  return Store(plain, type, bad, pool);
}

Result<ArrayPtr> StoreList(const ArrayPtr& values, const SqlType& type, BadValue* bad,
                           arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(
      const ArrayPtr plain,
      CastTo(values, arrow::list(values->type()->field(0)->type()), pool));
  const auto& lists = checked_cast<const arrow::ListArray&>(*plain);
  // Without what null lists may hide.
  ARROW_ASSIGN_OR_RAISE(const ArrayPtr elements, lists.Flatten(pool));
  ARROW_ASSIGN_OR_RAISE(
      std::shared_ptr<arrow::Buffer> buffer,
      arrow::AllocateBuffer((lists.length() + 1) * sizeof(int32_t), pool));
  auto* offsets = reinterpret_cast<int32_t*>(buffer->mutable_data());
  offsets[0] = 0;
  for (int64_t row = 0; row < lists.length(); ++row) {
    offsets[row + 1] = offsets[row] + (lists.IsNull(row) ? 0 : lists.value_length(row));
  }
  const auto stored = Store(elements, type.Element(), bad, pool);
  if (!stored.ok()) {
    if (bad->row >= 0) {
      const int32_t* begin = offsets;
      bad->row =
          std::upper_bound(begin, begin + lists.length() + 1, bad->row) - begin - 1;
    }
    return stored.status();
  }
  ARROW_ASSIGN_OR_RAISE(auto validity, ValidityOf(lists, pool));
  return std::make_shared<arrow::ListArray>(type.StorageType(), lists.length(), buffer,
                                            *stored, validity);
}

Result<ArrayPtr> Store(const ArrayPtr& values, const SqlType& type, BadValue* bad,
                       arrow::MemoryPool* pool) {
  switch (values->type_id()) {
    case arrow::Type::NA:
      return arrow::MakeArrayOfNull(type.StorageType(), values->length(), pool);
    case arrow::Type::DICTIONARY:
      return StoreDictionary(values, type, bad, pool);
    case arrow::Type::EXTENSION:
      return Store(checked_cast<const arrow::ExtensionArray&>(*values).storage(), type,
                   bad, pool);
    default:
      break;
  }
  if (type.is_array) return StoreList(values, type, bad, pool);
  switch (type.kind) {
    case SqlKind::kSmallint:
    case SqlKind::kInteger:
    case SqlKind::kBigint:
    case SqlKind::kReal:
    case SqlKind::kDouble:
      return StoreNumber(values, type, bad, pool);
    case SqlKind::kNumeric:
      return StoreNumeric(values, type, bad, pool);
    case SqlKind::kBoolean:
      return values;
    case SqlKind::kText:
    case SqlKind::kVarchar:
      return StoreText(values, type, bad, pool);
    case SqlKind::kJson:
    case SqlKind::kJsonb:
      return StoreJson(values, type, bad, pool);
    case SqlKind::kUuid:
      return StoreUuid(values, type, bad, pool);
    case SqlKind::kDate:
    case SqlKind::kTimestamp:
    case SqlKind::kTimestampTz:
      return StoreTime(values, type, bad, pool);
    case SqlKind::kBytea:
      return CastTo(values, arrow::binary(), pool);
  }
  WINDROW_CHECK(false);
  return nullptr;
}

}  // namespace
}  // namespace internal

Status CheckAssignable(const arrow::DataType& from, const SqlType& type) {
  if (internal::IsAssignable(from, type)) return Status::OK();
  return UserError(from.ToString(), " cannot be stored as ", type.ToString());
}

Result<std::shared_ptr<arrow::Array>> StoreAs(const std::shared_ptr<arrow::Array>& values,
                                              const SqlType& type,
                                              std::string_view column,
                                              arrow::MemoryPool* pool,
                                              int64_t first_row) {
  WINDROW_CHECK(internal::IsAssignable(*values->type(), type));
  internal::BadValue bad;
  auto stored = internal::Store(values, type, &bad, pool);
  if (stored.ok()) return stored;
  if (bad.row < 0) {
    return At(windrow::internal::Words("column '", column, "'"), stored.status());
  }
  const std::string row =
      first_row == kUnknownRow ? "" : ", row " + std::to_string(first_row + bad.row);
  return DataError("column '", column, "'", row, ": found ", bad.found, ", expected ",
                   type.ToString());
}

}  // namespace windrow::column
