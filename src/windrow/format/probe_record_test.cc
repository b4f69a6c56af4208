// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/probe_record.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <gmock/gmock.h>

#include <random>
#include <string>
#include <vector>

namespace windrow::format {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

std::string Bytes(const BatchPtr& batch) {
  auto sink = *arrow::io::BufferOutputStream::Create();
  auto writer = *arrow::ipc::MakeStreamWriter(sink, batch->schema());
  EXPECT_TRUE(writer->WriteRecordBatch(*batch).ok());
  EXPECT_TRUE(writer->Close().ok());
  return (*sink->Finish())->ToString();
}

BatchPtr Read(std::string_view bytes) {
  auto input = std::make_shared<arrow::io::BufferReader>(
      arrow::Buffer::FromString(std::string(bytes)));
  auto reader = arrow::ipc::RecordBatchStreamReader::Open(input).ValueOrDie();
  BatchPtr batch = reader->Next().ValueOrDie();
  EXPECT_EQ(reader->Next().ValueOrDie(), nullptr);
  EXPECT_TRUE(batch->ValidateFull().ok());
  return batch;
}

/// Measurements, of which some may be null, with arrays that start where `shift` says.
struct Rows {
  std::vector<std::optional<int64_t>> times;
  std::vector<std::optional<std::string>> destinations;
  std::vector<std::optional<int>> versions;
  std::vector<std::optional<float>> rtts;
};

template <typename Builder, typename Values>
ArrayPtr ArrayOf(Builder&& builder, const Values& values) {
  for (const auto& value : values) {
    EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return builder.Finish().ValueOrDie();
}

BatchPtr Inner(const Rows& rows, const std::string& src_addr) {
  const std::vector<std::optional<std::string>> sources(rows.times.size(), src_addr);
  return arrow::RecordBatch::Make(
      MeasurementSchema(), static_cast<int64_t>(rows.times.size()),
      {ArrayOf(arrow::TimestampBuilder(arrow::timestamp(arrow::TimeUnit::MICRO),
                                       arrow::default_memory_pool()),
               rows.times),
       ArrayOf(arrow::StringBuilder(), sources),
       ArrayOf(arrow::StringBuilder(), rows.destinations),
       ArrayOf(arrow::Int8Builder(), rows.versions),
       ArrayOf(arrow::FloatBuilder(), rows.rtts)});
}

/// What Arrow's own writer makes of the record.
std::string Expected(const BatchPtr& inner, const std::string& src_addr) {
  const auto& times = static_cast<const arrow::TimestampArray&>(*inner->column(0));
  int64_t first = 0;
  int64_t last = 0;
  bool has_time = false;
  for (int64_t i = 0; i < times.length(); ++i) {
    if (times.IsNull(i)) continue;
    if (!has_time) first = times.Value(i);
    has_time = true;
    last = times.Value(i);
  }
  const auto time_of = [](int64_t value) {
    return ArrayOf(arrow::TimestampBuilder(arrow::timestamp(arrow::TimeUnit::MICRO),
                                           arrow::default_memory_pool()),
                   std::vector<std::optional<int64_t>>{value});
  };
  using Count = std::optional<int>;
  const auto outer = arrow::RecordBatch::Make(
      ProbeRecordSchema(), 1,
      {ArrayOf(arrow::Int64Builder(),
               std::vector<std::optional<int64_t>>{SrcIdOf(src_addr)}),
       ArrayOf(arrow::BinaryBuilder(),
               std::vector<std::optional<std::string>>{Bytes(inner)}),
       ArrayOf(arrow::Int32Builder(), std::vector<Count>{int(inner->num_rows())}),
       ArrayOf(arrow::DoubleBuilder(),
               std::vector<std::optional<double>>{double(last - first) / 1e6}),
       time_of(first), time_of(last)});
  return Bytes(outer);
}

ProbeColumns ColumnsOf(const arrow::RecordBatch& batch) {
  ProbeColumns columns;
  const auto& data = batch.column_data();
  columns.event_time = data[kEventTime]->GetValues<int64_t>(1);
  columns.dst_offsets = data[kDstAddr]->GetValues<int32_t>(1);
  columns.dst_text = data[kDstAddr]->GetValues<uint8_t>(2, 0);
  columns.dst_text_bytes = data[kDstAddr]->buffers[2]->size();
  columns.ip_version = data[kIpVersion]->GetValues<int8_t>(1);
  columns.rtt = data[kRtt]->GetValues<float>(1);
  for (int c = 0; c < kNumProbeColumns; ++c) {
    if (data[c]->GetNullCount() == 0) continue;
    columns.validity[c] = {data[c]->buffers[0]->data(), data[c]->offset};
  }
  return columns;
}

std::string Written(const ProbeColumns& columns, int64_t rows,
                    const std::string& src_addr, int64_t piece_rows) {
  const ProbeRecordCounts counts =
      CountRows(columns, static_cast<int64_t>(src_addr.size()), 0, rows);
  std::vector<uint64_t> words(static_cast<size_t>(ProbeRecordBytes(counts) / 8),
                              0xABABABABABABABAB);
  auto* bytes = reinterpret_cast<uint8_t*>(words.data());
  ProbeRecordWriter writer(counts, src_addr, SrcIdOf(src_addr), bytes);
  for (int64_t row = 0; row < rows; row += piece_rows) {
    writer.Append(columns, row, std::min(rows, row + piece_rows));
  }
  writer.Finish();
  return {reinterpret_cast<char*>(bytes), words.size() * 8};
}

/// `rows` measurements; with `null_one_in` nulls in every column, in destinations only
/// when negative, and none for 0.
Rows RandomRows(int64_t rows, int null_one_in, std::mt19937_64* random) {
  const auto valid = [&](bool is_destination) {
    if (null_one_in == 0 || (null_one_in < 0 && !is_destination)) return true;
    return (*random)() % static_cast<uint64_t>(std::abs(null_one_in)) != 0;
  };
  Rows made;
  for (int64_t i = 0; i < rows; ++i) {
    made.times.push_back(std::nullopt);
    if (valid(false)) made.times.back() = 1750000000000000 + 1000003 * i;
    made.destinations.push_back(std::nullopt);
    if (valid(true)) {
      made.destinations.back() = std::string((*random)() % 60, char('a' + i % 26));
    }
    made.versions.push_back(std::nullopt);
    if (valid(false)) made.versions.back() = (*random)() % 2 == 0 ? 4 : 6;
    made.rtts.push_back(std::nullopt);
    if (valid(false)) made.rtts.back() = static_cast<float>((*random)() % 1000) / 3;
  }
  return made;
}

TEST(ProbeRecord, NumbersSourcesByTheirMd5) {
  EXPECT_EQ(SrcIdOf("192.0.2.1"), 941121303211370278);
  EXPECT_EQ(SrcIdOf("2001:db8::1"), 132377974462938913);
  EXPECT_EQ(SrcIdOf("10.0.0.1"), 112830761024292518);
  EXPECT_EQ(SrcIdOf(""), 955282973525019424);
}

TEST(ProbeRecord, HasTheSizeOfTheFormula) {
  ProbeRecordCounts counts{.rows = 1, .src_bytes = 9, .dst_bytes = 9};
  EXPECT_EQ(MeasurementBytes(counts), 720 + 8 + 2 * 8 + 16 + 16 + 8 + 8);
  EXPECT_EQ(ProbeRecordBytes(counts), 880 + 792);
  counts.src_bytes = counts.dst_bytes = 0;
  EXPECT_EQ(MeasurementBytes(counts), 760);
  counts = {.rows = 17, .src_bytes = 17 * 9, .dst_bytes = 150};
  EXPECT_EQ(MeasurementBytes(counts), 720 + 136 + 2 * 72 + 160 + 152 + 24 + 72);
  counts.nulls[kDstAddr] = 3;
  EXPECT_EQ(MeasurementBytes(counts), 720 + 136 + 2 * 72 + 160 + 152 + 24 + 72 + 8);
  counts += counts;
  EXPECT_EQ(counts.rows, 34);
  EXPECT_EQ(counts.nulls[kDstAddr], 6);
}

TEST(ProbeRecord, HasTheFormulasSizeForTwoRows) {
  const Rows rows{{5, 7}, {"198.51.100.7", std::nullopt}, {4, 4}, {1.5F, -1.0F}};
  const BatchPtr inner = Inner(rows, "192.0.2.1");
  const std::string written = Written(ColumnsOf(*inner), 2, "192.0.2.1", 2);
  const BatchPtr outer = Read(written);
  EXPECT_TRUE(outer->schema()->Equals(*ProbeRecordSchema(), true));
  const auto& streams = static_cast<const arrow::BinaryArray&>(*outer->column(1));
  EXPECT_EQ(streams.value_length(0), 720 + 16 + 2 * 16 + 24 + 16 + 8 + 8 + 8);
  EXPECT_TRUE(Read(streams.GetView(0))->Equals(*inner));
  EXPECT_EQ(outer->column(2)->GetScalar(0).ValueOrDie()->ToString(), "2");
}

TEST(ProbeRecord, HasTheBytesArrowsWriterGives) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    const auto num_rows = static_cast<int64_t>(1 + random() % 300);
    const int null_one_in = static_cast<int>(random() % 3) * 4 - 4;
    const std::string src_addr(random() % 40, 's');
    const BatchPtr inner = Inner(RandomRows(num_rows, null_one_in, &random), src_addr);
    const std::string written = Written(ColumnsOf(*inner), num_rows, src_addr,
                                        static_cast<int64_t>(1 + random() % 300));
    ASSERT_EQ(written, Expected(inner, src_addr)) << num_rows << ' ' << null_one_in;
  }
}

