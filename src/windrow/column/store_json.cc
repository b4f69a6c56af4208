// SPDX-License-Identifier: Apache-2.0
// JSON text. Columns of labels repeat their values, so texts seen a moment ago are not
// parsed again.
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>
#include <vector>

#include "windrow/column/store_internal.h"

namespace windrow::column::internal {
namespace {

/// Looks at the strings of a document: what escapes made them may be no text of SQL.
class StringCheck : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, StringCheck> {
 public:
  bool String(const char* text, rapidjson::SizeType size, bool) {
    if (size == 0) return true;
    if (std::memchr(text, 0, size) != nullptr) return Refuse("which escapes a NUL");
    // The text itself is UTF-8; only an escape makes the bytes of a surrogate.
    for (const char* at = text; at + 1 < text + size; ++at) {
      at = static_cast<const char*>(std::memchr(at, 0xED, text + size - at));
      if (at == nullptr || at + 1 == text + size) break;
      if (static_cast<unsigned char>(at[1]) >= 0xA0) {
        return Refuse("which escapes half of a surrogate pair");
      }
    }
    return true;
  }
  bool Key(const char* text, rapidjson::SizeType size, bool copy) {
    return String(text, size, copy);
  }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return true; }

  const char* refusal() const { return refusal_; }

 private:
  bool Refuse(const char* why) {
    refusal_ = why;
    return false;
  }

  const char* refusal_ = nullptr;
};

/// What is wrong with `text`; empty when it is JSON that a table can hold.
std::string WhatIsWrong(std::string_view text) {
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
  rapidjson::MemoryStream bytes(text.data(), text.size());
  rapidjson::Reader reader;
  StringCheck check;
  const auto parsed =
      reader.Parse<kFlags, rapidjson::MemoryStream, StringCheck>(bytes, check);
  if (!parsed.IsError()) return {};
  if (check.refusal() != nullptr) return check.refusal();
  return "which is no JSON: at byte " + std::to_string(parsed.Offset()) + ": " +
         rapidjson::GetParseError_En(parsed.Code());
}

/// Texts found to be good, each in the one place its hash gives it.
class SeenTexts {
 public:
  /// Whether `text` is the one in its place; puts it there otherwise.
  bool Replace(std::string_view text) {
    std::string_view& place = places_[XXH3_64bits(text.data(), text.size()) & kMask];
    if (place == text && place.data() != nullptr) return true;
    place = text;
    return false;
  }

 private:
  static constexpr size_t kMask = 4095;
  std::vector<std::string_view> places_ = std::vector<std::string_view>(kMask + 1);
};

}  // namespace

Result<ArrayPtr> StoreJson(const ArrayPtr& values, const SqlType&, BadValue* bad,
                           arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(ArrayPtr stored, StoreText(values, SqlType{}, bad, pool));
  const auto& texts = checked_cast<const arrow::StringArray&>(*stored);
  SeenTexts seen;
  for (int64_t row = 0; row < texts.length(); ++row) {
    if (texts.IsNull(row)) continue;
    const std::string_view text = texts.GetView(row);
    if (seen.Replace(text)) continue;
    const std::string wrong = WhatIsWrong(text);
    if (!wrong.empty()) return bad->At(row, ShownText(text), wrong);
  }
  return stored;
}

}  // namespace windrow::column::internal
