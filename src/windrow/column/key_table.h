// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/column/key_batch.h"
#include "windrow/column/pool_vector.h"

namespace windrow::column {

/// Pairs of rows with equal keys: probe_rows[i] of the probed batch, build_rows[i] of the
/// table. Ascending probe rows; for one probe row, ascending build rows.
struct KeyMatches {
  explicit KeyMatches(arrow::MemoryPool* pool) : probe_rows(pool), build_rows(pool) {}
  PoolVector<uint32_t> probe_rows;
  PoolVector<uint32_t> build_rows;
};

/// From key to the build rows that have it. Holds keys and row numbers, never payload.
///
/// Three forms, chosen from the keys themselves:
///   identity  the keys are base, base + 1, …: a row number is a subtraction, and
///             nothing is stored.
///   dense     integer keys in a range at most kDenseSpread times their number: an array
///             by key - min, with the rows of one key side by side.
///   hash      everything else: a directory by hash prefix into entries stored side by
///             side ("unchained", Birler et al., DaMoN 2024). A directory word is the end
///             of the bucket's entries (48 bits) and a 16-bit filter of its hashes, so a
///             miss costs one cache line. Duplicates are neighbours; there are no chains.
/// Example: keys 7, 7, 9 are dense: starts 0,2,2,3 for 7,8,9; rows 0,1,2.
/// Build: Add each batch, Freeze, CountPart for every part, PlacePartStarts, FillPart for
/// every part. Parts are independent and may run on different threads. After that
/// immutable and thread-safe.
/// At most 2^32 - 2 rows.
class KeyTable {
 public:
  enum class Form { kIdentity, kDense, kHash };
  /// A key range this many times the number of keys is still worth an array: 4 bytes a
  /// slot against 28 bytes an entry of the hash form.
  static constexpr int64_t kDenseSpread = 4;

  explicit KeyTable(KeyLayout layout, arrow::MemoryPool* pool);

  /// A table of `rows` consecutive integer keys from `base`: row i has key base + i.
  static KeyTable Identity(KeyLayout layout, int64_t base, int64_t rows,
                           arrow::MemoryPool* pool);

  const KeyLayout& layout() const { return layout_; }
  Form form() const { return form_; }
  int64_t num_rows() const { return num_rows_; }
  /// Range of the valid word keys; only when there is one.
  int64_t key_min() const { return key_min_; }
  int64_t key_max() const { return key_max_; }
  int64_t num_valid() const { return num_valid_; }

  /// Rows num_rows() … get the batch's keys. The batch is kept.
  Status Add(KeyBatch keys);
  /// Chooses the form (dense only if allowed) and sizes it for `num_parts` parts.
  Status Freeze(int num_parts, bool allow_dense = true);
  /// First pass over part `part`: counts.
  void CountPart(int part);
  /// Between the passes, once.
  Status PlacePartStarts();
  /// Second pass over part `part`: entries.
  void FillPart(int part);

  /// Appends all pairs of `keys` with this table to `matches`; with `keep_unmatched`, a
  /// probe row without partner appears once with build row kNoBuildRow.
  Status Match(const KeyBatch& keys, bool keep_unmatched, KeyMatches* matches) const;
  /// Sets exists[row] to 1 where the key is in the table, else to 0.
  Status Exists(const KeyBatch& keys, std::span<uint8_t> exists) const;

  /// The distinct valid words, ascending. For a frozen table of word keys.
  Status DistinctWords(PoolVector<int64_t>* words) const;

  /// Sets counts[row] to the number of build rows with its key.
  Status CountMatches(const KeyBatch& keys, std::span<uint32_t> counts) const;

  /// The distinct valid keys of a table of byte keys, in the order of their bytes, as
  /// KeyBatch::bytes. They point into this table.
  std::vector<std::string_view> DistinctBytes() const;

  /// Frees the keys. The table's counts and range stay, and nothing is matched any more.
  void DropKeys();

  static constexpr uint32_t kNoBuildRow = UINT32_MAX;

 private:
  struct Entry {
    int64_t word;  ///< key, or hash of a byte key
    uint32_t row;
  };
  struct Found {
    const Entry* begin;
    const Entry* end;
  };

  template <typename Visit>
  void ForEachKey(const Visit& visit) const;
  void FillDense();
  Status DistinctByBits(PoolVector<int64_t>* words) const;
  bool IsEqual(const Entry& entry, const KeyBatch& keys, int64_t row) const;
  Status MatchIdentity(const KeyBatch& keys, KeyMatches* matches) const;
  template <typename OnRow>
  Status ProbeRange(const KeyBatch& keys, const OnRow& on_row) const;
  template <typename OnRow>
  Status ProbeHash(const KeyBatch& keys, const OnRow& on_row) const;

  KeyLayout layout_;
  arrow::MemoryPool* pool_;
  Form form_ = Form::kHash;
  std::vector<KeyBatch> batches_;
  std::vector<int64_t> batch_starts_;  ///< first row of each batch
  int64_t num_rows_ = 0;
  int64_t num_valid_ = 0;
  int64_t key_min_ = INT64_MAX;
  int64_t key_max_ = INT64_MIN;

  PoolVector<uint32_t> dense_starts_;  ///< by key - key_min_, then one end
  PoolVector<uint32_t> dense_rows_;

  int num_parts_ = 1;
  int directory_shift_ = 63;
  PoolVector<uint64_t> directory_;  ///< one leading word, then a word per bucket
  PoolVector<Entry> entries_;
};

}  // namespace windrow::column
