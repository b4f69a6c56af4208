// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/spill_block.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <support/random_columns.h>

#include <cstring>
#include <string>

namespace windrow::format {
namespace {

using ::testing::HasSubstr;
using windrow::testing::JsonArray;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;
using BufferPtr = std::shared_ptr<arrow::Buffer>;

BatchPtr MakeBatch() {
  const auto list = arrow::list(arrow::struct_({arrow::field("x", arrow::float64())}));
  const auto schema = arrow::schema(
      {arrow::field("n", arrow::int32()), arrow::field("s", arrow::large_utf8()),
       arrow::field("l", list), arrow::field("z", arrow::null())});
  return arrow::RecordBatch::Make(schema, 3,
                                  {JsonArray(arrow::int32(), "[1, null, 3]"),
                                   JsonArray(arrow::large_utf8(), R"(["a", "", null])"),
                                   JsonArray(list, R"([[{"x": 1.5}, null], [], null])"),
                                   JsonArray(arrow::null(), "[null, null, null]")});
}

BufferPtr Encode(const arrow::RecordBatch& batch) {
  return *EncodeSpillBlock(batch, arrow::default_memory_pool());
}

Result<BatchPtr> Decode(const std::string& bytes) {
  return DecodeSpillBlock(arrow::Buffer::FromString(bytes), MakeBatch()->schema(),
                          arrow::default_memory_pool());
}

TEST(SpillBlock, GivesTheBatchBack) {
  const BatchPtr batch = MakeBatch();
  for (const BatchPtr& rows : {batch, batch->Slice(1, 1), batch->Slice(3)}) {
    const BatchPtr read = *Decode(Encode(*rows)->ToString());
    ASSERT_TRUE(read->ValidateFull().ok());
    EXPECT_TRUE(read->Equals(*rows));
  }
  const auto no_columns =
      arrow::RecordBatch::Make(arrow::schema({}), 7, arrow::ArrayVector());
  const BatchPtr read = *DecodeSpillBlock(Encode(*no_columns), no_columns->schema(),
                                          arrow::default_memory_pool());
  EXPECT_EQ(read->num_rows(), 7);
}

TEST(SpillBlock, RefusesDictionariesAtAnyDepth) {
  const auto coded = arrow::dictionary(arrow::int32(), arrow::utf8());
  for (const auto& type : {coded, arrow::list(coded)}) {
    const auto schema = arrow::schema({arrow::field("code", type)});
    const auto batch =
        arrow::RecordBatch::Make(schema, 1, {*arrow::MakeArrayOfNull(type, 1)});
    const Status status = EncodeSpillBlock(*batch, arrow::default_memory_pool()).status();
    EXPECT_EQ(BlameOf(status), Blame::kInternal);
    EXPECT_THAT(status.message(), HasSubstr("'code'"));
  }
}

TEST(SpillBlock, AnyChangedByteIsNoticed) {
  const std::string whole = Encode(*MakeBatch())->ToString();
  ASSERT_TRUE(Decode(whole).ok());
  for (size_t place = 0; place < whole.size(); ++place) {
    std::string damaged = whole;
    damaged[place] = static_cast<char>(damaged[place] ^ 0x10);
    EXPECT_EQ(BlameOf(Decode(damaged).status()), Blame::kStorage) << "byte " << place;
  }
}

TEST(SpillBlock, AnyOtherLengthIsNoticed) {
  const std::string whole = Encode(*MakeBatch())->ToString();
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(BlameOf(Decode(whole.substr(0, size)).status()), Blame::kStorage)
        << size << " bytes";
  }
  EXPECT_EQ(BlameOf(Decode(whole + "x").status()), Blame::kStorage);
}

}  // namespace
}  // namespace windrow::format
