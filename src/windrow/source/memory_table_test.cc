// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/memory_table.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "windrow/exec/memory_budget.h"
#include "windrow/exec/run_context.h"
#include "windrow/source/stream_table.h"

namespace windrow::source {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

std::shared_ptr<arrow::Array> Numbers(int64_t first, int64_t count) {
  arrow::Int64Builder builder;
  for (int64_t i = 0; i < count; ++i) EXPECT_TRUE(builder.Append(first + i).ok());
  return builder.Finish().ValueOrDie();
}

BatchPtr NumberBatch(int64_t first, int64_t count) {
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("n", arrow::int64())}),
                                  count, {Numbers(first, count)});
}

std::shared_ptr<arrow::Array> Views(const std::vector<std::string>& texts) {
  arrow::StringViewBuilder builder;
  for (const std::string& text : texts) EXPECT_TRUE(builder.Append(text).ok());
  EXPECT_TRUE(builder.AppendNull().ok());
  return builder.Finish().ValueOrDie();
}

exec::RunContext Context(arrow::MemoryPool* pool = arrow::default_memory_pool()) {
  exec::RunContext context;
  context.pool = pool;
  context.stop = arrow::StopToken::Unstoppable();
  context.morsel_rows = 1000;
  return context;
}

std::vector<BatchPtr> Scan(const exec::Table& table, const exec::ScanOptions& options,
                           exec::RunContext* context) {
  std::vector<BatchPtr> batches;
  const auto source = table.Scan(options, context).ValueOrDie();
  while (auto unit = source->NextUnit(context->stop).ValueOrDie()) {
    while (auto batch = unit->Next().ValueOrDie()) {
      EXPECT_TRUE(batch->ValidateFull().ok()) << batch->ValidateFull();
      EXPECT_LE(batch->num_rows(), context->morsel_rows);
      batches.push_back(std::move(batch));
    }
  }
  return batches;
}

TEST(MemoryTable, RowNumbersAreThoseOfTheRowStore) {
  // Slices, one without rows and one longer than a unit.
  const std::vector<BatchPtr> rows = {NumberBatch(100, 50)->Slice(7, 20),
                                      NumberBatch(0, 0),
                                      NumberBatch(1000, 600'000)->Slice(3)};
  const auto table = MakeMemoryTable(rows[0]->schema(), rows, "test");
  ASSERT_EQ(table->num_rows(), 20 + 600'000 - 3);
  EXPECT_TRUE(table->is_repeatable());
  exec::RunContext context = Context();
  exec::ScanOptions options{.columns = {0}};
  options.row_numbers = true;
  const auto store = table->row_store(&context).ValueOrDie();
  const std::vector<int64_t>& offsets = store->chunk_offsets();
  ASSERT_EQ(offsets.back(), *table->num_rows());
  int64_t next = 0;
  size_t chunk = 0;
  for (const BatchPtr& batch : Scan(*table, options, &context)) {
    const auto& values = static_cast<const arrow::Int64Array&>(*batch->column(0));
    const auto& numbers = static_cast<const arrow::Int64Array&>(*batch->column(1));
    for (int64_t i = 0; i < batch->num_rows(); ++i, ++next) {
      ASSERT_EQ(numbers.Value(i), next);
      while (next >= offsets[chunk + 1]) ++chunk;
      const auto column = store->LoadColumn(static_cast<int>(chunk), 0).ValueOrDie();
      const auto& stored = static_cast<const arrow::Int64Array&>(*column);
      ASSERT_EQ(stored.Value(next - offsets[chunk]), values.Value(i));
    }
  }
  EXPECT_EQ(next, *table->num_rows());
}

TEST(MemoryTable, ViewsComeOutFlat) {
  const auto views = Views({"a", "", "longer than twelve bytes"});
  const auto batch = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("v", arrow::utf8_view())}), 4, {views});
  const auto table = MakeMemoryTable(batch->schema(), {batch->Slice(1)}, "test");
  EXPECT_TRUE(table->schema()->field(0)->type()->Equals(arrow::utf8()));
  EXPECT_FALSE(table->is_repeatable());
  exec::RunContext context = Context();
  const auto batches = Scan(*table, {.columns = {0}}, &context);
  ASSERT_EQ(batches.size(), 1);
  const auto& texts = static_cast<const arrow::StringArray&>(*batches[0]->column(0));
  EXPECT_EQ(texts.GetString(0), "");
  EXPECT_EQ(texts.GetString(1), "longer than twelve bytes");
  EXPECT_TRUE(texts.IsNull(2));
}

TEST(MemoryTable, NoColumnsKeepTheirRows) {
  const auto table =
      MakeMemoryTable(NumberBatch(0, 1)->schema(), {NumberBatch(0, 5)}, "test");
  exec::RunContext context = Context();
  int64_t rows = 0;
  for (const BatchPtr& batch : Scan(*table, {}, &context)) rows += batch->num_rows();
  EXPECT_EQ(rows, 5);
}

TEST(StreamTable, ABatchCountsInTheBudgetUntilItsLastUserLetsGo) {
  constexpr int64_t kRows = 1000;
  constexpr int64_t kBytes = kRows * 8;
  exec::MemoryBudget budget(3 * kBytes, arrow::default_memory_pool());
  exec::RunContext context = Context(&budget);
  context.budget = &budget;
  const auto schema = NumberBatch(0, 1)->schema();
  const auto table = MakeStreamTable(
      schema,
      [&]() -> Result<std::shared_ptr<arrow::RecordBatchReader>> {
        std::vector<BatchPtr> batches;
        for (int64_t i = 0; i < 5; ++i) batches.push_back(NumberBatch(i * kRows, kRows));
        return arrow::RecordBatchReader::Make(batches, schema);
      },
      /*is_read_once=*/false);
  const auto source = table->Scan({.columns = {0}}, &context).ValueOrDie();
  std::vector<BatchPtr> held;
  for (int64_t i = 0; i < 3; ++i) {
    auto unit = source->NextUnit(context.stop).ValueOrDie();
    while (auto batch = unit->Next().ValueOrDie()) held.push_back(std::move(batch));
    EXPECT_EQ(budget.bytes_allocated(), (i + 1) * kBytes);
  }
  const auto denied = source->NextUnit(context.stop);
  EXPECT_EQ(BlameOf(denied.status()), Blame::kResource) << denied.status();
  held.clear();
  EXPECT_EQ(budget.bytes_allocated(), 0);
}

}  // namespace
}  // namespace windrow::source
