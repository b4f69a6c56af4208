// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/type.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/exec/table.h"

namespace windrow::source {

/// Rows [first, first + count) of a table.
struct RowRange {
  int64_t first = 0;
  int64_t count = 0;
};

/// A column whose values are computed from their row numbers. `make` is pure and may run
/// on many threads at once; the arrays it returns are allocated from the given pool.
struct GeneratedColumn {
  using Make =
      std::function<Result<std::shared_ptr<arrow::Array>>(RowRange, arrow::MemoryPool*)>;

  std::string name;
  std::shared_ptr<arrow::DataType> type;
  int64_t row_bytes = 0;  ///< bytes in memory per row, estimated
  Make make;
  exec::ColumnStats stats;
};

/// A value that may be null. The value is computed either way, which keeps loops free of
/// branches that cannot be predicted.
template <typename T>
struct Nullable {
  T value;
  bool valid;
};

/// The distinct texts of a column, laid out for copying without a loop.
class Words {
 public:
  /// Most bytes of one word.
  static constexpr int kSlotBytes = 32;

  explicit Words(const std::vector<std::string>& words);
  int size() const { return static_cast<int>(slots_.size()); }
  int32_t length(int word) const { return slots_[word].length; }
  const char* text(int word) const { return slots_[word].text; }
  int64_t mean_length() const;

 private:
  struct Slot {
    char text[kSlotBytes];
    int32_t length;
  };
  std::vector<Slot> slots_;
};

/// Picks a position with the probability its weight has among all weights.
class Weighted {
 public:
  /// Weights are whole numbers with a sum of at most 10,000.
  explicit Weighted(const std::vector<int>& weights);
  int operator()(uint64_t bits) const;

