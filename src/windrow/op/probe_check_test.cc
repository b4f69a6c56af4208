// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/probe_check.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <support/random_columns.h>

#include <functional>
#include <string>
#include <vector>

#include "windrow/exec/metrics.h"

namespace windrow::op {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::JsonArray;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

std::string StreamOf(const BatchPtr& batch) {
  auto sink = *arrow::io::BufferOutputStream::Create();
  auto writer = *arrow::ipc::MakeStreamWriter(sink, batch->schema());
  EXPECT_TRUE(writer->WriteRecordBatch(*batch).ok());
  EXPECT_TRUE(writer->Close().ok());
  return (*sink->Finish())->ToString();
}

/// A record as a writer could make it, right unless changed.
struct Record {
  std::string src_addr = "10.0.0.1";
  std::string sources;  ///< JSON; empty: src_addr in each row
  std::string times = "[1000000, 2000000, 2000000]";
  std::string destinations = R"(["192.0.2.1", null, "192.0.2.2"])";
  std::string versions = "[4, 4, 4]";
  std::string rtts = "[1.5, -1, 2]";
  int64_t rows = 3;
  int64_t src_id_off = 0;  ///< how far the stated number is off
  int64_t rows_off = 0;
  double span = 1;
  int64_t first = 1000000;
  int64_t last = 2000000;

  std::string Bytes() const {
    const auto& fields = format::MeasurementSchema()->fields();
    std::string all_sources = "[";
    for (int64_t row = 0; row < rows; ++row) {
      all_sources += (row == 0 ? "\"" : ", \"") + src_addr + '"';
    }
    const auto inner = arrow::RecordBatch::Make(
        format::MeasurementSchema(), rows,
        {JsonArray(fields[0]->type(), times),
         JsonArray(fields[1]->type(), sources.empty() ? all_sources + "]" : sources),
         JsonArray(fields[2]->type(), destinations),
         JsonArray(fields[3]->type(), versions), JsonArray(fields[4]->type(), rtts)});
    arrow::BinaryBuilder streams;
    EXPECT_TRUE(streams.Append(StreamOf(inner)).ok());
    const auto number = [](const std::shared_ptr<arrow::DataType>& type, auto value) {
      return JsonArray(type, "[" + std::to_string(value) + "]");
    };
    const auto& outer = format::ProbeRecordSchema()->fields();
    return StreamOf(arrow::RecordBatch::Make(
        format::ProbeRecordSchema(), 1,
        {number(arrow::int64(), format::SrcIdOf(src_addr) + src_id_off),
         *streams.Finish(), number(arrow::int32(), rows + rows_off),
         number(arrow::float64(), span), number(outer[4]->type(), first),
         number(outer[5]->type(), last)}));
  }
};

Record With(const std::function<void(Record*)>& change) {
  Record record;
  change(&record);
  return record;
}

struct Checked {
  std::vector<std::string> lines;
  ProbeCheck::Totals totals;
};

/// The findings in a file "train.arrayrecord" of these records, read in batches of two.
Checked Check(const std::vector<std::string>& records, int64_t max_row_bytes = 1 << 20,
              ProbeSplit::Options split_options = {ProbeSplit::Rule::kHash, 1.0, {}}) {
  const ProbeSplit split(split_options);
  exec::RunContext context;
  context.pool = arrow::default_memory_pool();
  ProbeFindings findings;
  Checked checked;
  ProbeCheck check({"train.arrayrecord", 0, max_row_bytes, &split}, &findings,
                   &checked.totals, &context);
  arrow::BinaryBuilder builder;
  for (const std::string& record : records) EXPECT_TRUE(builder.Append(record).ok());
  const auto column = *builder.Finish();
  const auto batch =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("record", arrow::binary())}),
                               column->length(), {column});
  for (int64_t row = 0; row < batch->num_rows(); row += 2) {
    auto prepared = check.Prepare(batch->Slice(row, 2)).ValueOrDie();
    EXPECT_TRUE(check.Consume(std::move(prepared), nullptr).ok());
  }
  EXPECT_TRUE(check.Finish(nullptr).ok());
  checked.lines = findings.Lines();
  return checked;
}

TEST(ProbeCheck, FindsNothingInGoodRecords) {
  const Record later = With([](Record* record) {
    record->times = "[2500000, 3000000, null]";
    record->first = 2500000;
    record->last = 3000000;
    record->span = 0.5;
  });
  const auto limit = static_cast<int64_t>(format::MeasurementBytes(
      {.rows = 3, .src_bytes = 24, .dst_bytes = 18, .nulls = {0, 0, 1}}));
  const Checked checked =
      Check({Record().Bytes(), later.Bytes(),
             With([](Record* record) { record->src_addr = "10.0.0.2"; }).Bytes()},
            limit + 8);
  EXPECT_THAT(checked.lines, IsEmpty());
  EXPECT_EQ(checked.totals.records, 3);
  EXPECT_EQ(checked.totals.measurements, 9);
  EXPECT_EQ(checked.totals.probes, 2);
  EXPECT_EQ(checked.totals.split_probes, 1);
  EXPECT_EQ(checked.totals.first_probe, "10.0.0.1");
  EXPECT_EQ(checked.totals.last_probe, "10.0.0.2");
}

