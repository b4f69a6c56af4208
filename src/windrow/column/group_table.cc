// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/group_table.h"

#include <algorithm>
#include <utility>

namespace windrow::column {
namespace {

constexpr int64_t kFirstSlots = 64;
/// Rows between asking for a slot's memory and looking at it.
constexpr int64_t kAhead = 12;

uint64_t Fold(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

template <int kWords>
uint64_t HashOf(const uint64_t* key, int words) {
  uint64_t hash = 0x9e3779b97f4a7c15;
  for (int w = 0; w < (kWords >= 0 ? kWords : words); ++w) {
    hash = Fold(hash ^ key[w], 0xd6e8feb86659fd93);
  }
  return Fold(hash ^ 0xa0761d6478bd642f, 0xe7037ed1a0b428db);
}

template <int kWords>
void HashAll(const uint64_t* keys, int words, int64_t count, uint64_t* hashes) {
  const int step = kWords >= 0 ? kWords : words;
  for (int64_t i = 0; i < count; ++i) hashes[i] = HashOf<kWords>(keys + i * step, words);
}

}  // namespace

GroupTable::GroupTable(int words, arrow::MemoryPool* pool)
    : words_(words), pool_(pool), keys_(pool), slots_(pool) {}

void GroupTable::Hash(const uint64_t* keys, int words, int64_t count, uint64_t* hashes) {
  if (words == 1) return HashAll<1>(keys, words, count, hashes);
  if (words == 2) return HashAll<2>(keys, words, count, hashes);
  HashAll<-1>(keys, words, count, hashes);
}

Status GroupTable::FindOrAdd(const uint64_t* keys, const uint64_t* hashes,
                             const uint32_t* rows, int64_t count, uint32_t* groups) {
  if (words_ == 1) return FindOrAddWords<1>(keys, hashes, rows, count, groups);
  if (words_ == 2) return FindOrAddWords<2>(keys, hashes, rows, count, groups);
  return FindOrAddWords<-1>(keys, hashes, rows, count, groups);
}

template <int kWords>
bool GroupTable::IsKey(int64_t number, const uint64_t* key) const {
  const int words = kWords >= 0 ? kWords : words_;
  const uint64_t* known = keys_.data() + number * words;
  for (int w = 0; w < words; ++w) {
    if (known[w] != key[w]) return false;
  }
  return true;
}

template <int kWords>
Status GroupTable::FindOrAddWords(const uint64_t* keys, const uint64_t* hashes,
                                  const uint32_t* rows, int64_t count, uint32_t* groups) {
  const int words = kWords >= 0 ? kWords : words_;
  for (int64_t i = 0; i < count; ++i) {
    if (2 * size_ >= slots_.size()) ARROW_RETURN_NOT_OK(Grow());
    const auto mask = static_cast<uint64_t>(slots_.size() - 1);
    if (i + kAhead < count) {
      const int64_t later = rows == nullptr ? i + kAhead : rows[i + kAhead];
      __builtin_prefetch(slots_.data() + (hashes[later] & mask));
    }
    const int64_t row = rows == nullptr ? i : rows[i];
    const uint64_t* key = keys + row * words;
    const auto hash = static_cast<uint32_t>(hashes[row]);
    uint64_t place = hash & mask;
    while (true) {
      Slot& slot = slots_[static_cast<int64_t>(place)];
      if (slot.number == 0) {
        if (size_ >= UINT32_MAX - 1)
          return Status::CapacityError("more keys than numbers");
        ARROW_RETURN_NOT_OK(keys_.Append({key, static_cast<size_t>(words)}));
        slot = {hash, static_cast<uint32_t>(++size_)};
        groups[i] = slot.number - 1;
        break;
      }
      if (slot.hash == hash && IsKey<kWords>(slot.number - 1, key)) {
        groups[i] = slot.number - 1;
        break;
      }
      place = (place + 1) & mask;
    }
  }
  return Status::OK();
}

Status GroupTable::Grow() {
  PoolVector<Slot> grown(pool_);
  ARROW_RETURN_NOT_OK(grown.Assign(std::max(kFirstSlots, 2 * slots_.size()), Slot{0, 0}));
  const auto mask = static_cast<uint64_t>(grown.size() - 1);
  for (const Slot& slot : slots_) {
    if (slot.number == 0) continue;
    uint64_t place = slot.hash & mask;
    while (grown[static_cast<int64_t>(place)].number != 0) place = (place + 1) & mask;
    grown[static_cast<int64_t>(place)] = slot;
  }
  std::swap(slots_, grown);
  return Status::OK();
}

int64_t GroupTable::bytes() const {
  return keys_.size() * static_cast<int64_t>(sizeof(uint64_t)) +
         slots_.size() * static_cast<int64_t>(sizeof(Slot));
}

void GroupTable::Clear() {
  size_ = 0;
  keys_ = PoolVector<uint64_t>(pool_);
  slots_ = PoolVector<Slot>(pool_);
}

}  // namespace windrow::column
