// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "windrow/column/pool_vector.h"
#include "windrow/column/value_dictionary.h"

namespace windrow::op {

/// Translates text columns into the codes of one ValueDictionary. A dictionary that many
/// batches share, as those of one row group do, is looked up once. Thread-safe.
class DictionaryMap {
 public:
  /// `pool` for what is kept; it must not deny (see ValueDictionary).
  explicit DictionaryMap(arrow::MemoryPool* pool);

  column::ValueDictionary& values() { return values_; }
  const column::ValueDictionary& values() const { return values_; }

  /// The codes of a column of text, binary or a dictionary of those; null is
  /// ValueDictionary::kNullCode. With `tags`, the tag of each row's value too. Both are
  /// resized to the column's length.
  Status CodesOf(const std::shared_ptr<arrow::Array>& column, arrow::MemoryPool* pool,
                 column::PoolVector<uint32_t>* codes, column::PoolVector<uint32_t>* tags);
  /// Forgets the tags of dictionaries seen so far; after ValueDictionary::SetTags.
  void ForgetDictionaries();
  /// One byte for each code: 1 when some row had it; codes past its end were not used. A
  /// dictionary may hold values that no row has. Not while CodesOf runs.
  std::vector<uint8_t> TakeUsed();

 private:
  struct Mapped;
  using MappedPtr = std::shared_ptr<Mapped>;
  Result<MappedPtr> MapOf(const std::shared_ptr<arrow::ArrayData>& dictionary,
                          bool is_kept);
  Result<MappedPtr> Map(const std::shared_ptr<arrow::ArrayData>& dictionary);
  void NoteUsed(const Mapped& mapped);

  /// Dictionaries remembered: those of the units under way, on many slots.
  static constexpr size_t kKeptMax = 32;

  arrow::MemoryPool* pool_;
  column::ValueDictionary values_;
  std::atomic<bool> null_used_ = false;
  std::mutex used_mutex_;
  std::vector<uint8_t> used_;
  std::mutex kept_mutex_;
  int64_t generation_ = 0;      ///< counts ForgetDictionaries
  std::deque<MappedPtr> kept_;  ///< the last of these go before what they report to
};

}  // namespace windrow::op
