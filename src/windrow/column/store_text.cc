// SPDX-License-Identifier: Apache-2.0
// Text. A batch of texts is usually fine as it is, so all of its bytes are checked at
// once and values are looked at one by one only when that finds something.
#include <arrow/builder.h>
#include <arrow/util/utf8.h>

#include <cstring>

#include "windrow/column/store_internal.h"

namespace windrow::column::internal {
namespace {

bool IsContinuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

bool IsUtf8(std::string_view text) {
  static const bool kInitialised = (arrow::util::InitializeUTF8(), true);
  return kInitialised && arrow::util::ValidateUTF8(text);
}

bool HasNul(std::string_view text) {
  return !text.empty() && std::memchr(text.data(), 0, text.size()) != nullptr;
}

/// Whether all values are well-formed and at most `length` bytes (0: any).
bool AllFit(const arrow::StringArray& texts, int32_t length) {
  const int32_t* offsets = texts.raw_value_offsets();
  const char* bytes = reinterpret_cast<const char*>(texts.raw_data());
  const int32_t begin = offsets[0];
  const std::string_view all(bytes + begin, offsets[texts.length()] - begin);
  if (all.empty()) return true;
  if (HasNul(all) || !IsUtf8(all)) return false;
  for (int64_t row = 0; row < texts.length(); ++row) {
    const int32_t size = offsets[row + 1] - offsets[row];
    if (size > 0 && IsContinuation(bytes[offsets[row]])) return false;
    if (length > 0 && size > length) return false;
  }
  return true;
}

/// The bytes of the first `length` code points.
size_t PrefixBytes(std::string_view text, int32_t length) {
  int32_t count = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!IsContinuation(text[i]) && count++ == length) return i;
  }
  return text.size();
}

int64_t CodePoints(std::string_view text) {
  int64_t count = 0;
  for (const char byte : text) count += IsContinuation(byte) ? 0 : 1;
  return count;
}

/// Checks a text and takes off what varchar(length) does not hold.
Status Fit(std::string_view* text, int32_t length, int64_t row, BadValue* bad) {
  if (HasNul(*text)) return bad->At(row, ShownText(*text), "which holds a NUL character");
  if (!IsUtf8(*text)) return bad->At(row, ShownText(*text), "which is not UTF-8");
  if (length == 0) return Status::OK();
  const size_t kept = PrefixBytes(*text, length);
  if (text->find_first_not_of(' ', kept) != std::string_view::npos) {
    return bad->At(row, ShownText(*text),
                   "of " + std::to_string(CodePoints(*text)) + " characters");
  }
  *text = text->substr(0, kept);
  return Status::OK();
}

}  // namespace

Result<ArrayPtr> StoreText(const ArrayPtr& values, const SqlType& type, BadValue* bad,
                           arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(ArrayPtr plain, CastTo(values, arrow::utf8(), pool));
  const auto& texts = checked_cast<const arrow::StringArray&>(*plain);
  if (texts.length() == 0 || AllFit(texts, type.length)) return plain;
  int64_t bytes_cut = 0;
  for (int64_t row = 0; row < texts.length(); ++row) {
    if (texts.IsNull(row)) continue;
    std::string_view text = texts.GetView(row);
    ARROW_RETURN_NOT_OK(Fit(&text, type.length, row, bad));
    bytes_cut += static_cast<int64_t>(texts.GetView(row).size() - text.size());
  }
  if (bytes_cut == 0) return plain;
  arrow::StringBuilder cut(pool);
  ARROW_RETURN_NOT_OK(cut.Reserve(texts.length()));
  ARROW_RETURN_NOT_OK(cut.ReserveData(texts.total_values_length()));
  for (int64_t row = 0; row < texts.length(); ++row) {
    if (texts.IsNull(row)) {
      cut.UnsafeAppendNull();
    } else {
      const std::string_view text = texts.GetView(row);
      cut.UnsafeAppend(text.substr(0, PrefixBytes(text, type.length)));
    }
  }
  return cut.Finish();
}

}  // namespace windrow::column::internal
