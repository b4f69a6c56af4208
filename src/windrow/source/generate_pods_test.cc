// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "windrow/exec/run_context.h"
#include "windrow/source/generated_table.h"

namespace windrow::source {
namespace {

template <typename ArrayType>
std::shared_ptr<ArrayType> Column(const GenerateOptions& options,
                                  const std::string& name) {
  exec::RunContext context;
  context.pool = arrow::default_memory_pool();
  const auto table = OpenGeneratedTable(options).ValueOrDie();
  const auto store = table->row_store(&context).ValueOrDie();
  const auto column =
      store->LoadColumn(0, store->schema()->GetFieldIndex(name)).ValueOrDie();
  EXPECT_TRUE(column->ValidateFull().ok()) << column->ValidateFull();
  return std::static_pointer_cast<ArrayType>(column);
}

constexpr int64_t kFirstDay = 1'759'276'800'000;  // 2025-10-01
constexpr int64_t kHour = 3'600'000;

GenerateOptions Small(const std::string& dataset, int64_t rows) {
  return {.dataset = dataset, .rows = rows, .nodes = 2, .pods = 15};
}

TEST(GeneratedPods, HaveTheColumnsThatKokuStores) {
  EXPECT_EQ(
      OpenGeneratedTable(Small("pod_usage_daily", 1)).ValueOrDie()->schema()->ToString(),
      "report_period_start: timestamp[ms]\nreport_period_end: timestamp[ms]\n"
      "interval_start: timestamp[ms]\npod: string\nnamespace: string\n"
      "node: string\nresource_id: string\npod_labels: string\nnode_role: string\n"
      "pod_request_cpu_core_seconds: double\npod_limit_cpu_core_seconds: double\n"
      "pod_request_memory_byte_seconds: double\n"
      "pod_limit_memory_byte_seconds: double\npod_usage_cpu_core_seconds: double\n"
      "pod_usage_memory_byte_seconds: double\n"
      "pod_effective_usage_cpu_core_seconds: double\n"
      "pod_effective_usage_memory_byte_seconds: double\n"
      "node_capacity_cpu_cores: double\nnode_capacity_cpu_core_seconds: double\n"
      "node_capacity_memory_bytes: double\n"
      "node_capacity_memory_byte_seconds: double");
}

TEST(GeneratedPods, AreNumberedNodeByNodeAndDayByDay) {
  const GenerateOptions options = Small("pod_usage_hourly", 2 * 30 * 24);
  const auto pods = Column<arrow::StringArray>(options, "pod");
  const auto nodes = Column<arrow::StringArray>(options, "node");
  const auto starts = Column<arrow::TimestampArray>(options, "interval_start");
  const auto ends = Column<arrow::TimestampArray>(options, "interval_end");
  EXPECT_EQ(pods->GetString(0), "pod-0000-000000");
  EXPECT_EQ(pods->GetString(23), "pod-0000-000000");
  EXPECT_EQ(pods->GetString(15 * 24), "pod-0001-000015");
  EXPECT_EQ(nodes->GetString(15 * 24), "node-0001");
  EXPECT_EQ(starts->Value(0), kFirstDay);
  EXPECT_EQ(starts->Value(23), kFirstDay + 23 * kHour);
  EXPECT_EQ(ends->Value(23), kFirstDay + 24 * kHour - 1000);
  EXPECT_EQ(pods->GetString(30 * 24), "pod-0000-000000");
  EXPECT_EQ(starts->Value(30 * 24), kFirstDay + 24 * kHour);
}

TEST(GeneratedPods, UseInADayWhatTheyUseInItsHours) {
  const int64_t hourly_rows = 3 * 24 + 5;
  GenerateOptions daily = Small("pod_usage_daily", 4);
  daily.hourly_rows = hourly_rows;
  for (const std::string name :
       {"pod_usage_cpu_core_seconds", "pod_effective_usage_memory_byte_seconds",
        "pod_request_cpu_core_seconds", "node_capacity_memory_byte_seconds"}) {
    const auto hours =
        Column<arrow::DoubleArray>(Small("pod_usage_hourly", hourly_rows), name);
    const auto days = Column<arrow::DoubleArray>(daily, name);
    for (int64_t pod = 0; pod < 4; ++pod) {
      double sum = 0;
      for (int64_t row = pod * 24; row < std::min(hourly_rows, pod * 24 + 24); ++row) {
        sum += hours->Value(row);
      }
      EXPECT_EQ(days->Value(pod), sum) << name << " of pod " << pod;
    }
  }
}

TEST(GeneratedPods, UseAtLeastTheirRequestEffectively) {
  const GenerateOptions options = Small("pod_usage_hourly", 720);
  const auto usage = Column<arrow::DoubleArray>(options, "pod_usage_cpu_core_seconds");
  const auto effective =
      Column<arrow::DoubleArray>(options, "pod_effective_usage_cpu_core_seconds");
  int64_t above = 0;
  for (int64_t row = 0; row < 720; ++row) {
    ASSERT_GT(usage->Value(row), 0);
    ASSERT_EQ(effective->Value(row), std::max(usage->Value(row), 1800.0));
    above += usage->Value(row) > 1800;
  }
  EXPECT_NEAR(static_cast<double>(above), 240, 50);
}

TEST(GeneratedPods, HaveAsManyLabelTextsAsAsked) {
  GenerateOptions options = Small("pod_usage_daily", 30);
  const auto distinct = [&] {
    std::set<std::string> texts;
    const auto labels = Column<arrow::StringArray>(options, "pod_labels");
    for (int64_t row = 0; row < 30; ++row) texts.insert(labels->GetString(row));
    return texts;
  };
  EXPECT_EQ(distinct().size(), 30);
  options.label_texts = 7;
  EXPECT_EQ(distinct().size(), 7);
  EXPECT_EQ(*distinct().begin(),
            "{\"app\": \"app0\", \"tier\": \"web\", \"env\": \"test\", \"release\": "
            "\"r0\", \"owner\": \"team-0\", \"pod\": \"set-0\"}");
}

TEST(GeneratedPods, ContinueWhereAnotherTableEnds) {
  for (const std::string dataset : {"pod_usage_hourly", "pod_usage_daily", "pod_storage",
                                    "pod_node_labels", "pod_namespace_labels"}) {
    GenerateOptions rest = Small(dataset, 60);
    rest.first_row = 40;
    const auto whole = OpenGeneratedTable(Small(dataset, 100)).ValueOrDie();
    for (const auto& field : whole->schema()->fields()) {
      const auto all = Column<arrow::Array>(Small(dataset, 100), field->name());
      EXPECT_TRUE(all->Slice(40)->Equals(Column<arrow::Array>(rest, field->name())))
          << dataset << ' ' << field->name();
    }
  }
}

TEST(GeneratedPods, ClaimOnEveryTenth) {
  const auto pods = Column<arrow::StringArray>(Small("pod_storage", 6), "pod");
  const auto nodes = Column<arrow::StringArray>(Small("pod_storage", 6), "node");
  EXPECT_EQ(pods->GetString(2), "pod-0001-000020");
  EXPECT_EQ(nodes->GetString(2), "node-0001");
  EXPECT_EQ(pods->GetString(3), pods->GetString(0));  // the next day
}

TEST(GeneratedPods, ComeByTheHourWithPipesAsTheyWereSent) {
  GenerateOptions options = Small("pod_usage_hourly", 24);
  options.hourly = true;
  EXPECT_EQ(Column<arrow::StringArray>(options, "pod_labels")->GetString(0),
            "label_app:app0|label_tier:web|label_env:test|label_release:r0|"
            "label_owner:team-0|label_pod:set-0");
  const auto schema = OpenGeneratedTable(options).ValueOrDie()->schema();
  EXPECT_EQ(schema->GetFieldByName("pod_request_cpu_core_seconds")->type()->id(),
            arrow::Type::INT64);
  EXPECT_EQ(schema->GetFieldByName("pod_effective_usage_cpu_core_seconds"), nullptr);
  EXPECT_EQ(Column<arrow::StringArray>(options, "cluster_id")->GetString(23), "bench");
  GenerateOptions labels = Small("pod_node_labels", 49);
  labels.hourly = true;
  EXPECT_EQ(Column<arrow::StringArray>(labels, "node_labels")->GetString(24),
            "label_zone:z1|label_node_role_kubernetes_io:worker");
  EXPECT_EQ(Column<arrow::TimestampArray>(labels, "interval_start")->Value(48),
            kFirstDay + 24 * kHour);
}

}  // namespace
}  // namespace windrow::source
