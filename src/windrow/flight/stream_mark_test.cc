// SPDX-License-Identifier: Apache-2.0
#include "windrow/flight/stream_mark.h"

#include <gmock/gmock.h>
#include <support/damaged_bytes.h>

#include <random>
#include <string>

namespace windrow::flight {
namespace {

using ::testing::HasSubstr;
using Random = std::mt19937_64;

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

TEST(StreamMark, ChecksumIsOfTheOrder) {
  EXPECT_NE(NextChecksum(NextChecksum(0, 1), 2), NextChecksum(NextChecksum(0, 2), 1));
  EXPECT_NE(NextChecksum(0, 0), 0u);
}

}  // namespace
}  // namespace windrow::flight
