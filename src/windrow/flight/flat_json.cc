// SPDX-License-Identifier: Apache-2.0
#include "windrow/flight/flat_json.h"

#include <arrow/util/utf8.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <limits>

#include "windrow/base/json_text.h"
#include "windrow/base/near_name.h"

namespace windrow::flight {
namespace {

constexpr size_t kShownBytes = 60;

bool IsUtf8(std::string_view text) {
  [[maybe_unused]] static const bool kInitialised = (arrow::util::InitializeUTF8(), true);
  return arrow::util::ValidateUTF8(text);
}

/// Takes the events of the reader; stops it at the first thing that does not belong.
class FieldReader {
 public:
  explicit FieldReader(const std::vector<JsonField>& fields)
      : fields_(fields), is_read_(fields.size()) {}

  bool StartObject() {
    if (field_ != nullptr) return RefuseValue("an object");
    is_open_ = true;
    return true;
  }
  bool EndObject(rapidjson::SizeType) {
    for (size_t i = 0; i < fields_.size(); ++i) {
      if (fields_[i].is_required && !is_read_[i]) {
        return Refuse("key '" + std::string(fields_[i].key) + "' is missing");
      }
    }
    return true;
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    const std::string_view key(text, size);
    const auto found =
        std::find_if(fields_.begin(), fields_.end(),
                     [&](const JsonField& field) { return field.key == key; });
    if (found == fields_.end()) return RefuseKey(key);
    const auto number = static_cast<size_t>(found - fields_.begin());
    if (is_read_[number]) return Refuse("key '" + std::string(key) + "' stands twice");
    is_read_[number] = true;
    field_ = &*found;
    return true;
  }
  bool StartArray() {
    if (list_ != nullptr) return RefuseValue("a list of lists");
    auto* const to = Target<std::optional<std::vector<std::string>>>();
    if (to == nullptr) return RefuseValue("a list");
    list_ = &to->emplace();
    return true;
  }
  bool EndArray(rapidjson::SizeType) {
    list_ = nullptr;
    return true;
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    std::string* to = Target<std::string>();
    if (list_ != nullptr) {
      if (list_->size() == kListTextsMax) return RefuseValue("a list too long");
      to = &list_->emplace_back();
    }
    if (to == nullptr) return RefuseValue("a text");
    to->assign(text, size);
    const char* const fault = FaultOfText(*to);
    return fault == nullptr || RefuseValue(fault);
  }
  bool Uint64(uint64_t value) {
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return RefuseValue("a number beyond 64 bits");
    }
    const auto number = static_cast<int64_t>(value);
    if (list_ != nullptr) return RefuseValue("a list with a number");
    if (auto* const to = Target<int64_t>()) return *to = number, true;
    if (auto* const to = Target<std::optional<int64_t>>()) return *to = number, true;
    return RefuseValue("a number");
  }
  bool Int64(int64_t value) {
    if (value < 0) return RefuseValue("a negative number");
    return Uint64(static_cast<uint64_t>(value));
  }
  bool Uint(unsigned value) { return Uint64(value); }
  bool Int(int value) { return Int64(value); }
  bool Double(double) { return RefuseValue("a number that is not whole"); }
  bool RawNumber(const char*, rapidjson::SizeType, bool) {
    return RefuseValue("a number");
  }
  bool Null() { return RefuseValue("null"); }
  bool Bool(bool) { return RefuseValue("true or false"); }

  const std::string& refusal() const { return refusal_; }

 private:
  template <typename T>
  T* Target() const {
    if (field_ == nullptr || !std::holds_alternative<T*>(field_->to)) return nullptr;
    return std::get<T*>(field_->to);
  }

  bool Refuse(std::string why) {
    refusal_ = std::move(why);
    return false;
  }

  bool RefuseKey(std::string_view key) {
    std::vector<std::string> known;
    for (const JsonField& field : fields_) known.emplace_back(field.key);
    const std::string near = key.size() > kShownBytes ? "" : DidYouMean(key, known);
    return Refuse("unknown key " + Shown(key) + near);
  }

  bool RefuseValue(const char* found) {
    if (!is_open_) return Refuse(std::string("found ") + found + ", expected an object");
    const char* expected = "a whole number from 0";
    if (std::holds_alternative<std::string*>(field_->to)) expected = "a text";
    if (std::holds_alternative<std::optional<std::vector<std::string>>*>(field_->to)) {
      expected = "a list of texts";
    }
    return Refuse("key '" + std::string(field_->key) + "': found " + found +
                  ", expected " + expected);
  }

  const std::vector<JsonField>& fields_;
  std::vector<bool> is_read_;
  bool is_open_ = false;
  const JsonField* field_ = nullptr;          // of the key read last
  std::vector<std::string>* list_ = nullptr;  // open at the moment
  std::string refusal_;
};

}  // namespace

Status ReadFlatJson(std::string_view text, const std::vector<JsonField>& fields) {
  // Iterative: nesting is refused by the events, not by the depth of the stack.
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag;
  rapidjson::MemoryStream bytes(text.data(), text.size());
  rapidjson::Reader reader;
  FieldReader events(fields);
  const auto parsed =
      reader.Parse<kFlags, rapidjson::MemoryStream, FieldReader>(bytes, events);
  if (!events.refusal().empty()) return UserError(events.refusal());
  if (!parsed.IsError()) {
    // To the reader a NUL is the end.
    if (bytes.Tell() == text.size()) return Status::OK();
    return UserError("no JSON, at byte ", bytes.Tell(), ": a NUL");
  }
  return UserError("no JSON, at byte ", parsed.Offset(), ": ",
                   rapidjson::GetParseError_En(parsed.Code()));
}

const char* FaultOfText(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return "a text with a NUL";
  return IsUtf8(text) ? nullptr : "a text that is not UTF-8";
}

std::string Shown(std::string_view text) {
  if (text.size() <= kShownBytes) return JsonText(text);
  size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return JsonText(text.substr(0, end)) + "...";
}

}  // namespace windrow::flight
