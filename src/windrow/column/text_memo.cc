// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/text_memo.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <utility>

namespace windrow::column {
namespace {

constexpr int64_t kFirstSlots = 1024;

constexpr int64_t kFirstBytes = 64 << 10;

/// Of an entry beside its texts: itself and its slots, half of which may be empty.
constexpr int64_t kEntryBytes = 24 + 4 * sizeof(uint32_t);

}  // namespace

uint64_t TextMemo::HashOf(std::string_view key) {
  return XXH3_64bits(key.data(), key.size());
}

int64_t TextMemo::Find(std::string_view key, uint64_t hash) const {
  if (slots_.empty()) return -1;
  const auto mask = static_cast<uint64_t>(slots_.size() - 1);
  for (uint64_t place = hash & mask; slots_[place] != 0; place = (place + 1) & mask) {
    const int64_t number = slots_[place] - 1;
    const Entry& entry = entries_[number];
    if (entry.hash == hash &&
        std::string_view(bytes_.data() + entry.offset, entry.key_bytes) == key) {
      return number;
    }
  }
  return -1;
}

Result<int64_t> TextMemo::Add(std::string_view key, uint64_t hash,
                              std::optional<std::string_view> result) {
  const auto size = static_cast<int64_t>(key.size() + result.value_or("").size());
  const int64_t held = bytes_.size() + (entries_.size() + 1) * kEntryBytes;
  if (held + size > bytes_max_) Forget();
  const Status added = Append(key, hash, result);
  if (!added.ok()) {
    Forget();
    return added;
  }
  return entries_.size() - 1;
}

Status TextMemo::Append(std::string_view key, uint64_t hash,
                        std::optional<std::string_view> result) {
  if (2 * (entries_.size() + 1) > slots_.size()) ARROW_RETURN_NOT_OK(Grow());
  const int64_t offset = bytes_.size();
  const auto size = static_cast<int64_t>(key.size() + result.value_or("").size());
  if (offset + size > bytes_reserved_) {
    const int64_t doubled = std::max(2 * bytes_reserved_, kFirstBytes);
    ARROW_RETURN_NOT_OK(bytes_.Reserve(std::max(doubled, offset + size)));
    bytes_reserved_ = std::max(doubled, offset + size);
  }
  ARROW_RETURN_NOT_OK(bytes_.Append({key.data(), key.size()}));
  if (result.has_value()) {
    ARROW_RETURN_NOT_OK(bytes_.Append({result->data(), result->size()}));
  }
  ARROW_RETURN_NOT_OK(entries_.Append(
      Entry{hash, offset, static_cast<uint32_t>(key.size()),
            result.has_value() ? static_cast<int32_t>(result->size()) : -1}));
  const auto mask = static_cast<uint64_t>(slots_.size() - 1);
  uint64_t place = hash & mask;
  while (slots_[place] != 0) place = (place + 1) & mask;
  slots_[place] = static_cast<uint32_t>(entries_.size());
  return Status::OK();
}

Status TextMemo::Grow() {
  ARROW_RETURN_NOT_OK(slots_.Assign(std::max(kFirstSlots, 2 * slots_.size()), 0));
  const auto mask = static_cast<uint64_t>(slots_.size() - 1);
  for (int64_t number = 0; number < entries_.size(); ++number) {
    uint64_t place = entries_[number].hash & mask;
    while (slots_[place] != 0) place = (place + 1) & mask;
    slots_[place] = static_cast<uint32_t>(number + 1);
  }
  return Status::OK();
}

std::optional<std::string_view> TextMemo::result(int64_t number) const {
  const Entry& entry = entries_[number];
  if (entry.result_bytes < 0) return std::nullopt;
  return std::string_view(bytes_.data() + entry.offset + entry.key_bytes,
                          static_cast<size_t>(entry.result_bytes));
}

void TextMemo::Forget() {
  entries_.Clear();
  bytes_.Clear();
  slots_.Clear();
  ++age_;
}

}  // namespace windrow::column
