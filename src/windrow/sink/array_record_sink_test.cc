// SPDX-License-Identifier: Apache-2.0
#include "windrow/sink/array_record_sink.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "windrow/sink/sink_testing.h"

namespace windrow::sink {
namespace {

using testing::HasSubstr;

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// `count` records of about `size` bytes.
std::shared_ptr<arrow::RecordBatch> Records(int64_t count, int64_t size) {
  arrow::BinaryBuilder builder;
  for (int64_t i = 0; i < count; ++i) {
    std::string record = std::to_string(i);
    record.resize(size * (i % 3) / 2, static_cast<char>(i % 100));
    EXPECT_TRUE(builder.Append(record).ok());
  }
  return BatchOf({{"record", *builder.Finish()}});
}

class ArrayRecordSinkTest : public testing::Test {
 protected:
  Result<std::unique_ptr<ArrayRecordSink>> Make(const std::string& name,
                                                int64_t group_size,
                                                const arrow::RecordBatch& like) {
    ArrayRecordSinkOptions options;
    options.path = run_.folder + "/" + name;
    options.group_size = group_size;
    return ArrayRecordSink::Make(options, like.schema(), &run_.context);
  }

  /// What the sink makes of `all`, given in batches of `batch_rows`.
  std::string Write(int64_t group_size, int64_t batch_rows,
                    const arrow::RecordBatch& all) {
    auto sink = Make("out", group_size, all).ValueOrDie();
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    for (int64_t i = 0; i < all.num_rows(); i += batch_rows) {
      batches.push_back(all.Slice(i, batch_rows));
    }
    const Status status = WriteAll(sink.get(), batches);
    EXPECT_TRUE(status.ok()) << status.message();
    return Content(run_.folder + "/out");
  }

  TestRun run_;
};

TEST_F(ArrayRecordSinkTest, FileDoesNotDependOnBatches) {
  const auto few = Records(1000, 100);
  for (const int64_t group_size : {1, 7, 16, 2000}) {
    const std::string whole = Write(group_size, 1000, *few);
    EXPECT_EQ(whole.size() % 65536, 0);
    for (const int64_t batch_rows : {1, 13, 16, 999}) {
      EXPECT_EQ(Write(group_size, batch_rows, *few), whole)
          << "groups of " << group_size << ", batches of " << batch_rows;
    }
  }
}

TEST_F(ArrayRecordSinkTest, GroupsAreWrittenInPiecesBeforeTheEnd) {
  const auto many = Records(3000, 10000);  // 30 MB
  const std::string whole = Write(4, 3000, *many);
  EXPECT_EQ(Write(4, 50, *many), whole);
  auto sink = Make("early", 4, *many).ValueOrDie();
  for (int64_t i = 0; i < 3000; i += 50) {
    ASSERT_TRUE(sink->Write(sink->Encode(many->Slice(i, 50)).ValueOrDie()).ok());
  }
  EXPECT_GT(sink->bytes_written(), 10000);
}

TEST_F(ArrayRecordSinkTest, TakesEveryKindOfBytes) {
  const std::string values = R"(["a", "", "long enough", "a"])";
  const auto plain = BatchOf({{"x", Json(arrow::binary(), values)}});
  const std::string expected = Write(1, 4, *plain);
  for (const auto& type : {arrow::utf8(), arrow::large_utf8(), arrow::large_binary()}) {
    EXPECT_EQ(Write(1, 4, *BatchOf({{"x", Json(type, values)}})), expected)
        << type->ToString();
  }
  for (const auto& type : {arrow::utf8(), arrow::large_utf8()}) {
    const auto coded =
        Coded("[0, 1, 2, 0]", arrow::int8(), R"(["a", "", "long enough", null])", type);
    EXPECT_EQ(Write(1, 4, *BatchOf({{"x", coded}})), expected);
    EXPECT_EQ(Write(3, 1, *BatchOf({{"x", coded}})), Write(3, 4, *plain));
  }
}

TEST_F(ArrayRecordSinkTest, NullIsRefusedWithItsRow) {
  const auto plain = BatchOf({{"x", Json(arrow::utf8(), R"(["a", "b", null])")}});
  const auto coded = BatchOf(
      {{"x", Coded("[0, 0, 1]", arrow::int8(), R"(["a", null])", arrow::utf8())}});
  for (const auto& batch : {plain, coded}) {
    for (const int64_t group_size : {1, 5}) {
      auto sink = Make("out", group_size, *batch).ValueOrDie();
      ASSERT_TRUE(sink->Write(sink->Encode(batch->Slice(0, 2)).ValueOrDie()).ok());
      const Status status = sink->Write(sink->Encode(batch->Slice(1, 2)).ValueOrDie());
      EXPECT_EQ(BlameOf(status), Blame::kData);
      EXPECT_THAT(status.message(), HasSubstr("out: row 3 is null"));
      sink->Abort();
    }
  }
  EXPECT_FALSE(std::filesystem::exists(run_.folder + "/out"));
}

TEST_F(ArrayRecordSinkTest, OtherColumnsAreRefused) {
  const auto numbers = BatchOf({{"n", Json(arrow::int64(), "[1]")}});
  const auto text = Json(arrow::utf8(), R"(["a"])");
  for (const auto& batch : {numbers, BatchOf({{"a", text}, {"b", text}}), BatchOf({})}) {
    const auto sink = Make("out", 1, *batch);
    ASSERT_FALSE(sink.ok());
    EXPECT_EQ(BlameOf(sink.status()), Blame::kUser);
    EXPECT_THAT(sink.status().message(), HasSubstr("expected one column of type binary"));
  }
}

TEST_F(ArrayRecordSinkTest, NothingIsLeftWithoutCommit) {
  const auto batch = Records(10, 10);
  {
    auto sink = Make("out", 1, *batch).ValueOrDie();
    ASSERT_TRUE(sink->Write(sink->Encode(batch).ValueOrDie()).ok());
    ASSERT_TRUE(sink->Finish().ok());
  }
  EXPECT_TRUE(std::filesystem::is_empty(run_.folder));
}

}  // namespace
}  // namespace windrow::sink
