// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/probe_records.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/buffer.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/initialize.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <support/memory_pipeline.h>
#include <support/random_columns.h>

#include <map>
#include <string>

#include "windrow/exec/task_slots.h"

namespace windrow::op {
namespace {

using testing::Batches;
using testing::BatchPtr;
using testing::JsonArray;
using testing::Random;
using ArrayPtr = std::shared_ptr<arrow::Array>;

class Recorder : public exec::Emitter {
 public:
  Status Emit(Batches batches) override {
    emitted.insert(emitted.end(), batches.begin(), batches.end());
    return Status::OK();
  }
  Batches emitted;
};

/// One probe: its measurements as a batch of format::MeasurementSchema.
using Probes = std::map<std::string, BatchPtr>;

BatchPtr RandomMeasurements(const std::string& src_addr, int64_t rows, bool with_nulls,
                            Random& random) {
  std::string times = "[";
  std::string sources = "[";
  std::string destinations = "[";
  std::string versions = "[";
  std::string rtts = "[";
  for (int64_t row = 0; row < rows; ++row) {
    const std::string comma = row == 0 ? "" : ",";
    const bool is_null = with_nulls && testing::Chance(random, 0.2);
    times += comma + std::to_string(1750000000000000 + row * testing::Pick(random, 0, 9));
    sources += comma + '"' + src_addr + '"';
    destinations +=
        comma + (is_null ? std::string("null")
                         : '"' + std::string(testing::Pick(random, 0, 40), 'd') +
                               std::to_string(testing::Pick(random, 0, 9)) + '"');
    versions += comma + (testing::Chance(random, 0.5) ? "4" : "6");
    rtts += comma + std::to_string(testing::Pick(random, -1, 300)) + ".5";
  }
  const auto& fields = format::MeasurementSchema()->fields();
  return arrow::RecordBatch::Make(format::MeasurementSchema(), rows,
                                  {JsonArray(fields[0]->type(), times + "]"),
                                   JsonArray(fields[1]->type(), sources + "]"),
                                   JsonArray(fields[2]->type(), destinations + "]"),
                                   JsonArray(fields[3]->type(), versions + "]"),
                                   JsonArray(fields[4]->type(), rtts + "]")});
}

/// How groups come: probes of more rows than `part_rows` in several rows.
struct Form {
  int64_t part_rows = INT64_MAX;
  bool coded = false;  ///< texts as dictionaries
  bool large_lists = false;
};

ArrayPtr ListsOf(const arrow::ArrayVector& parts, const Form& form, Random& random) {
  std::vector<int32_t> offsets = {0};
  for (const auto& part : parts) {
    offsets.push_back(offsets.back() + static_cast<int32_t>(part->length()));
  }
  ArrayPtr child = *arrow::Concatenate(parts);
  if (form.coded && child->type_id() == arrow::Type::STRING) {
    child = testing::AsDictionary(child, random);
    if (static_cast<const arrow::DictionaryArray&>(*child).dictionary()->null_count() >
        0) {
      child = (*arrow::compute::Cast(*testing::Decoded(child),
                                     arrow::dictionary(arrow::int32(), arrow::utf8())));
    }
  }
  const auto bounds = std::make_shared<arrow::Int32Array>(
      static_cast<int64_t>(offsets.size()), arrow::Buffer::FromVector(offsets));
  const ArrayPtr lists = *arrow::ListArray::FromArrays(*bounds, *child);
  if (!form.large_lists) return lists;
  return *arrow::compute::Cast(*lists, arrow::large_list(child->type()));
}

BatchPtr GroupsOf(const Probes& probes, const Form& form, Random& random) {
  std::array<arrow::ArrayVector, format::kNumProbeColumns> parts;
  std::string sources = "[";
  for (const auto& [src_addr, rows] : probes) {
    for (int64_t begin = 0; begin < rows->num_rows(); begin += form.part_rows) {
      sources += (sources.size() > 1 ? ",\"" : "\"") + src_addr + '"';
      const BatchPtr part = rows->Slice(begin, form.part_rows);
      for (int c = 0; c < part->num_columns(); ++c) parts[c].push_back(part->column(c));
      if (form.part_rows == INT64_MAX) break;
    }
  }
  arrow::ArrayVector columns;
  arrow::FieldVector fields;
  for (int c = 0; c < format::kNumProbeColumns; ++c) {
    const auto texts =
        form.coded ? arrow::dictionary(arrow::int32(), arrow::utf8()) : arrow::utf8();
    columns.push_back(c == format::kSrcAddr ? JsonArray(texts, sources + "]")
                                            : ListsOf(parts[c], form, random));
    fields.push_back(arrow::field(format::MeasurementSchema()->field(c)->name(),
                                  columns.back()->type()));
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), columns[1]->length(), columns);
}

struct ReadRecord {
  std::string file;
  BatchPtr outer;
  BatchPtr inner;
  int64_t inner_bytes;
};

BatchPtr ReadStream(std::string_view bytes) {
  auto input = std::make_shared<arrow::io::BufferReader>(
      arrow::Buffer::FromString(std::string(bytes)));
  auto reader = arrow::ipc::RecordBatchStreamReader::Open(input).ValueOrDie();
  return reader->Next().ValueOrDie();
}

std::vector<ReadRecord> ReadAll(const Batches& batches) {
  std::vector<ReadRecord> records;
  for (const BatchPtr& batch : batches) {
    EXPECT_TRUE(batch->ValidateFull().ok());
    const auto files = testing::Decoded(batch->column(0));
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      ReadRecord record;
      record.file = static_cast<const arrow::StringArray&>(*files).GetString(row);
      record.outer = ReadStream(
          static_cast<const arrow::BinaryArray&>(*batch->column(1)).GetView(row));
      const auto inner =
          static_cast<const arrow::BinaryArray&>(*record.outer->column(1)).GetView(0);
      record.inner_bytes = static_cast<int64_t>(inner.size());
      record.inner = ReadStream(inner);
      EXPECT_TRUE(record.inner->ValidateFull().ok());
      records.push_back(std::move(record));
    }
  }
  return records;
}

class ProbeRecordsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(arrow::compute::Initialize().ok()); }

  ProbeRecordsTest() : slots_(2) {
    context_.pool = arrow::default_memory_pool();
    context_.slots = &slots_;
  }

  /// The records of `groups`, which come in batches of up to `batch_rows` rows.
  Result<std::vector<ReadRecord>> Run(const ProbeRecords::Options& options,
                                      const BatchPtr& groups, int64_t batch_rows) {
    metrics_ = std::make_unique<exec::StepMetrics>("records", "probe_records");
    ARROW_ASSIGN_OR_RAISE(const auto step, ProbeRecords::Make(options, *groups->schema(),
                                                              &context_, metrics_.get()));
    Recorder recorder;
    for (int64_t row = 0; row < groups->num_rows(); row += batch_rows) {
      ARROW_ASSIGN_OR_RAISE(auto prepared, step->Prepare(groups->Slice(row, batch_rows)));
      ARROW_RETURN_NOT_OK(step->Consume(std::move(prepared), &recorder));
    }
    ARROW_RETURN_NOT_OK(step->Finish(&recorder));
    return ReadAll(recorder.emitted);
  }

  exec::TaskSlots slots_;
  exec::RunContext context_;
  std::unique_ptr<exec::StepMetrics> metrics_;
};

/// Of the rows alone: of a slice, buffers keep up to 63 bytes of the rows after.
int64_t StreamBytes(const BatchPtr& slice) {
  const BatchPtr batch = *arrow::ConcatenateRecordBatches({slice, slice->Slice(0, 0)});
  auto sink = *arrow::io::BufferOutputStream::Create();
  auto writer = *arrow::ipc::MakeStreamWriter(sink, batch->schema());
  EXPECT_TRUE(writer->WriteRecordBatch(*batch).ok());
  EXPECT_TRUE(writer->Close().ok());
  return (*sink->Finish())->size();
}

