// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/postgres_type.h"

#include <algorithm>
#include <iterator>

namespace windrow::source {
namespace {

using format::CopyKind;

/// Numbers of pg_type, the same in every server.
struct KnownType {
  uint32_t oid;
  uint32_t array_oid;
  CopyKind kind;
};

constexpr KnownType kKnownTypes[] = {
    {16, 1000, CopyKind::kBool},        {17, 1001, CopyKind::kBytea},
    {19, 1003, CopyKind::kText},        {20, 1016, CopyKind::kInt8},
    {21, 1005, CopyKind::kInt2},        {23, 1007, CopyKind::kInt4},
    {25, 1009, CopyKind::kText},        {114, 199, CopyKind::kText},
    {700, 1021, CopyKind::kFloat4},     {701, 1022, CopyKind::kFloat8},
    {1042, 1014, CopyKind::kText},      {1043, 1015, CopyKind::kText},
    {1082, 1182, CopyKind::kDate},      {1083, 1183, CopyKind::kTime},
    {1114, 1115, CopyKind::kTimestamp}, {1184, 1185, CopyKind::kTimestampTz},
    {1700, 1231, CopyKind::kNumeric},   {2950, 2951, CopyKind::kUuid},
    {3802, 3807, CopyKind::kJsonb},
};

}  // namespace

std::optional<format::CopyType> CopyTypeOf(uint32_t oid, int32_t modifier) {
  const auto* known = std::find_if(
      std::begin(kKnownTypes), std::end(kKnownTypes),
      [&](const KnownType& type) { return type.oid == oid || type.array_oid == oid; });
  if (known == std::end(kKnownTypes)) return std::nullopt;
  format::CopyType type;
  type.kind = known->kind;
  type.is_array = known->array_oid == oid;
  type.element_oid = type.is_array ? known->oid : 0;
  if (type.kind == CopyKind::kNumeric && modifier >= 4) {
    const int32_t packed = modifier - 4;
    type.precision = packed >> 16;
    type.scale = ((packed & 0x7ff) ^ 0x400) - 0x400;  // eleven bits with a sign
  }
  return type;
}

}  // namespace windrow::source
