// SPDX-License-Identifier: Apache-2.0
#include "windrow/flight/sendable_batch.h"

#include <arrow/array/concatenate.h>
#include <arrow/extension_type.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/checked_cast.h>

#include <algorithm>

namespace windrow::flight {
namespace {

bool HasUnion(const arrow::DataType& type) {
  if (type.id() == arrow::Type::EXTENSION) {
    const auto& extension =
        arrow::internal::checked_cast<const arrow::ExtensionType&>(type);
    return HasUnion(*extension.storage_type());
  }
  return arrow::is_union(type.id()) ||
         std::any_of(type.fields().begin(), type.fields().end(),
                     [](const auto& field) { return HasUnion(*field->type()); });
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> SendableBatch(
    const std::shared_ptr<arrow::RecordBatch>& batch, arrow::MemoryPool* pool) {
  std::shared_ptr<arrow::RecordBatch> sendable = batch;
  for (int i = 0; i < batch->num_columns(); ++i) {
    const auto& field = batch->schema()->field(i);
    if (!HasUnion(*field->type())) continue;
    // What is put together begins at 0, at every depth.
    ARROW_ASSIGN_OR_RAISE(const auto column,
                          arrow::Concatenate({batch->column(i)}, pool));
    ARROW_ASSIGN_OR_RAISE(sendable, sendable->SetColumn(i, field, column));
  }
  return sendable;
}

}  // namespace windrow::flight
