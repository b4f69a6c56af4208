// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/copy_text.h"

#include <arrow/array.h>
#include <arrow/buffer_builder.h>
#include <arrow/type.h>
#include <arrow/util/checked_cast.h>
#include <arrow/util/decimal.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>

#include "windrow/base/check.h"

namespace windrow::format {
namespace {

using arrow::internal::checked_cast;

constexpr char kHex[] = "0123456789abcdef";
constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

template <typename Number>
void AppendNumber(Number value, std::string* text) {
  if constexpr (std::is_floating_point_v<Number>) {
    if (std::isnan(value)) return static_cast<void>(*text += "NaN");
    if (std::isinf(value)) {
      return static_cast<void>(*text += value > 0 ? "Infinity" : "-Infinity");
    }
  }
  std::array<char, 32> digits;
  text->append(digits.data(),
               std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

/// The day, and " BC" to put at the end where the year needs it.
const char* AppendDay(int64_t days, std::string* text) {
  using std::chrono::sys_days, std::chrono::year_month_day;
  // Shifted by whole cycles of 400 years into the range of std::chrono::year.
  constexpr int64_t kCycleDays = 146'097;
  const int64_t cycles = days / kCycleDays - (days % kCycleDays < 0 ? 1 : 0);
  const year_month_day date{
      sys_days{std::chrono::days{static_cast<int>(days - cycles * kCycleDays)}}};
  const int64_t year = static_cast<int>(date.year()) + 400 * cycles;
  std::array<char, 48> digits;
  const int length = std::snprintf(digits.data(), digits.size(), "%04lld-%02u-%02u",
                                   static_cast<long long>(year > 0 ? year : 1 - year),
                                   static_cast<unsigned>(date.month()),
                                   static_cast<unsigned>(date.day()));
  text->append(digits.data(), static_cast<size_t>(length));
  return year > 0 ? "" : " BC";
}

void AppendTimeOfDay(int64_t micros, std::string* text) {
  const int64_t seconds = micros / kMicrosPerSecond;
  std::array<char, 32> digits;
  const int length = std::snprintf(
      digits.data(), digits.size(), "%02lld:%02lld:%02lld.%06lld",
      static_cast<long long>(seconds / 3600), static_cast<long long>(seconds / 60 % 60),
      static_cast<long long>(seconds % 60),
      static_cast<long long>(micros % kMicrosPerSecond));
  text->append(digits.data(), static_cast<size_t>(length));
}

void AppendTimestamp(int64_t micros, std::string_view zone, std::string* text) {
  int64_t days = micros / kMicrosPerDay;
  int64_t of_day = micros % kMicrosPerDay;
  if (of_day < 0) {
    of_day += kMicrosPerDay;
    --days;
  }
  const char* era = AppendDay(days, text);
  *text += ' ';
  AppendTimeOfDay(of_day, text);
  *text += zone;
  *text += era;
}

void AppendHex(std::string_view bytes, std::string* text) {
  for (const char c : bytes) {
    *text += kHex[static_cast<uint8_t>(c) >> 4];
    *text += kHex[static_cast<uint8_t>(c) & 15];
  }
}

void AppendUuid(const uint8_t* bytes, std::string* text) {
  const std::string_view all(reinterpret_cast<const char*>(bytes), 16);
  size_t from = 0;
  for (const size_t length : {4, 2, 2, 2, 6}) {
    if (from > 0) *text += '-';
    AppendHex(all.substr(from, length), text);
    from += length;
  }
}

/// The text of one value, as the type's input function reads it.
void AppendValue(const CopyType& type, const arrow::Array& array, int64_t row,
                 std::string* text) {
  switch (type.kind) {
    case CopyKind::kBool:
      *text += checked_cast<const arrow::BooleanArray&>(array).Value(row) ? 't' : 'f';
      return;
    case CopyKind::kInt2:
      return AppendNumber(checked_cast<const arrow::Int16Array&>(array).Value(row), text);
    case CopyKind::kInt4:
      return AppendNumber(checked_cast<const arrow::Int32Array&>(array).Value(row), text);
    case CopyKind::kInt8:
      return AppendNumber(checked_cast<const arrow::Int64Array&>(array).Value(row), text);
    case CopyKind::kFloat4:
      return AppendNumber(checked_cast<const arrow::FloatArray&>(array).Value(row), text);
    case CopyKind::kFloat8:
      return AppendNumber(checked_cast<const arrow::DoubleArray&>(array).Value(row),
                          text);
    case CopyKind::kNumeric:
      if (array.type_id() == arrow::Type::DECIMAL128) {
        *text += checked_cast<const arrow::Decimal128Array&>(array).FormatValue(row);
        return;
      }
      [[fallthrough]];
    case CopyKind::kText:
    case CopyKind::kJsonb:
      *text += checked_cast<const arrow::BinaryArray&>(array).GetView(row);
      return;
    case CopyKind::kBytea:
      *text += "\\x";
      return AppendHex(checked_cast<const arrow::BinaryArray&>(array).GetView(row), text);
    case CopyKind::kUuid:
      return AppendUuid(
          checked_cast<const arrow::FixedSizeBinaryArray&>(array).GetValue(row), text);
    case CopyKind::kDate:
      *text += AppendDay(checked_cast<const arrow::Date32Array&>(array).Value(row), text);
      return;
    case CopyKind::kTime:
      return AppendTimeOfDay(checked_cast<const arrow::Time64Array&>(array).Value(row),
                             text);
    case CopyKind::kTimestamp:
      return AppendTimestamp(checked_cast<const arrow::TimestampArray&>(array).Value(row),
                             "", text);
    case CopyKind::kTimestampTz:
      return AppendTimestamp(checked_cast<const arrow::TimestampArray&>(array).Value(row),
                             "+00", text);
  }
}

/// {"a","b",NULL}: every element in quotes, which every type takes.
void AppendArray(const CopyType& type, const arrow::Array& array, int64_t row,
                 std::string* text) {
  const auto& lists = checked_cast<const arrow::ListArray&>(array);
  CopyType element = type;
  element.is_array = false;
  std::string value;
  *text += '{';
  for (int32_t i = 0; i < lists.value_length(row); ++i) {
    const int64_t place = lists.value_offset(row) + i;
    if (i > 0) *text += ',';
    if (lists.values()->IsNull(place)) {
      *text += "NULL";
      continue;
    }
    value.clear();
    AppendValue(element, *lists.values(), place, &value);
    *text += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') *text += '\\';
      *text += c;
    }
    *text += '"';
  }
  *text += '}';
}

void AppendEscaped(std::string_view value, std::string* line) {
  for (const char c : value) {
    switch (c) {
      case '\\':
        *line += "\\\\";
        break;
      case '\t':
        *line += "\\t";
        break;
      case '\n':
        *line += "\\n";
        break;
      case '\r':
        *line += "\\r";
        break;
      default:
        *line += c;
    }
  }
}

}  // namespace

Result<std::shared_ptr<arrow::Buffer>> EncodeCopyText(
    const std::vector<CopyType>& types,
    const std::vector<std::shared_ptr<arrow::Array>>& columns, int64_t num_rows,
    arrow::MemoryPool* pool) {
  WINDROW_CHECK(types.size() == columns.size());
  arrow::BufferBuilder lines(pool);
  std::string line;
  std::string value;
  for (int64_t row = 0; row < num_rows; ++row) {
    line.clear();
    for (size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) line += '\t';
      if (columns[i]->IsNull(row)) {
        line += "\\N";
        continue;
      }
      value.clear();
      types[i].is_array ? AppendArray(types[i], *columns[i], row, &value)
                        : AppendValue(types[i], *columns[i], row, &value);
      AppendEscaped(value, &line);
    }
    line += '\n';
    ARROW_RETURN_NOT_OK(lines.Append(line.data(), static_cast<int64_t>(line.size())));
  }
  return lines.Finish();
}

}  // namespace windrow::format
