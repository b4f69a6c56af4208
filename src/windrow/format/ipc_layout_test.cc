// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/ipc_layout.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gmock/gmock.h>

#include <cstring>

namespace windrow::format {
namespace {

std::shared_ptr<arrow::Buffer> Write(const arrow::RecordBatch& batch, bool stream) {
  auto sink = *arrow::io::BufferOutputStream::Create();
  auto writer = stream ? *arrow::ipc::MakeStreamWriter(sink, batch.schema())
                       : *arrow::ipc::MakeFileWriter(sink, batch.schema());
  EXPECT_TRUE(writer->WriteRecordBatch(batch).ok());
  EXPECT_TRUE(writer->WriteRecordBatch(*batch.Slice(0, 2)).ok());
  EXPECT_TRUE(writer->Close().ok());
  return *sink->Finish();
}

TEST(IpcLayout, FindsTheBuffersOfAColumn) {
  const auto schema = arrow::schema({arrow::field("v", arrow::utf8_view()),
                                     arrow::field("l", arrow::list(arrow::int8())),
                                     arrow::field("i", arrow::int32())});
  arrow::ArrayVector arrays;
  for (const auto& field : schema->fields()) {
    arrays.push_back(*arrow::MakeEmptyArray(field->type()));
    arrays.back() = *arrow::MakeArrayOfNull(field->type(), 3);
  }
  const auto values =
      arrow::Buffer::FromString(std::string("\1\0\0\0\2\0\0\0\3\0\0\0", 12));
  arrays[2] = std::make_shared<arrow::Int32Array>(3, values);
  const auto batch = arrow::RecordBatch::Make(schema, 3, arrays);
  const auto places = PlaceIpcFields(*schema);
  for (const bool stream : {false, true}) {
    const auto bytes = Write(*batch, stream);
    auto read = IpcLayout::Read(bytes->data(), bytes->size());
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->is_stream(), stream);
    EXPECT_GT(read->schema_message().head.length, 0);
    ASSERT_EQ(read->batches().size(), 2u);
    EXPECT_EQ(read->batches()[1].rows, 2);
    const auto node = *read->Node(0, places[2].nodes);
    EXPECT_EQ(node.length, 3);
    EXPECT_EQ(node.null_count, 0);
    const auto range = *read->ColumnBuffers(0, places[2], places[3]);
    EXPECT_EQ(range.count, 2);
    const auto span = *read->Buffer(0, range.first + 1);
    ASSERT_GE(span.length, 12);
    EXPECT_EQ(std::memcmp(bytes->data() + span.offset, values->data(), 12), 0);
    EXPECT_FALSE(read->Buffer(0, range.first + 2).ok());
    EXPECT_FALSE(read->Node(0, places[3].nodes).ok());
  }
}

TEST(IpcLayout, ReadsMetadataAtAnyAddress) {
  const auto schema = arrow::schema({arrow::field("i", arrow::int32())});
  const auto batch =
      arrow::RecordBatch::Make(schema, 3, {*arrow::MakeArrayOfNull(arrow::int32(), 3)});
  const auto bytes = Write(*batch, true);
  for (int shift = 1; shift < 8; ++shift) {
    std::string moved(shift, ' ');
    moved += bytes->ToString();
    const auto* data = reinterpret_cast<const uint8_t*>(moved.data()) + shift;
    auto read = IpcLayout::Read(data, bytes->size());
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->Node(1, 0)->null_count, 2);
  }
}

}  // namespace
}  // namespace windrow::format
