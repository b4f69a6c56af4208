// SPDX-License-Identifier: Apache-2.0
#include "windrow/flight/key_kind.h"

#include <arrow/c/abi.h>
#include <arrow/c/bridge.h>
#include <arrow/type_traits.h>
#include <arrow/util/checked_cast.h>

namespace windrow::flight {
namespace {

using arrow::internal::checked_cast;

bool IsWord(const arrow::DataType& type) {
  const KeyKind kind = KeyKindOf(type);
  return kind == KeyKind::kSigned || kind == KeyKind::kUnsigned;
}

}  // namespace

KeyKind KeyKindOf(const arrow::DataType& type) {
  if (arrow::is_unsigned_integer(type.id())) return KeyKind::kUnsigned;
  if (arrow::is_signed_integer(type.id())) return KeyKind::kSigned;
  switch (type.id()) {
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DURATION:
      return KeyKind::kSigned;
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
      return KeyKind::kText;
    default:
      return KeyKind::kNone;
  }
}

bool HaveEqualKeys(const arrow::DataType& left, const arrow::DataType& right) {
  if (KeyKindOf(left) == KeyKind::kText) return KeyKindOf(right) == KeyKind::kText;
  if (!IsWord(left) || !IsWord(right)) return false;
  if (arrow::is_integer(left.id())) return arrow::is_integer(right.id());
  if (left.id() == arrow::Type::TIMESTAMP && right.id() == arrow::Type::TIMESTAMP) {
    const auto& one = checked_cast<const arrow::TimestampType&>(left);
    const auto& other = checked_cast<const arrow::TimestampType&>(right);
    // Zones only show an instant; a time without zone is no instant.
    return one.unit() == other.unit() &&
           one.timezone().empty() == other.timezone().empty();
  }
  return left.Equals(right);
}

Result<std::string> FormatOfType(const arrow::DataType& type) {
  ArrowSchema schema{};
  ARROW_RETURN_NOT_OK(arrow::ExportType(type, &schema));
  std::string format = schema.format;
  schema.release(&schema);
  return format;
}

Result<std::shared_ptr<arrow::DataType>> TypeOfFormat(const std::string& format) {
  // A NUL would end the words for Arrow, not for us.
  if (format.find('\0') == std::string::npos) {
    ArrowSchema schema{};
    schema.format = format.c_str();
    schema.name = "";
    schema.release = [](ArrowSchema* released) { released->release = nullptr; };
    auto type = arrow::ImportType(&schema);
    if (type.ok() && KeyKindOf(**type) != KeyKind::kNone) return type;
  }
  return DataError("its keys are of a type that no filter has");
}

}  // namespace windrow::flight
