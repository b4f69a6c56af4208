// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/sql_type.h"

#include <arrow/type.h>

#include <array>
#include <charconv>
#include <optional>

#include "windrow/base/check.h"

namespace windrow::column {
namespace {

struct NamedKind {
  std::string_view name;
  SqlKind kind;
};

/// The first name of each kind is format_type's.
constexpr std::array kNamedKinds = {
    NamedKind{"smallint", SqlKind::kSmallint},
    NamedKind{"int2", SqlKind::kSmallint},
    NamedKind{"integer", SqlKind::kInteger},
    NamedKind{"int", SqlKind::kInteger},
    NamedKind{"int4", SqlKind::kInteger},
    NamedKind{"bigint", SqlKind::kBigint},
    NamedKind{"int8", SqlKind::kBigint},
    NamedKind{"real", SqlKind::kReal},
    NamedKind{"float4", SqlKind::kReal},
    NamedKind{"double precision", SqlKind::kDouble},
    NamedKind{"double", SqlKind::kDouble},
    NamedKind{"float8", SqlKind::kDouble},
    NamedKind{"numeric", SqlKind::kNumeric},
    NamedKind{"decimal", SqlKind::kNumeric},
    NamedKind{"boolean", SqlKind::kBoolean},
    NamedKind{"bool", SqlKind::kBoolean},
    NamedKind{"text", SqlKind::kText},
    NamedKind{"character varying", SqlKind::kVarchar},
    NamedKind{"varchar", SqlKind::kVarchar},
    NamedKind{"json", SqlKind::kJson},
    NamedKind{"jsonb", SqlKind::kJsonb},
    NamedKind{"uuid", SqlKind::kUuid},
    NamedKind{"date", SqlKind::kDate},
    NamedKind{"timestamp without time zone", SqlKind::kTimestamp},
    NamedKind{"timestamp", SqlKind::kTimestamp},
    NamedKind{"timestamp with time zone", SqlKind::kTimestampTz},
    NamedKind{"timestamptz", SqlKind::kTimestampTz},
    NamedKind{"bytea", SqlKind::kBytea}};

std::string_view NameOf(SqlKind kind) {
  for (const NamedKind& named : kNamedKinds) {
    if (named.kind == kind) return named.name;
  }
  WINDROW_CHECK(false);
  return {};
}

std::optional<SqlKind> KindOf(std::string_view name) {
  for (const NamedKind& named : kNamedKinds) {
    if (named.name == name) return named.kind;
  }
  return std::nullopt;
}

/// In lower case, with one space between words and none elsewhere.
std::string Normalised(std::string_view text) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  std::string out;
  bool is_after_space = false;
  for (char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      is_after_space = true;
      continue;
    }
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    // "timestamp(3) without time zone" keeps the space after the bracket.
    if (is_after_space && !out.empty() && is_word(c) &&
        (is_word(out.back()) || out.back() == ')')) {
      out += ' ';
    }
    out += c;
    is_after_space = false;
  }
  return out;
}

/// The numbers of "(33,15)"; none for "". nullopt when `text` is neither.
std::optional<std::array<int32_t, 2>> ReadNumbers(std::string_view text, int* count) {
  std::array<int32_t, 2> numbers = {0, 0};
  *count = 0;
  if (text.empty()) return numbers;
  text = text.substr(1, text.size() - 2);
  while (true) {
    if (*count == 2) return std::nullopt;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, numbers[*count]);
    if (read.ec != std::errc() || numbers[*count] < 0) return std::nullopt;
    ++*count;
    if (read.ptr == end) return numbers;
    if (*read.ptr != ',') return std::nullopt;
    text.remove_prefix(read.ptr + 1 - text.data());
  }
}

