// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/declared_type.h"

#include <arrow/extension_type.h>

#include "windrow/base/check.h"
#include "windrow/column/label_columns.h"
#include "windrow/column/plain_column.h"
#include "windrow/column/store_assignment.h"
#include "windrow/column/store_internal.h"

namespace windrow::column {
namespace {

using arrow::internal::checked_cast;
using internal::ArrayPtr;

bool IsText(const SqlType& type) {
  return type.kind == SqlKind::kText || type.kind == SqlKind::kVarchar;
}

bool IsTimestamp(const SqlType& type) {
  return type.kind == SqlKind::kTimestamp || type.kind == SqlKind::kTimestampTz;
}

bool IsFloat(const SqlType& type) {
  return type.kind == SqlKind::kDouble || type.kind == SqlKind::kReal;
}

/// The type of the values below dictionaries and extensions.
const arrow::DataType& PlainType(const arrow::DataType& type) {
  if (type.id() == arrow::Type::DICTIONARY) {
    return PlainType(*checked_cast<const arrow::DictionaryType&>(type).value_type());
  }
  if (type.id() == arrow::Type::EXTENSION) {
    return PlainType(*checked_cast<const arrow::ExtensionType&>(type).storage_type());
  }
  return type;
}

bool IsReadable(const arrow::DataType& stored, const SqlType& type) {
  const auto id = stored.id();
  if (type.takes_labels && HoldsLabels(stored)) return true;
  if (id == arrow::Type::NA) return true;
  if (!CheckAssignable(stored, type).ok()) return false;
  switch (type.kind) {
    case SqlKind::kDouble:
      return !arrow::is_decimal(id);
    case SqlKind::kReal:
      return !arrow::is_decimal(id) && id != arrow::Type::DOUBLE;
    case SqlKind::kSmallint:
    case SqlKind::kInteger:
    case SqlKind::kBigint:
      return arrow::is_integer(id);
    case SqlKind::kNumeric:
      return !arrow::is_floating(id);
    case SqlKind::kText:
    case SqlKind::kVarchar:
      return id != arrow::Type::BOOL;
    case SqlKind::kDate:
      return arrow::is_date(id);
    case SqlKind::kTimestamp:
    case SqlKind::kTimestampTz:
      return id == arrow::Type::TIMESTAMP;
    default:
      return true;
  }
}

template <typename Integer, typename Float>
bool IsExact(Integer value, Float read) {
  // 2^63 or 2^64: the first that an Integer does not hold.
  constexpr Float kEnd =
      static_cast<Float>(uint64_t{1} << 63) * (std::is_signed_v<Integer> ? 1 : 2);
  return read < kEnd && static_cast<Integer>(read) == value;
}

/// That each integer is the float it was read as.
template <typename IntegerArray, typename FloatArray>
Status CheckExact(const arrow::Array& values, const arrow::Array& read,
                  std::string_view column, const SqlType& type) {
  const auto& integers = checked_cast<const IntegerArray&>(values);
  const auto& floats = checked_cast<const FloatArray&>(read);
  for (int64_t row = 0; row < integers.length(); ++row) {
    if (integers.IsNull(row) || IsExact(integers.Value(row), floats.Value(row))) continue;
    return DataError("column '", column, "': found ", integers.Value(row),
                     ", expected a number that ", type.ToString(), " holds exactly");
  }
  return Status::OK();
}

Status CheckExact(const ArrayPtr& values, const arrow::Array& read,
                  std::string_view column, const SqlType& type, arrow::MemoryPool* pool) {
  const bool is_double = type.kind == SqlKind::kDouble;
  if (values->type_id() == arrow::Type::UINT64) {
    return is_double ? CheckExact<arrow::UInt64Array, arrow::DoubleArray>(*values, read,
                                                                          column, type)
                     : CheckExact<arrow::UInt64Array, arrow::FloatArray>(*values, read,
                                                                         column, type);
  }
  ARROW_ASSIGN_OR_RAISE(const auto wide, internal::CastTo(values, arrow::int64(), pool));
  return is_double ? CheckExact<arrow::Int64Array, arrow::DoubleArray>(*wide, read,
                                                                       column, type)
                   : CheckExact<arrow::Int64Array, arrow::FloatArray>(*wide, read, column,
                                                                      type);
}

}  // namespace

Status CheckDeclarable(const SqlType& type) {
  const bool is_readable = !type.is_array && type.kind != SqlKind::kJson &&
                           type.kind != SqlKind::kJsonb && type.kind != SqlKind::kUuid &&
                           (type.kind != SqlKind::kNumeric || type.precision > 0);
  if (is_readable) return Status::OK();
  return UserError(
      "found the type ", type.ToString(),
      "; expected boolean, smallint, integer, bigint, real, double, "
      "numeric(p,s), varchar, date, timestamp, timestamptz, bytea, labels, or any for "
      "what the files have");
}

std::shared_ptr<arrow::DataType> DeclaredArrowType(const SqlType& type) {
  if (!IsTimestamp(type) || type.fraction_digits > 3) return type.StorageType();
  return type.kind == SqlKind::kTimestampTz
             ? arrow::timestamp(arrow::TimeUnit::MILLI, "UTC")
             : arrow::timestamp(arrow::TimeUnit::MILLI);
}

Status CheckReadable(const arrow::DataType& stored, const SqlType& type) {
  if (IsReadable(PlainType(stored), type)) return Status::OK();
  return DataError("found ", stored.ToString(), ", expected ", type.ToString());
}

bool IsReadAsStored(const arrow::DataType& stored, const SqlType& type) {
  if (!stored.Equals(*DeclaredArrowType(type))) return false;
  if (IsTimestamp(type)) return type.fraction_digits == 3 || type.fraction_digits == 6;
  return type.length == 0;
}

Result<ArrayPtr> ReadAs(const ArrayPtr& values, const SqlType& type,
                        std::string_view column, arrow::MemoryPool* pool) {
  const arrow::DataType& plain_type = PlainType(*values->type());
  WINDROW_CHECK(IsReadable(plain_type, type));
  if (type.takes_labels && HoldsLabels(plain_type)) {
    const Result<ArrayPtr> sets = NestedLabels(*values, pool);
    if (sets.ok()) return sets;
    return At("column '" + std::string(column) + "'", sets.status());
  }
  if (IsText(type) && type.length == 0) {
    // Text is taken as it is: what it holds is the reader's business.
    ARROW_ASSIGN_OR_RAISE(ArrayPtr plain, PlainColumn(values, pool));
    if (plain->type_id() == arrow::Type::EXTENSION) {
      plain = checked_cast<const arrow::ExtensionArray&>(*plain).storage();
    }
    return internal::CastTo(plain, arrow::utf8(), pool);
  }
  ARROW_ASSIGN_OR_RAISE(ArrayPtr read, StoreAs(values, type, column, pool));
  if (IsFloat(type) && arrow::is_integer(plain_type.id())) {
    ARROW_ASSIGN_OR_RAISE(const ArrayPtr plain, PlainColumn(values, pool));
    ARROW_RETURN_NOT_OK(CheckExact(plain, *read, column, type, pool));
  }
  return internal::CastTo(read, DeclaredArrowType(type), pool);
}

}  // namespace windrow::column