TEST(ProbeCheck, NamesWhatIsWrongInARecord) {
  const auto line = [](const std::function<void(Record*)>& change) {
    const Checked checked = Check({Record().Bytes(), With([&](Record* record) {
                                                       record->src_addr = "10.0.0.9";
                                                       change(record);
                                                     }).Bytes()});
    EXPECT_EQ(checked.lines.size(), 1u);
    return checked.lines.empty() ? std::string() : checked.lines[0];
  };
  EXPECT_THAT(line([](Record* record) { record->src_id_off = 1; }),
              HasSubstr("train.arrayrecord: record 1: src_id is not that of src_addr"));
  EXPECT_THAT(line([](Record* record) { record->rows_off = -1; }),
              HasSubstr("record 1: wrong n_measurements: found 2, expected 3"));
  EXPECT_THAT(line([](Record* record) { record->span = 2; }),
              HasSubstr("wrong time_span_seconds: found 2, expected 1"));
  EXPECT_THAT(line([](Record* record) { record->first = 999999; }),
              HasSubstr("first or last timestamp"));
  EXPECT_THAT(line([](Record* record) { record->last = 2000001; }),
              HasSubstr("first or last timestamp"));
  EXPECT_THAT(line([](Record* record) { record->times = "[1000000, 3000000, 2000000]"; }),
              HasSubstr("measurements out of order: row 2 of 3"));
  EXPECT_THAT(line([](Record* record) { record->destinations = R"(["b", "a", null])"; }),
              HasSubstr("measurements out of order: row 2 of 3"));
  EXPECT_THAT(line([](Record* record) {
                record->destinations = R"(["b", "a", "a"])";
                record->rtts = "[1, 3, 2]";
              }),
              HasSubstr("measurements out of order: row 2 of 3"));
  EXPECT_THAT(line([](Record* record) {
                record->sources = R"(["10.0.0.9", "10.0.0.9", "10.0.0.8"])";
              }),
              HasSubstr("two source addresses in a record"));
  EXPECT_THAT(
      line([](Record* record) { record->sources = R"(["10.0.0.9", null, "10.0.0.9"])"; }),
      HasSubstr("not a probe record: measurements: a null in src_addr"));
}

TEST(ProbeCheck, FindsDamagedBytes) {
  const std::string good = Record().Bytes();
  EXPECT_THAT(Check({good.substr(0, good.size() / 2)}).lines,
              ElementsAre(HasSubstr("record 0: not a probe record: outer stream")));
  EXPECT_THAT(Check({good + "x"}).lines, ElementsAre(HasSubstr("1 bytes after the end")));
  EXPECT_THAT(Check({""}).lines, ElementsAre(HasSubstr("not a probe record")));
  for (size_t byte = 0; byte < good.size(); byte += 7) {
    std::string damaged = good;
    damaged[byte] = static_cast<char>(damaged[byte] ^ 0x40);
    Check({damaged});  // whatever it says, it does not crash
  }
}

TEST(ProbeCheck, ComparesRecordsWithTheirNeighbours) {
  const std::string a = Record().Bytes();
  const std::string b =
      With([](Record* record) { record->src_addr = "10.0.0.2"; }).Bytes();
  EXPECT_THAT(Check({b, a}).lines,
              ElementsAre("train.arrayrecord: record 1: probes out of order: '10.0.0.1' "
                          "after '10.0.0.2'"));
  EXPECT_THAT(Check({a, b, a}).lines, ElementsAre(HasSubstr("record 2: probes out of")));
  const int64_t bytes = format::MeasurementBytes(
      {.rows = 3, .src_bytes = 24, .dst_bytes = 18, .nulls = {0, 0, 1}});
  EXPECT_THAT(Check({a, a}, bytes).lines,
              ElementsAre(HasSubstr("record 1: parts of a probe out of order")));
  const std::string later = With([](Record* record) {
                              record->times = "[3000000, 3000000, 4000000]";
                              record->destinations = R"([null, "a", "b"])";
                              record->first = 3000000;
                              record->last = 4000000;
                            }).Bytes();
  EXPECT_THAT(Check({a, later}, 2 * bytes).lines,
              ElementsAre(HasSubstr("record 1: probe cut before the limit")));
  EXPECT_THAT(Check({a, b}, bytes - 1).lines,
              ElementsAre(HasSubstr("record 0: record over the limit")));
}

TEST(ProbeCheck, KnowsWhichFileAProbeBelongsTo) {
  const std::string record = Record().Bytes();
  EXPECT_THAT(Check({record}, 1 << 20, {ProbeSplit::Rule::kHash, 0.0, {}}).lines,
              ElementsAre("train.arrayrecord: record 0: probe in the wrong file: "
                          "'10.0.0.1' belongs to test"));
  const int64_t shards = 5;
  const bool is_in_first = format::SrcIdOf("10.0.0.1") % shards == 0;
  EXPECT_EQ(
      Check({record}, 1 << 20, {ProbeSplit::Rule::kHash, 1.0, shards}).lines.empty(),
      is_in_first);
  EXPECT_THAT(Check({record}, 1 << 20, {ProbeSplit::Rule::kSorted, 0.5, {}}).lines,
              IsEmpty());
}

TEST(ProbeFindings, CountsEachKindAndKeepsItsFirst) {
  ProbeFindings findings;
  EXPECT_TRUE(findings.empty());
  findings.Add("bad", "a", 3, "x");
  findings.Add("bad", "b", 1, "y");
  findings.Add("worse", "b", -1, "z");
  EXPECT_THAT(findings.Lines(),
              ElementsAre("a: record 3: bad: x (and 1 more)", "b: worse: z"));
}

}  // namespace
}  // namespace windrow::op