 private:
  std::vector<uint8_t> slots_;
};

namespace internal {

struct NumberBuffers {
  std::shared_ptr<arrow::Buffer> values;
  std::shared_ptr<arrow::Buffer> validity;  ///< zeroed; null when not asked for
};
Result<NumberBuffers> AllocateNumbers(int64_t count, int64_t value_bytes, bool nullable,
                                      arrow::MemoryPool* pool);
std::shared_ptr<arrow::Array> FinishNumbers(std::shared_ptr<arrow::DataType> type,
                                            int64_t count, NumberBuffers buffers,
                                            int64_t null_count);

struct TextBuffers {
  std::shared_ptr<arrow::ResizableBuffer> offsets;
  std::shared_ptr<arrow::ResizableBuffer> bytes;
};
Result<std::shared_ptr<arrow::ResizableBuffer>> AllocateOffsets(int64_t count,
                                                                arrow::MemoryPool* pool);
/// `bytes` bytes, with room behind them for a whole slot copied at the last one.
Result<std::shared_ptr<arrow::ResizableBuffer>> AllocateText(int64_t bytes,
                                                             arrow::MemoryPool* pool);
Result<std::shared_ptr<arrow::Array>> FinishText(int64_t count, TextBuffers buffers);

/// Bytes of text one array may hold: its offsets are 32-bit.
Status CheckTextBytes(int64_t bytes);

template <typename T, typename Value>
void FillNumbers(RowRange rows, const Value& value, T* out) {
  for (int64_t i = 0; i < rows.count; ++i) out[i] = value(rows.first + i);
}

/// Returns the number of nulls. The value under a null is 0.
template <typename T, typename Value>
int64_t FillNullables(RowRange rows, const Value& value, T* out, uint8_t* validity) {
  using Bits = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  int64_t null_count = 0;
  for (int64_t i = 0; i < rows.count; ++i) {
    const Nullable<T> drawn = value(rows.first + i);
    // Masked, not chosen: a branch on random nulls would be mispredicted.
    out[i] = std::bit_cast<T>(std::bit_cast<Bits>(drawn.value) & (Bits{0} - drawn.valid));
    validity[i / 8] |= static_cast<uint8_t>(drawn.valid << (i % 8));
    null_count += !drawn.valid;
  }
  return null_count;
}

}  // namespace internal

/// A column of fixed-width values; T is the type's C type. `value(row)` gives a T.
template <typename T, typename Value>
GeneratedColumn NumberColumn(std::string name, std::shared_ptr<arrow::DataType> type,
                             Value value) {
  auto make = [type, value = std::move(value)](
                  RowRange rows,
                  arrow::MemoryPool* pool) -> Result<std::shared_ptr<arrow::Array>> {
    ARROW_ASSIGN_OR_RAISE(auto buffers,
                          internal::AllocateNumbers(rows.count, sizeof(T), false, pool));
    internal::FillNumbers(rows, value,
                          reinterpret_cast<T*>(buffers.values->mutable_data()));
    return internal::FinishNumbers(type, rows.count, std::move(buffers), 0);
  };
  return {std::move(name), type, sizeof(T), std::move(make), {nullptr, nullptr, 0}};
}

/// The same with nulls: `value(row)` gives a Nullable<T>.
template <typename T, typename Value>
GeneratedColumn NullableColumn(std::string name, std::shared_ptr<arrow::DataType> type,
                               Value value) {
  auto make = [type, value = std::move(value)](
                  RowRange rows,
                  arrow::MemoryPool* pool) -> Result<std::shared_ptr<arrow::Array>> {
    ARROW_ASSIGN_OR_RAISE(auto buffers,
                          internal::AllocateNumbers(rows.count, sizeof(T), true, pool));
    const int64_t null_count = internal::FillNullables(
        rows, value, reinterpret_cast<T*>(buffers.values->mutable_data()),
        buffers.validity->mutable_data());
    return internal::FinishNumbers(type, rows.count, std::move(buffers), null_count);
  };
  return {std::move(name), type, sizeof(T) + 1, std::move(make), {}};
}

/// A string column without nulls drawn from `words`; `pick(row)` gives the word's
/// position.
template <typename Pick>
GeneratedColumn WordColumn(std::string name, std::shared_ptr<const Words> words,
                           Pick pick) {
  const int64_t row_bytes = 4 + words->mean_length();
  auto make = [words = std::move(words), pick = std::move(pick)](
                  RowRange rows,
                  arrow::MemoryPool* pool) -> Result<std::shared_ptr<arrow::Array>> {
    ARROW_RETURN_NOT_OK(internal::CheckTextBytes(rows.count * Words::kSlotBytes));
    internal::TextBuffers buffers;
    ARROW_ASSIGN_OR_RAISE(buffers.offsets, internal::AllocateOffsets(rows.count, pool));
    auto* offsets = reinterpret_cast<int32_t*>(buffers.offsets->mutable_data());
    std::vector<uint16_t> picked(rows.count);
    int32_t end = offsets[0] = 0;
    for (int64_t i = 0; i < rows.count; ++i) {
      picked[i] = static_cast<uint16_t>(pick(rows.first + i));
      offsets[i + 1] = end += words->length(picked[i]);
    }
    ARROW_ASSIGN_OR_RAISE(buffers.bytes, internal::AllocateText(end, pool));
    char* out = reinterpret_cast<char*>(buffers.bytes->mutable_data());
    for (int64_t i = 0; i < rows.count; ++i) {
      std::memcpy(out + offsets[i], words->text(picked[i]), Words::kSlotBytes);
    }
    return internal::FinishText(rows.count, std::move(buffers));
  };
  return {std::move(name), arrow::utf8(), row_bytes, std::move(make), {{}, {}, 0}};
}

/// A string column without nulls. `write(row, out)` writes at most `max_bytes` bytes of
/// UTF-8 and returns how many; it may scribble up to Words::kSlotBytes behind them.
template <typename Write>
GeneratedColumn WrittenColumn(std::string name, int64_t max_bytes, Write write) {
  auto make = [max_bytes, write = std::move(write)](
                  RowRange rows,
                  arrow::MemoryPool* pool) -> Result<std::shared_ptr<arrow::Array>> {
    ARROW_RETURN_NOT_OK(internal::CheckTextBytes(rows.count * max_bytes));
    internal::TextBuffers buffers;
    ARROW_ASSIGN_OR_RAISE(buffers.offsets, internal::AllocateOffsets(rows.count, pool));
    ARROW_ASSIGN_OR_RAISE(buffers.bytes,
                          internal::AllocateText(rows.count * max_bytes, pool));
    auto* offsets = reinterpret_cast<int32_t*>(buffers.offsets->mutable_data());
    char* out = reinterpret_cast<char*>(buffers.bytes->mutable_data());
    int32_t end = offsets[0] = 0;
    for (int64_t i = 0; i < rows.count; ++i) {
      end += static_cast<int32_t>(write(rows.first + i, out + end));
      offsets[i + 1] = end;
    }
    return internal::FinishText(rows.count, std::move(buffers));
  };
  return {std::move(name), arrow::utf8(), 4 + max_bytes, std::move(make), {{}, {}, 0}};
}

/// The same with nulls: `write` returns -1 for one.
template <typename Write>
GeneratedColumn NullableWrittenColumn(std::string name, int64_t max_bytes, Write write) {
  auto make = [max_bytes, write = std::move(write)](
                  RowRange rows,
                  arrow::MemoryPool* pool) -> Result<std::shared_ptr<arrow::Array>> {
    ARROW_ASSIGN_OR_RAISE(auto flags,
                          internal::AllocateNumbers(rows.count, 0, true, pool));
    uint8_t* validity = flags.validity->mutable_data();
    int64_t null_count = 0;
    const auto texts = WrittenColumn({}, max_bytes, [&](int64_t row, char* out) {
      const int64_t length = write(row, out);
      const int64_t i = row - rows.first;
      validity[i / 8] |= static_cast<uint8_t>((length >= 0) << (i % 8));
      null_count += length < 0;
      return std::max<int64_t>(length, 0);
    });
    ARROW_ASSIGN_OR_RAISE(auto array, texts.make(rows, pool));
    if (null_count == 0) return array;
    return std::make_shared<arrow::StringArray>(rows.count, array->data()->buffers[1],
                                                array->data()->buffers[2],
                                                std::move(flags.validity), null_count);
  };
  return {std::move(name), arrow::utf8(), 4 + max_bytes, std::move(make), {}};
}

}  // namespace windrow::source
