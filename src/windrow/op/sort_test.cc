// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/sort.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <support/memory_pipeline.h>
#include <support/random_columns.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "windrow/exec/task_slots.h"

namespace windrow::op {
namespace {

using testing::Batches;
using testing::BatchPtr;
using testing::JsonArray;
using testing::Pick;
using testing::Random;
using ArrayPtr = std::shared_ptr<arrow::Array>;
using Rows = std::vector<int64_t>;

/// Batches of the key columns and, last, the row's number.
BatchPtr Numbered(const arrow::ArrayVector& keys) {
  const int64_t rows = keys[0]->length();
  arrow::Int64Builder numbers;
  for (int64_t row = 0; row < rows; ++row) EXPECT_TRUE(numbers.Append(row).ok());
  arrow::ArrayVector columns = keys;
  columns.push_back(numbers.Finish().ValueOrDie());
  arrow::FieldVector fields;
  for (const ArrayPtr& column : columns)
    fields.push_back(arrow::field("c", column->type()));
  return arrow::RecordBatch::Make(arrow::schema(fields), rows, columns);
}

struct Ways {
  int num_slots = 2;
  int64_t batch_rows = 10;
  int64_t window_bytes = 1 << 20;
  uint64_t seed = 0;
};

/// The row numbers in the order in which Sort lets the rows out.
Rows Sorted(const BatchPtr& input, const Sort::Options& options, const Ways& ways = {}) {
  exec::TaskSlots slots(ways.num_slots);
  exec::RunContext context;
  context.pool = arrow::default_memory_pool();
  context.slots = &slots;
  context.morsel_rows = ways.batch_rows;
  context.window_bytes = ways.window_bytes;
  exec::RunMetrics metrics;
  exec::Pipeline pipeline;
  Random random(ways.seed);
  pipeline.source = std::make_unique<testing::MemorySource>(
      input->schema(),
      testing::AsUnits(testing::CutAtRandom(input, ways.batch_rows, random)));
  pipeline.source_metrics = metrics.Add("source", "scan");
  exec::StepMetrics* step = metrics.Add("sort", "sort");
  pipeline.steps.push_back(
      {nullptr, std::make_unique<Sort>(options, input->schema(), &context, step), step});
  Batches written;
  pipeline.sink = std::make_unique<testing::CollectingSink>(&written);
  pipeline.sink_metrics = metrics.Add("sink", "write");
  const Status status = exec::RunPipeline(&pipeline, &context);
  EXPECT_TRUE(status.ok()) << status;
  Rows rows;
  for (const BatchPtr& batch : written) {
    EXPECT_TRUE(batch->ValidateFull().ok());
    const auto& numbers =
        static_cast<const arrow::Int64Array&>(*batch->column(batch->num_columns() - 1));
    for (int64_t i = 0; i < numbers.length(); ++i) rows.push_back(numbers.Value(i));
  }
  return rows;
}

TEST(Sort, TiesKeepTheirOrder) {
  const BatchPtr input = Numbered({JsonArray(arrow::int32(), "[2, 1, 2, 1, 1, 2]")});
  EXPECT_EQ(Sorted(input, {{{0}}, {}}), (Rows{1, 3, 4, 0, 2, 5}));
  EXPECT_EQ(Sorted(input, {{{0, true}}, {}}), (Rows{0, 2, 5, 1, 3, 4}));
  EXPECT_EQ(Sorted(input, {{}, {}}), (Rows{0, 1, 2, 3, 4, 5}));
}

TEST(Sort, NullsFirstOrLast) {
  const BatchPtr input =
      Numbered({JsonArray(arrow::utf8(), R"(["b", null, "a", null])")});
  EXPECT_EQ(Sorted(input, {{{0}}, {}}), (Rows{2, 0, 1, 3}));
  EXPECT_EQ(Sorted(input, {{{0, true}}, {}}), (Rows{0, 2, 1, 3}));
  EXPECT_EQ(Sorted(input, {{{0, false, true}}, {}}), (Rows{1, 3, 2, 0}));
  EXPECT_EQ(Sorted(input, {{{0, true, true}}, {}}), (Rows{1, 3, 0, 2}));
}

TEST(Sort, NanFollowsEveryNumber) {
  arrow::DoubleBuilder builder;
  ASSERT_TRUE(builder.AppendValues({std::nan(""), 1, HUGE_VAL, -1}).ok());
  ASSERT_TRUE(builder.AppendNull().ok());
  const BatchPtr input = Numbered({builder.Finish().ValueOrDie()});
  EXPECT_EQ(Sorted(input, {{{0}}, {}}), (Rows{3, 1, 2, 0, 4}));
}

TEST(Sort, EachKeyHasItsDirectionAndNulls) {
  const BatchPtr input =
      Numbered({JsonArray(arrow::int8(), "[1, 1, null, 2, 2, null]"),
                JsonArray(arrow::utf8(), R"(["x", null, "x", "y", null, "z"])")});
  EXPECT_EQ(Sorted(input, {{{0, true, true}, {1, false, false}}, {}}),
            (Rows{2, 5, 3, 4, 0, 1}));
  EXPECT_EQ(Sorted(input, {{{0, false, false}, {1, true, true}}, {}}),
            (Rows{1, 0, 4, 3, 5, 2}));
}

TEST(Sort, DictionaryAndNullKeys) {
  Random random(4);
  const ArrayPtr text = JsonArray(arrow::utf8(), R"(["b", null, "a", "c", "a"])");
  const BatchPtr input = Numbered(
      {testing::AsDictionary(text, random), std::make_shared<arrow::NullArray>(5)});
  EXPECT_EQ(Sorted(input, {{{1}, {0}}, {}}), (Rows{2, 4, 0, 3, 1}));
  EXPECT_EQ(Sorted(input, {{{1}}, 3}), (Rows{0, 1, 2}));
}

TEST(Sort, EmptyInputAndLimitZero) {
  const BatchPtr input = Numbered({JsonArray(arrow::int32(), "[2, 1]")});
  EXPECT_TRUE(Sorted(input->Slice(0, 0), {{{0}}, {}}).empty());
  EXPECT_TRUE(Sorted(input, {{{0}}, 0}).empty());
}

/// Ascending by a non-null int column, by definition.
Rows ReferenceOrder(const BatchPtr& input, int64_t limit) {
  const auto& keys = static_cast<const arrow::Int64Array&>(*input->column(0));
  Rows rows(static_cast<size_t>(input->num_rows()));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  std::stable_sort(rows.begin(), rows.end(),
                   [&](int64_t a, int64_t b) { return keys.Value(a) < keys.Value(b); });
  rows.resize(std::min(rows.size(), static_cast<size_t>(limit)));
  return rows;
}

TEST(Sort, LimitsDoNotDependOnBatchesWindowsAndSlots) {
  const ArrayPtr pool = JsonArray(arrow::int64(), "[1, 2, 3, 4, 5, 6, 7, 8, 9]");
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const BatchPtr input =
        Numbered({testing::Draw(pool, Pick(random, 0, 200), 0, random)});
    const int64_t limit = Pick(random, 0, 80);
    const Ways ways{static_cast<int>(Pick(random, 1, 4)), Pick(random, 1, 100),
                    Pick(random, 0, 1) == 0 ? 1 : 400, seed};
    ASSERT_EQ(Sorted(input, {{{0}}, limit}, ways), ReferenceOrder(input, limit));
    ASSERT_EQ(Sorted(input, {{{0}}, {}}, ways), ReferenceOrder(input, input->num_rows()));
  }
}

TEST(Sort, SurvivorsOfALimitAreCutAgain) {
  Random random(9);
  arrow::Int64Builder keys;
  for (int64_t row = 0; row < 300'000; ++row) {
    ASSERT_TRUE(keys.Append(Pick(random, 0, 5'000)).ok());
  }
  const BatchPtr input = Numbered({keys.Finish().ValueOrDie()});
  for (const int64_t window_bytes : {int64_t{20'000}, int64_t{1} << 24}) {
    const Ways ways{2, 9'000, window_bytes, 1};
    EXPECT_EQ(Sorted(input, {{{0}}, 3'000}, ways), ReferenceOrder(input, 3'000));
  }
}

}  // namespace
}  // namespace windrow::op
