// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "windrow/format/array_record_decode.h"
#include "windrow/format/array_record_test_file.h"

namespace windrow::format {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// Expects `file` to be refused as damaged, with these words.
template <typename... Words>
void ExpectRefused(const std::string& file, const Words&... words) {
  const Status status = VerifyFile(file);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(BlameOf(status), Blame::kData) << status.message();
  EXPECT_THAT(status.message(), AllOf(HasSubstr(words)...));
}

std::string ZstdFrame(const std::string& text) {
  std::string frame(CompressedSizeMax(ChunkCodec::kZstd, text.size()), '\0');
  frame.resize(
      Compress({}, Bytes(text), reinterpret_cast<uint8_t*>(frame.data())).ValueOrDie());
  return frame;
}

/// A file with one chunk "abc", whose records block is `values`.
std::string ZstdFile(const std::string& values) {
  TestFile file;
  file.Simple(Varint(1) + ZstdFrame("\x03"), values, 1, 3, 'z');
  return file.Finish();
}

TEST(ArrayRecordDamage, TheHandMadeFileItselfIsWhole) {
  TestFile file;
  for (int i = 0; i < 3; ++i) file.Records({"a", "bb"});
  const Status status = VerifyFile(file.Finish());
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_TRUE(VerifyFile(ZstdFile(Varint(3) + ZstdFrame("abc"))).ok());
}

TEST(ArrayRecordDamage, SwappedPositions) {
  TestFile file;
  for (int i = 0; i < 3; ++i) file.Records({"a"});
  std::swap(file.entries[0].chunk_begin, file.entries[1].chunk_begin);
  ExpectRefused(file.Finish(), "the footer at byte 196", "chunk 1 begins at byte 64");
}

TEST(ArrayRecordDamage, UnequalGroups) {
  TestFile file;
  file.Records({"a", "b"});
  file.Records({"c"});
  file.Records({"d", "e"});
  ExpectRefused(file.Finish(), "chunk 1 at byte 110 has 1 records, expected 2");
  TestFile last;
  last.Records({"a"});
  last.Records({"b", "c"});
  ExpectRefused(last.Finish(), "chunk 1 at byte 108 has 2 records, expected at most 1");
}

TEST(ArrayRecordDamage, FooterDisagreesWithAChunk) {
  TestFile file;
  file.Records({"a"});
  file.Records({"bb"});
  file.entries[1].decoded_size = 3;
  ExpectRefused(file.Finish(), "chunk 1 at byte 108", "but the footer says 1 of 3");
}

TEST(ArrayRecordDamage, ChunkMissingInTheFooter) {
  TestFile file;
  file.Records({"a"});
  file.Records({"b"});
  file.entries.pop_back();
  ExpectRefused(file.Finish(), "the chunk at byte 108 is not in the footer");
}

TEST(ArrayRecordDamage, PositionInsideAChunk) {
  TestFile file;
  file.Records({"a"});
  file.Records({"bbbbbb"});
  file.entries[1].chunk_begin += 1;
  ExpectRefused(file.Finish(), "the chunk at byte 108 is not in the footer");
}

TEST(ArrayRecordDamage, PositionInABlockHeader) {
  TestFile file;
  file.Records({std::string(70000, 'a')});
  file.entries[0].chunk_begin = kBlockSize + 1;
  const std::string bytes = file.Finish();
  const auto index =
      ReadArrayRecordIndex(ReaderOf(bytes), bytes.size(), arrow::default_memory_pool());
  ASSERT_TRUE(index.ok()) << index.status().message();
  const FileStretch all{arrow::Buffer::FromString(bytes), 0};
  const auto chunk = ParseDataChunk(*index, 0, all, arrow::default_memory_pool());
  ASSERT_FALSE(chunk.ok());
  EXPECT_THAT(chunk.status().message(), HasSubstr("a chunk at byte 65537 would begin"));
}

TEST(ArrayRecordDamage, SecondZstdFrameOrMore) {
  const std::string frame = ZstdFrame("abc");
  ExpectRefused(ZstdFile(Varint(3) + frame + ZstdFrame("")),
                "the records of the chunk at byte 64", "behind the zstd frame");
  ExpectRefused(ZstdFile(Varint(3) + frame + "x"), "the records of the chunk at byte 64",
                "1 bytes behind the zstd frame");
  ExpectRefused(ZstdFile(Varint(3) + frame.substr(0, frame.size() - 1)),
                "the records of the chunk at byte 64");
  ExpectRefused(ZstdFile(Varint(3) + ZstdFrame("abcd")), "chunk at byte 64");
  ExpectRefused(ZstdFile(Varint(4) + ZstdFrame("abcd")), "it holds 4 bytes, expected 3");
  ExpectRefused(ZstdFile(Varint(3) + std::string("\x50\x2a\x4d\x18\0\0\0\0", 8) + frame),
                "chunk at byte 64: no zstd frame");
}

TEST(ArrayRecordDamage, OtherCodecsWithMoreOrLess) {
  for (const ChunkCodec codec : {ChunkCodec::kBrotli, ChunkCodec::kSnappy}) {
    std::string stream(100, '\0');
    auto* to = reinterpret_cast<uint8_t*>(stream.data());
    stream.resize(Compress({codec, 5}, Bytes("abcabc"), to).ValueOrDie());
    std::string out(6, '\0');
    const std::span<uint8_t> room(reinterpret_cast<uint8_t*>(out.data()), out.size());
    EXPECT_TRUE(Decompress(codec, Bytes(stream), room).ok());
    EXPECT_EQ(out, "abcabc");
    EXPECT_FALSE(Decompress(codec, Bytes(stream + "x"), room).ok());
    EXPECT_FALSE(Decompress(codec, Bytes(stream).first(stream.size() - 1), room).ok());
    EXPECT_FALSE(Decompress(codec, Bytes(stream), room.first(5)).ok());
    EXPECT_FALSE(Decompress(codec, {}, room).ok());
  }
}

TEST(ArrayRecordDamage, LengthsThatDoNotFit) {
  const auto file = [](const std::string& sizes, uint64_t num_records) {
    TestFile made;
    made.Simple(sizes, "abc", num_records, 3);
    return made.Finish();
  };
  const std::string place = "the record lengths of the chunk at byte 64";
  ExpectRefused(file("\x02", 1), place, "sum to 2 bytes, expected 3");
  ExpectRefused(file("\x04", 1), place, "the length of record 0");
  ExpectRefused(file("\x03\x01", 2), place, "the length of record 1");
  ExpectRefused(file("\x03", 2), place, "the length of record 1");
  ExpectRefused(file(std::string("\x03\x00", 2), 1), place, "1 bytes behind");
  ExpectRefused(file(std::string(11, '\x80'), 1), place, "11 bytes for 1 records");
  ExpectRefused(file(std::string(10, '\xff'), 1), place, "the length of record 0");
}

TEST(ArrayRecordDamage, CountsNoFileCanHave) {
  TestFile huge;
  huge.Simple("\x03", "abc", 1, uint64_t{1} << 60);
  ExpectRefused(huge.Finish(), "chunk 0 at byte 64 states 1152921504606846976 bytes");
  TestFile hidden;  // only in the chunk itself
  hidden.Simple("\x03", "abc", 1, uint64_t{1} << 60);
  hidden.entries[0].decoded_size = 3;
  ExpectRefused(hidden.Finish(), "the chunk at byte 64 states 1152921504606846976 bytes");
  TestFile many;
  many.Records({"abc"});
  many.entries[0].num_records = int64_t{1} << 50;
  ExpectRefused(many.Finish(), "chunk 0 at byte 64", "more than bytes up to the footer");
  TestFile none;
  none.Records({"abc"});
  none.entries[0].num_records = 0;
  ExpectRefused(none.Finish(), "chunk 0 at byte 64 has 0 records");
  TestFile unknown;
  unknown.Raw("q", 1, 3);
  ExpectRefused(unknown.Finish(), "the chunk at byte 64 has no known compression");
  TestFile empty;
  empty.Raw("", 1, 3);
  ExpectRefused(empty.Finish(), "the chunk at byte 64 has no known compression");
}

TEST(ArrayRecordDamage, MetadataThatDoesNotFit) {
  const auto file = [](const std::string& metadata) {
    TestFile made;
    made.Records({"a"});
    return made.Finish(metadata);
  };
  const std::string place = "the footer at byte 108";
  ExpectRefused(file(MessageText(ArrayRecordMetadata{2, 1, ""})), place,
                "it lists 1 chunks, expected 2");
  ExpectRefused(file(MessageText(ArrayRecordMetadata{1, 2, ""})), place,
                "its chunks hold 1 records, expected 2");
  ExpectRefused(file("\x0a\x04\x08\x02\x10\x01"), place, "version 2, expected 1");
  ExpectRefused(file("\x0a\x02\x08\x01"), place, "no number of chunks");
  ExpectRefused(file("\x0a\x7f"), place, "no protobuf message");
}

TEST(ArrayRecordDamage, BytesNobodyAccountsFor) {
  TestFile file;
  file.Chunk(ChunkType::kPadding, std::string(10, 'x'), 0, 0);
  file.Records({"a"});
  ExpectRefused(file.Finish(), "the padding at byte 64 is not zero");
  TestFile many;
  many.Simple(Varint(1000) + ZstdFrame(std::string(1000, '\0')),
              Varint(0) + ZstdFrame(""), 1000, 0, 'z');
  std::string bytes = many.Finish();
  ASSERT_TRUE(VerifyFile(bytes).ok());
  bytes[1000] = 1;
  ExpectRefused(bytes, "the padding at byte 1000 is not zero");
}

TEST(ArrayRecordDamage, EveryCutIsRefused) {
  TestFile file;
  file.Records({"a"});
  const std::string bytes = file.Finish();
  for (const size_t size : {0, 1, 63, 64, 65535, 65536, 65537, 131071}) {
    ExpectRefused(bytes.substr(0, size), "expected a multiple of 65536");
  }
  ExpectRefused(bytes + '\0', "131073 bytes");
  ExpectRefused(bytes + std::string(kBlockSize, '\0'), "the postscript at byte 131072");
}

}  // namespace
}  // namespace windrow::format
