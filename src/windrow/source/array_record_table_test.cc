// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/array_record_table.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/checked_cast.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "windrow/exec/run_context.h"
#include "windrow/format/array_record_writer.h"
#include "windrow/source/array_record_file.h"
#include "windrow/source/file_set.h"

namespace windrow::source {
namespace {

using arrow::internal::checked_cast;
using testing::HasSubstr;

class ArrayRecordTableTest : public testing::Test {
 protected:
  ArrayRecordTableTest() {
    context_.pool = arrow::default_memory_pool();
    std::filesystem::create_directories(folder_);
  }
  ~ArrayRecordTableTest() override { std::filesystem::remove_all(folder_); }

  /// Writes records "0", "1", ... of at least `size` bytes; returns the path.
  std::string Write(const std::string& name, int64_t count, int64_t group_size,
                    size_t size = 0) {
    const std::string path = folder_ + "/" + name;
    std::ofstream file(path, std::ios::binary);
    format::ArrayRecordWriter writer(
        {format::ChunkCodec::kNone, 0}, group_size,
        [&](std::span<const uint8_t> bytes) {
          file.write(reinterpret_cast<const char*>(bytes.data()),
                     static_cast<std::streamsize>(bytes.size()));
          return Status::OK();
        },
        context_.pool);
    EXPECT_TRUE(writer.Begin().ok());
    format::ChunkEncoder encoder({format::ChunkCodec::kNone, 0}, context_.pool);
    for (int64_t i = 0; i < count; i += group_size) {
      std::vector<std::string> records;
      for (int64_t r = i; r < std::min(count, i + group_size); ++r) {
        records.push_back(Record(r, size));
      }
      const std::vector<std::string_view> views(records.begin(), records.end());
      EXPECT_TRUE(encoder.Add(views).ok());
    }
    EXPECT_TRUE(writer.Place(*encoder.Finish()).ok());
    EXPECT_TRUE(writer.Finish().ok());
    return path;
  }

  static std::string Record(int64_t number, size_t size) {
    std::string record = std::to_string(number);
    record.resize(std::max(record.size(), size), '.');
    return record;
  }

  /// All batches of a scan; their sizes are checked against the run's morsel.
  std::vector<std::shared_ptr<arrow::RecordBatch>> Scan(const exec::Table& table,
                                                        std::vector<int> columns) {
    exec::ScanOptions options;
    options.columns = std::move(columns);
    options.row_numbers = true;
    auto source = table.Scan(options, &context_).ValueOrDie();
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    while (auto unit = source->NextUnit(context_.stop).ValueOrDie()) {
      while (auto batch = unit->Next().ValueOrDie()) {
        EXPECT_TRUE(batch->schema()->Equals(*source->schema()));
        EXPECT_TRUE(batch->ValidateFull().ok());
        EXPECT_LE(batch->num_rows(), context_.morsel_rows);
        batches.push_back(std::move(batch));
      }
    }
    bytes_read_ = source->bytes_read();
    return batches;
  }

  void ExpectRecords(const exec::Table& table, int64_t count, size_t size) {
    int64_t row = 0;
    for (const auto& batch : Scan(table, {0})) {
      const auto& records = checked_cast<const arrow::BinaryArray&>(*batch->column(0));
      const auto& numbers = checked_cast<const arrow::Int64Array&>(*batch->column(1));
      for (int64_t i = 0; i < batch->num_rows(); ++i, ++row) {
        ASSERT_EQ(records.GetView(i), Record(row, size));
        ASSERT_EQ(numbers.Value(i), row);
      }
    }
    EXPECT_EQ(row, count);
  }

