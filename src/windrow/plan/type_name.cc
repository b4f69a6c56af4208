// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/type_name.h"

#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/string.h>

#include <utility>

namespace windrow::plan {
namespace {

struct NamedType {
  std::string name;
  std::shared_ptr<arrow::DataType> type;
};

/// The first name of each type is the one printed.
const std::vector<NamedType>& NamedTypes() {
  static const std::vector<NamedType> types = {
      {"boolean", arrow::boolean()},
      {"bool", arrow::boolean()},
      {"tinyint", arrow::int8()},
      {"smallint", arrow::int16()},
      {"integer", arrow::int32()},
      {"int", arrow::int32()},
      {"bigint", arrow::int64()},
      {"utinyint", arrow::uint8()},
      {"usmallint", arrow::uint16()},
      {"uinteger", arrow::uint32()},
      {"ubigint", arrow::uint64()},
      {"int8", arrow::int8()},
      {"int16", arrow::int16()},
      {"int32", arrow::int32()},
      {"int64", arrow::int64()},
      {"uint8", arrow::uint8()},
      {"uint16", arrow::uint16()},
      {"uint32", arrow::uint32()},
      {"uint64", arrow::uint64()},
      {"float", arrow::float32()},
      {"real", arrow::float32()},
      {"float32", arrow::float32()},
      {"double", arrow::float64()},
      {"float64", arrow::float64()},
      {"varchar", arrow::utf8()},
      {"string", arrow::utf8()},
      {"text", arrow::utf8()},
      {"utf8", arrow::utf8()},
      {"date", arrow::date32()},
      {"timestamp", arrow::timestamp(arrow::TimeUnit::MICRO)},
  };
  return types;
}

}  // namespace

std::shared_ptr<arrow::DataType> TypeByName(std::string_view name) {
  const std::string lower = arrow::internal::AsciiToLower(name);
  for (const NamedType& named : NamedTypes()) {
    if (named.name == lower) return named.type;
  }
  return nullptr;
}

const std::vector<std::string>& TypeNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const NamedType& named : NamedTypes()) all.push_back(named.name);
    all.push_back("decimal");
    return all;
  }();
  return names;
}

std::string TypeText(const arrow::DataType& type) {
  for (const NamedType& named : NamedTypes()) {
    if (named.type->Equals(type)) return named.name;
  }
  if (arrow::is_decimal(type.id())) {
    const auto& decimal = static_cast<const arrow::DecimalType&>(type);
    return "decimal(" + std::to_string(decimal.precision()) + "," +
           std::to_string(decimal.scale()) + ")";
  }
  return type.ToString();
}

}  // namespace windrow::plan
