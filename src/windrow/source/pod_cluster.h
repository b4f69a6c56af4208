// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "windrow/source/column_list.h"
#include "windrow/source/counter_random.h"
#include "windrow/source/generated_table.h"

namespace windrow::source {

/// The cluster that the generated tables of pod usage tell of. Pods are numbered node by
/// node; a pod's days are numbered day by day, its hours 24 a day, so the hourly row r is
/// hour r % 24 of the pod's day r / 24. Every tenth pod has a claim.
class PodCluster {
 public:
  explicit PodCluster(const GenerateOptions& options)
      : nodes_(options.nodes),
        pods_per_node_(options.pods),
        label_texts_(options.label_texts > 0 ? options.label_texts : pods()),
        hourly_rows_(options.hourly_rows),
        first_row_(options.first_row),
        is_hourly_(options.hourly) {}

  int64_t nodes() const { return nodes_; }
  int64_t pods() const { return nodes_ * pods_per_node_; }
  int64_t claims() const { return (pods() + kPodsPerClaim - 1) / kPodsPerClaim; }
  int64_t first_row() const { return first_row_; }
  /// Labels as pipe text, whole numbers as integers, every table by the hour.
  bool is_hourly() const { return is_hourly_; }

  int64_t NodeOf(int64_t pod) const { return pod / pods_per_node_; }
  static int64_t PodOfClaim(int64_t claim) { return claim * kPodsPerClaim; }
  int64_t LabelsOf(int64_t pod) const { return pod % label_texts_; }
  /// How many hours of a pod's day the hourly table holds: its end may cut the last one.
  int64_t HoursOf(int64_t pod_day) const {
    if (hourly_rows_ == 0) return kHours;
    return std::clamp<int64_t>(hourly_rows_ - pod_day * kHours, 0, kHours);
  }

  static constexpr int64_t kHours = 24;
  static constexpr int64_t kPodsPerClaim = 10;

 private:
  int64_t nodes_, pods_per_node_, label_texts_, hourly_rows_, first_row_;
  bool is_hourly_;
};

/// Writes one text of a generated column.
class TextWriter {
 public:
  explicit TextWriter(char* out) : begin_(out), end_(out) {}
  TextWriter& Add(std::string_view text);
  /// With zeros in front up to `digits` digits.
  TextWriter& Add(int64_t number, int digits = 1);
  /// "node-0007"
  TextWriter& AddNode(int64_t node) { return Add("node-").Add(node, 4); }
  /// "pod-0007-0742"
  TextWriter& AddPod(const PodCluster& cluster, int64_t pod) {
    return Add("pod-").Add(cluster.NodeOf(pod), 4).Add("-").Add(pod, 6);
  }
  /// The next label: {"a": "x", "b": … or label_a:x|label_b:….
  TextWriter& AddLabel(bool as_pipes, std::string_view key, std::string_view value,
                       int64_t number = -1);
  /// After the last label.
  TextWriter& EndLabels(bool as_pipes) { return as_pipes ? *this : Add("}"); }
  int64_t length() const { return end_ - begin_; }

 private:
  char* begin_;
  char* end_;
};

/// Adds columns that all tables share. `day_of(row)` numbers the days from 2025-10-01,
/// `hour_of(row)` the hours of a day.
class PodColumns {
 public:
  PodColumns(const GenerateOptions& options, const PodCluster& cluster)
      : list(options.seed, "pod_usage"), cluster_(cluster) {}

  template <typename DayOf, typename HourOf>
  void Times(DayOf day_of, HourOf hour_of, bool has_end);
  /// `write(row, writer)` adds at most `max_bytes` bytes to the TextWriter.
  template <typename Write>
  void Text(std::string name, int64_t max_bytes, Write write) {
    list.Written(std::move(name), max_bytes,
                 [first = cluster_.first_row(), write](int64_t row, char* out) {
                   TextWriter writer(out);
                   write(first + row, writer);
                   return writer.length();
                 });
  }
  /// `value(row)` is a double without a fraction.
  template <typename Value>
  void Whole(std::string name, Value value) {
    const int64_t first = cluster_.first_row();
    if (cluster_.is_hourly()) {
      list.Int64(std::move(name),
                 [=](int64_t row) { return static_cast<int64_t>(value(first + row)); });
    } else {
      list.Float64(std::move(name), [=](int64_t row) { return value(first + row); });
    }
  }
  template <typename Value>
  void Number(std::string name, Value value) {
    list.Float64(std::move(name), [=, first = cluster_.first_row()](int64_t row) {
      return value(first + row);
    });
  }
  std::vector<GeneratedColumn> Take();

  ColumnList list;

 private:
  static constexpr int64_t kFirstDay = 1'759'276'800'000;  // 2025-10-01, milliseconds
  static constexpr int64_t kNextMonth = kFirstDay + 31 * int64_t{86'400'000};

  PodCluster cluster_;
};

template <typename DayOf, typename HourOf>
void PodColumns::Times(DayOf day_of, HourOf hour_of, bool has_end) {
  list.Milliseconds("report_period_start", [](int64_t) { return kFirstDay; });
  list.Milliseconds("report_period_end", [](int64_t) { return kNextMonth; });
  const auto start = [=, first = cluster_.first_row()](int64_t row) {
    const int64_t hours = day_of(first + row) * PodCluster::kHours + hour_of(first + row);
    return kFirstDay + hours * 3'600'000;
  };
  list.Milliseconds("interval_start", start);
  if (!has_end) return;
  list.Milliseconds("interval_end", [=](int64_t row) { return start(row) + 3'599'000; });
}

}  // namespace windrow::source
