// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/value_dictionary.h"

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/builder.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <vector>

#include "windrow/base/check.h"

namespace windrow::column {
namespace {

constexpr int64_t kFirstSlots = 64;

/// The first eight bytes as a number that sorts as they do.
uint64_t OrderedPrefix(std::string_view value) {
  uint64_t word = 0;
  std::memcpy(&word, value.data(), std::min<size_t>(value.size(), sizeof(word)));
  return __builtin_bswap64(word);
}

}  // namespace

ValueDictionary::ValueDictionary(arrow::MemoryPool* pool) {
  for (auto& shard : shards_) shard = std::make_unique<Shard>(pool);
}

Status ValueDictionary::Intern(std::span<const std::string_view> values, uint32_t* codes,
                               uint32_t* tags) {
  const auto count = static_cast<uint32_t>(values.size());
  std::vector<uint64_t> hashes(count);
  std::array<uint32_t, kShards + 1> starts = {};
  for (uint32_t i = 0; i < count; ++i) {
    hashes[i] = XXH3_64bits(values[i].data(), values[i].size());
    ++starts[hashes[i] % kShards + 1];
  }
  for (uint32_t s = 0; s < kShards; ++s) starts[s + 1] += starts[s];
  std::vector<uint32_t> by_shard(count);
  std::array<uint32_t, kShards> next;
  std::copy_n(starts.begin(), kShards, next.begin());
  for (uint32_t i = 0; i < count; ++i) by_shard[next[hashes[i] % kShards]++] = i;
  for (uint32_t s = 0; s < kShards; ++s) {
    if (starts[s] == starts[s + 1]) continue;
    Shard& shard = *shards_[s];
    const std::scoped_lock lock(shard.mutex);
    for (uint32_t k = starts[s]; k < starts[s + 1]; ++k) {
      const uint32_t i = by_shard[k];
      ARROW_ASSIGN_OR_RAISE(const uint32_t entry,
                            FindOrAdd(&shard, values[i], hashes[i]));
      codes[i] = entry << kShardBits | s;
      if (tags != nullptr) tags[i] = shard.entries[entry].tag;
    }
  }
  return Status::OK();
}

Result<uint32_t> ValueDictionary::FindOrAdd(Shard* shard, std::string_view value,
                                            uint64_t hash) {
  // The entry that code 0 names is taken in every shard, to keep the arithmetic plain.
  if (shard->entries.empty()) ARROW_RETURN_NOT_OK(shard->entries.Append(Entry{0, 0, 0}));
  if (2 * shard->entries.size() >= shard->slots.size()) ARROW_RETURN_NOT_OK(Grow(shard));
  const auto mask = static_cast<uint64_t>(shard->slots.size() - 1);
  const auto upper = static_cast<uint32_t>(hash >> 32);
  uint64_t place = upper & mask;
  for (; shard->slots[place].entry != 0; place = (place + 1) & mask) {
    const Slot& slot = shard->slots[place];
    if (slot.hash != upper) continue;
    if (ValueOf(*shard, shard->entries[slot.entry - 1]) == value) return slot.entry - 1;
  }
  const auto entry = static_cast<uint32_t>(shard->entries.size());
  if (entry >= (1u << (31 - kShardBits))) {
    return Status::CapacityError("more distinct values than codes");
  }
  const uint32_t tag = tag_of_ ? tag_of_(value) : 0;
  const int64_t offset = shard->bytes.size();
  ARROW_RETURN_NOT_OK(shard->bytes.Append({value.data(), value.size()}));
  ARROW_RETURN_NOT_OK(
      shard->entries.Append(Entry{offset, static_cast<uint32_t>(value.size()), tag}));
  shard->slots[place] = {upper, entry + 1};
  return entry;
}

Status ValueDictionary::Grow(Shard* shard) {
  PoolVector<Slot> grown(shard->pool);
  ARROW_RETURN_NOT_OK(
      grown.Assign(std::max(kFirstSlots, 2 * shard->slots.size()), Slot{0, 0}));
  const auto mask = static_cast<uint64_t>(grown.size() - 1);
  for (const Slot& slot : shard->slots) {
    if (slot.entry == 0) continue;
    uint64_t place = slot.hash & mask;
    while (grown[place].entry != 0) place = (place + 1) & mask;
    grown[place] = slot;
  }
  std::swap(shard->slots, grown);
  return Status::OK();
}

void ValueDictionary::SetTags(TagOf tag_of, uint32_t null_tag) {
  std::vector<std::unique_lock<std::mutex>> locks;
  for (const auto& shard : shards_) locks.emplace_back(shard->mutex);
  tag_of_ = std::move(tag_of);
  null_tag_ = null_tag;
  for (const auto& shard : shards_) {
    for (int64_t e = 1; e < shard->entries.size(); ++e) {
      Entry& entry = shard->entries[e];
      entry.tag = tag_of_(ValueOf(*shard, entry));
    }
  }
}

std::vector<std::string> ValueDictionary::CopyValues(
    std::span<const uint32_t> codes) const {
  std::vector<std::string> values;
  values.reserve(codes.size());
  for (const uint32_t code : codes) {
    const std::scoped_lock lock(shards_[code % kShards]->mutex);
    values.emplace_back(value(code));
  }
  return values;
}

Status ValueDictionary::CopyTags(PoolVector<uint32_t>* tags) const {
  ARROW_RETURN_NOT_OK(tags->Assign(int64_t{1} << kShardBits, 0));
  for (uint32_t s = 0; s < kShards; ++s) {
    const Shard& shard = *shards_[s];
    const std::scoped_lock lock(shard.mutex);
    const int64_t limit = shard.entries.size() << kShardBits;
    const int64_t known = tags->size();
    if (limit > known) {
      ARROW_RETURN_NOT_OK(tags->Resize(limit));
      std::fill(tags->begin() + known, tags->end(), 0);
    }
    for (int64_t e = 1; e < shard.entries.size(); ++e) {
      (*tags)[e << kShardBits | s] = shard.entries[e].tag;
    }
  }
  (*tags)[kNullCode] = null_tag();
  return Status::OK();
}

uint32_t ValueDictionary::null_tag() const {
  const std::scoped_lock lock(shards_[0]->mutex);
  return null_tag_;
}

std::string_view ValueDictionary::value(uint32_t code) const {
  if (code == kNullCode) return {};
  const Shard& shard = *shards_[code % kShards];
  return ValueOf(shard, shard.entries[code >> kShardBits]);
}

uint32_t ValueDictionary::code_limit() const {
  int64_t entries = 1;
  for (const auto& shard : shards_) {
    const std::scoped_lock lock(shard->mutex);
    entries = std::max(entries, shard->entries.size());
  }
  return static_cast<uint32_t>(entries << kShardBits);
}

int64_t ValueDictionary::size() const {
  int64_t values = 0;
  for (const auto& shard : shards_) {
    values += std::max<int64_t>(0, shard->entries.size() - 1);
  }
  return values;
}

int64_t ValueDictionary::bytes() const {
  int64_t bytes = 0;
  for (const auto& shard : shards_) {
    const std::scoped_lock lock(shard->mutex);
    bytes += shard->bytes.size() +
             shard->entries.size() * static_cast<int64_t>(sizeof(Entry)) +
             shard->slots.size() * static_cast<int64_t>(sizeof(Slot));
  }
  return bytes;
}

Status ValueDictionary::CodesInOrder(PoolVector<uint32_t>* codes) const {
  struct Ordered {
    uint64_t prefix;
    uint32_t code;
  };
  std::vector<Ordered> ordered;
  ordered.reserve(static_cast<size_t>(size()));
  for (uint32_t s = 0; s < kShards; ++s) {
    const Shard& shard = *shards_[s];
    for (int64_t e = 1; e < shard.entries.size(); ++e) {
      ordered.push_back({OrderedPrefix(ValueOf(shard, shard.entries[e])),
                         static_cast<uint32_t>(e) << kShardBits | s});
    }
  }
  std::sort(ordered.begin(), ordered.end(), [this](const Ordered& a, const Ordered& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    return value(a.code) < value(b.code);
  });
  ARROW_RETURN_NOT_OK(codes->Resize(static_cast<int64_t>(ordered.size())));
  for (size_t i = 0; i < ordered.size(); ++i)
    (*codes)[static_cast<int64_t>(i)] = ordered[i].code;
  return Status::OK();
}

Result<std::shared_ptr<arrow::Array>> ValueDictionary::ToArray(
    const std::shared_ptr<arrow::DataType>& type, arrow::MemoryPool* pool) const {
  const int64_t limit = code_limit();
  auto build = [&](auto builder) -> Result<std::shared_ptr<arrow::Array>> {
    ARROW_RETURN_NOT_OK(builder.Reserve(limit));
    ARROW_RETURN_NOT_OK(builder.AppendNull());
    for (uint32_t code = 1; code < limit; ++code) {
      const Shard& shard = *shards_[code % kShards];
      const uint32_t entry = code >> kShardBits;
      const bool is_used = entry > 0 && entry < shard.entries.size();
      ARROW_RETURN_NOT_OK(builder.Append(is_used ? ValueOf(shard, shard.entries[entry])
                                                 : std::string_view()));
    }
    return builder.Finish();
  };
  std::shared_ptr<arrow::Array> values;
  const bool is_large =
      type->id() == arrow::Type::LARGE_STRING || type->id() == arrow::Type::LARGE_BINARY;
  if (is_large) {
    ARROW_ASSIGN_OR_RAISE(values, build(arrow::LargeBinaryBuilder(pool)));
  } else {
    ARROW_ASSIGN_OR_RAISE(values, build(arrow::BinaryBuilder(pool)));
  }
  return values->View(type);
}

}  // namespace windrow::column
