// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/key_batch.h"

#include <arrow/array.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/checked_cast.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "windrow/column/key_type.h"
#include "windrow/column/plain_column.h"

namespace windrow::column {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using arrow::Type;
using arrow::internal::checked_cast;

int64_t UnitsPerSecond(arrow::TimeUnit::type unit) {
  constexpr int64_t kPerSecond[] = {1, 1'000, 1'000'000, 1'000'000'000};
  return kPerSecond[unit];
}

/// Ticks of `type` in a second, for the types whose values are times; 0 for others.
int64_t TicksPerSecond(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::TIMESTAMP:
      return UnitsPerSecond(checked_cast<const arrow::TimestampType&>(type).unit());
    case Type::DURATION:
      return UnitsPerSecond(checked_cast<const arrow::DurationType&>(type).unit());
    case Type::TIME32:
    case Type::TIME64:
      return UnitsPerSecond(checked_cast<const arrow::TimeType&>(type).unit());
    default:
      return 0;
  }
}

/// What one tick of `from` is worth in ticks of `to`; both in the same family.
int64_t ScaleBetween(const arrow::DataType& from, const arrow::DataType& to) {
  if (from.id() == Type::DATE32 && to.id() == Type::DATE64) return 86'400'000;
  const int64_t from_ticks = TicksPerSecond(from);
  return from_ticks == 0 ? 1 : TicksPerSecond(to) / from_ticks;
}

template <typename Value>
std::span<const Value> Values(const arrow::Array& column) {
  return {column.data()->GetValues<Value>(1), static_cast<size_t>(column.length())};
}

int64_t DoubleBits(double value) {
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  return std::bit_cast<int64_t>(value == 0 ? 0.0 : value);
}

/// Turns a word column into words: out(row, word), or lost(row) when the value has no
/// counterpart in the common type and so can match nothing.
template <typename Out, typename Lost>
void ForEachWord(const arrow::Array& column, const arrow::DataType& common,
                 const Out& out, const Lost& lost) {
  auto integers = [&](auto values) {
    for (size_t row = 0; row < values.size(); ++row) {
      out(row, static_cast<int64_t>(values[row]));
    }
  };
  auto scaled = [&](auto values) {
    const int64_t scale = ScaleBetween(*column.type(), common);
    for (size_t row = 0; row < values.size(); ++row) {
      int64_t word = 0;
      if (__builtin_mul_overflow(int64_t{values[row]}, scale, &word)) {
        lost(row);
      } else {
        out(row, word);
      }
    }
  };
  switch (column.type_id()) {
    case Type::BOOL:
      for (int64_t row = 0; row < column.length(); ++row) {
        out(row, checked_cast<const arrow::BooleanArray&>(column).Value(row) ? 1 : 0);
      }
      return;
    case Type::INT8:
      return integers(Values<int8_t>(column));
    case Type::INT16:
      return integers(Values<int16_t>(column));
    case Type::INT32:
      return integers(Values<int32_t>(column));
    case Type::UINT8:
      return integers(Values<uint8_t>(column));
    case Type::UINT16:
      return integers(Values<uint16_t>(column));
    case Type::UINT32:
      return integers(Values<uint32_t>(column));
    case Type::UINT64: {
      const auto values = Values<uint64_t>(column);
      const bool is_signed = common.id() == Type::INT64;
      for (size_t row = 0; row < values.size(); ++row) {
        if (is_signed && values[row] > static_cast<uint64_t>(INT64_MAX)) {
          lost(row);
        } else {
          out(row, static_cast<int64_t>(values[row]));
        }
      }
      return;
    }
    case Type::FLOAT:
      for (int64_t row = 0; const float value : Values<float>(column)) {
        out(row++, DoubleBits(value));
      }
      return;
    case Type::DOUBLE:
      for (int64_t row = 0; const double value : Values<double>(column)) {
        out(row++, DoubleBits(value));
      }
      return;
    case Type::DATE32:
    case Type::TIME32:
      return scaled(Values<int32_t>(column));
    case Type::NA:
      for (int64_t row = 0; row < column.length(); ++row) lost(row);
      return;
    default:
      return scaled(Values<int64_t>(column));
  }
}

/// True when the column's own 64-bit values are the words.
bool IsAlreadyWords(const arrow::Array& column, const arrow::DataType& common) {
  switch (column.type_id()) {
    case Type::INT64:
      return true;
    case Type::UINT64:
      return common.id() == Type::UINT64;
    case Type::DATE64:
    case Type::TIMESTAMP:
    case Type::DURATION:
    case Type::TIME64:
      return ScaleBetween(*column.type(), common) == 1;
    default:
      return false;
  }
}

/// Calls out(row, bytes) for each row of a string, binary or fixed-size binary column.
template <typename Out>
void ForEachBytes(const arrow::Array& column, const Out& out) {
  auto views = [&](const auto& typed) {
    for (int64_t row = 0; row < typed.length(); ++row) {
      out(row, typed.IsNull(row) ? std::string_view() : typed.GetView(row));
    }
  };
  switch (column.type_id()) {
    case Type::STRING:
    case Type::BINARY:
      return views(checked_cast<const arrow::BinaryArray&>(column));
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY:
      return views(checked_cast<const arrow::LargeBinaryArray&>(column));
    case Type::FIXED_SIZE_BINARY:
      return views(checked_cast<const arrow::FixedSizeBinaryArray&>(column));
    default:
      for (int64_t row = 0; row < column.length(); ++row) out(row, std::string_view());
  }
}

}  // namespace

