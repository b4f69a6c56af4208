// SPDX-License-Identifier: Apache-2.0
#include "windrow/sink/ipc_sink.h"

#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <arrow/util/checked_cast.h>
#include <gmock/gmock.h>

#include "windrow/sink/sink_testing.h"
#include "windrow/sink/stored_batch.h"

namespace windrow::sink {
namespace {

using arrow::internal::checked_cast;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class IpcSinkTest : public ::testing::TestWithParam<IpcFormat> {
 protected:
  Result<std::unique_ptr<exec::Sink>> Open(const std::shared_ptr<arrow::Schema>& schema,
                                           const std::string& compression = "none") {
    ARROW_ASSIGN_OR_RAISE(const Compression codec, ParseIpcCompression(compression));
    return IpcSink::Make({path_, GetParam(), codec}, schema, &run_.context);
  }

  Status Write(const arrow::RecordBatchVector& batches,
               const std::string& compression = "none") {
    ARROW_ASSIGN_OR_RAISE(auto sink, Open(batches.front()->schema(), compression));
    return WriteAll(sink.get(), batches);
  }

  arrow::RecordBatchVector Read() {
    auto file = arrow::io::ReadableFile::Open(path_).ValueOrDie();
    if (GetParam() == IpcFormat::kStream) {
      auto reader = arrow::ipc::RecordBatchStreamReader::Open(file).ValueOrDie();
      schema_ = reader->schema();
      return reader->ToRecordBatches().ValueOrDie();
    }
    auto reader = arrow::ipc::RecordBatchFileReader::Open(file).ValueOrDie();
    schema_ = reader->schema();
    arrow::RecordBatchVector batches;
    for (int i = 0; i < reader->num_record_batches(); ++i) {
      batches.push_back(reader->ReadRecordBatch(i).ValueOrDie());
      EXPECT_TRUE(batches.back()->ValidateFull().ok());
    }
    return batches;
  }

  TestRun run_;
  std::string path_ = run_.folder + "/out.arrow";
  std::shared_ptr<arrow::Schema> schema_;
};

TEST_P(IpcSinkTest, KeepsEveryPlainType) {
  const auto batch = EveryPlainType();
  for (const char* compression : {"none", "lz4", "zstd", "zstd:9"}) {
    ASSERT_TRUE(Write({batch, batch->Slice(1, 2), batch->Slice(0, 0)}, compression).ok());
    const auto read = Read();
    ASSERT_EQ(read.size(), 3u);
    EXPECT_TRUE(read[0]->Equals(*batch)) << compression;
    EXPECT_TRUE(read[1]->Equals(*batch->Slice(1, 2))) << compression;
    EXPECT_EQ(read[2]->num_rows(), 0);
  }
}

TEST_P(IpcSinkTest, WritesOnlyTheRowsOfASlice) {
  arrow::StringBuilder strings;
  arrow::StringViewBuilder views;
  for (int i = 0; i < 100'000; ++i) {
    const std::string text = "a text longer than twelve bytes " + std::to_string(i);
    ASSERT_TRUE(strings.Append(text).ok());
    ASSERT_TRUE(views.Append(text).ok());
  }
  const auto batch = BatchOf({{"s", *strings.Finish()}, {"v", *views.Finish()}});
  ASSERT_TRUE(Write({batch->Slice(50'000, 10)}).ok());
  EXPECT_TRUE(Read()[0]->Equals(*batch->Slice(50'000, 10)));
  EXPECT_LT(std::filesystem::file_size(path_), 5000u);
}

TEST_P(IpcSinkTest, JoinsDifferentDictionaries) {
  arrow::RecordBatchVector batches;
  for (const char* values :
       {R"(["a", "b"])", R"(["b", "c", "b"])", R"(["x", null, "a"])"}) {
    batches.push_back(
        BatchOf({{"n", Json(arrow::int32(), "[1, 2, 3, 4, 5]")},
                 {"s", Coded("[1, null, 0, 1, 1]", arrow::int8(), values, arrow::utf8())},
                 {"i", Coded("[0, 1, null, 1, 0]", arrow::uint16(), "[7, 9]",
                             arrow::timestamp(arrow::TimeUnit::NANO))}}));
    batches.push_back(batches.back()->Slice(1, 3));
  }
  ASSERT_TRUE(Write(batches, "lz4").ok());
  const auto read = Read();
  ASSERT_EQ(read.size(), batches.size());
  for (size_t i = 0; i < read.size(); ++i) {
    for (int column = 0; column < 3; ++column) {
      auto expected = batches[i]->column(column);
      auto actual = read[i]->column(column);
      if (column > 0) {
        ASSERT_EQ(actual->type_id(), arrow::Type::DICTIONARY);
        expected = Decode(expected, run_.context.pool).ValueOrDie();
        actual = Decode(actual, run_.context.pool).ValueOrDie();
      }
      EXPECT_TRUE(actual->Equals(*expected)) << i << " " << column << actual->ToString();
    }
  }
  if (GetParam() == IpcFormat::kFile) {
    const auto& s = checked_cast<const arrow::DictionaryArray&>(*read[0]->column(1));
    EXPECT_TRUE(s.dictionary()->Equals(*Json(arrow::utf8(), R"(["a", "b", "c", "x"])")));
  }
}

TEST_P(IpcSinkTest, MoreDictionaryValuesThanTheCodesOfOneBatchCount) {
  arrow::RecordBatchVector batches;
  std::vector<std::string> expected;
  for (int i = 0; i < 10; ++i) {
    arrow::StringBuilder values;
    arrow::Int8Builder codes;
    for (int j = 0; j < 100; ++j) {
      ASSERT_TRUE(values.Append(std::to_string(i * 50 + j)).ok());
      ASSERT_TRUE(codes.Append(static_cast<int8_t>(99 - j)).ok());
      expected.push_back(std::to_string(i * 50 + 99 - j));
    }
    batches.push_back(BatchOf(
        {{"s", arrow::DictionaryArray::FromArrays(*codes.Finish(), *values.Finish())
                   .ValueOrDie()}}));
  }
  ASSERT_TRUE(Write(batches).ok());
  std::vector<std::string> actual;
  for (const auto& batch : Read()) {
    const auto plain = Decode(batch->column(0), run_.context.pool).ValueOrDie();
    const auto& strings = checked_cast<const arrow::StringArray&>(*plain);
    for (int64_t row = 0; row < strings.length(); ++row) {
      actual.push_back(strings.GetString(row));
    }
  }
  EXPECT_EQ(actual, expected);
}

TEST_P(IpcSinkTest, DecodesNestedDictionaries) {
  const auto values =
      Coded("[0, 1, null, 1, 0, 0]", arrow::int8(), R"(["a", "b"])", arrow::utf8());
  const auto offsets = Json(arrow::int32(), "[0, 2, 2, 5, 6]");
  const std::shared_ptr<arrow::Array> lists =
      arrow::ListArray::FromArrays(*offsets, *values).ValueOrDie();
  const std::shared_ptr<arrow::Array> structs =
      arrow::StructArray::Make({lists, values->Slice(1, 4)},
                               std::vector<std::string>{"l", "d"})
          .ValueOrDie();
  const auto batch = BatchOf({{"l", lists}, {"s", structs}});
  ASSERT_TRUE(Write({batch, batch->Slice(1, 2)}, "zstd").ok());
  const auto read = Read();
  const auto plain =
      Json(arrow::list(arrow::utf8()), R"([["a", "b"], [], [null, "b", "a"], ["a"]])");
  EXPECT_TRUE(read[0]->column(0)->Equals(*plain));
  EXPECT_TRUE(read[1]->column(0)->Equals(*plain->Slice(1, 2)));
  const auto& read_structs = checked_cast<const arrow::StructArray&>(*read[1]->column(1));
  EXPECT_TRUE(read_structs.field(0)->Equals(*plain->Slice(1, 2)));
  EXPECT_TRUE(read_structs.field(1)->Equals(*Json(arrow::utf8(), R"([null, "b"])")));
}

TEST_P(IpcSinkTest, NoBatchesAndNoColumns) {
  const auto schema = BatchOf({{"s", Coded("[]", arrow::int8(), "[]", arrow::utf8())},
                               {"n", Json(arrow::int32(), "[]")}})
                          ->schema();
  auto empty = Open(schema).ValueOrDie();
  ASSERT_TRUE(WriteAll(empty.get(), {}).ok());
  EXPECT_THAT(Read(), IsEmpty());
  EXPECT_EQ(schema_->field_names(), schema->field_names());

  const auto no_columns =
      arrow::RecordBatch::Make(arrow::schema({}), 5, arrow::ArrayVector{});
  ASSERT_TRUE(Write({no_columns}).ok());
  EXPECT_EQ(Read()[0]->num_rows(), 5);
}

TEST_P(IpcSinkTest, InvisibleUntilCommitAndGoneAfterAbort) {
  const auto batch = EveryPlainType();
  auto sink = Open(batch->schema()).ValueOrDie();
  ASSERT_TRUE(sink->Write(sink->Encode(batch).ValueOrDie()).ok());
  ASSERT_TRUE(sink->Finish().ok());
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_GT(sink->bytes_written(), 0);
  sink->Abort();
  EXPECT_TRUE(std::filesystem::is_empty(run_.folder));
}

TEST_P(IpcSinkTest, ErrorsCarryThePath) {
  path_ = "/dev/full";
  const auto batch = EveryPlainType();
  auto sink = Open(batch->schema()).ValueOrDie();
  const Status full = WriteAll(sink.get(), {batch});
  EXPECT_EQ(BlameOf(full), Blame::kResource);
  EXPECT_THAT(full.message(), ::testing::StartsWith("/dev/full: cannot write"));
  path_ = run_.folder + "/none/out.arrow";
  EXPECT_THAT(Open(batch->schema()).status().message(),
              HasSubstr("folder does not exist"));
  const Status unknown = Open(batch->schema(), "zsdt").status();
  EXPECT_EQ(BlameOf(unknown), Blame::kUser);
  EXPECT_THAT(unknown.message(), HasSubstr("did you mean 'zstd'?"));
  EXPECT_EQ(BlameOf(Open(batch->schema(), "zstd:99").status()), Blame::kUser);
}

INSTANTIATE_TEST_SUITE_P(Formats, IpcSinkTest,
                         ::testing::Values(IpcFormat::kFile, IpcFormat::kStream));

}  // namespace
}  // namespace windrow::sink
