// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/key_order.h"

#include <arrow/api.h>
#include <gtest/gtest.h>
#include <support/memory_pipeline.h>
#include <support/random_columns.h>

#include "windrow/exec/task_slots.h"

namespace windrow::op {
namespace {

using testing::JsonArray;

/// What is found in rows of these columns that come `batch_rows` at a time.
KeyOrder::Found Look(const arrow::ArrayVector& columns, int64_t batch_rows) {
  arrow::FieldVector fields;
  for (const auto& column : columns) fields.push_back(arrow::field("k", column->type()));
  const auto rows =
      arrow::RecordBatch::Make(arrow::schema(fields), columns[0]->length(), columns);
  testing::Batches batches;
  for (int64_t row = 0; row < rows->num_rows(); row += batch_rows) {
    batches.push_back(rows->Slice(row, batch_rows));
  }
  exec::TaskSlots slots(2);
  exec::RunContext context;
  context.pool = arrow::default_memory_pool();
  context.slots = &slots;
  exec::RunMetrics metrics;
  exec::Pipeline pipeline;
  testing::Batches none;
  pipeline.source =
      std::make_unique<testing::MemorySource>(rows->schema(), testing::AsUnits(batches));
  pipeline.source_metrics = metrics.Add("source", "scan");
  auto found = std::make_shared<KeyOrder::Found>();
  pipeline.steps.push_back({nullptr, std::make_unique<KeyOrder>(found, &context),
                            metrics.Add("order", "key_order")});
  pipeline.sink = std::make_unique<testing::CollectingSink>(&none);
  pipeline.sink_metrics = metrics.Add("sink", "write");
  EXPECT_TRUE(exec::RunPipeline(&pipeline, &context).ok());
  return *found;
}

void ExpectGroups(const arrow::ArrayVector& columns, int64_t groups) {
  for (const int64_t batch_rows : {1, 2, 100}) {
    const KeyOrder::Found found = Look(columns, batch_rows);
    EXPECT_TRUE(found.is_sorted);
    EXPECT_EQ(found.groups, groups);
  }
}

void ExpectUnsorted(const arrow::ArrayVector& columns) {
  for (const int64_t batch_rows : {1, 2, 100}) {
    EXPECT_FALSE(Look(columns, batch_rows).is_sorted);
  }
}

TEST(KeyOrder, CountsTheGroupsOfSortedRows) {
  const auto text = JsonArray(arrow::utf8(), R"(["", "a", "a", "ab", "b", null, null])");
  ExpectGroups({text}, 5);
  ExpectGroups({text, JsonArray(arrow::int64(), "[9, 1, 2, 2, 2, 0, null]")}, 7);
  ExpectGroups({JsonArray(arrow::int64(), "[]")}, 0);
}

TEST(KeyOrder, ARowOutOfPlaceIsSeen) {
  ExpectUnsorted({JsonArray(arrow::utf8(), R"(["a", "b", "ab"])")});
  ExpectUnsorted({JsonArray(arrow::int64(), "[1, null, 2]")});
  ExpectUnsorted({JsonArray(arrow::int64(), "[1, 1, 2]"),
                  JsonArray(arrow::boolean(), "[true, false, false]")});
}

TEST(KeyOrder, ZerosOfBothSignsAreOneKey) {
  const auto zeros = JsonArray(arrow::float64(), "[-0.0, 0.0, -0.0]");
  ExpectGroups({zeros}, 1);
  ExpectGroups({zeros, JsonArray(arrow::int64(), "[1, 2, 2]")}, 2);
  ExpectUnsorted({zeros, JsonArray(arrow::int64(), "[1, 2, 1]")});
  ExpectUnsorted(
      {JsonArray(arrow::float64(), "[-0.0, 0.0]"), JsonArray(arrow::int64(), "[2, 1]")});
}

}  // namespace
}  // namespace windrow::op
