// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/key_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <utility>

#include "windrow/base/check.h"

namespace windrow::column {
namespace {

/// Finaliser of splitmix64 (Steele et al., OOPSLA 2014): every input bit reaches the high
/// bits, which choose the bucket, and the low bits, which choose the filter bit.
inline uint64_t MixWord(int64_t word) {
  auto h = static_cast<uint64_t>(word);
  h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9;
  h = (h ^ (h >> 27)) * 0x94d049bb133111eb;
  return h ^ (h >> 31);
}

constexpr int kFilterShift = 48;
constexpr uint64_t kEndMask = (uint64_t{1} << kFilterShift) - 1;

inline uint64_t FilterBit(uint64_t hash) {
  return uint64_t{1} << (kFilterShift + (hash & 15));
}

/// Probes between issuing a prefetch and using its line. Enough to keep ten or more
/// misses under way; the scratch arrays stay in the first-level cache.
constexpr int64_t kProbeGroup = 128;

/// Dense slots at most: 1 GiB of starts.
constexpr int64_t kDenseSlotsMax = int64_t{1} << 28;

}  // namespace

KeyTable::KeyTable(KeyLayout layout, arrow::MemoryPool* pool)
    : layout_(std::move(layout)),
      pool_(pool),
      dense_starts_(pool),
      dense_rows_(pool),
      directory_(pool),
      entries_(pool) {}

KeyTable KeyTable::Identity(KeyLayout layout, int64_t base, int64_t rows,
                            arrow::MemoryPool* pool) {
  KeyTable table(std::move(layout), pool);
  table.form_ = Form::kIdentity;
  table.num_rows_ = table.num_valid_ = rows;
  table.key_min_ = base;
  table.key_max_ = base + (rows - 1);
  return table;
}

Status KeyTable::Add(KeyBatch keys) {
  if (num_rows_ + keys.size() >= kNoBuildRow) {
    return ResourceError("join: ", num_rows_ + keys.size(),
                         " rows on the build side; expected fewer than 4,294,967,295");
  }
  for (int64_t row = 0; row < keys.size(); ++row) {
    if (!keys.is_valid(row)) continue;
    ++num_valid_;
    key_min_ = std::min(key_min_, keys.words()[row]);
    key_max_ = std::max(key_max_, keys.words()[row]);
  }
  batch_starts_.push_back(num_rows_);
  num_rows_ += keys.size();
  batches_.push_back(std::move(keys));
  return Status::OK();
}

/// Calls visit(word, row) for every valid key in row order.
template <typename Visit>
void KeyTable::ForEachKey(const Visit& visit) const {
  for (size_t b = 0; b < batches_.size(); ++b) {
    const KeyBatch& keys = batches_[b];
    const auto first = static_cast<uint32_t>(batch_starts_[b]);
    for (int64_t row = 0; row < keys.size(); ++row) {
      if (keys.is_valid(row))
        visit(keys.words()[row], first + static_cast<uint32_t>(row));
    }
  }
}

Status KeyTable::Freeze(int num_parts, bool allow_dense) {
  num_parts_ = num_parts;
  int64_t spread = 0;
  const bool has_range = allow_dense && layout_.is_word() && num_valid_ > 0 &&
                         !__builtin_sub_overflow(key_max_, key_min_, &spread);
  if (has_range && spread < kDenseSlotsMax && spread / kDenseSpread <= num_valid_) {
    form_ = Form::kDense;
    num_parts_ = 1;
    ARROW_RETURN_NOT_OK(dense_starts_.Assign(spread + 2, 0));
    return dense_rows_.Resize(num_valid_);
  }
  form_ = Form::kHash;
  const uint64_t buckets = std::bit_ceil(
      std::max<uint64_t>({2, static_cast<uint64_t>(num_valid_),
                          std::bit_ceil(static_cast<uint64_t>(num_parts))}));
  directory_shift_ = 64 - std::countr_zero(buckets);
  ARROW_RETURN_NOT_OK(directory_.Assign(static_cast<int64_t>(buckets) + 1, 0));
  return entries_.Resize(num_valid_);
}

void KeyTable::CountPart(int part) {
  if (form_ != Form::kHash) return;
  const uint64_t buckets = static_cast<uint64_t>(directory_.size()) - 1;
  const uint64_t begin = buckets * part / num_parts_;
  const uint64_t end = buckets * (part + 1) / num_parts_;
  ForEachKey([&](int64_t word, uint32_t) {
    const uint64_t hash = MixWord(word);
    const uint64_t bucket = hash >> directory_shift_;
    if (bucket < begin || bucket >= end) return;
    uint64_t& slot = directory_[static_cast<int64_t>(bucket) + 1];
    slot = (slot + 1) | FilterBit(hash);
  });
}

Status KeyTable::PlacePartStarts() {
  if (form_ == Form::kDense) {
    FillDense();
    return Status::OK();
  }
  // Each word becomes the start of its bucket; filling moves it to the bucket's end.
  uint64_t total = 0;
  for (int64_t i = 1; i < directory_.size(); ++i) {
    const uint64_t count = directory_[i] & kEndMask;
    directory_[i] = (directory_[i] & ~kEndMask) | total;
    total += count;
  }
  return Status::OK();
}

void KeyTable::FillPart(int part) {
  if (form_ != Form::kHash) return;
  const uint64_t buckets = static_cast<uint64_t>(directory_.size()) - 1;
  const uint64_t begin = buckets * part / num_parts_;
  const uint64_t end = buckets * (part + 1) / num_parts_;
  ForEachKey([&](int64_t word, uint32_t row) {
    const uint64_t bucket = MixWord(word) >> directory_shift_;
    if (bucket < begin || bucket >= end) return;
    uint64_t& slot = directory_[static_cast<int64_t>(bucket) + 1];
    entries_[static_cast<int64_t>(slot & kEndMask)] = {word, row};
    ++slot;
  });
}

void KeyTable::FillDense() {
  ForEachKey([&](int64_t word, uint32_t) { ++dense_starts_[word - key_min_]; });
  uint32_t total = 0;
  for (uint32_t& start : dense_starts_) total += std::exchange(start, total);
  ForEachKey([&](int64_t word, uint32_t row) {
    dense_rows_[dense_starts_[word - key_min_]++] = row;
  });
  // Each start has moved to the next key's start; shift them back.
  for (int64_t i = dense_starts_.size() - 1; i > 0; --i) {
    dense_starts_[i] = dense_starts_[i - 1];
  }
  dense_starts_[0] = 0;
}

Status KeyTable::DistinctWords(PoolVector<int64_t>* words) const {
  if (form_ == Form::kIdentity) {
    ARROW_RETURN_NOT_OK(words->Resize(num_rows_));
    std::iota(words->begin(), words->end(), key_min_);
    return Status::OK();
  }
  if (num_valid_ == 0) return words->Resize(0);
  // A bit for each value of the range takes no more room than the words themselves.
  int64_t spread = 0;
  if (!__builtin_sub_overflow(key_max_, key_min_, &spread) && spread / 64 < num_valid_) {
    return DistinctByBits(words);
  }
  ARROW_RETURN_NOT_OK(words->Resize(num_valid_));
  int64_t count = 0;
  ForEachKey([&](int64_t word, uint32_t) { (*words)[count++] = word; });
  std::sort(words->begin(), words->end());
  return words->Resize(std::unique(words->begin(), words->end()) - words->begin());
}

std::vector<std::string_view> KeyTable::DistinctBytes() const {
  std::vector<std::string_view> keys;
  keys.reserve(static_cast<size_t>(num_valid_));
  for (const KeyBatch& batch : batches_) {
    for (int64_t row = 0; row < batch.size(); ++row) {
      if (batch.is_valid(row)) keys.push_back(batch.bytes(row));
    }
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

void KeyTable::DropKeys() {
  batches_.clear();
  dense_starts_ = PoolVector<uint32_t>(pool_);
  dense_rows_ = PoolVector<uint32_t>(pool_);
  directory_ = PoolVector<uint64_t>(pool_);
  entries_ = PoolVector<Entry>(pool_);
}

Status KeyTable::DistinctByBits(PoolVector<int64_t>* words) const {
  PoolVector<uint64_t> bits(pool_);
  ARROW_RETURN_NOT_OK(bits.Assign((key_max_ - key_min_) / 64 + 1, 0));
  ForEachKey([&](int64_t word, uint32_t) {
    const int64_t place = word - key_min_;
    bits[place / 64] |= uint64_t{1} << (place % 64);
  });
  int64_t count = 0;
  for (const uint64_t word : bits) count += std::popcount(word);
  ARROW_RETURN_NOT_OK(words->Resize(count));
  int64_t next = 0;
  for (int64_t i = 0; i < bits.size(); ++i) {
    for (uint64_t left = bits[i]; left != 0; left &= left - 1) {
      (*words)[next++] = key_min_ + i * 64 + std::countr_zero(left);
    }
  }
  return Status::OK();
}

bool KeyTable::IsEqual(const Entry& entry, const KeyBatch& keys, int64_t row) const {
  if (entry.word != keys.words()[row]) return false;
  if (layout_.is_word()) return true;
  const auto after = std::upper_bound(batch_starts_.begin(), batch_starts_.end(),
                                      static_cast<int64_t>(entry.row));
  const auto batch = static_cast<size_t>(after - batch_starts_.begin()) - 1;
  return batches_[batch].bytes(entry.row - batch_starts_[batch]) == keys.bytes(row);
}

/// Identity and dense form: on_row(probe row, build rows begin, end).
template <typename OnRow>
Status KeyTable::ProbeRange(const KeyBatch& keys, const OnRow& on_row) const {
  const auto base = static_cast<uint64_t>(key_min_);
  const uint64_t slots = num_valid_ == 0 ? 0 : static_cast<uint64_t>(key_max_) - base + 1;
  const bool is_identity = form_ == Form::kIdentity;
  for (int64_t row = 0; row < keys.size(); ++row) {
    const uint64_t slot = static_cast<uint64_t>(keys.words()[row]) - base;
    if (slot >= slots || !keys.is_valid(row)) {
      ARROW_RETURN_NOT_OK(on_row(row, std::span<const uint32_t>()));
    } else if (is_identity) {
      const auto build_row = static_cast<uint32_t>(slot);
      ARROW_RETURN_NOT_OK(on_row(row, std::span<const uint32_t>(&build_row, 1)));
    } else {
      const uint32_t begin = dense_starts_[static_cast<int64_t>(slot)];
      const uint32_t end = dense_starts_[static_cast<int64_t>(slot) + 1];
      ARROW_RETURN_NOT_OK(on_row(row, dense_rows_.view().subspan(begin, end - begin)));
    }
  }
  return Status::OK();
}

/// Hash form, group by group: hash and prefetch the directory, then read the directory
/// and prefetch the entries of buckets that may match, then compare.
template <typename OnRow>
Status KeyTable::ProbeHash(const KeyBatch& keys, const OnRow& on_row) const {
  std::array<uint64_t, kProbeGroup> hashes;
  std::array<Found, kProbeGroup> found;
  std::vector<uint32_t> build_rows;
  const uint64_t* directory = directory_.data();
  for (int64_t first = 0; first < keys.size(); first += kProbeGroup) {
    const int64_t count = std::min(kProbeGroup, keys.size() - first);
    for (int64_t i = 0; i < count; ++i) {
      hashes[i] = MixWord(keys.words()[first + i]);
      __builtin_prefetch(directory + (hashes[i] >> directory_shift_));
    }
    for (int64_t i = 0; i < count; ++i) {
      const uint64_t bucket = hashes[i] >> directory_shift_;
      const uint64_t word = directory[bucket + 1];
      found[i] = {nullptr, nullptr};
      if ((word & FilterBit(hashes[i])) == 0 || !keys.is_valid(first + i)) continue;
      found[i] = {entries_.data() + (directory[bucket] & kEndMask),
                  entries_.data() + (word & kEndMask)};
      __builtin_prefetch(found[i].begin);
    }
    for (int64_t i = 0; i < count; ++i) {
      build_rows.clear();
      for (const Entry* entry = found[i].begin; entry != found[i].end; ++entry) {
        if (IsEqual(*entry, keys, first + i)) build_rows.push_back(entry->row);
      }
      ARROW_RETURN_NOT_OK(on_row(first + i, std::span<const uint32_t>(build_rows)));
    }
  }
  return Status::OK();
}

/// Inner matches against the identity form: no branch depends on whether a row matches,
/// which is as unpredictable as the data.
Status KeyTable::MatchIdentity(const KeyBatch& keys, KeyMatches* matches) const {
  int64_t found = matches->probe_rows.size();
  ARROW_RETURN_NOT_OK(matches->probe_rows.Resize(found + keys.size()));
  ARROW_RETURN_NOT_OK(matches->build_rows.Resize(found + keys.size()));
  const auto base = static_cast<uint64_t>(key_min_);
  const auto rows = static_cast<uint64_t>(num_rows_);
  for (int64_t row = 0; row < keys.size(); ++row) {
    const uint64_t slot = static_cast<uint64_t>(keys.words()[row]) - base;
    matches->probe_rows[found] = static_cast<uint32_t>(row);
    matches->build_rows[found] = static_cast<uint32_t>(slot);
    found += static_cast<int64_t>(slot < rows) & static_cast<int64_t>(keys.is_valid(row));
  }
  matches->probe_rows.Truncate(found);
  matches->build_rows.Truncate(found);
  return Status::OK();
}

Status KeyTable::Match(const KeyBatch& keys, bool keep_unmatched,
                       KeyMatches* matches) const {
  if (form_ == Form::kIdentity && !keep_unmatched) return MatchIdentity(keys, matches);
  ARROW_RETURN_NOT_OK(matches->probe_rows.Reserve(matches->probe_rows.size() + 64));
  auto on_row = [&](int64_t row, std::span<const uint32_t> build_rows) -> Status {
    const auto probe_row = static_cast<uint32_t>(row);
    if (build_rows.empty()) {
      if (!keep_unmatched) return Status::OK();
      ARROW_RETURN_NOT_OK(matches->probe_rows.Append(probe_row));
      return matches->build_rows.Append(kNoBuildRow);
    }
    for (const uint32_t build_row : build_rows) {
      ARROW_RETURN_NOT_OK(matches->probe_rows.Append(probe_row));
      ARROW_RETURN_NOT_OK(matches->build_rows.Append(build_row));
    }
    return Status::OK();
  };
  return form_ == Form::kHash ? ProbeHash(keys, on_row) : ProbeRange(keys, on_row);
}

Status KeyTable::Exists(const KeyBatch& keys, std::span<uint8_t> exists) const {
  WINDROW_CHECK(static_cast<int64_t>(exists.size()) == keys.size());
  auto on_row = [&](int64_t row, std::span<const uint32_t> build_rows) {
    exists[static_cast<size_t>(row)] = build_rows.empty() ? 0 : 1;
    return Status::OK();
  };
  return form_ == Form::kHash ? ProbeHash(keys, on_row) : ProbeRange(keys, on_row);
}

Status KeyTable::CountMatches(const KeyBatch& keys, std::span<uint32_t> counts) const {
  WINDROW_CHECK(static_cast<int64_t>(counts.size()) == keys.size());
  auto on_row = [&](int64_t row, std::span<const uint32_t> build_rows) {
    counts[static_cast<size_t>(row)] = static_cast<uint32_t>(build_rows.size());
    return Status::OK();
  };
  return form_ == Form::kHash ? ProbeHash(keys, on_row) : ProbeRange(keys, on_row);
}

}  // namespace windrow::column