/// The records of one probe by trial: serialise, look, try one row more.
Batches CutByTrial(const BatchPtr& rows, int64_t max_bytes) {
  Batches records;
  for (int64_t begin = 0; begin < rows->num_rows();) {
    int64_t taken = 1;
    while (begin + taken < rows->num_rows() &&
           StreamBytes(rows->Slice(begin, taken + 1)) <= max_bytes) {
      ++taken;
    }
    records.push_back(rows->Slice(begin, taken));
    begin += taken;
  }
  return records;
}

TEST_F(ProbeRecordsTest, CutsAsTrialDoesHoweverTheGroupsCome) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  Random random(seed);
  for (int round = 0; round < 30; ++round) {
    Probes probes;
    for (int64_t i = testing::Pick(random, 1, 6); i > 0; --i) {
      const std::string src_addr = "10.0.0." + std::to_string(i);
      probes[src_addr] = RandomMeasurements(src_addr, testing::Pick(random, 1, 90),
                                            testing::Chance(random, 0.5), random);
    }
    ProbeRecords::Options options;
    options.max_row_bytes = testing::Pick(random, 700, 3000);
    const Form form{testing::Pick(random, 1, 40), testing::Chance(random, 0.5),
                    testing::Chance(random, 0.5)};
    const BatchPtr groups = GroupsOf(probes, form, random);
    const auto run = Run(options, groups, testing::Pick(random, 1, 8));
    ASSERT_TRUE(run.ok()) << run.status();
    size_t next = 0;
    int64_t split_probes = 0;
    for (const auto& [src_addr, rows] : probes) {
      const Batches expected = CutByTrial(rows, options.max_row_bytes);
      split_probes += expected.size() > 1 ? 1 : 0;
      for (const BatchPtr& record : expected) {
        ASSERT_LT(next, run->size());
        const ReadRecord& read = (*run)[next++];
        EXPECT_TRUE(read.inner->Equals(*record));
        EXPECT_EQ(read.inner_bytes, StreamBytes(record));
        EXPECT_EQ(static_cast<const arrow::Int64Array&>(*read.outer->column(0)).Value(0),
                  format::SrcIdOf(src_addr));
        EXPECT_EQ(static_cast<const arrow::Int32Array&>(*read.outer->column(2)).Value(0),
                  record->num_rows());
      }
    }
    EXPECT_EQ(next, run->size());
    const auto counts = metrics_->counts();
    EXPECT_EQ(counts.at("probes"), static_cast<int64_t>(probes.size()));
    EXPECT_EQ(counts.at("records"), static_cast<int64_t>(next));
    EXPECT_EQ(split_probes,
              counts.contains("split probes") ? counts.at("split probes") : 0);
  }
}

TEST_F(ProbeRecordsTest, KeepsAProbeInTheFileItsIdSays) {
  Random random(3);
  Probes probes;
  for (int i = 0; i < 300; ++i) {
    const std::string src_addr = "2001:db8::" + std::to_string(i);
    probes[src_addr] = RandomMeasurements(src_addr, 20, false, random);
  }
  ProbeRecords::Options options;
  options.max_row_bytes = 1500;
  options.split = {ProbeSplit::Rule::kHash, 0.75, 3};
  const auto run = Run(options, GroupsOf(probes, {}, random), 50);
  ASSERT_TRUE(run.ok()) << run.status();
  std::map<std::string, int> files;
  for (const ReadRecord& record : *run) {
    ++files[record.file];
    const int64_t id =
        static_cast<const arrow::Int64Array&>(*record.outer->column(0)).Value(0);
    const std::string side = id >= (int64_t{3} << 58) ? "test" : "train";
    EXPECT_EQ(record.file, side + "-0000" + std::to_string(id % 3) + "-of-00003");
  }
  EXPECT_EQ(files.size(), 6u);
  const auto counts = metrics_->counts();
  EXPECT_EQ(counts.at("train probes") + counts.at("test probes"), 300);
  EXPECT_EQ(counts.at("train measurements"), counts.at("train probes") * 20);
  EXPECT_EQ(counts.at("test measurements"), counts.at("test probes") * 20);
}

