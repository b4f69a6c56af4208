// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/address_counter.h"

#include <arpa/inet.h>
#include <arrow/array.h>
#include <arrow/util/checked_cast.h>

#include <cstring>

namespace windrow::op {
namespace {

using arrow::internal::checked_cast;

/// Texts of an undictionaried column seen last, by a few of their bytes.
constexpr size_t kRecentTexts = 1 << 13;

size_t RecentSlot(std::string_view text) {
  uint64_t head = 0;
  uint64_t tail = 0;
  const size_t taken = std::min<size_t>(8, text.size());
  std::memcpy(&head, text.data(), taken);
  std::memcpy(&tail, text.data() + text.size() - taken, taken);
  return ((head ^ tail * 31 ^ text.size()) * 0x9E3779B97F4A7C15) >> 51;
}

int64_t CountInPlain(const arrow::StringArray& texts) {
  std::vector<std::string_view> recent(kRecentTexts);
  std::vector<uint8_t> recent_is_address(kRecentTexts, 0);
  int64_t others = 0;
  for (int64_t row = 0; row < texts.length(); ++row) {
    if (texts.IsNull(row)) continue;
    const std::string_view text = texts.GetView(row);
    if (text.empty()) {
      ++others;
      continue;
    }
    const size_t slot = RecentSlot(text);
    if (recent[slot] != text) {
      recent[slot] = text;
      recent_is_address[slot] = IsAddress(text) ? 1 : 0;
    }
    others += 1 - recent_is_address[slot];
  }
  return others;
}

/// What inet_pton takes for IPv4, several times faster: four numbers up to 255 without
/// leading zeros.
bool IsDottedQuad(std::string_view text) {
  int numbers = 1;
  int value = 0;
  int digits = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      if (digits > 0 && value == 0) return false;
      value = value * 10 + (c - '0');
      ++digits;
      if (value > 255) return false;
    } else if (c == '.' && digits > 0) {
      ++numbers;
      value = 0;
      digits = 0;
    } else {
      return false;
    }
  }
  return numbers == 4 && digits > 0;
}

}  // namespace

bool IsAddress(std::string_view text) {
  if (IsDottedQuad(text)) return true;
  char terminated[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof(terminated) || text.find('\0') != text.npos) return false;
  text.copy(terminated, text.size());
  terminated[text.size()] = '\0';
  in6_addr address;
  return inet_pton(AF_INET6, terminated, &address) == 1;
}

std::shared_ptr<AddressCounter::States> AddressCounter::StatesOf(
    const std::shared_ptr<arrow::ArrayData>& dictionary) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(seen_, [](const Seen& seen) { return seen.dictionary.expired(); });
  for (const Seen& seen : seen_) {
    if (seen.dictionary.lock() == dictionary) return seen.states;
  }
  seen_.push_back(
      {dictionary, std::make_shared<States>(static_cast<size_t>(dictionary->length))});
  return seen_.back().states;
}

Result<int64_t> AddressCounter::CountOthers(const arrow::Array& texts) {
  if (texts.type_id() != arrow::Type::DICTIONARY) {
    return CountInPlain(checked_cast<const arrow::StringArray&>(texts));
  }
  const auto& coded = checked_cast<const arrow::DictionaryArray&>(texts);
  const auto& dictionary = checked_cast<const arrow::StringArray&>(*coded.dictionary());
  const auto& codes = checked_cast<const arrow::Int32Array&>(*coded.indices());
  const std::shared_ptr<States> states = StatesOf(texts.data()->dictionary);
  const bool has_nulls = codes.null_count() > 0;
  int64_t others = 0;
  for (int64_t row = 0; row < codes.length(); ++row) {
    if (has_nulls && codes.IsNull(row)) continue;
    const auto code = static_cast<uint32_t>(codes.Value(row));
    if (code >= states->size()) {
      return DataError("code ", codes.Value(row), " of a dictionary of ", states->size(),
                       " texts");
    }
    State state = (*states)[code].load(std::memory_order_relaxed);
    if (state == kUnknown) {
      state = IsAddress(dictionary.GetView(code)) ? kAddress : kOther;
      (*states)[code].store(state, std::memory_order_relaxed);
    }
    others += state == kOther ? 1 : 0;
  }
  return others;
}

}  // namespace windrow::op