TEST(ProbeRecord, TakesRowsFromTheMiddleAndCodesForTexts) {
  std::mt19937_64 random(7);
  const BatchPtr all = Inner(RandomRows(100, -5, &random), "2001:db8::1");
  for (int64_t start = 0; start < 40; ++start) {
    const BatchPtr inner = all->Slice(start, 50);
    ProbeColumns columns = ColumnsOf(*inner);
    const std::string expected = Written(columns, 50, "2001:db8::1", 50);
    EXPECT_TRUE(
        Read(
            static_cast<const arrow::BinaryArray&>(*Read(expected)->column(1)).GetView(0))
            ->Equals(*inner));
    // The same texts, found in reverse by codes.
    std::vector<uint32_t> codes;
    std::string text;
    std::vector<int32_t> offsets = {0};
    for (int64_t row = 49; row >= 0; --row) {
      const auto& texts = static_cast<const arrow::StringArray&>(*inner->column(2));
      text += texts.GetView(row);
      offsets.push_back(static_cast<int32_t>(text.size()));
      codes.push_back(static_cast<uint32_t>(row));
    }
    columns.dst_codes = codes.data();
    columns.dst_offsets = offsets.data();
    columns.dst_text = reinterpret_cast<const uint8_t*>(text.data());
    columns.dst_text_bytes = static_cast<int64_t>(text.size());
    EXPECT_EQ(Written(columns, 50, "2001:db8::1", 7), expected);
  }
}

}  // namespace
}  // namespace windrow::format
