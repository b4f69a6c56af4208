// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/row_buffer.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include "windrow/exec/memory_budget.h"
#include "windrow/exec/metrics.h"

namespace windrow::exec {
namespace {

std::shared_ptr<arrow::RecordBatch> Numbers(int64_t first, int64_t rows,
                                            arrow::MemoryPool* pool) {
  arrow::Int64Builder builder(pool);
  for (int64_t i = 0; i < rows; ++i) EXPECT_TRUE(builder.Append(first + i).ok());
  auto array = builder.Finish().ValueOrDie();
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("n", arrow::int64())}),
                                  rows, {array});
}

TEST(RowBuffer, GivesBatchesBackFromMemoryAndFromDisk) {
  MemoryBudget budget(64 << 20, arrow::default_memory_pool());
  RunContext context;
  context.pool = &budget;
  context.budget = &budget;
  context.spill_pool = budget.spill_pool();
  StepMetrics metrics("step", "keep");
  RowBuffer rows(arrow::schema({arrow::field("n", arrow::int64())}), &context, &metrics);
  for (int64_t first = 0; first < 3000; first += 1000) {
    ASSERT_TRUE(rows.Append(Numbers(first, 1000, &budget)).ok());
  }
  EXPECT_GT(rows.spillable_bytes(), 0);
  const int64_t held = budget.bytes_allocated();
  ASSERT_TRUE(rows.Spill().ok());
  EXPECT_EQ(rows.spillable_bytes(), 0);
  EXPECT_LT(budget.bytes_allocated(), held);
  EXPECT_GT(metrics.spill_bytes, 0);
  ASSERT_TRUE(rows.Append(Numbers(3000, 500, &budget)).ok());
  EXPECT_EQ(rows.num_rows(), 3500);
  ASSERT_EQ(rows.num_batches(), 4);
  for (int64_t i = 0; i < 4; ++i) {
    const auto batch = rows.ReadBatch(i).ValueOrDie();
    EXPECT_EQ(rows.batch_rows(i), i < 3 ? 1000 : 500);
    EXPECT_TRUE(batch->Equals(*Numbers(i * 1000, rows.batch_rows(i), &budget)));
  }
}

TEST(RowBuffer, SpillsWhenAnotherAllocationNeedsTheRoom) {
  MemoryBudget budget(4 << 20, arrow::default_memory_pool());
  RunContext context;
  context.pool = &budget;
  context.budget = &budget;
  context.spill_pool = budget.spill_pool();
  StepMetrics metrics("step", "keep");
  RowBuffer rows(arrow::schema({arrow::field("n", arrow::int64())}), &context, &metrics);
  for (int64_t first = 0; first < 2'000'000; first += 100'000) {
    ASSERT_TRUE(rows.Append(Numbers(first, 100'000, &budget)).ok());
  }
  EXPECT_EQ(rows.num_rows(), 2'000'000);
  EXPECT_LE(budget.bytes_allocated(), 4 << 20);
  EXPECT_GT(metrics.spill_bytes, 0);
}

}  // namespace
}  // namespace windrow::exec
