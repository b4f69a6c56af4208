// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "windrow/source/generated_dataset.h"
#include "windrow/source/pod_cluster.h"

namespace windrow::source {
namespace {

constexpr int64_t kHours = PodCluster::kHours;
constexpr double kGibibyte = 1 << 30;
constexpr double kClaimBytes = 10 * kGibibyte;

/// Where a row is among the days of `count` things, one row a day or one an hour.
struct DayRows {
  int64_t count;
  int64_t rows_per_day;
  int64_t ThingDayOf(int64_t row) const { return row / rows_per_day; }
  int64_t ThingOf(int64_t row) const { return ThingDayOf(row) % count; }
  int64_t DayOf(int64_t row) const { return ThingDayOf(row) / count; }
  int64_t HourOf(int64_t row) const { return row % rows_per_day; }
};

DayRows RowsOf(int64_t count, const PodCluster& cluster) {
  return {count, cluster.is_hourly() ? kHours : 1};
}

void AddTimes(const DayRows& rows, const PodCluster& cluster, PodColumns& columns) {
  columns.Times([=](int64_t row) { return rows.DayOf(row); },
                [=](int64_t row) { return rows.HourOf(row); }, cluster.is_hourly());
}

void AddClaimTexts(const DayRows& rows, const PodCluster& cluster, PodColumns& columns) {
  const auto pod_of = [=](int64_t row) {
    return PodCluster::PodOfClaim(rows.ThingOf(row));
  };
  columns.Text("namespace", 32, [=](int64_t row, TextWriter& out) {
    out.Add("benchmark-").Add(cluster.NodeOf(pod_of(row)), 4);
  });
  columns.Text("node", 32, [=](int64_t row, TextWriter& out) {
    out.AddNode(cluster.NodeOf(pod_of(row)));
  });
  const auto add_named = [&](const char* name, const char* prefix) {
    columns.Text(name, 48, [=](int64_t row, TextWriter& out) {
      out.Add(prefix).AddPod(cluster, pod_of(row));
    });
  };
  add_named("pod", "");
  add_named("persistentvolumeclaim", "c-");
  add_named("persistentvolume", "v-");
  add_named("csi_volume_handle", "h-");
  const auto always = [](int64_t) { return 0; };
  columns.list.Text("storageclass", {"gp3"}, always);
  columns.list.Text("csi_driver", {"ebs.csi.aws.com"}, always);
  const bool as_pipes = cluster.is_hourly();
  columns.Text("persistentvolume_labels", 48, [=](int64_t, TextWriter& out) {
    out.AddLabel(as_pipes, "storage", "fast").EndLabels(as_pipes);
  });
  columns.Text("persistentvolumeclaim_labels", 48, [=](int64_t, TextWriter& out) {
    out.AddLabel(as_pipes, "app", "db").EndLabels(as_pipes);
  });
}

std::vector<GeneratedColumn> ClaimColumns(const GenerateOptions& options) {
  const PodCluster cluster(options);
  const DayRows rows = RowsOf(cluster.claims(), cluster);
  PodColumns columns(options, cluster);
  AddTimes(rows, cluster, columns);
  AddClaimTexts(rows, cluster, columns);
  const int64_t hours = kHours / rows.rows_per_day;  // of a row
  const auto whole = [=](int64_t) {
    return kClaimBytes * 3600 * static_cast<double>(hours);
  };
  columns.Whole("persistentvolumeclaim_capacity_bytes",
                [](int64_t) { return kClaimBytes; });
  columns.Whole("persistentvolumeclaim_capacity_byte_seconds", whole);
  columns.Whole("volume_request_storage_byte_seconds", whole);
  const RandomStream usage = columns.list.Stream("storage");
  columns.Number("persistentvolumeclaim_usage_byte_seconds", [=](int64_t row) {
    double sum = 0;
    for (int64_t hour = row * hours; hour < (row + 1) * hours; ++hour) {
      sum += kGibibyte * 3600 * (1 + 8 * UnitInterval(usage(hour)));
    }
    return sum;
  });
  return columns.Take();
}

std::vector<GeneratedColumn> NodeLabelColumns(const GenerateOptions& options) {
  const PodCluster cluster(options);
  const DayRows rows = RowsOf(cluster.nodes(), cluster);
  PodColumns columns(options, cluster);
  AddTimes(rows, cluster, columns);
  columns.Text("node", 32,
               [=](int64_t row, TextWriter& out) { out.AddNode(rows.ThingOf(row)); });
  columns.Text("node_labels", 96,
               [=, as_pipes = cluster.is_hourly()](int64_t row, TextWriter& out) {
                 out.AddLabel(as_pipes, "zone", "z", rows.ThingOf(row) % 3)
                     .AddLabel(as_pipes, "node_role_kubernetes_io", "worker")
                     .EndLabels(as_pipes);
               });
  return columns.Take();
}

std::vector<GeneratedColumn> NamespaceLabelColumns(const GenerateOptions& options) {
  const PodCluster cluster(options);
  const DayRows rows = RowsOf(cluster.nodes(), cluster);
  PodColumns columns(options, cluster);
  AddTimes(rows, cluster, columns);
  columns.Text("namespace", 32, [=](int64_t row, TextWriter& out) {
    out.Add("benchmark-").Add(rows.ThingOf(row), 4);
  });
  columns.Text(
      "namespace_labels", 48,
      [=, as_pipes = cluster.is_hourly()](int64_t row, TextWriter& out) {
        out.AddLabel(as_pipes, "team", "t", rows.ThingOf(row) % 7).EndLabels(as_pipes);
      });
  return columns.Take();
}

const std::vector<std::string> kOptions = {"rows", "seed",      "nodes",
                                           "pods", "first_row", "hourly"};

}  // namespace

Dataset PodStorageDataset() { return {{"pod_storage", kOptions}, ClaimColumns}; }
Dataset PodNodeLabelsDataset() {
  return {{"pod_node_labels", kOptions}, NodeLabelColumns};
}
Dataset PodNamespaceLabelsDataset() {
  return {{"pod_namespace_labels", kOptions}, NamespaceLabelColumns};
}

}  // namespace windrow::source
