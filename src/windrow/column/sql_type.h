// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "windrow/base/status.h"

namespace windrow::column {

enum class SqlKind {
  kSmallint,
  kInteger,
  kBigint,
  kReal,
  kDouble,
  kNumeric,
  kBoolean,
  kText,
  kVarchar,
  kJson,
  kJsonb,
  kUuid,
  kDate,
  kTimestamp,
  kTimestampTz,
  kBytea,
};

/// The declared type of a table's column. A value type; thread-compatible.
struct SqlType {
  /// Of the column, or of an array's elements.
  SqlKind kind = SqlKind::kText;
  bool is_array = false;
  /// kVarchar: most code points; 0 without a bound.
  int32_t length = 0;
  /// kNumeric: decimal digits, 1 to 38, of which `scale` after the point. 0: any number.
  int32_t precision = 0;
  int32_t scale = 0;
  /// kTimestamp, kTimestampTz: decimal digits of a second that are kept, 0 to 6.
  int32_t fraction_digits = 6;
  /// kText, of a scan only: maps and structs are read as texts, their label sets.
  bool takes_labels = false;

  bool operator==(const SqlType&) const = default;

  /// The type of an array's elements.
  SqlType Element() const;

  /// Reads a type as PostgreSQL's format_type writes it ("character varying(253)",
  /// "timestamp(3) without time zone", "integer[]") or by a usual short name ("varchar",
  /// "int8", "double", "timestamptz"), in any case. A UserError says what is wrong with
  /// the text.
  static Result<SqlType> Parse(std::string_view text);

  /// As format_type writes it; Parse reads it back.
  std::string ToString() const;

  /// The type of arrays that hold such a column:
  /// - text, varchar, json, jsonb: string
  /// - numeric(p,s): decimal128(p,s); numeric: string, of plain decimal digits ("-0.5")
  /// - uuid: fixed_size_binary[16]; bytea: binary
  /// - date: date32; timestamp: timestamp[us]; timestamptz: timestamp[us, UTC]
  /// - smallint, integer, bigint, real, double precision, boolean: Arrow's own
  /// - arrays: list of these
  std::shared_ptr<arrow::DataType> StorageType() const;
};

}  // namespace windrow::column