/// Puts the numbers in brackets where the kind wants them; false when it takes no such.
bool Apply(const std::array<int32_t, 2>& numbers, int count, SqlType* type) {
  if (count == 0) return true;
  switch (type->kind) {
    case SqlKind::kVarchar:
      type->length = numbers[0];
      return count == 1 && type->length >= 1;
    case SqlKind::kNumeric:
      type->precision = numbers[0];
      type->scale = numbers[1];
      return type->precision >= 1 && type->precision <= 38 &&
             type->scale <= type->precision;
    case SqlKind::kTimestamp:
    case SqlKind::kTimestampTz:
      type->fraction_digits = numbers[0];
      return count == 1 && type->fraction_digits <= 6;
    default:
      return false;
  }
}

std::string Bracketed(std::string_view numbers) {
  return "(" + std::string(numbers) + ")";
}

}  // namespace

SqlType SqlType::Element() const {
  SqlType element = *this;
  element.is_array = false;
  return element;
}

Result<SqlType> SqlType::Parse(std::string_view text) {
  std::string name = Normalised(text);
  SqlType type;
  if (name.ends_with("[]")) {
    type.is_array = true;
    name.resize(name.size() - 2);
    if (name.ends_with("[]")) {
      return UserError("type '", text, "': expected arrays of one dimension");
    }
  }
  std::string numbers;
  const size_t open = name.find('(');
  const size_t close = name.find(')');
  if (open != std::string::npos && close != std::string::npos && open < close) {
    numbers = name.substr(open, close + 1 - open);
    name.erase(open, close + 1 - open);
  }
  const std::optional<SqlKind> kind = KindOf(name);
  if (!kind.has_value()) {
    return UserError("unknown type '", text,
                     "'; expected a type of SQL such as varchar(253), numeric(33,15), "
                     "jsonb, uuid, date, timestamp, bigint, double precision or text[]");
  }
  type.kind = *kind;
  int count = 0;
  const auto read = ReadNumbers(numbers, &count);
  if (!read.has_value() || !Apply(*read, count, &type)) {
    return UserError("type '", text, "': '", numbers,
                     "' does not go with it; expected varchar(n), numeric(p,s) with 38 "
                     "digits at most, or timestamp(0) to timestamp(6)");
  }
  return type;
}

std::string SqlType::ToString() const {
  if (takes_labels) return "labels";
  std::string text(NameOf(kind));
  if (kind == SqlKind::kVarchar && length > 0) {
    text += Bracketed(std::to_string(length));
  } else if (kind == SqlKind::kNumeric && precision > 0) {
    text += Bracketed(std::to_string(precision) + "," + std::to_string(scale));
  } else if ((kind == SqlKind::kTimestamp || kind == SqlKind::kTimestampTz) &&
             fraction_digits < 6) {
    text.insert(std::string_view("timestamp").size(),
                Bracketed(std::to_string(fraction_digits)));
  }
  return is_array ? text + "[]" : text;
}

std::shared_ptr<arrow::DataType> SqlType::StorageType() const {
  if (is_array) return arrow::list(Element().StorageType());
  switch (kind) {
    case SqlKind::kSmallint:
      return arrow::int16();
    case SqlKind::kInteger:
      return arrow::int32();
    case SqlKind::kBigint:
      return arrow::int64();
    case SqlKind::kReal:
      return arrow::float32();
    case SqlKind::kDouble:
      return arrow::float64();
    case SqlKind::kNumeric:
      return precision > 0 ? arrow::decimal128(precision, scale) : arrow::utf8();
    case SqlKind::kBoolean:
      return arrow::boolean();
    case SqlKind::kText:
    case SqlKind::kVarchar:
    case SqlKind::kJson:
    case SqlKind::kJsonb:
      return arrow::utf8();
    case SqlKind::kUuid:
      return arrow::fixed_size_binary(16);
    case SqlKind::kDate:
      return arrow::date32();
    case SqlKind::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case SqlKind::kTimestampTz:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case SqlKind::kBytea:
      return arrow::binary();
  }
  WINDROW_CHECK(false);
  return nullptr;
}

}  // namespace windrow::column
