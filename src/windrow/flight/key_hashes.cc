// SPDX-License-Identifier: Apache-2.0
#include "windrow/flight/key_hashes.h"

#include <arrow/array.h>
#include <arrow/util/checked_cast.h>

#include <algorithm>
#include <string_view>

#include "windrow/base/check.h"
#include "windrow/flight/key_kind.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace windrow::flight {
namespace {

using arrow::internal::checked_cast;
using Visit = std::function<void(int64_t first, const KeyHashes&)>;

/// Calls `hash_of` with the number of each key that is not null.
template <typename HashOf>
void VisitBlocks(const arrow::Array& keys, HashOf hash_of, const Visit& visit) {
  const bool may_be_null = keys.null_count() > 0;
  KeyHashes hashes;
  for (int64_t first = 0; first < keys.length(); first += KeyHashes::kMost) {
    hashes.count =
        static_cast<int>(std::min<int64_t>(keys.length() - first, KeyHashes::kMost));
    hashes.valid = 0;
    for (int i = 0; i < hashes.count; ++i) {
      const bool is_valid = !may_be_null || keys.IsValid(first + i);
      hashes.valid |= static_cast<uint64_t>(is_valid) << i;
      hashes.values[i] = is_valid ? hash_of(first + i) : 0;
    }
    visit(first, hashes);
  }
}

template <typename ArrayType>
void VisitTexts(const arrow::Array& keys, const Visit& visit) {
  const auto& texts = checked_cast<const ArrayType&>(keys);
  const auto hash_of = [&](int64_t row) {
    const std::string_view text = texts.GetView(row);
    return XXH64(text.data(), text.size(), 0);
  };
  VisitBlocks(keys, hash_of, visit);
}

void VisitNumbers(const arrow::Array& keys, const Visit& visit) {
  VisitNumber(*keys.type(), [&](auto zero) {
    const auto* const numbers = keys.data()->GetValues<decltype(zero)>(1);
    const auto hash_of = [&](int64_t row) {
      const auto word = static_cast<uint64_t>(numbers[row]);
      return XXH64(&word, sizeof(word), 0);
    };
    VisitBlocks(keys, hash_of, visit);
  });
}

}  // namespace

void VisitKeyHashes(const arrow::Array& keys, const Visit& visit) {
  switch (keys.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return VisitTexts<arrow::BinaryArray>(keys, visit);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return VisitTexts<arrow::LargeBinaryArray>(keys, visit);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return VisitTexts<arrow::BinaryViewArray>(keys, visit);
    default:
      return VisitNumbers(keys, visit);
  }
}

}  // namespace windrow::flight
