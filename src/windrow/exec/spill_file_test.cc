// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/spill_file.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "windrow/exec/memory_budget.h"

namespace windrow::exec {
namespace {

using ::testing::HasSubstr;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

const std::shared_ptr<arrow::Schema> kSchema =
    arrow::schema({arrow::field("n", arrow::int64()), arrow::field("s", arrow::utf8())});

BatchPtr MakeBatch(int64_t first, int64_t rows) {
  arrow::Int64Builder numbers;
  arrow::StringBuilder texts;
  for (int64_t i = 0; i < rows; ++i) {
    EXPECT_TRUE(numbers.Append(first + i).ok());
    EXPECT_TRUE((i % 3 == 0 ? texts.AppendNull() : texts.Append(std::to_string(i))).ok());
  }
  return arrow::RecordBatch::Make(kSchema, rows, {*numbers.Finish(), *texts.Finish()});
}

class SpillFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    context_.temp_dir = testing::TempDir() + "spill-file-" + std::to_string(getpid());
    std::filesystem::create_directories(context_.temp_dir);
    context_.spill_pool = budget_.spill_pool();
  }
  void TearDown() override { std::filesystem::remove_all(context_.temp_dir); }

  MemoryBudget budget_{1 << 30, arrow::default_memory_pool()};
  RunContext context_;
  StepMetrics metrics_{"step", "collect"};
};

TEST_F(SpillFileTest, GivesBatchesBackInAnyOrder) {
  auto file = *SpillFile::Make(kSchema, &context_, &metrics_);
  std::vector<SpillFile::Block> blocks;
  for (int i = 0; i < 5; ++i) {
    blocks.push_back(*file->Append(*MakeBatch(i * 100, i * 37)->Slice(i)));
    EXPECT_EQ(blocks.back().rows, std::max(0, i * 37 - i));
  }
  EXPECT_EQ(budget_.bytes_allocated(), 0);
  EXPECT_EQ(metrics_.spill_bytes, file->bytes_written());
  EXPECT_EQ(file->bytes_written(), blocks.back().offset + blocks.back().stored_bytes);
  for (int i = 4; i >= 0; --i) {
    const BatchPtr batch = *file->Read(blocks[static_cast<size_t>(i)], &budget_);
    EXPECT_TRUE(batch->ValidateFull().ok());
    EXPECT_TRUE(batch->Equals(*MakeBatch(i * 100, i * 37)->Slice(i)));
    EXPECT_GT(budget_.bytes_allocated(), 0);
  }
  EXPECT_TRUE(std::filesystem::is_empty(context_.temp_dir));
}

TEST_F(SpillFileTest, ThreadsAppendAtOnce) {
  auto file = *SpillFile::Make(kSchema, &context_, &metrics_);
  constexpr int kBatches = 50;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kBatches; ++i) {
        const BatchPtr batch = MakeBatch(t * 1'000 + i, 20 + i);
        const SpillFile::Block block = *file->Append(*batch);
        EXPECT_TRUE((*file->Read(block, arrow::default_memory_pool()))->Equals(*batch));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(SpillFileTest, AnotherBlocksPlaceIsNotRead) {
  auto file = *SpillFile::Make(kSchema, &context_, &metrics_);
  SpillFile::Block block = *file->Append(*MakeBatch(0, 100));
  ASSERT_TRUE(file->Append(*MakeBatch(0, 100)).ok());
  block.offset += 8;
  const Status status = file->Read(block, arrow::default_memory_pool()).status();
  EXPECT_EQ(BlameOf(status), Blame::kStorage);
  EXPECT_THAT(status.message(),
              HasSubstr(context_.temp_dir + ": temporary file at byte 8"));
}

TEST_F(SpillFileTest, AFolderThatIsNotThere) {
  context_.temp_dir += "/absent";
  const Status status = SpillFile::Make(kSchema, &context_, &metrics_).status();
  EXPECT_EQ(BlameOf(status), Blame::kStorage);
  EXPECT_THAT(status.message(), HasSubstr(context_.temp_dir));
}

}  // namespace
}  // namespace windrow::exec
