// SPDX-License-Identifier: Apache-2.0
#include "windrow/fs/atomic_folder.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

namespace windrow::fs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

using Files = std::map<std::string, std::string>;

void WriteFile(const std::string& path, const std::string& content) {
  std::ofstream(path) << content;
}

std::string ReadAll(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// The plain files of a folder with their content.
Files FilesIn(const std::string& folder) {
  Files files;
  for (const std::string& name : NamesIn(folder)) {
    const std::string path = folder + "/" + name;
    if (std::filesystem::is_regular_file(path)) files[name] = ReadAll(path);
  }
  return files;
}

AtomicFolder::Options Kind() {
  return {.manifest = "manifest.json",
          .is_owned = [](const std::string& name) { return name.ends_with(".part"); }};
}

class AtomicFolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    parent_ = testing::TempDir() + "folder-" + std::to_string(getpid());
    std::filesystem::create_directories(parent_);
    path_ = parent_ + "/out";
  }
  void TearDown() override { std::filesystem::remove_all(parent_); }

  std::unique_ptr<AtomicFolder> Written(const Files& files) {
    auto folder = *AtomicFolder::Make(path_, Kind());
    for (const auto& [name, content] : files) {
      WriteFile(folder->staging() + "/" + name, content);
    }
    return folder;
  }

  void Publish(const Files& files) {
    const Status status = Written(files)->Commit();
    EXPECT_TRUE(status.ok()) << status;
  }

  std::string parent_;
  std::string path_;
};

TEST_F(AtomicFolderTest, AppearsAtCommit) {
  auto folder = Written({{"a.part", "1"}, {"manifest.json", "m"}});
  EXPECT_FALSE(std::filesystem::exists(path_));
  ASSERT_TRUE(folder->Commit().ok());
  folder.reset();
  EXPECT_THAT(FilesIn(path_),
              ElementsAre(Pair("a.part", "1"), Pair("manifest.json", "m")));
  EXPECT_THAT(NamesIn(parent_), ElementsAre("out"));
}

TEST_F(AtomicFolderTest, AbortAndDestructionLeaveWhatWasThere) {
  Publish({{"a.part", "old"}});
  Written({{"a.part", "new"}})->Abort();
  Written({{"b.part", "new"}}).reset();
  EXPECT_THAT(FilesIn(path_), ElementsAre(Pair("a.part", "old")));
  EXPECT_THAT(NamesIn(parent_), ElementsAre("out"));
}

TEST_F(AtomicFolderTest, ReplacesAnEarlierOutputAsAWhole) {
  Publish({{"a.part", "old"}, {"b.part", "old"}, {"manifest.json", "old"}});
  ASSERT_EQ(chmod(path_.c_str(), 0750), 0);
  struct stat before;
  stat(path_.c_str(), &before);
  Publish({{"a.part", "new"}, {"manifest.json", "new"}});
  struct stat after;
  stat(path_.c_str(), &after);
  EXPECT_NE(before.st_ino, after.st_ino);
  EXPECT_EQ(after.st_mode & 07777, 0750u);
  EXPECT_THAT(FilesIn(path_),
              ElementsAre(Pair("a.part", "new"), Pair("manifest.json", "new")));
  EXPECT_THAT(NamesIn(parent_), ElementsAre("out"));
}

TEST_F(AtomicFolderTest, KeepsOtherThings) {
  Publish({{"a.part", "old"}, {"b.part", "old"}, {"manifest.json", "old"}});
  WriteFile(path_ + "/notes.txt", "mine");
  std::filesystem::create_directory(path_ + "/c.part");
  Publish({{"a.part", "new"}, {"manifest.json", "new"}});
  EXPECT_THAT(FilesIn(path_),
              ElementsAre(Pair("a.part", "new"), Pair("manifest.json", "new"),
                          Pair("notes.txt", "mine")));
  EXPECT_THAT(NamesIn(path_),
              ElementsAre("a.part", "c.part", "manifest.json", "notes.txt"));
  EXPECT_THAT(NamesIn(parent_), ElementsAre("out"));
}

