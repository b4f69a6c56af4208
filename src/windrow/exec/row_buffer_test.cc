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

RunContext ContextOf(MemoryBudget* budget) {
  RunContext context;
  context.pool = budget;
  context.budget = budget;
  context.spill_pool = budget->spill_pool();
  return context;
}

/// A run with a budget of its own, and a buffer in it.
struct BufferRun {
  explicit BufferRun(int64_t budget_bytes)
      : budget(budget_bytes, arrow::default_memory_pool()) {}

  int64_t NumRows() const {
    int64_t sum = 0;
    for (int64_t i = 0; i < rows.num_batches(); ++i) {
      sum += rows.ReadBatch(i).ValueOrDie()->num_rows();
    }
    return sum;
  }

  MemoryBudget budget;
  RunContext context = ContextOf(&budget);
  StepMetrics metrics{"step", "keep"};
  RowBuffer rows{arrow::schema({arrow::field("n", arrow::int64())}), &context, &metrics};
};

TEST(RowBuffer, GivesBatchesBackFromMemoryAndFromDisk) {
  BufferRun run(64 << 20);
  for (int64_t first = 0; first < 3000; first += 1000) {
    ASSERT_TRUE(run.rows.Append(Numbers(first, 1000, &run.budget)).ok());
  }
  EXPECT_GT(run.rows.spillable_bytes(), 0);
  const int64_t held = run.budget.bytes_allocated();
  ASSERT_TRUE(run.rows.Spill().ok());
  EXPECT_EQ(run.rows.spillable_bytes(), 0);
  EXPECT_LT(run.budget.bytes_allocated(), held);
  EXPECT_GT(run.metrics.spill_bytes, 0);
  ASSERT_TRUE(run.rows.Append(Numbers(3000, 500, &run.budget)).ok());
  EXPECT_EQ(run.NumRows(), 3500);
  ASSERT_EQ(run.rows.num_batches(), 4);
  for (int64_t i = 0; i < 4; ++i) {
    const auto batch = run.rows.ReadBatch(i).ValueOrDie();
    EXPECT_EQ(batch->num_rows(), i < 3 ? 1000 : 500);
    EXPECT_TRUE(batch->Equals(*Numbers(i * 1000, batch->num_rows(), &run.budget)));
  }
}

TEST(RowBuffer, SpillsWhenAnotherAllocationNeedsTheRoom) {
  BufferRun run(4 << 20);
  for (int64_t first = 0; first < 2'000'000; first += 100'000) {
    ASSERT_TRUE(run.rows.Append(Numbers(first, 100'000, &run.budget)).ok());
  }
  EXPECT_LE(run.budget.bytes_allocated(), 4 << 20);
  EXPECT_GT(run.metrics.spill_bytes, 0);
  EXPECT_EQ(run.NumRows(), 2'000'000);
}

}  // namespace
}  // namespace windrow::exec
