// SPDX-License-Identifier: Apache-2.0
#include "windrow/flight/stream_mark.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/api.h>
#include <gmock/gmock.h>
#include <support/damaged_bytes.h>

#include <random>

#include "windrow/flight/random_arrays_test.h"
#include "windrow/flight/sendable_batch.h"

namespace windrow::flight {
namespace {

using ::testing::HasSubstr;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;
using Random = std::mt19937_64;

/// As a server would make it.
arrow::ipc::IpcPayload PayloadOf(const BatchPtr& batch) {
  arrow::ipc::IpcPayload payload;
  const auto options = arrow::ipc::IpcWriteOptions::Defaults();
  EXPECT_TRUE(arrow::ipc::GetRecordBatchPayload(*batch, options, &payload).ok());
  return payload;
}

uint64_t SentChecksum(const std::vector<BatchPtr>& batches) {
  StreamChecksum checksum;
  for (const BatchPtr& batch : batches) {
    checksum.Add(PayloadOf(batch), batch->num_rows());
  }
  return checksum.value();
}

uint64_t ReceivedChecksum(const std::vector<BatchPtr>& batches) {
  StreamChecksum checksum;
  for (const BatchPtr& batch : batches) checksum.Add(*batch);
  return checksum.value();
}

/// `batches`, of one schema, after a way through an IPC stream.
std::vector<BatchPtr> Received(const std::vector<BatchPtr>& batches,
                               arrow::Compression::type codec) {
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  if (codec != arrow::Compression::UNCOMPRESSED) {
    options.codec = *arrow::util::Codec::Create(codec);
  }
  const auto sink = *arrow::io::BufferOutputStream::Create();
  const auto writer = *arrow::ipc::MakeStreamWriter(sink, batches[0]->schema(), options);
  for (const BatchPtr& batch : batches) {
    const Status written = writer->WriteRecordBatch(*batch);
    EXPECT_TRUE(written.ok()) << written;
  }
  EXPECT_TRUE(writer->Close().ok());
  arrow::io::BufferReader source(*sink->Finish());
  const auto reader = *arrow::ipc::RecordBatchStreamReader::Open(&source);
  const auto read = reader->ToRecordBatches();
  EXPECT_TRUE(read.ok()) << read.status();
  return *read;
}

BatchPtr Sendable(const BatchPtr& batch) {
  return *SendableBatch(batch, arrow::default_memory_pool());
}

BatchPtr BatchOf(const std::shared_ptr<arrow::Array>& column) {
  return Sendable(arrow::RecordBatch::Make(
      arrow::schema({arrow::field("c", column->type())}), column->length(), {column}));
}

constexpr arrow::Compression::type kCodecs[] = {arrow::Compression::UNCOMPRESSED,
                                                arrow::Compression::LZ4_FRAME,
                                                arrow::Compression::ZSTD};

TEST(StreamMark, GivesEveryMemberBack) {
  for (const StreamMark& mark :
       {StreamMark{},
        StreamMark{true, 3, int64_t{1} << 40, int64_t{1} << 50, ~uint64_t{0}},
        StreamMark{false, INT64_MAX, INT64_MAX, INT64_MAX, 1}}) {
    const std::string bytes = WriteStreamMark(mark);
    EXPECT_EQ(bytes.size(), 40u);
    EXPECT_EQ(*ReadStreamMark(bytes), mark);
  }
}

TEST(StreamMark, HasBytesThatStay) {
  const StreamMark mark = {true, 2, 0x0305, 7, 0x0123456789abcdef};
  EXPECT_EQ(WriteStreamMark(mark),
            std::string("WSM\1\1\0\0\0\2\0\0\0\0\0\0\0\5\3\0\0\0\0\0\0"
                        "\7\0\0\0\0\0\0\0"
                        "\xef\xcd\xab\x89\x67\x45\x23\x01",
                        40));
}

TEST(StreamMark, WhatIsNoneIsRefused) {
  const auto refusal = [](const std::string& bytes) {
    const Status status = ReadStreamMark(bytes).status();
    EXPECT_EQ(BlameOf(status), Blame::kData) << status;
    return status.message();
  };
  const std::string bytes = WriteStreamMark({true, 2, 3, 4, 5});
  EXPECT_THAT(refusal(bytes + "x"), HasSubstr("found 41 bytes, expected 40"));
  EXPECT_THAT(refusal("WSM\2" + bytes.substr(4)), HasSubstr("no mark of this version"));
  EXPECT_THAT(refusal("WSM\1\2" + bytes.substr(5)), HasSubstr("found flags 2"));
  EXPECT_THAT(refusal(WriteStreamMark({false, -1, 3, 4})), HasSubstr("-1 batches"));
  EXPECT_THAT(refusal(WriteStreamMark({false, 1, -3, 4})), HasSubstr("-3 rows"));
}

TEST(StreamMark, SurvivesDamage) {
  const auto check = [](const std::string& bytes) {
    const auto read = ReadStreamMark(bytes);
    if (read.ok()) {
      ASSERT_EQ(WriteStreamMark(*read), bytes);
    } else {
      ASSERT_EQ(BlameOf(read.status()), Blame::kData);
    }
  };
  const std::string bytes = WriteStreamMark({true, 2, 3, 4, 5});
  testing::ForEachDamage(bytes, check);
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  Random random(seed);
  for (int round = 0; round < 10000; ++round) {
    check(testing::RandomBytes(random() % 40, random));
    check(testing::Mutated(bytes, bytes, random));
  }
}

TEST(StreamChecksum, BothEndsAgreeForEveryType) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  Random random(seed);
  for (const auto& type : testing::TypesOfMessages()) {
    SCOPED_TRACE(type->ToString());
    for (int round = 0; round < 20; ++round) {
      std::vector<BatchPtr> batches;
      for (const int64_t length : {int64_t{0}, int64_t{1}, int64_t(random() % 200)}) {
        batches.push_back(BatchOf(testing::RandomArray(type, length, random)));
      }
      const uint64_t sent = SentChecksum(batches);
      for (const auto codec : kCodecs) {
        const auto received = Received(batches, codec);
        ASSERT_EQ(received.size(), batches.size());
        ASSERT_EQ(ReceivedChecksum(received), sent) << "codec " << codec;
        ASSERT_EQ(SentChecksum(received), sent) << "sent on, codec " << codec;
      }
    }
  }
}

TEST(StreamChecksum, BothEndsAgreeForManyColumns) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  Random random(seed);
  const auto types = testing::TypesOfMessages();
  for (int round = 0; round < 200; ++round) {
    const auto length = static_cast<int64_t>(random() % 100);
    arrow::FieldVector fields;
    arrow::ArrayVector columns;
    for (auto count = random() % 6; count > 0; --count) {
      fields.push_back(arrow::field("c", types[random() % types.size()]));
      columns.push_back(testing::RandomArray(fields.back()->type(), length, random));
    }
    const auto batch =
        Sendable(arrow::RecordBatch::Make(arrow::schema(fields), length, columns));
    for (const auto codec : kCodecs) {
      ASSERT_EQ(ReceivedChecksum(Received({batch}, codec)), SentChecksum({batch}))
          << batch->schema()->ToString();
    }
  }
}