TEST_F(ProbeRecordsTest, TakesTheFirstGroupsForTrainingWhenSorted) {
  Random random(4);
  Probes probes;
  for (int i = 10; i < 17; ++i) {
    const std::string src_addr = "10.0.0." + std::to_string(i);
    probes[src_addr] = RandomMeasurements(src_addr, 5, true, random);
  }
  ProbeRecords::Options options;
  options.split.rule = ProbeSplit::Rule::kSorted;
  const BatchPtr groups = GroupsOf(probes, {3, true, false}, random);
  EXPECT_EQ(BlameOf(Run(options, groups, 2).status()), Blame::kInternal);
  const auto collected = std::make_shared<CollectedGroups>();
  collected->count = 7;
  options.collected = collected;
  const auto run = Run(options, groups, 2);
  ASSERT_TRUE(run.ok()) << run.status();
  ASSERT_EQ(run->size(), 7u);
  for (size_t i = 0; i < 7; ++i) {
    EXPECT_EQ((*run)[i].file, i < 6 ? "train" : "test");  // int(7 * 0.9) = 6
  }
}

TEST_F(ProbeRecordsTest, RefusesGroupsOutOfOrderAndListsThatDoNotMatch) {
  Random random(5);
  const BatchPtr groups = GroupsOf({{"a", RandomMeasurements("a", 4, false, random)},
                                    {"b", RandomMeasurements("b", 4, false, random)}},
                                   {2, false, false}, random);
  const auto b_first = groups->SetColumn(
      1, groups->schema()->field(1), JsonArray(arrow::utf8(), R"(["b", "b", "a", "a"])"));
  EXPECT_EQ(BlameOf(Run({}, *b_first, 4).status()), Blame::kData);
  const auto short_lists =
      groups->SetColumn(3, groups->schema()->field(3),
                        JsonArray(arrow::list(arrow::int8()), "[[4], [4], [4], [4]]"));
  EXPECT_EQ(BlameOf(Run({}, *short_lists, 4).status()), Blame::kData);
  const auto no_lists = groups->RemoveColumn(3);
  EXPECT_EQ(BlameOf(Run({}, *no_lists, 4).status()), Blame::kUser);
}

TEST(ProbeSplit, DecidesAtTheExactShare) {
  const ProbeSplit half({ProbeSplit::Rule::kHash, 0.5, {}});
  EXPECT_FALSE(half.IsTest((int64_t{1} << 59) - 1, 0, 0));
  EXPECT_TRUE(half.IsTest(int64_t{1} << 59, 0, 0));
  const int64_t last = (int64_t{1} << 60) - 1;
  EXPECT_FALSE(ProbeSplit({ProbeSplit::Rule::kHash, 1.0, 1}).IsTest(last, 0, 0));
  EXPECT_TRUE(ProbeSplit({ProbeSplit::Rule::kHash, 0.0, {}}).IsTest(0, 0, 0));
  const ProbeSplit sorted({ProbeSplit::Rule::kSorted, 0.9, 1});
  EXPECT_FALSE(sorted.IsTest(last, 17034, 18928));
  EXPECT_TRUE(sorted.IsTest(0, 17035, 18928));
  EXPECT_THAT(half.file_names(), ::testing::ElementsAre("train", "test"));
  EXPECT_THAT(sorted.file_names(),
              ::testing::ElementsAre("train-00000-of-00001", "test-00000-of-00001"));
}

}  // namespace
}  // namespace windrow::op
