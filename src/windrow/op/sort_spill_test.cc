// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <arrow/device.h>
#include <gmock/gmock.h>
#include <support/memory_pipeline.h>
#include <support/random_columns.h>

#include <filesystem>
#include <optional>

#include "windrow/exec/memory_budget.h"
#include "windrow/exec/task_slots.h"
#include "windrow/op/sort.h"

namespace windrow::op {
namespace {

using testing::Batches;
using testing::BatchPtr;
using testing::Chance;
using testing::Draw;
using testing::JsonArray;
using testing::Pick;
using testing::Random;

constexpr int64_t kBudgetBytes = 8 << 20;

/// Moves batches into memory of the budget, as a decoding source would.
class IntoPool : public exec::Operator {
 public:
  IntoPool(std::shared_ptr<arrow::Schema> schema, arrow::MemoryPool* pool)
      : schema_(std::move(schema)), memory_(arrow::CPUDevice::memory_manager(pool)) {}
  const std::shared_ptr<arrow::Schema>& output_schema() const override { return schema_; }
  Result<BatchPtr> Process(BatchPtr batch) override { return batch->CopyTo(memory_); }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::MemoryManager> memory_;
};

struct Outcome {
  Status status;
  std::vector<int64_t> numbers;  ///< last column of the output
  int64_t spilled = 0;
  int64_t peak = 0;
  std::string strategy;
};

/// Sorts with a budget, or without one.
Outcome Sorted(const Batches& input, const Sort::Options& options, bool has_budget,
               const std::string& temp_dir = ::testing::TempDir()) {
  exec::TaskSlots slots(2);
  exec::MemoryBudget budget(kBudgetBytes, arrow::default_memory_pool(), 1 << 20);
  exec::RunContext context;
  context.slots = &slots;
  context.pool = arrow::default_memory_pool();
  context.window_bytes = kBudgetBytes / 16;
  context.temp_dir = temp_dir;
  if (has_budget) {
    context.pool = context.budget = &budget;
    context.spill_pool = budget.spill_pool();
  }
  exec::RunMetrics metrics;
  const auto schema = input[0]->schema();
  exec::Pipeline pipeline;
  pipeline.source =
      std::make_unique<testing::MemorySource>(schema, testing::AsUnits(input));
  pipeline.source_metrics = metrics.Add("source", "scan");
  exec::StepMetrics* step = metrics.Add("sort", "sort");
  pipeline.steps.push_back(
      {std::make_unique<IntoPool>(schema, context.pool), nullptr, step});
  pipeline.steps.push_back(
      {nullptr, std::make_unique<Sort>(options, schema, &context, step), step});
  // Kept outside the budget, as a written file would be.
  Batches written;
  const auto plain = arrow::default_memory_pool();
  pipeline.steps.push_back({std::make_unique<IntoPool>(schema, plain), nullptr, step});
  pipeline.sink = std::make_unique<testing::CollectingSink>(&written);
  pipeline.sink_metrics = metrics.Add("sink", "write");
  Outcome outcome;
  outcome.status = exec::RunPipeline(&pipeline, &context);
  for (const BatchPtr& batch : written) {
    EXPECT_TRUE(batch->ValidateFull().ok());
    const auto& numbers =
        static_cast<const arrow::Int64Array&>(*batch->column(batch->num_columns() - 1));
    for (int64_t i = 0; i < numbers.length(); ++i)
      outcome.numbers.push_back(numbers.Value(i));
  }
  outcome.spilled = step->spill_bytes;
  outcome.peak = budget.max_memory();
  outcome.strategy = step->strategy();
  return outcome;
}

/// `rows` rows of a few key columns, a text, and their number.
Batches MakeInput(int64_t rows, Random& random, bool is_ascending = false) {
  const auto doubles =
      JsonArray(arrow::float64(), "[1.5, -0.0, 0.0, NaN, Inf, -Inf, 7, 8, 9, 1e300]");
  const auto texts = JsonArray(arrow::utf8(), R"(["", "a", "ab", "b", "ä", "zz"])");
  const auto schema = arrow::schema(
      {arrow::field("few", arrow::float64()), arrow::field("text", arrow::utf8()),
       arrow::field("many", arrow::int64()), arrow::field("pad", arrow::utf8()),
       arrow::field("number", arrow::int64())});
  Batches batches;
  for (int64_t first = 0; first < rows;) {
    const int64_t length = Pick(random, 1, std::min<int64_t>(4000, rows - first));
    arrow::Int64Builder many;
    arrow::Int64Builder numbers;
    arrow::StringBuilder pads;
    for (int64_t i = 0; i < length; ++i) {
      EXPECT_TRUE(many.Append(is_ascending ? first + i : Pick(random, 0, rows)).ok());
      EXPECT_TRUE(numbers.Append(first + i).ok());
      EXPECT_TRUE(pads.Append(std::string(static_cast<size_t>(Pick(random, 40, 120)),
                                          static_cast<char>(Pick(random, 'a', 'z'))))
                      .ok());
    }
    batches.push_back(arrow::RecordBatch::Make(
        schema, length,
        {Draw(doubles, length, 0.1, random), Draw(texts, length, 0.1, random),
         *many.Finish(), *pads.Finish(), *numbers.Finish()}));
    first += length;
  }
  return batches;
}

TEST(SortSpill, GivesTheOrderOfASortInMemory) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  Random random(seed);
  const std::vector<std::vector<Sort::Key>> orders = {
      {{2}}, {{0, true, true}, {1, false, false}}, {{1, true}, {2, true}}, {}};
  for (const bool is_ascending : {false, true}) {
    const Batches input = MakeInput(150'000, random, is_ascending);
    for (const std::vector<Sort::Key>& keys : orders) {
      const Outcome expected = Sorted(input, {keys, {}}, false);
      const Outcome found = Sorted(input, {keys, {}}, true);
      ASSERT_TRUE(found.status.ok()) << found.status;
      EXPECT_TRUE(found.numbers == expected.numbers);
      EXPECT_GT(found.spilled, 0);
      EXPECT_EQ(expected.spilled, 0);
      EXPECT_THAT(found.strategy, ::testing::HasSubstr("sorted runs"));
      EXPECT_LE(found.peak, kBudgetBytes + (8 << 20));
    }
  }
}

TEST(SortSpill, WhatFitsStaysInMemory) {
  Random random(7);
  const Batches input = MakeInput(10'000, random);
  const Outcome found = Sorted(input, {{{2}}, {}}, true);
  ASSERT_TRUE(found.status.ok()) << found.status;
  EXPECT_EQ(found.spilled, 0);
  EXPECT_EQ(found.numbers, Sorted(input, {{{2}}, {}}, false).numbers);
}

TEST(SortSpill, AMissingFolderIsNamed) {
  Random random(8);
  const Outcome found =
      Sorted(MakeInput(150'000, random), {{{2}}, {}}, true, "/absent/folder");
  EXPECT_EQ(BlameOf(found.status), Blame::kStorage);
  EXPECT_THAT(found.status.message(), ::testing::HasSubstr("/absent/folder"));
}

}  // namespace
}  // namespace windrow::op
