// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string>

#include "windrow/base/check.h"
#include "windrow/base/status.h"

namespace windrow::flight {

/// How keys of a type are hashed and coded.
enum class KeyKind {
  kNone,      ///< not at all
  kSigned,    ///< as a 64-bit word: integers, dates, times, timestamps, durations
  kUnsigned,  ///< so too
  kText,      ///< as bytes: strings and binaries
};

KeyKind KeyKindOf(const arrow::DataType& type);

/// Whether equal keys of both types have equal words or bytes.
bool HaveEqualKeys(const arrow::DataType& left, const arrow::DataType& right);

/// The name of a type that has a KeyKind, in the words of Arrow's C data interface.
Result<std::string> FormatOfType(const arrow::DataType& type);
/// The type with this name. DataError when there is none, or none with a KeyKind. Safe on
/// any bytes.
Result<std::shared_ptr<arrow::DataType>> TypeOfFormat(const std::string& format);

/// Calls `visit` with a 0 of the number that holds a key of `type`.
/// Requires: KeyKindOf is kSigned or kUnsigned.
template <typename Visit>
auto VisitNumber(const arrow::DataType& type, Visit visit) {
  const KeyKind kind = KeyKindOf(type);
  WINDROW_CHECK(kind == KeyKind::kSigned || kind == KeyKind::kUnsigned);
  const bool is_signed = kind == KeyKind::kSigned;
  switch (type.bit_width()) {
    case 8:
      return is_signed ? visit(int8_t{}) : visit(uint8_t{});
    case 16:
      return is_signed ? visit(int16_t{}) : visit(uint16_t{});
    case 32:
      return is_signed ? visit(int32_t{}) : visit(uint32_t{});
    default:
      return is_signed ? visit(int64_t{}) : visit(uint64_t{});
  }
}

}  // namespace windrow::flight
