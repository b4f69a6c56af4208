// SPDX-License-Identifier: Apache-2.0
#include "windrow/fs/listing.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace windrow::fs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

class ListingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = testing::TempDir() + "listing-" + std::to_string(getpid());
    for (const char* path :
         {"b.parquet", "a.parquet", ".hidden", "_SUCCESS", "x[1].parquet",
          "sub/c.parquet", "sub/_logs/d.parquet", "sub/deep/e.csv",
          "day=2024-01-01/p.parquet", "day=2024-01-02/_k=%2Fv/q.parquet",
          "day=__HIVE_DEFAULT_PARTITION__/r.parquet"}) {
      const std::filesystem::path file = root_ + "/" + path;
      std::filesystem::create_directories(file.parent_path());
      std::ofstream(file) << "12345";
    }
    std::filesystem::create_directories(root_ + "/void");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  /// The paths found, below the root.
  std::vector<std::string> Names(const std::string& pattern) {
    const auto entries = ListFiles(root_ + pattern);
    if (!entries.ok()) return {entries.status().message()};
    std::vector<std::string> names;
    for (const auto& entry : *entries)
      names.push_back(entry.path.substr(root_.size() + 1));
    return names;
  }

  std::string root_;
};

TEST_F(ListingTest, TakesAPathAsItIs) {
  EXPECT_THAT(Names("/a.parquet"), ElementsAre("a.parquet"));
  EXPECT_THAT(Names("/_SUCCESS"), ElementsAre("_SUCCESS"));
  EXPECT_THAT(Names("/x[1].parquet"), ElementsAre("x[1].parquet"));
  EXPECT_EQ(ListFiles(root_ + "/a.parquet")->front().size_bytes, 5);
}

TEST_F(ListingTest, WalksAFolderInPathOrder) {
  EXPECT_THAT(Names("/sub"), ElementsAre("sub/c.parquet", "sub/deep/e.csv"));
  EXPECT_THAT(Names("/void"), IsEmpty());
  EXPECT_EQ(Names("").size(), 8u);
  EXPECT_EQ(Names("/"), (std::vector<std::string>(Names("/**"))));
}

TEST_F(ListingTest, MatchesGlobs) {
  EXPECT_THAT(Names("/*.parquet"), ElementsAre("a.parquet", "b.parquet", "x[1].parquet"));
  EXPECT_THAT(Names("/?.parquet"), ElementsAre("a.parquet", "b.parquet"));
  EXPECT_THAT(Names("/[b-z].parquet"), ElementsAre("b.parquet"));
  EXPECT_THAT(Names("/_*"), ElementsAre("_SUCCESS"));
  EXPECT_THAT(Names("/s*"), ElementsAre("sub/c.parquet", "sub/deep/e.csv"));
  EXPECT_THAT(Names("/**/e.csv"), ElementsAre("sub/deep/e.csv"));
  EXPECT_THAT(Names("/**/**/c.*"), ElementsAre("sub/c.parquet"));
  EXPECT_THAT(Names("/day=2024*/*.parquet"), ElementsAre("day=2024-01-01/p.parquet"));
}

TEST_F(ListingTest, ReadsPartitionValues) {
  const auto entries = *ListFiles(root_ + "/day=*");
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_THAT(entries[0].partitions, ElementsAre(Pair("day", "2024-01-01")));
  EXPECT_THAT(entries[1].partitions,
              ElementsAre(Pair("day", "2024-01-02"), Pair("_k", "/v")));
  EXPECT_THAT(entries[2].partitions, ElementsAre(Pair("day", std::nullopt)));
  EXPECT_THAT(PartitionsOf("a=1%zz/=x/b/c=2"), ElementsAre(Pair("a", "1%zz")));
}

TEST_F(ListingTest, SaysWhatIsMissing) {
  const Status none = ListFiles(root_ + "/none.parquet").status();
  EXPECT_EQ(none.message(), root_ + "/none.parquet: no such file");
  EXPECT_EQ(BlameOf(none), Blame::kStorage);
  EXPECT_THAT(Names("/*.arrow"), ElementsAre(HasSubstr("/*.arrow: no file matches")));
  EXPECT_THAT(Names("/none/*.arrow"), ElementsAre(HasSubstr("no file matches")));
  EXPECT_FALSE(ListFiles("").ok());
}

TEST_F(ListingTest, FollowsLinksButNotInCircles) {
  std::filesystem::create_directory_symlink("..", root_ + "/sub/up");
  EXPECT_THAT(Names("/sub"), ::testing::Contains("sub/c.parquet"));
  EXPECT_THAT(Names("/sub/**/a.parquet"), ElementsAre("sub/up/a.parquet"));
}

}  // namespace
}  // namespace windrow::fs
