// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/read_ranges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windrow::source {
namespace {

using arrow::io::ReadRange;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr CoalesceLimits kLimits{10, 100};

std::vector<ReadRange> Coalesced(std::vector<ReadRange> ranges) {
  auto merged = CoalesceRanges(std::move(ranges), /*file_size=*/1000, kLimits);
  EXPECT_TRUE(merged.ok()) << merged.status();
  return merged.ok() ? *merged : std::vector<ReadRange>();
}

TEST(CoalesceRangesTest, JoinsWhatTouchesOrIsNear) {
  EXPECT_THAT(Coalesced({{30, 10}, {0, 10}, {10, 5}, {25, 5}}),
              ElementsAre(ReadRange{0, 40}));
}

TEST(CoalesceRangesTest, KeepsWhatIsFarApart) {
  EXPECT_THAT(Coalesced({{0, 10}, {21, 4}}),
              ElementsAre(ReadRange{0, 10}, ReadRange{21, 4}));
}

TEST(CoalesceRangesTest, StopsAtTheLargestRead) {
  EXPECT_THAT(Coalesced({{0, 60}, {60, 40}, {100, 20}}),
              ElementsAre(ReadRange{0, 100}, ReadRange{100, 20}));
}

TEST(CoalesceRangesTest, JoinsOverlappingOnesHoweverLarge) {
  EXPECT_THAT(Coalesced({{0, 200}, {150, 100}}), ElementsAre(ReadRange{0, 250}));
}

TEST(CoalesceRangesTest, LeavesOutEmptyOnes) {
  EXPECT_THAT(Coalesced({{5, 0}, {500, 0}}), IsEmpty());
}

TEST(CoalesceRangesTest, RefusesWhatIsNotInTheFile) {
  for (const ReadRange range :
       {ReadRange{990, 11}, ReadRange{1001, 0}, ReadRange{-1, 2}, ReadRange{5, -1}}) {
    const auto merged = CoalesceRanges({range}, 1000, kLimits);
    EXPECT_EQ(BlameOf(merged.status()), Blame::kData);
  }
}

TEST(SplitRangeTest, GivesPiecesOfAboutTheSameSizeThatCoverTheRange) {
  EXPECT_THAT(SplitRange({100, 16}, 16), ElementsAre(ReadRange{100, 16}));
  EXPECT_THAT(SplitRange({100, 17}, 16),
              ElementsAre(ReadRange{100, 9}, ReadRange{109, 8}));
  EXPECT_THAT(SplitRange({0, 10}, 3), ElementsAre(ReadRange{0, 3}, ReadRange{3, 3},
                                                  ReadRange{6, 2}, ReadRange{8, 2}));
  EXPECT_THAT(SplitRange({7, 0}, 3), IsEmpty());
}

}  // namespace
}  // namespace windrow::source