TEST(SendableBatch, IsEqualAndSharesWhatItCan) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  Random random(seed);
  const auto codes = arrow::sparse_union({arrow::field("n", arrow::int32())});
  const auto plain = testing::RandomArray(arrow::utf8(), 30, random);
  const auto batch = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("u", codes), arrow::field("s", arrow::utf8()),
                     arrow::field("l", arrow::list(codes))}),
      30,
      {testing::RandomArray(codes, 35, random)->Slice(5), plain,
       testing::RandomArray(arrow::list(codes), 35, random)->Slice(5)});
  const BatchPtr sendable = Sendable(batch);
  EXPECT_TRUE(sendable->Equals(*batch));
  EXPECT_TRUE(sendable->schema()->Equals(batch->schema()));
  EXPECT_EQ(sendable->column_data(0)->offset, 0);
  EXPECT_EQ(sendable->column_data(1), batch->column_data(1));
  EXPECT_EQ(sendable->column_data(2)->child_data[0]->offset, 0);
  EXPECT_EQ(Sendable(batch->SelectColumns({1}).ValueOrDie())->column_data(0),
            batch->column_data(1));
}

TEST(StreamChecksum, IsOfEveryBufferRowAndBatch) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  Random random(seed);
  const auto batch = BatchOf(testing::RandomArray(
      arrow::list(arrow::struct_({arrow::field("s", arrow::utf8())})), 50, random));
  const auto other = BatchOf(testing::RandomArray(batch->column(0)->type(), 49, random));
  const uint64_t whole = SentChecksum({batch, other});
  EXPECT_NE(SentChecksum({other, batch}), whole);
  EXPECT_NE(SentChecksum({batch}), whole);
  EXPECT_NE(SentChecksum({}), SentChecksum({batch->Slice(0, 0)}));
  const auto payload = PayloadOf(batch);
  StreamChecksum with_more_rows;
  with_more_rows.Add(payload, batch->num_rows() + 1);
  EXPECT_NE(with_more_rows.value(), SentChecksum({batch}));
  for (size_t i = 0; i < payload.body_buffers.size(); ++i) {
    auto changed = payload;
    std::string bytes;
    if (changed.body_buffers[i] != nullptr) bytes = changed.body_buffers[i]->ToString();
    for (const size_t place : {size_t{0}, bytes.size() / 2, bytes.size()}) {
      std::string damaged = bytes;
      if (place < damaged.size()) {
        damaged[place] ^= 4;
      } else {
        damaged += '\0';
      }
      changed.body_buffers[i] = arrow::Buffer::FromString(damaged);
      StreamChecksum checksum;
      checksum.Add(changed, batch->num_rows());
      EXPECT_NE(checksum.value(), SentChecksum({batch})) << "buffer " << i;
    }
  }
}

TEST(StreamChecksum, HasAValueThatStays) {
  const auto values = arrow::Buffer::FromString(std::string("\1\0\0\0\2\0\0\0", 8));
  const auto batch = BatchOf(std::make_shared<arrow::Int32Array>(2, values));
  EXPECT_EQ(SentChecksum({}), 0u);
  EXPECT_EQ(SentChecksum({batch}), 2501817441978844645u);
}

}  // namespace
}  // namespace windrow::flight
