// SPDX-License-Identifier: Apache-2.0
#include "windrow/flight/owned_batch.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <support/random_columns.h>

#include <cstring>

namespace windrow::flight {
namespace {

std::shared_ptr<arrow::RecordBatch> Rows() {
  const auto codes = testing::JsonArray(arrow::int32(), "[1, null, 0, 1]");
  const auto words = testing::JsonArray(arrow::utf8(), R"(["a", "b"])");
  const arrow::ArrayVector columns = {
      testing::JsonArray(arrow::int64(), "[1, null, 3, 4]"),
      testing::JsonArray(arrow::utf8(), R"(["", "text", null, "more"])"),
      testing::JsonArray(arrow::boolean(), "[true, false, null, true]"),
      testing::JsonArray(arrow::null(), "[null, null, null, null]"),
      testing::JsonArray(arrow::list(arrow::utf8()), R"([["a"], null, [], ["b", null]])"),
      arrow::DictionaryArray::FromArrays(codes, words).ValueOrDie()};
  arrow::FieldVector fields;
  for (const auto& column : columns) fields.push_back(arrow::field("c", column->type()));
  return arrow::RecordBatch::Make(arrow::schema(fields), 4, columns);
}

TEST(OwnedBatch, IsEqualAndLiesInThePool) {
  arrow::ProxyMemoryPool pool(arrow::default_memory_pool());
  const auto rows = Rows();
  for (const auto& batch : {rows, rows->Slice(1, 2), rows->Slice(4), rows->Slice(0, 0)}) {
    std::shared_ptr<arrow::RecordBatch> owned;
    {
      // Nothing of the copy may lie in what it was copied from.
      const auto source = batch->CopyTo(arrow::default_cpu_memory_manager()).ValueOrDie();
      owned = OwnedBatch(*source, &pool).ValueOrDie();
      for (int i = 0; i < source->num_columns(); ++i) {
        for (const auto& buffer : source->column_data(i)->buffers) {
          if (buffer == nullptr || buffer->size() == 0) continue;
          std::memset(const_cast<uint8_t*>(buffer->data()), 0xff, buffer->size());
        }
      }
    }
    ASSERT_TRUE(owned->ValidateFull().ok());
    EXPECT_TRUE(owned->Equals(*batch));
    EXPECT_GT(pool.bytes_allocated(), 0);
    owned.reset();
    EXPECT_EQ(pool.bytes_allocated(), 0);
  }
}

}  // namespace
}  // namespace windrow::flight
