// SPDX-License-Identifier: Apache-2.0
#include "windrow/fs/temp_file.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <numeric>
#include <vector>

namespace windrow::fs {
namespace {

using ::testing::HasSubstr;

class TempFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "temp-file-" + std::to_string(getpid());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
};

TEST_F(TempFileTest, KeepsBytesAndHasNoName) {
  auto file = *TempFile::Open(folder_);
  std::vector<uint8_t> bytes(100'000);
  std::iota(bytes.begin(), bytes.end(), uint8_t{0});
  ASSERT_TRUE(file->WriteAt(5'000, bytes.data(), 100'000).ok());
  ASSERT_TRUE(file->WriteAt(0, bytes.data(), 5'000).ok());
  std::vector<uint8_t> read(100'000);
  ASSERT_TRUE(file->ReadAt(5'000, read.data(), 100'000).ok());
  EXPECT_EQ(read, bytes);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
  file.reset();
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(TempFileTest, ReadingBeyondTheEndIsAnError) {
  auto file = *TempFile::Open(folder_);
  uint8_t byte = 7;
  ASSERT_TRUE(file->WriteAt(9, &byte, 1).ok());
  EXPECT_TRUE(file->ReadAt(9, &byte, 1).ok());
  const Status status = file->ReadAt(10, &byte, 1);
  EXPECT_EQ(BlameOf(status), Blame::kStorage);
  EXPECT_THAT(status.message(), HasSubstr(folder_));
  EXPECT_THAT(status.message(), HasSubstr("ends at byte 10"));
}

TEST_F(TempFileTest, AFolderThatIsNotThere) {
  const Status status = TempFile::Open(folder_ + "/absent").status();
  EXPECT_EQ(BlameOf(status), Blame::kStorage);
  EXPECT_THAT(status.message(), HasSubstr(folder_ + "/absent: cannot make"));
}

}  // namespace
}  // namespace windrow::fs