bool KeyLayout::is_word() const {
  return types.size() == 1 && IsWordKey(*types[0]) && !nulls_equal;
}

Result<KeyBatch> KeyBatch::Make(const KeyLayout& layout,
                                const std::vector<ArrayPtr>& columns,
                                arrow::MemoryPool* pool) {
  KeyBatch keys(pool);
  keys.size_ = columns.at(0)->length();
  std::vector<ArrayPtr> plain;
  for (const ArrayPtr& column : columns) {
    ARROW_ASSIGN_OR_RAISE(auto decoded, PlainColumn(column, pool));
    plain.push_back(std::move(decoded));
    if (!layout.nulls_equal) ARROW_RETURN_NOT_OK(keys.ClearInvalid(*plain.back()));
  }
  if (layout.is_word()) {
    ARROW_RETURN_NOT_OK(keys.EncodeWord(layout, plain[0]));
  } else {
    ARROW_RETURN_NOT_OK(keys.EncodeBytes(layout, plain, pool));
  }
  return keys;
}

Status KeyBatch::ClearInvalid(const arrow::Array& column) {
  if (column.null_count() == 0) return Status::OK();
  if (valid_.empty()) ARROW_RETURN_NOT_OK(valid_.Assign(size_, 1));
  const uint8_t* bits = column.null_bitmap_data();
  if (bits == nullptr) return valid_.Assign(size_, 0);  // a null-typed column
  for (int64_t row = 0; row < size_; ++row) {
    valid_[row] &= arrow::bit_util::GetBit(bits, column.offset() + row) ? 1 : 0;
  }
  return Status::OK();
}

Status KeyBatch::EncodeWord(const KeyLayout& layout, const ArrayPtr& column) {
  if (IsAlreadyWords(*column, *layout.types[0])) {
    words_ = column->data()->GetValues<int64_t>(1);
    borrowed_ = column;
    return Status::OK();
  }
  ARROW_RETURN_NOT_OK(owned_words_.Resize(size_));
  std::vector<int64_t> lost_rows;
  ForEachWord(
      *column, *layout.types[0],
      [&](int64_t row, int64_t word) { owned_words_[row] = word; },
      [&](int64_t row) {
        owned_words_[row] = 0;
        lost_rows.push_back(row);
      });
  words_ = owned_words_.data();
  if (lost_rows.empty()) return Status::OK();
  if (valid_.empty()) ARROW_RETURN_NOT_OK(valid_.Assign(size_, 1));
  for (const int64_t row : lost_rows) valid_[row] = 0;
  return Status::OK();
}

// A key's bytes are its columns' bytes in order. Each column starts with a marker byte: 0
// for null, 1 for a value, 2 for a value outside the common type. A word follows as 8
// bytes, a byte string as its 4-byte length and its bytes. The marker also keeps a lost
// value of one side from equalling anything of the other, whose markers are 0 or 1.
Status KeyBatch::EncodeBytes(const KeyLayout& layout,
                             const std::vector<ArrayPtr>& columns,
                             arrow::MemoryPool* pool) {
  constexpr int64_t kMarkerBytes = 1;
  PoolVector<int64_t> next(pool);
  ARROW_RETURN_NOT_OK(next.Assign(size_ + 1, 0));
  for (size_t c = 0; c < columns.size(); ++c) {
    if (IsWordKey(*layout.types[c])) {
      for (int64_t row = 0; row < size_; ++row) next[row + 1] += kMarkerBytes + 8;
    } else {
      ForEachBytes(*columns[c], [&](int64_t row, std::string_view bytes) {
        next[row + 1] += kMarkerBytes + 4 + static_cast<int64_t>(bytes.size());
      });
    }
  }
  for (int64_t row = 0; row < size_; ++row) next[row + 1] += next[row];
  ARROW_RETURN_NOT_OK(offsets_.Append(next.view()));
  ARROW_RETURN_NOT_OK(bytes_.Resize(next[size_]));
  auto put = [&](int64_t row, const void* from, size_t length) {
    if (length > 0) std::memcpy(bytes_.data() + next[row], from, length);
    next[row] += static_cast<int64_t>(length);
  };
  for (size_t c = 0; c < columns.size(); ++c) {
    const arrow::Array& column = *columns[c];
    auto put_marker = [&](int64_t row, uint8_t marker) {
      put(row, &marker, 1);
      return marker == 1;
    };
    if (IsWordKey(*layout.types[c])) {
      auto put_word = [&](int64_t row, int64_t word, uint8_t marker) {
        if (column.IsNull(row)) marker = 0;
        if (!put_marker(row, marker)) word = 0;
        put(row, &word, 8);
      };
      ForEachWord(
          column, *layout.types[c],
          [&](int64_t row, int64_t word) { put_word(row, word, 1); },
          [&](int64_t row) { put_word(row, 0, column.type_id() == Type::NA ? 0 : 2); });
    } else {
      ForEachBytes(column, [&](int64_t row, std::string_view bytes) {
        const auto length = static_cast<uint32_t>(bytes.size());
        put_marker(row, column.IsNull(row) || column.type_id() == Type::NA ? 0 : 1);
        put(row, &length, 4);
        put(row, bytes.data(), bytes.size());
      });
    }
  }
  ARROW_RETURN_NOT_OK(owned_words_.Resize(size_));
  for (int64_t row = 0; row < size_; ++row) {
    const std::string_view key = bytes(row);
    owned_words_[row] = static_cast<int64_t>(XXH3_64bits(key.data(), key.size()));
  }
  words_ = owned_words_.data();
  return Status::OK();
}

}  // namespace windrow::column
