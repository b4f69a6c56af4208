// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/ipc_fields.h"

#include <arrow/extension_type.h>
#include <arrow/type.h>

namespace windrow::format {
namespace {

int64_t NumBuffers(arrow::Type::type id) {
  switch (id) {
    case arrow::Type::NA:
    case arrow::Type::RUN_END_ENCODED:
      return 0;
    case arrow::Type::STRUCT:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::SPARSE_UNION:
      return 1;
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::LIST_VIEW:
    case arrow::Type::LARGE_LIST_VIEW:
      return 3;
    default:
      return 2;
  }
}

void Pass(const arrow::DataType& type, IpcFieldPlace* place) {
  const arrow::Type::type id = type.id();
  if (id == arrow::Type::EXTENSION) {
    return Pass(*static_cast<const arrow::ExtensionType&>(type).storage_type(), place);
  }
  ++place->nodes;
  place->buffers += NumBuffers(id);
  place->v5_bare += id == arrow::Type::SPARSE_UNION || id == arrow::Type::DENSE_UNION ||
                    id == arrow::Type::RUN_END_ENCODED;
  place->views += id == arrow::Type::STRING_VIEW || id == arrow::Type::BINARY_VIEW;
  // A dictionary column stores its indices only; its type has no child fields.
  for (const auto& field : type.fields()) Pass(*field->type(), place);
}

}  // namespace

std::vector<IpcFieldPlace> PlaceIpcFields(const arrow::Schema& schema) {
  std::vector<IpcFieldPlace> places(1);
  places.reserve(schema.num_fields() + 1);
  for (const auto& field : schema.fields()) {
    IpcFieldPlace next = places.back();
    Pass(*field->type(), &next);
    places.push_back(next);
  }
  return places;
}

}  // namespace windrow::format
