// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "windrow/format/array_record_decode.h"
#include "windrow/format/array_record_test_file.h"

namespace windrow::format {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string WriteFile(const std::vector<std::string>& records, int64_t group_size,
                      const ChunkCompression& compression) {
  arrow::MemoryPool* pool = arrow::default_memory_pool();
  std::string file;
  ArrayRecordWriter writer(
      compression, group_size,
      [&](std::span<const uint8_t> bytes) {
        file.append(bytes.begin(), bytes.end());
        return Status::OK();
      },
      pool);
  EXPECT_TRUE(writer.Begin().ok());
  ChunkEncoder encoder(compression, pool);
  const std::vector<std::string_view> views(records.begin(), records.end());
  for (size_t i = 0; i < views.size(); i += group_size) {
    const size_t size = std::min(views.size() - i, static_cast<size_t>(group_size));
    EXPECT_TRUE(encoder.Add(std::span(views).subspan(i, size)).ok());
  }
  EXPECT_TRUE(writer.Place(*encoder.Finish()).ok());
  EXPECT_TRUE(writer.Finish().ok());
  return file;
}

std::vector<std::string> ReadFile(const std::string& file) {
  arrow::MemoryPool* pool = arrow::default_memory_pool();
  const ReadAt read = ReaderOf(file);
  const auto index = ReadArrayRecordIndex(read, file.size(), pool).ValueOrDie();
  std::vector<std::string> records;
  const FileStretch all{*read(0, file.size()), 0};
  for (int64_t i = 0; i < index.num_chunks(); ++i) {
    const auto chunk = ParseDataChunk(index, i, all, pool).ValueOrDie();
    std::string values(index.decoded_sizes[i], '\0');
    std::vector<int32_t> ends(index.num_records_of(i));
    EXPECT_TRUE(DecodeChunk(chunk, reinterpret_cast<uint8_t*>(values.data()), 0,
                            ends.data(), pool)
                    .ok());
    int32_t begin = 0;
    for (const int32_t end : ends) {
      records.push_back(values.substr(begin, end - begin));
      begin = end;
    }
  }
  return records;
}

std::vector<std::string> RandomRecords(std::mt19937_64& random) {
  std::vector<std::string> records(random() % 60);
  for (std::string& record : records) {
    const size_t sizes[] = {0, 1, 100, random() % 5000, random() % 100000};
    record.resize(sizes[random() % 5]);
    // Every other one compresses.
    const uint64_t mask = random() % 2 == 0 ? 0xff : 0x1;
    for (char& c : record) c = static_cast<char>(random() & mask);
  }
  return records;
}

TEST(ArrayRecord, RandomRecordsComeBack) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (const char* codec :
       {"none", "zstd", "zstd:-7", "brotli:0", "brotli:5", "snappy"}) {
    const auto compression = ChunkCompression::Parse(codec).ValueOrDie();
    for (const int64_t group_size : {1, 3, 16, 1000}) {
      SCOPED_TRACE(std::string(codec) + ", groups of " + std::to_string(group_size));
      const std::vector<std::string> records = RandomRecords(random);
      const std::string file = WriteFile(records, group_size, compression);
      EXPECT_EQ(file.size() % kBlockSize, 0);
      EXPECT_EQ(ReadFile(file), records);
      const Status verified = VerifyFile(file);
      EXPECT_TRUE(verified.ok()) << verified.message();
    }
  }
}

TEST(ArrayRecord, ManyEmptyRecordsArePaddedToTheirNumber) {
  const std::vector<std::string> records(70000);
  const std::string file = WriteFile(records, 70000, {ChunkCodec::kNone, 0});
  EXPECT_EQ(file.size(), 196608);
  EXPECT_EQ(ReadFile(file), records);
  EXPECT_TRUE(VerifyFile(file).ok());
}

TEST(ArrayRecord, SnappyChunkByHand) {
  ChunkEncoder encoder({ChunkCodec::kSnappy, 0}, arrow::default_memory_pool());
  const std::vector<std::string_view> records = {"abc"};
  ASSERT_TRUE(encoder.Add(records).ok());
  const auto encoded = encoder.Finish().ValueOrDie();
  const std::string data = encoded.bytes->ToString().substr(kChunkHeaderSize);
  const std::string known(
      "\x73\x04\x01\x01\x00\x03\x03\x03\x08"
      "abc",
      12);
  EXPECT_EQ(data, known);
}

TEST(ArrayRecord, IndexTellsWhatTheFooterSays) {
  const std::string file = WriteFile({"0", "1", "2", "3", "4"}, 2, {});
  const auto index =
      ReadArrayRecordIndex(ReaderOf(file), file.size(), arrow::default_memory_pool())
          .ValueOrDie();
  EXPECT_EQ(index.num_records, 5);
  EXPECT_EQ(index.group_size, 2);
  EXPECT_EQ(index.footer_codec, ChunkCodec::kZstd);
  EXPECT_THAT(index.decoded_sizes, ElementsAre(2, 2, 1));
  EXPECT_EQ(index.num_records_of(2), 1);
  EXPECT_EQ(index.writer_options,
            "group_size:2,transpose:false,pad_to_block_boundary:false,zstd:3,"
            "window_log:20,max_parallelism:1");
}

TEST(ArrayRecord, MergedFilesWithSignaturesInBetweenAreRead) {
  TestFile file;
  file.Records({"a"});
  file.Pad();
  file.Chunk(ChunkType::kSignature, "", 0, 0);
  file.Chunk(ChunkType::kMetadata, "anything", 0, 0);
  file.Records({"b"});
  const std::string bytes = file.Finish();
  EXPECT_THAT(ReadFile(bytes), ElementsAre("a", "b"));
  EXPECT_TRUE(VerifyFile(bytes).ok());
}

TEST(ChunkCompression, ReadsNamesAndLevels) {
  EXPECT_EQ(ChunkCompression::Parse("zstd")->OptionsText(), "zstd:3,window_log:20");
  EXPECT_EQ(ChunkCompression::Parse("brotli")->OptionsText(), "brotli:6");
  EXPECT_EQ(ChunkCompression::Parse("brotli:11")->OptionsText(), "brotli:11");
  EXPECT_EQ(ChunkCompression::Parse("snappy")->OptionsText(), "snappy");
  EXPECT_EQ(ChunkCompression::Parse("none")->OptionsText(), "uncompressed");
  for (const char* text : {"zstd:23", "zstd:", "zstd:3x", "brotli:12", "snappy:1", "lz4",
                           "none:0", "transpose"}) {
    const auto parsed = ChunkCompression::Parse(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(BlameOf(parsed.status()), Blame::kUser) << text;
  }
  EXPECT_THAT(ChunkCompression::Parse("zsdt").status().message(),
              HasSubstr("did you mean"));
}

}  // namespace
}  // namespace windrow::format