TEST_F(AtomicFolderTest, AFolderInAFilesPlaceChangesNothing) {
  std::filesystem::create_directories(path_ + "/b.part");
  WriteFile(path_ + "/a.part", "old");
  WriteFile(path_ + "/manifest.json", "old");
  const Status status = Written({{"a.part", "new"}, {"b.part", "new"}})->Commit();
  EXPECT_EQ(BlameOf(status), Blame::kStorage);
  EXPECT_THAT(status.message(), HasSubstr(path_ + "/b.part"));
  EXPECT_THAT(FilesIn(path_),
              ElementsAre(Pair("a.part", "old"), Pair("manifest.json", "old")));
  EXPECT_THAT(NamesIn(parent_), ElementsAre("out"));
}

TEST_F(AtomicFolderTest, FollowsALinkAndKeepsIt) {
  std::filesystem::create_directory(parent_ + "/real");
  WriteFile(parent_ + "/real/a.part", "old");
  std::filesystem::create_directory_symlink("real", path_);
  Publish({{"a.part", "new"}});
  EXPECT_TRUE(std::filesystem::is_symlink(path_));
  EXPECT_THAT(FilesIn(parent_ + "/real"), ElementsAre(Pair("a.part", "new")));
}

TEST_F(AtomicFolderTest, AMountPointIsFilledInPlace) {
  std::filesystem::create_directory(path_);
  if (mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "a file system cannot be mounted here";
  }
  WriteFile(path_ + "/a.part", "old");
  WriteFile(path_ + "/b.part", "old");
  Publish({{"a.part", "new"}, {"manifest.json", "new"}});
  EXPECT_THAT(NamesIn(path_), ElementsAre("a.part", "manifest.json"));
  EXPECT_THAT(FilesIn(path_),
              ElementsAre(Pair("a.part", "new"), Pair("manifest.json", "new")));
  umount(path_.c_str());
}

TEST_F(AtomicFolderTest, RefusesWhatItCannotReplace) {
  WriteFile(path_, "a file");
  const Status is_file = AtomicFolder::Make(path_, Kind()).status();
  EXPECT_EQ(BlameOf(is_file), Blame::kUser);
  EXPECT_THAT(is_file.message(), HasSubstr(path_ + ": is a file"));
  const Status no_parent = AtomicFolder::Make(parent_ + "/no/out", Kind()).status();
  EXPECT_EQ(BlameOf(no_parent), Blame::kStorage);
  EXPECT_EQ(BlameOf(AtomicFolder::Make("", Kind()).status()), Blame::kStorage);
  EXPECT_THAT(NamesIn(parent_), ElementsAre("out"));
}

TEST_F(AtomicFolderTest, ErrorsNameTheTarget) {
  auto folder = Written({});
  const Status status = folder->Locate(ResourceError(folder->staging(), "/a.part: full"));
  EXPECT_EQ(BlameOf(status), Blame::kResource);
  EXPECT_EQ(status.message(), path_ + "/a.part: full");
}

TEST_F(AtomicFolderTest, ClearsWhatAKilledRunLeft) {
  const pid_t child = fork();
  if (child == 0) {
    auto folder = Written({{"a.part", "half"}});
    kill(getpid(), SIGKILL);
  }
  waitpid(child, nullptr, 0);
  EXPECT_EQ(NamesIn(parent_).size(), 1u);
  auto other = Written({{"a.part", "1"}});
  EXPECT_EQ(NamesIn(parent_).size(), 1u);
  auto third = Written({{"a.part", "2"}});
  EXPECT_EQ(NamesIn(parent_).size(), 2u) << "a living run's folder is left alone";
}

/// Readers see one output or the other, never a mixture and never none.
TEST_F(AtomicFolderTest, AnExchangeIsSeenAtOnce) {
  Publish({{"a.part", "0"}, {"b.part", "0"}});
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) {
      const int folder = open(path_.c_str(), O_PATH | O_DIRECTORY);
      EXPECT_GE(folder, 0);
      if (folder >= 0) close(folder);
    }
  });
  for (int i = 1; i < 200; ++i) {
    const std::string content = std::to_string(i);
    Publish({{"a.part", content}, {"b.part", content}});
  }
  done = true;
  reader.join();
  EXPECT_THAT(FilesIn(path_), ElementsAre(Pair("a.part", "199"), Pair("b.part", "199")));
}

}  // namespace
}  // namespace windrow::fs
