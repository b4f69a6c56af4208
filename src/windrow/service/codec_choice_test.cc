// SPDX-License-Identifier: Apache-2.0
#include "windrow/service/codec_choice.h"

#include <gtest/gtest.h>

namespace windrow::service {
namespace {

constexpr double kGigabit = 125e6;
const std::vector<CodecSample> kSamples = {{"lz4", 0.5, 700e6}, {"zstd:1", 0.25, 350e6}};

TEST(ChooseCodec, GoesByTheSlowestOfLinkAndCompression) {
  // 1 Gbit/s: 250 MB/s with lz4, 500 MB/s with zstd.
  EXPECT_EQ(ChooseCodec(kSamples, kGigabit, 2), "zstd:1");
  // One thread compresses 350 MB/s with zstd, which is still more than 250.
  EXPECT_EQ(ChooseCodec(kSamples, kGigabit, 1), "zstd:1");
  // 5 Gbit/s: lz4 makes 1,250 of 625 MB/s, zstd not more than its 700.
  EXPECT_EQ(ChooseCodec(kSamples, 5 * kGigabit, 2), "lz4");
  // 10 Gbit/s: two threads compress 1,400 MB/s, hardly more than the link carries.
  EXPECT_EQ(ChooseCodec(kSamples, 10.5 * kGigabit, 2), "none");
  // Eight of them compress 2,800 with zstd; lz4 stops at 2,625, which the link carries.
  EXPECT_EQ(ChooseCodec(kSamples, 10.5 * kGigabit, 8), "zstd:1");
}

TEST(ChooseCodec, NothingPaysWhereNothingShrinksOrNothingIsKnown) {
  EXPECT_EQ(ChooseCodec({{"lz4", 0.98, 9e9}, {"zstd:1", 0.95, 9e9}}, kGigabit, 8),
            "none");
  EXPECT_EQ(ChooseCodec(kSamples, 0, 8), "none");
  EXPECT_EQ(ChooseCodec({}, kGigabit, 8), "none");
}

}  // namespace
}  // namespace windrow::service
