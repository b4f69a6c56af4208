// SPDX-License-Identifier: Apache-2.0
#include "windrow/sink/parquet_sink.h"

#include <arrow/io/file.h>
#include <gmock/gmock.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include "windrow/sink/sink_testing.h"
#include "windrow/sink/stored_batch.h"

namespace windrow::sink {
namespace {

using ::testing::HasSubstr;

class ParquetSinkTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<exec::Sink>> Open(const std::shared_ptr<arrow::Schema>& schema,
                                           const std::string& compression = "snappy") {
    ARROW_ASSIGN_OR_RAISE(const Compression codec, ParseParquetCompression(compression));
    return ParquetSink::Make({path_, codec, row_group_rows_, row_group_bytes_}, schema,
                             &run_.context);
  }

  Status Write(const arrow::RecordBatchVector& batches,
               const std::string& compression = "snappy") {
    ARROW_ASSIGN_OR_RAISE(auto sink, Open(batches.front()->schema(), compression));
    return WriteAll(sink.get(), batches);
  }

  std::shared_ptr<arrow::Table> Read() {
    auto file = arrow::io::ReadableFile::Open(path_).ValueOrDie();
    auto reader = parquet::arrow::OpenFile(file, run_.context.pool).ValueOrDie();
    metadata_ = reader->parquet_reader()->metadata();
    auto table = reader->ReadTable().ValueOrDie();
    EXPECT_TRUE(table->ValidateFull().ok());
    return table;
  }

  std::vector<std::string> PlainText(const arrow::ChunkedArray& column) {
    std::vector<std::string> values;
    for (auto chunk : column.chunks()) {
      if (chunk->type_id() == arrow::Type::DICTIONARY) {
        chunk = Decode(chunk, run_.context.pool).ValueOrDie();
      }
      for (int64_t row = 0; row < chunk->length(); ++row) {
        values.push_back((*chunk->GetScalar(row))->ToString());
      }
    }
    return values;
  }

