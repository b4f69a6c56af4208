// SPDX-License-Identifier: Apache-2.0
#include "windrow/fs/atomic_output.h"

#include <arrow/io/interfaces.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace windrow::fs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

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

class AtomicOutputTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "atomic-" + std::to_string(getpid());
    std::filesystem::create_directories(folder_);
    path_ = folder_ + "/out.arrow";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Status OpenStatus(const std::string& path) { return AtomicOutput::Open(path).status(); }

  std::string folder_;
  std::string path_;
};

TEST_F(AtomicOutputTest, AppearsOnlyAtCommit) {
  std::ofstream(path_) << "before";
  auto output = *AtomicOutput::Open(path_);
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    const std::string piece(i % 7 == 0 ? 300'000 : i, static_cast<char>('a' + i % 26));
    ASSERT_TRUE(output->stream()->Write(piece.data(), piece.size()).ok());
    expected += piece;
  }
  EXPECT_EQ(output->bytes_written(), static_cast<int64_t>(expected.size()));
  EXPECT_EQ(*output->stream()->Tell(), output->bytes_written());
  ASSERT_TRUE(output->Finish().ok());
  EXPECT_EQ(ReadAll(path_), "before");
  ASSERT_TRUE(output->Commit().ok());
  EXPECT_EQ(ReadAll(path_), expected);
  output.reset();
  EXPECT_THAT(NamesIn(folder_), ElementsAre("out.arrow"));
}

TEST_F(AtomicOutputTest, AbortAndDestructionLeaveNothing) {
  auto aborted = *AtomicOutput::Open(path_);
  EXPECT_THAT(NamesIn(folder_), ElementsAre(StartsWith(".out.arrow.windrow-")));
  aborted->Abort();
  EXPECT_THAT(NamesIn(folder_), IsEmpty());
  EXPECT_FALSE(aborted->stream()->Write("x", 1).ok());
  { auto dropped = *AtomicOutput::Open(path_); }
  EXPECT_THAT(NamesIn(folder_), IsEmpty());
}

TEST_F(AtomicOutputTest, KeepsUmaskAndLinks) {
  std::filesystem::create_symlink("real.arrow", folder_ + "/link.arrow");
  std::ofstream(folder_ + "/real.arrow") << "before";
  const mode_t old_mask = umask(027);
  auto output = *AtomicOutput::Open(folder_ + "/link.arrow");
  umask(old_mask);
  ASSERT_TRUE(output->stream()->Write("after", 5).ok());
  ASSERT_TRUE(output->Commit().ok());
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ + "/link.arrow"));
  EXPECT_EQ(ReadAll(folder_ + "/real.arrow"), "after");
  struct stat info;
  ASSERT_EQ(stat((folder_ + "/real.arrow").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
}

TEST_F(AtomicOutputTest, ClearsWhatAKilledRunLeft) {
  const pid_t child = fork();
  if (child == 0) {
    auto output = AtomicOutput::Open(path_);
    _exit(output.ok() && (*output)->stream()->Write("half", 4).ok() ? 0 : 1);
  }
  int result = -1;
  ASSERT_EQ(waitpid(child, &result, 0), child);
  ASSERT_EQ(result, 0);
  ASSERT_EQ(NamesIn(folder_).size(), 1u);
  // Temporaries of another output and of a living process stay.
  const std::string other = ".other.windrow-" + std::to_string(child) + "-1.tmp";
  const std::string alive = ".out.arrow.windrow-" + std::to_string(getpid()) + "-1.tmp";
  std::ofstream(folder_ + "/" + other) << "";
  std::ofstream(folder_ + "/" + alive) << "";
  auto output = *AtomicOutput::Open(path_);
  ASSERT_TRUE(output->Commit().ok());
  EXPECT_THAT(NamesIn(folder_), ElementsAre(other, alive, "out.arrow"));
}

TEST_F(AtomicOutputTest, RefusesWhatItCannotReplace) {
  EXPECT_THAT(OpenStatus(folder_).message(), HasSubstr("is a folder"));
  EXPECT_EQ(OpenStatus(folder_ + "/no/out.arrow").message(),
            folder_ + "/no/out.arrow: folder does not exist");
  EXPECT_EQ(BlameOf(OpenStatus(folder_ + "/no/out.arrow")), Blame::kStorage);
  EXPECT_EQ(BlameOf(OpenStatus("/proc/out.arrow")), Blame::kStorage);
  EXPECT_FALSE(OpenStatus("").ok());
  if (geteuid() == 0) return;  // root may write anywhere
  std::ofstream(path_) << "kept";
  chmod(path_.c_str(), 0444);
  EXPECT_EQ(BlameOf(OpenStatus(path_)), Blame::kStorage);
}

TEST_F(AtomicOutputTest, WritesStraightToSpecialFiles) {
  auto null = *AtomicOutput::Open("/dev/null");
  ASSERT_TRUE(null->stream()->Write("x", 1).ok());
  ASSERT_TRUE(null->Commit().ok());
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));

  const std::string fifo = folder_ + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  std::string received;
  std::thread reader([&] { received = ReadAll(fifo); });
  auto output = *AtomicOutput::Open(fifo);
  ASSERT_TRUE(output->stream()->Write("through", 7).ok());
  ASSERT_TRUE(output->Commit().ok());
  reader.join();
  EXPECT_EQ(received, "through");
}

TEST_F(AtomicOutputTest, FullDiskIsAResourceError) {
  auto full = *AtomicOutput::Open("/dev/full");
  const std::string piece(8 << 20, 'x');
  const Status failed = full->stream()->Write(piece.data(), piece.size());
  EXPECT_EQ(BlameOf(failed), Blame::kResource);
  EXPECT_THAT(failed.message(), StartsWith("/dev/full: cannot write"));
  EXPECT_EQ(full->Locate(Status::Invalid("footer")).message(), failed.message());
  EXPECT_EQ(BlameOf(full->Commit()), Blame::kResource);

  if (mount("none", folder_.c_str(), "tmpfs", 0, "size=256k") != 0) return;
  {
    auto output = *AtomicOutput::Open(path_);
    ASSERT_TRUE(output->stream()->Write(piece.data(), 60'000).ok());
    Status status;
    for (int i = 0; i < 10 && status.ok(); ++i) {
      status = output->stream()->Write(piece.data(), 60'000);
    }
    if (status.ok()) status = output->Commit();
    EXPECT_EQ(BlameOf(status), Blame::kResource) << status;
    EXPECT_THAT(status.message(), StartsWith(path_));
    EXPECT_FALSE(std::filesystem::exists(path_));
  }
  EXPECT_THAT(NamesIn(folder_), IsEmpty());
  umount(folder_.c_str());
}

}  // namespace
}  // namespace windrow::fs
