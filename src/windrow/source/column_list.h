// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "windrow/source/counter_random.h"
#include "windrow/source/generated_column.h"

namespace windrow::source {

/// A whole number with its weight among the others of its column.
struct WeightedNumber {
  int64_t value;
  int weight;
};

/// A text with its weight among the others of its column.
struct WeightedText {
  std::string text;
  int weight;
};

/// Collects the columns of a dataset in order. Columns drawn here use the random stream
/// of their own name.
class ColumnList {
 public:
  ColumnList(uint64_t seed, std::string_view table) : seed_(seed), table_(table) {}

  RandomStream Stream(std::string_view purpose) const { return {seed_, table_, purpose}; }

  /// A column of words, all as likely.
  void UniformText(std::string name, const std::vector<std::string>& words);
  void WeightedTexts(std::string name, const std::vector<WeightedText>& words);
  /// "Y" for `yes` of 1,000 rows, "N" for the others.
  void Flag(std::string name, int yes);

  /// Whole numbers of [low, high], all as likely.
  void UniformNumber(std::string name, int64_t low, int64_t high);
  void WeightedNumbers(std::string name, const std::vector<WeightedNumber>& numbers);
  /// Numbers of [low, high] with `digits` decimals, in `present` (of 1) rows; others
  /// null.
  void Decimal(std::string name, double low, double high, int digits, double present);

  /// `value(row)` gives the column's C type, or a Nullable of it.
  template <typename Value>
  void Int64(std::string name, Value value) {
    Number<int64_t>(std::move(name), arrow::int64(), std::move(value));
  }
  template <typename Value>
  void Date(std::string name, Value value) {
    Number<int32_t>(std::move(name), arrow::date32(), std::move(value));
  }
  template <typename Value>
  void Seconds(std::string name, Value value) {
    Number<int64_t>(std::move(name), arrow::timestamp(arrow::TimeUnit::SECOND),
                    std::move(value));
  }
  template <typename Value>
  void Float64(std::string name, Value value) {
    Number<double>(std::move(name), arrow::float64(), std::move(value));
  }
  /// Milliseconds since 1970, without a time zone.
  template <typename Value>
  void Milliseconds(std::string name, Value value) {
    Number<int64_t>(std::move(name), arrow::timestamp(arrow::TimeUnit::MILLI),
                    std::move(value));
  }
  /// Microseconds since 1970, in UTC.
  template <typename Value>
  void Instants(std::string name, Value value) {
    Number<int64_t>(std::move(name), arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                    std::move(value));
  }
  /// `pick(row)` gives the position of a word.
  template <typename Pick>
  void Text(std::string name, const std::vector<std::string>& words, Pick pick) {
    columns_.push_back(WordColumn(std::move(name), std::make_shared<const Words>(words),
                                  std::move(pick)));
  }
  /// See WrittenColumn.
  template <typename Write>
  void Written(std::string name, int64_t max_bytes, Write write) {
    columns_.push_back(WrittenColumn(std::move(name), max_bytes, std::move(write)));
  }
  /// See NullableWrittenColumn.
  template <typename Write>
  void NullableWritten(std::string name, int64_t max_bytes, Write write) {
    columns_.push_back(
        NullableWrittenColumn(std::move(name), max_bytes, std::move(write)));
  }
  /// A column of Arrow's null type.
  void Nothing(std::string name);

  GeneratedColumn& back() { return columns_.back(); }
  std::vector<GeneratedColumn> Take() { return std::move(columns_); }

 private:
  template <typename T, typename Value>
  void Number(std::string name, std::shared_ptr<arrow::DataType> type, Value value) {
    if constexpr (std::is_arithmetic_v<decltype(value(int64_t{}))>) {
      columns_.push_back(
          NumberColumn<T>(std::move(name), std::move(type), std::move(value)));
    } else {
      columns_.push_back(
          NullableColumn<T>(std::move(name), std::move(type), std::move(value)));
    }
  }

  uint64_t seed_;
  std::string table_;
  std::vector<GeneratedColumn> columns_;
};

/// Writes `length` characters of A-Z and 0-9 drawn from `bits` (at most 12).
void WriteAlphanumerics(uint64_t bits, int length, char* out);

}  // namespace windrow::source
