// SPDX-License-Identifier: Apache-2.0
#include "windrow/sink/partitioned_sink.h"

#include <gmock/gmock.h>

#include <fstream>
#include <map>

#include "windrow/sink/former_files.h"
#include "windrow/sink/ipc_sink.h"
#include "windrow/sink/sink_testing.h"

namespace windrow::sink {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

/// What the sink of one file was given.
struct Received {
  std::vector<BatchPtr> batches;
  bool is_committed = false;
  bool is_aborted = false;
};

class RecordingSink : public exec::Sink {
 public:
  explicit RecordingSink(Received* received) : received_(received) {}
  Result<std::unique_ptr<exec::Prepared>> Encode(BatchPtr batch) override {
    auto kept = std::make_unique<Kept>();
    kept->batch = std::move(batch);
    return kept;
  }
  Status Write(std::unique_ptr<exec::Prepared> encoded) override {
    received_->batches.push_back(static_cast<Kept&>(*encoded).batch);
    return Status::OK();
  }
  Status Finish() override { return Status::OK(); }
  Status Commit() override {
    received_->is_committed = true;
    return Status::OK();
  }
  void Abort() override { received_->is_aborted = true; }
  int64_t bytes_written() const override { return 10; }

 private:
  struct Kept : exec::Prepared {
    BatchPtr batch;
  };
  Received* received_;
};

BatchPtr Rows(const std::shared_ptr<arrow::Array>& files, const std::string& numbers) {
  return BatchOf({{"n", Json(arrow::int64(), numbers)}, {"file", files}});
}

class PartitionedSinkTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<PartitionedSink>> Make(const arrow::Schema& schema) {
    return PartitionedSink::Make(
        {.folder = run_.folder + "/out",
         .column = "file",
         .files = {{"train", "train.x"}, {"test", "test.x"}, {"more", "more.x"}},
         .manifest = "manifest.json"},
        arrow::schema(schema.fields()),
        [this](const std::string& path, const std::shared_ptr<arrow::Schema>& schema)
            -> Result<std::unique_ptr<exec::Sink>> {
          EXPECT_THAT(schema->field_names(), ElementsAre("n"));
          return std::make_unique<RecordingSink>(
              &received_[path.substr(path.rfind('/') + 1)]);
        },
        &run_.context);
  }

  static Status Add(PartitionedSink* sink, const BatchPtr& batch) {
    ARROW_ASSIGN_OR_RAISE(auto encoded, sink->Encode(batch));
    return sink->Write(std::move(encoded));
  }

  std::string NumbersIn(const std::string& file) {
    std::string text;
    for (const BatchPtr& batch : received_[file].batches) {
      EXPECT_TRUE(batch->ValidateFull().ok());
      EXPECT_EQ(batch->num_columns(), 1);
      for (int64_t row = 0; row < batch->num_rows(); ++row) {
        text += batch->column(0)->GetScalar(row).ValueOrDie()->ToString() + " ";
      }
      text += "| ";
    }
    return text;
  }

  TestRun run_;
  std::map<std::string, Received> received_;
};

TEST_F(PartitionedSinkTest, RoutesRowsInOrderWhateverTheEncoding) {
  const std::string mixed = R"(["train", "test", "train", "train", "test"])";
  const std::string blocks = R"(["test", "test", "train", "train", "train"])";
  for (const auto& type : {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view()}) {
    received_.clear();
    const BatchPtr batch = Rows(Json(type, mixed), "[1, 2, 3, 4, null]");
    auto sink = *Make(*batch->schema());
    ASSERT_TRUE(Add(sink.get(), batch).ok());
    ASSERT_TRUE(Add(sink.get(), Rows(Json(type, blocks), "[6, 7, 8, 9, 10]")).ok());
    ASSERT_TRUE(Add(sink.get(), batch->Slice(2, 2)).ok());
    EXPECT_EQ(NumbersIn("train.x"), "1 3 4 | 8 9 10 | 3 4 | ");
    EXPECT_EQ(NumbersIn("test.x"), "2 null | 6 7 | ");
    EXPECT_EQ(NumbersIn("more.x"), "");
    const auto files = sink->files();
    EXPECT_EQ(files[0].rows, 8);
    EXPECT_EQ(files[1].rows, 4);
    EXPECT_EQ(files[2].rows, 0);
    EXPECT_EQ(sink->bytes_written(), 30);
  }
}

TEST_F(PartitionedSinkTest, CodesMayHaveValuesThatNoRowUses) {
  for (const auto& codes : {arrow::int8(), arrow::uint32()}) {
    received_.clear();
    const auto files =
        Coded("[2, 0, 2, 3]", codes, R"(["test", "no", "train", "test"])", arrow::utf8());
    const BatchPtr batch = Rows(files, "[1, 2, 3, 4]");
    auto sink = *Make(*batch->schema());
    ASSERT_TRUE(Add(sink.get(), batch).ok());
    EXPECT_EQ(NumbersIn("train.x"), "1 3 | ");
    EXPECT_EQ(NumbersIn("test.x"), "2 4 | ");
  }
}

