// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/key_type.h"

#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/checked_cast.h>

#include <algorithm>

namespace windrow::column {
namespace {

using arrow::Type;
using arrow::internal::checked_cast;
using TypePtr = std::shared_ptr<arrow::DataType>;

const arrow::DataType& WithoutDictionary(const arrow::DataType& type) {
  if (type.id() != Type::DICTIONARY) return type;
  return *checked_cast<const arrow::DictionaryType&>(type).value_type();
}

bool IsBytes(const arrow::DataType& type) {
  return arrow::is_base_binary_like(type.id()) || type.id() == Type::FIXED_SIZE_BINARY;
}

/// Families of types that compare with each other; kNone compares with nothing.
enum class Family {
  kNone,
  kInteger,
  kBoolean,
  kFloat,
  kDate,
  kTimestamp,
  kTime,
  kDuration,
  kBytes
};

Family FamilyOf(const arrow::DataType& type) {
  if (arrow::is_integer(type.id())) return Family::kInteger;
  if (IsBytes(type)) return Family::kBytes;
  switch (type.id()) {
    case Type::BOOL:
      return Family::kBoolean;
    case Type::FLOAT:
    case Type::DOUBLE:
      return Family::kFloat;
    case Type::DATE32:
    case Type::DATE64:
      return Family::kDate;
    case Type::TIMESTAMP:
      return Family::kTimestamp;
    case Type::TIME32:
    case Type::TIME64:
      return Family::kTime;
    case Type::DURATION:
      return Family::kDuration;
    default:
      return Family::kNone;
  }
}

arrow::TimeUnit::type UnitOf(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::TIMESTAMP:
      return checked_cast<const arrow::TimestampType&>(type).unit();
    case Type::DURATION:
      return checked_cast<const arrow::DurationType&>(type).unit();
    default:
      return checked_cast<const arrow::TimeType&>(type).unit();
  }
}

TypePtr Finer(Family family, const arrow::DataType& left, const arrow::DataType& right) {
  const auto unit = std::max(UnitOf(left), UnitOf(right));
  if (family == Family::kTimestamp) return arrow::timestamp(unit);
  if (family == Family::kDuration) return arrow::duration(unit);
  return arrow::time64(std::max(unit, arrow::TimeUnit::MICRO));
}

bool IsZoned(const arrow::DataType& type) {
  return !checked_cast<const arrow::TimestampType&>(type).timezone().empty();
}

}  // namespace

Result<TypePtr> CommonKeyType(const arrow::DataType& left_type,
                              const arrow::DataType& right_type) {
  const arrow::DataType& plain_left = WithoutDictionary(left_type);
  const arrow::DataType& plain_right = WithoutDictionary(right_type);
  const bool is_left_null = plain_left.id() == Type::NA;
  const bool is_right_null = plain_right.id() == Type::NA;
  if (is_left_null && is_right_null) return arrow::int64();
  const arrow::DataType& left = is_left_null ? plain_right : plain_left;
  const arrow::DataType& right = is_right_null ? plain_left : plain_right;
  const Family family = FamilyOf(left);
  auto refuse = [&](const char* why) {
    return UserError(left_type.ToString(), " and ", right_type.ToString(),
                     " do not compare as join keys; ", why);
  };
  if (family == Family::kNone || family != FamilyOf(right)) {
    return refuse("expected two integers, floats, strings, dates or timestamps");
  }
  switch (family) {
    case Family::kInteger: {
      const bool both_wide = left.id() == Type::UINT64 && right.id() == Type::UINT64;
      return both_wide ? arrow::uint64() : arrow::int64();
    }
    case Family::kBoolean:
      return arrow::boolean();
    case Family::kFloat:
      return arrow::float64();
    case Family::kDate:
      return left.id() == Type::DATE32 && right.id() == Type::DATE32 ? arrow::date32()
                                                                     : arrow::date64();
    case Family::kTimestamp:
      if (IsZoned(left) != IsZoned(right)) {
        return refuse("one has a time zone, the other has none; cast one of them");
      }
      return Finer(family, left, right);
    case Family::kTime:
    case Family::kDuration:
      return Finer(family, left, right);
    case Family::kBytes:
      return arrow::binary();
    case Family::kNone:
      break;
  }
  return refuse("expected comparable types");
}

bool IsWordKey(const arrow::DataType& common_type) {
  return common_type.id() != Type::BINARY;
}

}  // namespace windrow::column
