// SPDX-License-Identifier: Apache-2.0
#include "windrow/fs/object_listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace windrow::fs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

/// Objects of one bucket, "s3://b", in memory. A key that ends with '/' marks a folder.
class FakeStore : public ObjectStore {
 public:
  explicit FakeStore(std::vector<std::string> keys) : keys_(std::move(keys)) {}

  Result<std::optional<std::vector<ObjectInfo>>> List(const std::string& folder,
                                                      const arrow::StopToken&) override {
    if (!folder.starts_with("s3://b")) return StorageError(folder, ": no such bucket");
    std::string prefix = folder;
    if (!prefix.ends_with('/')) prefix += '/';
    std::vector<ObjectInfo> objects;
    bool is_there = prefix == "s3://b/";
    for (const std::string& key : keys_) {
      const std::string path = "s3://b/" + key;
      if (!path.starts_with(prefix)) continue;
      is_there = true;
      if (!path.ends_with('/')) objects.push_back({path, 1, 2});
    }
    if (!is_there) return std::nullopt;
    return objects;
  }

  Result<std::optional<ObjectInfo>> Find(const std::string& path,
                                         const arrow::StopToken&) override {
    for (const std::string& key : keys_) {
      if (path == "s3://b/" + key) return ObjectInfo{path, 1, 2};
    }
    return std::nullopt;
  }

  Status Read(const ObjectInfo&, int64_t, int64_t, uint8_t*,
              const arrow::StopToken&) override {
    return InternalError("nothing is read by a listing");
  }

 private:
  std::vector<std::string> keys_;
};

ObjectAccess AccessTo(std::vector<std::string> keys) {
  ObjectAccess access;
  access.store = std::make_shared<FakeStore>(std::move(keys));
  return access;
}

const std::vector<std::string> kKeys = {"data/.hidden/x.parquet",   "data/_SUCCESS",
                                        "data/_part=1/a.parquet",   "data/a.parquet",
                                        "data/b[1].parquet",        "data/b1.parquet",
                                        "data/deep/c/a.parquet",    "data/deep/d.parquet",
                                        "data/year=2024/e.parquet", "marked/"};

/// What `path` names, without "s3://b/", or the error.
std::vector<std::string> Named(const std::string& path) {
  const auto listed =
      ListFiles(std::vector<std::string>{"s3://b/" + path}, AccessTo(kKeys));
  if (!listed.ok()) return {listed.status().message()};
  std::vector<std::string> names;
  for (const FileEntry& entry : listed->front()) names.push_back(entry.path.substr(7));
  return names;
}

TEST(ObjectListingTest, AFolderIsEveryVisibleObjectBelow) {
  EXPECT_THAT(Named("data"),
              ElementsAre("data/_part=1/a.parquet", "data/a.parquet", "data/b[1].parquet",
                          "data/b1.parquet", "data/deep/c/a.parquet",
                          "data/deep/d.parquet", "data/year=2024/e.parquet"));
  EXPECT_THAT(Named("data/deep/"),
              ElementsAre("data/deep/c/a.parquet", "data/deep/d.parquet"));
  EXPECT_THAT(Named("data/.hidden"), ElementsAre("data/.hidden/x.parquet"));
}

TEST(ObjectListingTest, AGlobMatchesInsideOneComponent) {
  EXPECT_THAT(Named("data/*.parquet"),
              ElementsAre("data/a.parquet", "data/b[1].parquet", "data/b1.parquet"));
  EXPECT_THAT(Named("data/?.parquet"), ElementsAre("data/a.parquet"));
  EXPECT_THAT(Named("data/[b]1.parquet"), ElementsAre("data/b1.parquet"));
  EXPECT_THAT(Named("data/*/a.parquet"), ElementsAre("data/_part=1/a.parquet"));
  EXPECT_THAT(Named("data/d*"),
              ElementsAre("data/deep/c/a.parquet", "data/deep/d.parquet"));
  EXPECT_THAT(Named("data/_S*"), ElementsAre("data/_SUCCESS"));
}

TEST(ObjectListingTest, TwoStarsAreAnyNumberOfFolders) {
  EXPECT_THAT(
      Named("data/**/a.parquet"),
      ElementsAre("data/_part=1/a.parquet", "data/a.parquet", "data/deep/c/a.parquet"));
  EXPECT_THAT(Named("**/d.parquet"), ElementsAre("data/deep/d.parquet"));
  EXPECT_THAT(Named("data/deep/**"),
              ElementsAre("data/deep/c/a.parquet", "data/deep/d.parquet"));
}

TEST(ObjectListingTest, APathThatExistsIsNoGlob) {
  EXPECT_THAT(Named("data/b[1].parquet"), ElementsAre("data/b[1].parquet"));
}

TEST(ObjectListingTest, FoldersGiveValues) {
  const auto listed = ListFiles(
      std::vector<std::string>{"s3://b/data/year=2024/e.parquet"}, AccessTo(kKeys));
  ASSERT_TRUE(listed.ok());
  const FileEntry& entry = listed->front().front();
  EXPECT_THAT(entry.partitions, ElementsAre(PartitionValue("year", "2024")));
  EXPECT_EQ(entry.size_bytes, 1);
  EXPECT_EQ(entry.changed_at, 2);
}

TEST(ObjectListingTest, WhatIsNotThereIsAnError) {
  EXPECT_THAT(Named("none"), ElementsAre("s3://b/none: no such file"));
  EXPECT_THAT(Named("none/*.parquet"),
              ElementsAre("s3://b/none/*.parquet: no file matches"));
  EXPECT_THAT(Named("data/none.parquet"),
              ElementsAre("s3://b/data/none.parquet: no such file"));
  EXPECT_THAT(Named("marked"), IsEmpty());
}

TEST(ObjectListingTest, AFolderIsThereOrNot) {
  const ObjectAccess access = AccessTo(kKeys);
  EXPECT_THAT(*ListFolder("s3://b/marked", access), Optional(IsEmpty()));
  EXPECT_EQ(*ListFolder("s3://b/none", access), std::nullopt);
  EXPECT_EQ((*ListFolder("s3://b/data/deep", access))->size(), 2);
  EXPECT_THAT(ListFolder("s3://c/data", access).status().message(),
              HasSubstr("no such bucket"));
}

TEST(ObjectListingTest, ALocalFolderIsThereOrNot) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / "object_listing_test";
  std::filesystem::create_directories(folder / "empty");
  std::ofstream(folder / "file") << "x";
  EXPECT_THAT(*ListFolder((folder / "empty").string(), {}), Optional(IsEmpty()));
  EXPECT_EQ(*ListFolder((folder / "none").string(), {}), std::nullopt);
  EXPECT_EQ((*ListFolder(folder.string(), {}))->size(), 1);
  EXPECT_EQ(BlameOf(ListFolder((folder / "file").string(), {}).status()),
            Blame::kStorage);
}

}  // namespace
}  // namespace windrow::fs
