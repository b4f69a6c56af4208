// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "windrow/source/generated_dataset.h"
#include "windrow/source/pod_cluster.h"

namespace windrow::source {
namespace {

constexpr int64_t kHours = PodCluster::kHours;
constexpr double kHour = 3600;
constexpr double kGibibyte = 1 << 30;

/// What a pod uses in the hour of a row, in core-seconds and byte-seconds.
struct PodUse {
  RandomStream cpu_stream, memory_stream;
  double cpu(int64_t row) const {
    return kHour * (0.1 + 0.6 * UnitInterval(cpu_stream(row)));
  }
  double memory(int64_t row) const {
    return kGibibyte * kHour * (0.2 + UnitInterval(memory_stream(row)));
  }
};
constexpr double kCpuRequest = kHour / 2;
constexpr double kMemoryRequest = kGibibyte * kHour;

void AddPodTexts(const PodCluster& cluster, PodColumns& columns, int64_t rows_per_day) {
  const auto pod_of = [=, pods = cluster.pods()](int64_t row) {
    return row / rows_per_day % pods;
  };
  columns.Text("pod", 48,
               [=](int64_t row, TextWriter& out) { out.AddPod(cluster, pod_of(row)); });
  columns.Text("namespace", 32, [=](int64_t row, TextWriter& out) {
    out.Add("benchmark-").Add(cluster.NodeOf(pod_of(row)), 4);
  });
  columns.Text("node", 32, [=](int64_t row, TextWriter& out) {
    out.AddNode(cluster.NodeOf(pod_of(row)));
  });
  columns.Text("resource_id", 32, [=](int64_t row, TextWriter& out) {
    out.Add("i-").AddNode(cluster.NodeOf(pod_of(row)));
  });
  columns.Text("pod_labels", 224, [=](int64_t row, TextWriter& out) {
    const int64_t labels = cluster.LabelsOf(pod_of(row));
    const bool as_pipes = cluster.is_hourly();
    out.AddLabel(as_pipes, "app", "app", labels % 10);
    out.AddLabel(as_pipes, "tier", labels % 2 == 0 ? "web" : "db");
    out.AddLabel(as_pipes, "env", labels % 3 == 0 ? "test" : "production");
    out.AddLabel(as_pipes, "release", "r", labels % 7);
    out.AddLabel(as_pipes, "owner", "team-", labels % 13);
    out.AddLabel(as_pipes, "pod", "set-", labels).EndLabels(as_pipes);
  });
  columns.list.NullableWritten("node_role", 0, [](int64_t, char*) { return -1; });
}

/// Eight cores and 32 GiB, in the hour or over `hours(row)`.
template <typename Hours>
void AddNodeCapacity(PodColumns& columns, Hours hours) {
  constexpr double kCores = 8;
  constexpr double kMemory = 32 * kGibibyte;
  columns.Whole("node_capacity_cpu_cores", [](int64_t) { return kCores; });
  columns.Whole("node_capacity_cpu_core_seconds",
                [=](int64_t row) { return kCores * kHour * hours(row); });
  columns.Whole("node_capacity_memory_bytes", [](int64_t) { return kMemory; });
  columns.Whole("node_capacity_memory_byte_seconds",
                [=](int64_t row) { return kMemory * kHour * hours(row); });
}

/// Requests and limits, equal in every hour.
template <typename Hours>
void AddRequests(PodColumns& columns, Hours hours) {
  columns.Whole("pod_request_cpu_core_seconds",
                [=](int64_t row) { return kCpuRequest * hours(row); });
  columns.Whole("pod_limit_cpu_core_seconds",
                [=](int64_t row) { return kHour * hours(row); });
  columns.Whole("pod_request_memory_byte_seconds",
                [=](int64_t row) { return kMemoryRequest * hours(row); });
  columns.Whole("pod_limit_memory_byte_seconds",
                [=](int64_t row) { return 2 * kMemoryRequest * hours(row); });
}

/// Usage, and effective usage: the greater of usage and request of each hour.
/// `sum(row, value)` adds value(hourly row) over the hours of a row.
template <typename Sum>
void AddUsage(const PodCluster& cluster, PodColumns& columns, Sum sum) {
  const PodUse use = {columns.list.Stream("cpu"), columns.list.Stream("memory")};
  const auto cpu = [=](int64_t hour) { return use.cpu(hour); };
  const auto memory = [=](int64_t hour) { return use.memory(hour); };
  columns.Number("pod_usage_cpu_core_seconds",
                 [=](int64_t row) { return sum(row, cpu); });
  columns.Number("pod_usage_memory_byte_seconds",
                 [=](int64_t row) { return sum(row, memory); });
  if (cluster.is_hourly()) return;
  columns.Number("pod_effective_usage_cpu_core_seconds", [=](int64_t row) {
    return sum(row, [=](int64_t hour) { return std::max(cpu(hour), kCpuRequest); });
  });
  columns.Number("pod_effective_usage_memory_byte_seconds", [=](int64_t row) {
    return sum(row, [=](int64_t hour) { return std::max(memory(hour), kMemoryRequest); });
  });
}

std::vector<GeneratedColumn> PodHourColumns(const GenerateOptions& options) {
  const PodCluster cluster(options);
  PodColumns columns(options, cluster);
  const auto day_of = [pods = cluster.pods()](int64_t row) {
    return row / kHours / pods;
  };
  columns.Times(
      day_of, [](int64_t row) { return row % kHours; }, true);
  AddPodTexts(cluster, columns, kHours);
  const auto one = [](int64_t) { return 1.0; };
  AddRequests(columns, one);
  AddUsage(cluster, columns, [](int64_t row, const auto& value) { return value(row); });
  AddNodeCapacity(columns, one);
  return columns.Take();
}

std::vector<GeneratedColumn> PodDayColumns(const GenerateOptions& options) {
  const PodCluster cluster(options);
  PodColumns columns(options, cluster);
  const auto day_of = [pods = cluster.pods()](int64_t row) { return row / pods; };
  columns.Times(
      day_of, [](int64_t) { return 0; }, false);
  AddPodTexts(cluster, columns, 1);
  const auto hours = [=](int64_t row) {
    return static_cast<double>(cluster.HoursOf(row));
  };
  AddRequests(columns, hours);
  AddUsage(cluster, columns, [=](int64_t row, const auto& value) {
    double sum = 0;
    const int64_t first = row * kHours;
    for (int64_t hour = first; hour < first + cluster.HoursOf(row); ++hour) {
      sum += value(hour);
    }
    return sum;
  });
  AddNodeCapacity(columns, hours);
  return columns.Take();
}

}  // namespace

Dataset PodUsageHourlyDataset() {
  return {{"pod_usage_hourly",
           {"rows", "seed", "nodes", "pods", "label_texts", "first_row", "hourly"}},
          PodHourColumns};
}

Dataset PodUsageDailyDataset() {
  return {{"pod_usage_daily",
           {"rows", "seed", "nodes", "pods", "label_texts", "first_row", "hourly_rows"}},
          PodDayColumns};
}

}  // namespace windrow::source
