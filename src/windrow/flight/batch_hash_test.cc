// SPDX-License-Identifier: Apache-2.0
#include "windrow/flight/batch_hash.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/api.h>
#include <arrow/json/from_string.h>
#include <gmock/gmock.h>

#include <random>

#include "windrow/flight/random_arrays_test.h"
#include "windrow/flight/sendable_batch.h"
#include "windrow/flight/stream_mark.h"

namespace windrow::flight {
namespace {

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
  uint64_t checksum = 0;
  const arrow::ipc::DictionaryFieldMapper mapper(*batches[0]->schema());
  SentDictionaries sent;
  for (const BatchPtr& batch : batches) {
    const auto dictionaries = *arrow::ipc::CollectDictionaries(*batch, mapper);
    for (const auto& [id, dictionary] : dictionaries) {
      EXPECT_TRUE(sent.Update(id, dictionary).ok());
    }
    const uint64_t hash = HashSent(batch->num_rows(), PayloadOf(batch));
    checksum = NextChecksum(checksum, sent.Add(hash, dictionaries));
  }
  return checksum;
}

uint64_t ReceivedChecksum(const std::vector<BatchPtr>& batches) {
  uint64_t checksum = 0;
  ReceivedHasher hasher(*batches[0]->schema());
  for (const BatchPtr& batch : batches) {
    checksum = NextChecksum(checksum, *hasher.Hash(*batch));
  }
  return checksum;
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

TEST(BatchHash, BothEndsAgreeForEveryType) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  Random random(seed);
  for (const auto& type : testing::TypesOfMessages()) {
    SCOPED_TRACE(type->ToString());
    for (int round = 0; round < 40; ++round) {
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

TEST(BatchHash, BothEndsAgreeForManyColumns) {
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

TEST(BatchHash, IsOfEveryBufferRowAndBatch) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  Random random(seed);
  const auto batch = BatchOf(testing::RandomArray(
      arrow::list(arrow::struct_({arrow::field("s", arrow::utf8())})), 50, random));
  const auto other = BatchOf(testing::RandomArray(batch->column(0)->type(), 49, random));
  const uint64_t whole = SentChecksum({batch, other});
  EXPECT_NE(SentChecksum({other, batch}), whole);
  EXPECT_NE(SentChecksum({batch}), whole);
  EXPECT_NE(SentChecksum({batch->Slice(0, 0)}), 0u);
  const auto payload = PayloadOf(batch);
  const uint64_t hash = HashSent(batch->num_rows(), payload);
  EXPECT_NE(HashSent(batch->num_rows() - 1, payload), hash);
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
      EXPECT_NE(HashSent(batch->num_rows(), changed), hash) << "buffer " << i;
    }
  }
}

TEST(BatchHash, IsOfDictionariesWheneverTheyChange) {
  const auto codes = *arrow::json::ArrayFromJSONString(arrow::int8(), "[0, 1, 0]");
  const auto with = [&](const char* values) {
    const auto words = *arrow::json::ArrayFromJSONString(arrow::utf8(), values);
    return BatchOf(*arrow::DictionaryArray::FromArrays(codes, words));
  };
  const BatchPtr first = with(R"(["a", "b"])");
  const BatchPtr second = with(R"(["a", "c"])");
  EXPECT_NE(SentChecksum({first}), SentChecksum({second}));
  EXPECT_NE(SentChecksum({first, second, first}), SentChecksum({first, first, first}));
  EXPECT_EQ(ReceivedChecksum(Received({first, second, second, first},
                                      arrow::Compression::UNCOMPRESSED)),
            SentChecksum({first, second, second, first}));
}

TEST(BatchHash, HasAValueThatStays) {
  const auto values = arrow::Buffer::FromString(std::string("\1\0\0\0\2\0\0\0", 8));
  const auto batch = BatchOf(std::make_shared<arrow::Int32Array>(2, values));
  EXPECT_EQ(SentChecksum({batch}), 7926178545367199123u);
}

}  // namespace
}  // namespace windrow::flight