  TestRun run_;
  std::string path_ = run_.folder + "/out.parquet";
  int64_t row_group_rows_ = ParquetSinkOptions().row_group_rows;
  int64_t row_group_bytes_ = ParquetSinkOptions().row_group_bytes;
  std::shared_ptr<parquet::FileMetaData> metadata_;
};

TEST_F(ParquetSinkTest, KeepsEveryPlainType) {
  const auto batch = EveryPlainType();
  const arrow::RecordBatchVector batches = {batch, batch->Slice(1, 2), batch->Slice(0, 0),
                                            batch->Slice(3)};
  const auto expected = arrow::Table::FromRecordBatches(batches).ValueOrDie();
  for (const char* compression :
       {"snappy", "none", "lz4", "zstd:5", "gzip", "brotli:3"}) {
    for (const int64_t rows : {1, 3, 1000}) {
      row_group_rows_ = rows;
      ASSERT_TRUE(Write(batches, compression).ok());
      const auto table = Read();
      for (int i = 0; i < expected->num_columns(); ++i) {
        EXPECT_TRUE(table->column(i)->Equals(*expected->column(i)))
            << expected->field(i)->ToString() << table->column(i)->ToString();
      }
      EXPECT_EQ(metadata_->num_row_groups(), (7 + rows - 1) / rows);
      EXPECT_TRUE(metadata_->RowGroup(0)->ColumnChunk(0)->is_stats_set());
    }
  }
}

TEST_F(ParquetSinkTest, KeepsDifferentDictionariesRight) {
  arrow::RecordBatchVector batches;
  // The third one has a duplicate, the fourth a null, the last is longer than the limit.
  for (const char* values :
       {R"(["a", "b"])", R"(["b", "c"])", R"(["d", "d", "a"])", R"(["x", null])",
        R"(["a", "b"])", R"(["1", "2", "3", "4", "5"])"}) {
    batches.push_back(BatchOf(
        {{"s", Coded("[1, null, 0, 1, 1]", arrow::int8(), values, arrow::utf8())},
         {"i", Coded("[0, 1, null, 1, 0]", arrow::int32(), "[7, 9]", arrow::int64())}}));
    batches.push_back(batches.back()->Slice(1, 3));
  }
  const auto expected = arrow::Table::FromRecordBatches(batches).ValueOrDie();
  for (size_t first = 0; first < batches.size(); ++first) {
    for (const int64_t rows : {5, 8, 11, 16, 1000}) {
      row_group_rows_ = rows;
      const arrow::RecordBatchVector from(batches.begin() + first, batches.end());
      ASSERT_TRUE(Write(from).ok());
      const auto table = Read();
      const auto rest = arrow::Table::FromRecordBatches(from).ValueOrDie();
      EXPECT_EQ(PlainText(*table->column(0)), PlainText(*rest->column(0)))
          << "from " << first << " in groups of " << rows;
      EXPECT_EQ(PlainText(*table->column(1)), PlainText(*rest->column(1)));
    }
  }
}

TEST_F(ParquetSinkTest, OneDictionaryGoesInByCode) {
  row_group_rows_ = 64;
  arrow::Int32Builder codes;
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(codes.Append(i % 3).ok());
  const auto column = arrow::DictionaryArray::FromArrays(
                          *codes.Finish(), Json(arrow::utf8(), R"(["a", "b", "c"])"))
                          .ValueOrDie();
  const auto batch = BatchOf({{"s", column}});
  ASSERT_TRUE(Write({batch->Slice(0, 30), batch->Slice(30)}).ok());
  const auto table = Read();
  EXPECT_EQ(table->schema()->field(0)->type()->id(), arrow::Type::DICTIONARY);
  EXPECT_EQ(PlainText(*table->column(0)),
            PlainText(*std::make_shared<arrow::ChunkedArray>(column)));
  EXPECT_EQ(metadata_->num_row_groups(), 4);
}

TEST_F(ParquetSinkTest, DecodesNestedDictionaries) {
  const auto values =
      Coded("[0, 1, null, 1, 0, 0]", arrow::int8(), R"(["a", "b"])", arrow::utf8());
  const std::shared_ptr<arrow::Array> lists =
      arrow::ListArray::FromArrays(*Json(arrow::int32(), "[0, 2, 2, 5, 6]"), *values)
          .ValueOrDie();
  const auto batch = BatchOf({{"l", lists}});
  ASSERT_TRUE(Write({batch, batch->Slice(1, 2)}).ok());
  const auto expected =
      Json(arrow::list(arrow::utf8()),
           R"([["a", "b"], [], [null, "b", "a"], ["a"], [], [null, "b", "a"]])");
  EXPECT_TRUE(Read()->column(0)->Equals(arrow::ChunkedArray(expected)));
}

TEST_F(ParquetSinkTest, CutsWideRowsBySize) {
  row_group_bytes_ = 10'000;
  arrow::StringBuilder strings;
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(strings.Append(std::string(1000, 'x')).ok());
  const auto batch = BatchOf({{"s", *strings.Finish()}});
  arrow::RecordBatchVector batches;
  for (int i = 0; i < 16; ++i) batches.push_back(batch->Slice(4 * i, 4));
  ASSERT_TRUE(Write(batches).ok());
  EXPECT_EQ(Read()->num_rows(), 64);
  EXPECT_EQ(metadata_->num_row_groups(), 6);
}

TEST_F(ParquetSinkTest, OneSlotIsEnough) {
  exec::TaskSlots slot(1);
  run_.context.slots = &slot;
  const auto batch = EveryPlainType();
  Status written = Status::Invalid("not run");
  // From inside the only slot, as the runner may call it.
  ASSERT_TRUE(slot.ParallelFor(1,
                               [&](int64_t) {
                                 written = Write({batch, batch});
                                 return Status::OK();
                               })
                  .ok());
  EXPECT_TRUE(written.ok()) << written;
  EXPECT_EQ(Read()->num_rows(), 8);
}

TEST_F(ParquetSinkTest, NoBatchesAndNoColumns) {
  const auto schema = EveryPlainType()->schema();
  auto sink = Open(schema).ValueOrDie();
  ASSERT_TRUE(WriteAll(sink.get(), {}).ok());
  EXPECT_EQ(Read()->num_rows(), 0);
  EXPECT_TRUE(Read()->schema()->Equals(*schema, /*check_metadata=*/false));
  EXPECT_EQ(BlameOf(Open(arrow::schema({})).status()), Blame::kUser);
  const Status unstorable =
      Open(arrow::schema({arrow::field("u", arrow::month_day_nano_interval())})).status();
  EXPECT_EQ(BlameOf(unstorable), Blame::kUser) << unstorable;
}

TEST_F(ParquetSinkTest, InvisibleUntilCommitAndGoneAfterAbort) {
  const auto batch = EveryPlainType();
  auto sink = Open(batch->schema()).ValueOrDie();
  ASSERT_TRUE(sink->Write(sink->Encode(batch).ValueOrDie()).ok());
  EXPECT_FALSE(std::filesystem::exists(path_));
  sink->Abort();
  sink.reset();
  EXPECT_TRUE(std::filesystem::is_empty(run_.folder));
}

TEST_F(ParquetSinkTest, ErrorsCarryThePath) {
  path_ = "/dev/full";
  const auto batch = EveryPlainType();
  auto sink = Open(batch->schema()).ValueOrDie();
  const Status full = WriteAll(sink.get(), {batch});
  EXPECT_EQ(BlameOf(full), Blame::kResource);
  EXPECT_THAT(full.message(), ::testing::StartsWith("/dev/full: cannot write"));
  EXPECT_THAT(Open(batch->schema(), "lzo").status().message(),
              HasSubstr("expected one of"));
  EXPECT_EQ(BlameOf(Open(batch->schema(), "snappy:3").status()), Blame::kUser);
}

}  // namespace
}  // namespace windrow::sink