  std::string folder_ = testing::TempDir() + "array-record-" + std::to_string(getpid());
  exec::RunContext context_;
  int64_t bytes_read_ = 0;
};

TEST_F(ArrayRecordTableTest, ScansInOrderAndByMorsels) {
  for (const int64_t group_size : {1, 16, 5000}) {
    const auto table = *OpenArrayRecordTable(Write("a.arrayrecord", 3000, group_size));
    EXPECT_EQ(table->num_rows(), 3000);
    EXPECT_EQ(table->column_stats(0).null_count, 0);
    for (const int64_t morsel_rows : {1, 7, 100, 65536}) {
      context_.morsel_rows = morsel_rows;
      ExpectRecords(*table, 3000, 0);
    }
  }
}

TEST_F(ArrayRecordTableTest, ScansLongRecordsInSeveralUnits) {
  const auto table = *OpenArrayRecordTable(Write("a.arrayrecord", 300, 2, 100'000));
  ExpectRecords(*table, 300, 100'000);
  context_.morsel_bytes = 1;
  ExpectRecords(*table, 300, 100'000);
}

TEST_F(ArrayRecordTableTest, CountsRowsWithoutReadingThem) {
  const auto table = *OpenArrayRecordTable(Write("a.arrayrecord", 1000, 16));
  int64_t rows = 0;
  for (const auto& batch : Scan(*table, {})) rows += batch->num_rows();
  EXPECT_EQ(rows, 1000);
  EXPECT_EQ(bytes_read_, 0);
}

TEST_F(ArrayRecordTableTest, RowStoreReadsOnlyTheChunksOfItsRows) {
  for (const int64_t group_size : {1, 10}) {
    const auto table =
        *OpenArrayRecordTable(Write("a.arrayrecord", 200, group_size, 50'000));
    const auto rows = *table->row_store(&context_);
    const std::vector<int64_t>& offsets = rows->chunk_offsets();
    ASSERT_GT(offsets.size(), 2);
    EXPECT_EQ(offsets.back(), 200);
    const std::vector<uint32_t> wanted = {1, 1, 2, 31};
    const auto loaded = *rows->LoadRows(1, 0, wanted, context_.pool);
    const auto& records = checked_cast<const arrow::BinaryArray&>(*loaded);
    ASSERT_EQ(records.length(), 4);
    for (int64_t i = 0; i < 4; ++i) {
      EXPECT_EQ(records.GetView(i), Record(offsets[1] + wanted[i], 50'000));
    }
    EXPECT_LT(rows->bytes_read(), 3 * group_size * 51'000);
    EXPECT_EQ((*rows->LoadColumn(1, 0))->length(), offsets[2] - offsets[1]);
    EXPECT_EQ((*rows->LoadRows(0, 0, {}, context_.pool))->length(), 0);
  }
}

TEST_F(ArrayRecordTableTest, DamageIsReportedWithFileAndPosition) {
  const std::string path = Write("a.arrayrecord", 10, 1);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(64 + 44 + 43);
    file.put('x');
  }
  const auto table = *OpenArrayRecordTable(path);
  exec::ScanOptions options;
  options.columns = {0};
  const auto source = *table->Scan(options, &context_);
  const auto unit = *source->NextUnit(context_.stop);
  const auto batch = unit->Next();
  ASSERT_FALSE(batch.ok());
  EXPECT_EQ(BlameOf(batch.status()), Blame::kData);
  EXPECT_THAT(batch.status().message(),
              HasSubstr(path + ": the data of the chunk at byte 108 is damaged"));
}

TEST_F(ArrayRecordTableTest, IsToldByNameOrContent) {
  EXPECT_EQ(FileKindOf(Write("a", 3, 1)), FileKind::kArrayRecord);
  const std::string merged = Write("b", 3, 1);
  {
    std::fstream file(merged, std::ios::in | std::ios::out | std::ios::binary);
    file.put('x');  // no signature, which readers do not need
  }
  EXPECT_EQ(FileKindOf(merged), FileKind::kArrayRecord);
  std::ofstream(folder_ + "/c.array_record") << "anything";
  EXPECT_EQ(FileKindOf(folder_ + "/c.array_record"), FileKind::kArrayRecord);
  std::ofstream(folder_ + "/d") << std::string(200'000, 'x');
  EXPECT_EQ(FileKindOf(folder_ + "/d"), FileKind::kIpc);
}

TEST_F(ArrayRecordTableTest, MissingFilesAndFoldersAreNamed) {
  const auto missing = OpenArrayRecordTable(folder_ + "/missing");
  EXPECT_EQ(BlameOf(missing.status()), Blame::kStorage);
  EXPECT_THAT(missing.status().message(), HasSubstr("/missing: no such file"));
  EXPECT_EQ(BlameOf(OpenArrayRecordTable(folder_).status()), Blame::kData);
}

}  // namespace
}  // namespace windrow::source
