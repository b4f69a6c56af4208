// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/rebatch.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <support/memory_pipeline.h>
#include <support/random_columns.h>

#include <string>

#include "windrow/column/value_bytes.h"
#include "windrow/exec/task_slots.h"

namespace windrow::op {
namespace {

using testing::Batches;
using testing::BatchPtr;
using testing::JsonArray;

class Recorder : public exec::Emitter {
 public:
  Status Emit(Batches batches) override {
    emitted.insert(emitted.end(), batches.begin(), batches.end());
    return Status::OK();
  }
  Batches emitted;
};

BatchPtr Texts(const std::string& json) {
  const auto array = JsonArray(arrow::utf8(), json);
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("s", arrow::utf8())}),
                                  array->length(), {array});
}

/// Rows of the batches that come out when `input` goes in cut into `piece_rows`.
std::vector<int64_t> Sizes(const BatchPtr& input, Rebatch::Size most,
                           int64_t piece_rows) {
  exec::TaskSlots slots(2);
  exec::RunContext context;
  context.pool = arrow::default_memory_pool();
  context.slots = &slots;
  Rebatch rebatch(most, input->schema(), &context);
  Recorder recorder;
  for (int64_t row = 0; row < input->num_rows(); row += piece_rows) {
    auto prepared = rebatch.Prepare(input->Slice(row, piece_rows)).ValueOrDie();
    EXPECT_TRUE(rebatch.Consume(std::move(prepared), &recorder).ok());
  }
  EXPECT_TRUE(rebatch.Finish(&recorder).ok());
  std::vector<int64_t> sizes;
  int64_t row = 0;
  for (const BatchPtr& batch : recorder.emitted) {
    EXPECT_TRUE(batch->ValidateFull().ok());
    EXPECT_TRUE(batch->Equals(*input->Slice(row, batch->num_rows())));
    row += batch->num_rows();
    sizes.push_back(batch->num_rows());
  }
  EXPECT_EQ(row, input->num_rows());
  return sizes;
}

TEST(Rebatch, CutsByRowsAndBytesHoweverTheRowsCome) {
  const BatchPtr input =
      Texts(R"(["a", "bb", null, "", "ccc", "a row too long", "d", "ee", "f", "g"])");
  for (int64_t piece_rows = 1; piece_rows <= 10; ++piece_rows) {
    EXPECT_EQ(Sizes(input, {4, 1000}, piece_rows), (std::vector<int64_t>{4, 4, 2}));
    EXPECT_EQ(Sizes(input, {4, 5}, piece_rows), (std::vector<int64_t>{4, 1, 1, 4}));
    EXPECT_EQ(Sizes(input, {100, 3}, piece_rows), (std::vector<int64_t>{4, 1, 1, 2, 2}));
    EXPECT_EQ(Sizes(input, {10, 1000}, piece_rows), (std::vector<int64_t>{10}));
  }
}

TEST(ValueBytes, CountsWhatTheRowsHold) {
  const auto list = arrow::list(arrow::utf8());
  const auto pair =
      arrow::struct_({arrow::field("x", arrow::int16()), arrow::field("y", list)});
  const arrow::ArrayVector columns = {
      JsonArray(arrow::int64(), "[1, null, 3]"),
      JsonArray(arrow::boolean(), "[true, false, null]"),
      JsonArray(arrow::null(), "[null, null, null]"),
      JsonArray(arrow::large_utf8(), R"(["abc", "", "de"])"),
      JsonArray(arrow::utf8_view(), R"(["abc", null, "longer than twelve bytes"])"),
      JsonArray(pair, R"([[1, ["abc", "d"]], [2, []], [3, ["ef"]]])"),
      JsonArray(arrow::fixed_size_list(arrow::int8(), 2), "[[1, 2], [3, 4], [5, 6]]"),
      JsonArray(arrow::dictionary(arrow::int32(), arrow::utf8()), R"(["a", "a", "b"])")};
  arrow::FieldVector fields;
  for (const auto& column : columns) fields.push_back(arrow::field("c", column->type()));
  const auto batch = arrow::RecordBatch::Make(arrow::schema(fields), 3, columns);
  EXPECT_EQ(column::ValueBytes(*batch, 0, 1), 8 + 1 + 0 + 3 + 3 + (2 + 4) + 2 + 4);
  EXPECT_EQ(column::ValueBytes(*batch, 1, 1), 8 + 1 + 0 + 0 + 0 + 2 + 2 + 4);
  EXPECT_EQ(column::ValueBytes(*batch, 2, 1), 8 + 1 + 0 + 2 + 24 + (2 + 2) + 2 + 4);
  EXPECT_EQ(column::ValueBytes(*batch->Slice(1), 0, 2),
            column::ValueBytes(*batch, 1, 1) + column::ValueBytes(*batch, 2, 1));
  EXPECT_EQ(column::ValueBytes(*batch, 3, 0), 0);
}

}  // namespace
}  // namespace windrow::op
