// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/distinct_keys.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/data.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <cstring>

#include "windrow/base/check.h"
#include "windrow/column/key_type.h"

namespace windrow::column {
namespace {

Result<std::shared_ptr<arrow::Array>> DistinctTexts(const KeyTable& table,
                                                    arrow::MemoryPool* pool) {
  arrow::LargeBinaryBuilder builder(pool);
  for (const std::string_view key : table.DistinctBytes()) {
    const auto value = KeyBatch::ValueOfBytes(key);
    if (value.has_value()) ARROW_RETURN_NOT_OK(builder.Append(*value));
  }
  return builder.Finish();
}

}  // namespace

bool HasDistinctKeys(const arrow::DataType& common_type) {
  const arrow::Type::type id = common_type.id();
  if (!IsWordKey(common_type)) return arrow::is_base_binary_like(id);
  return id == arrow::Type::INT64 || arrow::is_temporal(id);
}

Result<std::shared_ptr<arrow::Array>> DistinctKeys(const KeyTable& table,
                                                   arrow::MemoryPool* pool) {
  const auto& type = table.layout().types.at(0);
  WINDROW_CHECK(table.layout().types.size() == 1 && HasDistinctKeys(*type));
  if (!IsWordKey(*type)) return DistinctTexts(table, pool);
  PoolVector<int64_t> words(pool);
  ARROW_RETURN_NOT_OK(table.DistinctWords(&words));
  const int64_t width = type->byte_width();
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> values,
                        arrow::AllocateBuffer(words.size() * width, pool));
  if (width == sizeof(int64_t)) {
    std::memcpy(values->mutable_data(), words.data(), words.size() * sizeof(int64_t));
  } else {
    WINDROW_CHECK(width == sizeof(int32_t));
    auto* narrow = values->mutable_data_as<int32_t>();
    for (const int64_t word : words) *narrow++ = static_cast<int32_t>(word);
  }
  return arrow::MakeArray(
      arrow::ArrayData::Make(type, words.size(), {nullptr, std::move(values)}, 0));
}

}  // namespace windrow::column