TEST_F(PartitionedSinkTest, ARowWithoutAFileIsADataError) {
  const auto message = [&](const std::shared_ptr<arrow::Array>& files) {
    const BatchPtr batch = Rows(files, "[1, 2]");
    auto sink = *Make(*batch->schema());
    const Status status = sink->Encode(batch).status();
    EXPECT_EQ(BlameOf(status), Blame::kData);
    return status.message();
  };
  EXPECT_EQ(message(Json(arrow::utf8(), R"(["train", "valid"])")),
            run_.folder +
                "/out: found 'valid' in column 'file'; expected one of "
                "'train', 'test', 'more'");
  EXPECT_THAT(message(Json(arrow::utf8(), R"([null, "train"])")),
              HasSubstr("found null in column 'file'"));
  EXPECT_THAT(message(Coded("[1, 0]", arrow::int8(), R"(["a", "train"])", arrow::utf8())),
              HasSubstr("found 'a' in"));
  EXPECT_THAT(
      message(Coded("[1, null]", arrow::int8(), R"(["a", "train"])", arrow::utf8())),
      HasSubstr("found null in"));
}

TEST_F(PartitionedSinkTest, FilesAreCompleteBeforeTheFolderAppears) {
  const BatchPtr batch = Rows(Json(arrow::utf8(), R"(["train"])"), "[1]");
  auto sink = *Make(*batch->schema());
  ASSERT_TRUE(Add(sink.get(), batch).ok());
  EXPECT_FALSE(received_["train.x"].is_committed);
  ASSERT_TRUE(sink->Finish().ok());
  EXPECT_TRUE(received_["train.x"].is_committed);
  EXPECT_TRUE(received_["more.x"].is_committed);
  std::ofstream(sink->staging() + "/manifest.json") << "{}";
  EXPECT_FALSE(std::filesystem::exists(run_.folder + "/out"));
  ASSERT_TRUE(sink->Commit().ok());
  EXPECT_TRUE(std::filesystem::exists(run_.folder + "/out/manifest.json"));
}

TEST_F(PartitionedSinkTest, AbortLeavesNothing) {
  const BatchPtr batch = Rows(Json(arrow::utf8(), R"(["train"])"), "[1]");
  auto sink = *Make(*batch->schema());
  ASSERT_TRUE(Add(sink.get(), batch).ok());
  sink->Abort();
  EXPECT_TRUE(received_["test.x"].is_aborted);
  EXPECT_TRUE(std::filesystem::is_empty(run_.folder));
}

TEST_F(PartitionedSinkTest, RealFilesCanBeMadeOfIt) {
  const BatchPtr batch = Rows(Json(arrow::utf8(), R"(["b", "a", "b"])"), "[1, 2, 3]");
  auto sink = *PartitionedSink::Make(
      {.folder = run_.folder + "/out",
       .column = "file",
       .files = {{"a", "a.arrow"}, {"b", "b.arrow"}},
       .manifest = ""},
      batch->schema(),
      [this](const std::string& path, const std::shared_ptr<arrow::Schema>& schema) {
        return IpcSink::Make({.path = path}, schema, &run_.context);
      },
      &run_.context);
  ASSERT_TRUE(Add(sink.get(), batch).ok());
  ASSERT_TRUE(sink->Finish().ok());
  const int64_t bytes = sink->bytes_written();
  ASSERT_TRUE(sink->Commit().ok());
  int64_t on_disk = 0;
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(run_.folder + "/out")) {
    names.push_back(entry.path().filename());
    on_disk += static_cast<int64_t>(entry.file_size());
  }
  EXPECT_THAT(names, UnorderedElementsAre("a.arrow", "b.arrow"));
  EXPECT_EQ(on_disk, bytes);
}

TEST(FilesOfManifest, ReadsItsOwnFormOnly) {
  const TestRun run;
  const std::string path = run.folder + "/manifest.json";
  const auto files_of = [&](const std::string& text) {
    std::ofstream(path) << text;
    return FilesOfManifest(path);
  };
  EXPECT_THAT(FilesOfManifest(path), IsEmpty());
  EXPECT_THAT(files_of(R"({"windrow": "1", "files": [{"path": "a"}, {"path": "b"}]})"),
              ElementsAre("a", "b"));
  for (const char* other :
       {"", "[", "[]", "{}", R"({"files": [{"path": "a"}]})", R"({"windrow": 1})",
        R"({"windrow": "1", "files": {"path": "a"}})",
        R"({"windrow": "1", "files": [7, {}, {"path": 7}]})"}) {
    EXPECT_THAT(files_of(other), IsEmpty()) << other;
  }
}

}  // namespace
}  // namespace windrow::sink
