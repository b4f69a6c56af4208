// SPDX-License-Identifier: Apache-2.0
#include "windrow/service/scan_plan.h"

#include <arrow/type.h>
#include <gtest/gtest.h>

#include <random>

namespace windrow::service {
namespace {

/// A table of which only what the plan asks is there.
class PlainTable : public exec::Table {
 public:
  PlainTable(std::vector<int64_t> offsets, int64_t bytes)
      : offsets_(std::move(offsets)), bytes_(bytes) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  std::optional<int64_t> num_rows() const override { return std::nullopt; }
  std::optional<int64_t> stored_bytes() const override { return bytes_; }
  exec::ColumnStats column_stats(int) const override { return {}; }
  std::vector<int64_t> chunk_offsets() const override { return offsets_; }
  std::string description() const override { return ""; }
  Result<std::unique_ptr<exec::Source>> Scan(const exec::ScanOptions&,
                                             exec::RunContext*) const override {
    return nullptr;
  }
  Result<std::shared_ptr<exec::RowStore>> row_store(exec::RunContext*) const override {
    return nullptr;
  }

 private:
  std::vector<int64_t> offsets_;
  int64_t bytes_;
  std::shared_ptr<arrow::Schema> schema_ = arrow::schema(
      {arrow::field("a", arrow::int64()), arrow::field("b", arrow::int64())});
};

void ExpectCover(const std::vector<exec::ChunkRange>& ranges, int64_t chunks) {
  int64_t next = 0;
  for (const exec::ChunkRange& range : ranges) {
    EXPECT_EQ(range.begin, next);
    EXPECT_GT(range.end, range.begin);
    next = range.end;
  }
  EXPECT_EQ(next, chunks);
}

TEST(PlanEndpoints, CoverEveryChunkOnce) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    std::vector<int64_t> offsets = {0};
    const auto chunks = static_cast<int64_t>(1 + random() % 40);
    for (int64_t c = 0; c < chunks; ++c) {
      offsets.push_back(offsets.back() + static_cast<int64_t>(random() % 5 * 1000));
    }
    flight::ScanRequest request;
    if (random() % 2 == 0) request.endpoints = static_cast<int>(1 + random() % 50);
    const auto ranges = PlanEndpoints(PlainTable(offsets, offsets.back() * 16), request,
                                      static_cast<int64_t>(1 + random() % 100'000));
    ExpectCover(ranges, chunks);
    if (request.endpoints.has_value()) {
      EXPECT_LE(std::ssize(ranges), *request.endpoints);
    }
  }
}

TEST(PlanEndpoints, AreAboutAsLongAsAsked) {
  std::vector<int64_t> offsets;
  for (int64_t c = 0; c <= 100; ++c) offsets.push_back(c * 10);
  const PlainTable table(offsets, 100'000);
  flight::ScanRequest request;
  EXPECT_EQ(PlanEndpoints(table, request, 10'000).size(), 11u);
  request.columns = {{"a"}};
  EXPECT_EQ(PlanEndpoints(table, request, 10'000).size(), 6u);
  request.limit = 3;
  ASSERT_EQ(PlanEndpoints(table, request, 10'000).size(), 1u);
}

TEST(PlanEndpoints, TablesOfUnknownChunksHaveOne) {
  const auto ranges = PlanEndpoints(PlainTable({}, 1 << 30), {}, 1);
  ASSERT_EQ(ranges.size(), 1u);
  EXPECT_EQ(ranges[0].end, 0);
}

}  // namespace
}  // namespace windrow::service
