// SPDX-License-Identifier: Apache-2.0
#include "windrow/recipe/pod_usage_data.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "windrow/base/near_name.h"
#include "windrow/plan/job_spec_check.h"

namespace windrow::recipe {
namespace {

constexpr char kSource[] = "00000000-0000-0000-0000-000000000001";
constexpr char kMonth[] = "year=2025/month=10";
constexpr int64_t kHours = 24;
constexpr int64_t kMostDays = 31;
constexpr int64_t kPodsPerNode = 106;
constexpr int64_t kPodsPerClaim = 10;  // as source/pod_cluster.h has it
/// koku cuts its files at 200,000 rows; these end with the last hour of a pod.
constexpr int64_t kPodsPerFile = 200'000 / kHours;

int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

std::string TwoDigits(int64_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

/// The shape of the cluster, its days and where its files go.
class Layout {
 public:
  static Result<Layout> Make(const PodUsageDataOptions& options) {
    Layout layout(options);
    ARROW_RETURN_NOT_OK(layout.ReadOptions());
    ARROW_RETURN_NOT_OK(layout.FixShape());
    return layout;
  }

  Result<plan::JobSpec> Job() {
    for (int64_t day = 0; day * pods() < pod_days_; ++day) {
      const int64_t first = day * pods();
      AddDay(day, first, std::min(pods(), pod_days_ - first));
    }
    job_.document_name = "generate";
    ARROW_RETURN_NOT_OK(plan::CompleteJobSpec(job_));
    return std::move(job_);
  }

  std::string Reference() const {
    std::string text =
        "{\"enabled_keys\": [\"app\", \"tier\", \"env\", \"pod\", \"zone\", \"team\", "
        "\"storage\"],\n\"cost_categories\": [[\"openshift-%\", 1], [\"kube-%\", 1], "
        "[\"Platform unallocated\", 1], [\"openshift\", 1]],\n\"storage_exists\": "
        "true,\n\"nodes\": [";
    for (int64_t node = 0; node < nodes_; ++node) {
      std::string name = std::to_string(node);
      name = "node-" + std::string(name.size() < 4 ? 4 - name.size() : 0, '0') + name;
      text += node == 0 ? "\n" : ",\n";
      text += "[\"" + name + "\", \"i-" + name + "\", \"worker\"]";
    }
    return text + "]}\n";
  }

 private:
  explicit Layout(const PodUsageDataOptions& options)
      : options_(options), pod_days_(CeilDivide(options.rows, kHours)) {}

  int64_t pods() const { return nodes_ * pods_per_node_; }

  Status ReadOptions() {
    static const std::vector<std::string> known = {"nodes",       "pods",   "days",
                                                   "label_texts", "layout", "account"};
    for (const auto& [name, text] : options_.options) {
      if (name == "nodes") {
        ARROW_ASSIGN_OR_RAISE(nodes_, Number(name, text, 1, 1'000'000));
      } else if (name == "pods") {
        ARROW_ASSIGN_OR_RAISE(pods_per_node_, Number(name, text, 1, 1'000'000));
      } else if (name == "days") {
        ARROW_ASSIGN_OR_RAISE(days_, Number(name, text, 1, kMostDays));
      } else if (name == "label_texts") {
        ARROW_ASSIGN_OR_RAISE(label_texts_, Number(name, text, 0, 1'000'000'000));
      } else if (name == "layout") {
        is_hourly_ = text == "hourly";
        if (is_hourly_ || text == "koku") continue;
        return UserError("generate pod-usage: layout is '", text,
                         "', expected koku or hourly");
      } else if (name == "account") {
        account_ = text;
      } else {
        return UserError("generate pod-usage: no option '", name, "'",
                         DidYouMean(name, known));
      }
    }
    return Status::OK();
  }

  static Result<int64_t> Number(const std::string& name, const std::string& text,
                                int64_t low, int64_t high) {
    int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc() && stop == end && number >= low && number <= high) {
      return number;
    }
    return UserError("generate pod-usage: ", name, " is '", text, "', expected ", low,
                     " to ", high);
  }

  /// Without nodes and pods: as many nodes of 106 pods as the rows of a day need.
  Status FixShape() {
    if (options_.rows < 1) {
      return UserError("generate pod-usage: --rows is ", options_.rows,
                       ", expected at least 1");
    }
    const int64_t pods_per_day = CeilDivide(pod_days_, days_);
    if (nodes_ == 0)
      nodes_ =
          CeilDivide(pods_per_day, pods_per_node_ > 0 ? pods_per_node_ : kPodsPerNode);
    if (pods_per_node_ == 0) pods_per_node_ = CeilDivide(pods_per_day, nodes_);
    if (pods() * days_ >= pod_days_) return Status::OK();
    return UserError("generate pod-usage: --rows is ", options_.rows, ", but ", nodes_,
                     " nodes of ", pods_per_node_, " pods have at most ",
                     pods() * days_ * kHours, " hours in ", days_, " days");
  }

  /// The files of one day, `count` days of pods from the `first` on.
  void AddDay(int64_t day, int64_t first, int64_t count) {
    const int64_t rows = std::min(count * kHours, options_.rows - first * kHours);
    const int64_t claims = CeilDivide(pods(), kPodsPerClaim);
    const int64_t claims_today = CeilDivide(count, kPodsPerClaim);
    const int64_t nodes_today = CeilDivide(count, pods_per_node_);
    if (is_hourly_) {
      Add("pod_usage_hourly", first * kHours, rows,
          HourlyPath(day, "openshift_pod_usage_line_items"));
    } else {
      for (int64_t part = 0; part * kPodsPerFile < count; ++part) {
        const int64_t pod = first + part * kPodsPerFile;
        const int64_t pods = std::min(kPodsPerFile, count - part * kPodsPerFile);
        Add("pod_usage_hourly", pod * kHours,
            std::min(pods * kHours, options_.rows - pod * kHours),
            KokuPath(day, "", "pod_usage", part));
        Add("pod_usage_daily", pod, pods, KokuPath(day, "daily/", "pod_usage", part));
      }
    }
    const auto add_small = [&](const char* dataset, const char* report, const char* table,
                               int64_t per_day, int64_t today) {
      const int64_t rows_each = is_hourly_ ? kHours : 1;
      Add(dataset, day * per_day * rows_each, today * rows_each,
          is_hourly_ ? HourlyPath(day, table) : KokuPath(day, "daily/", report, 0));
    };
    add_small("pod_storage", "storage_usage", "openshift_storage_usage_line_items_daily",
              claims, claims_today);
    add_small("pod_node_labels", "node_labels", "openshift_node_labels_line_items",
              nodes_, nodes_today);
    add_small("pod_namespace_labels", "namespace_labels",
              "openshift_namespace_labels_line_items", nodes_, nodes_today);
  }

  std::string KokuPath(int64_t day, const std::string& folder, const std::string& report,
                       int64_t part) const {
    return options_.output + "/data/parquet/" + folder + account_ + "/OCP/" + report +
           "/source=" + kSource + "/" + kMonth + "/2025-10-" + TwoDigits(day + 1) + "_" +
           (folder.empty() ? "" : "daily_") + std::to_string(part) + ".parquet";
  }

  std::string HourlyPath(int64_t day, const std::string& table) const {
    return options_.output + "/data/" + account_ + "/OCP/source=" + kSource + "/" +
           kMonth + "/day=" + TwoDigits(day + 1) + "/" + table + "/data.parquet";
  }

  void Add(const std::string& dataset, int64_t first_row, int64_t rows,
           std::string path) {
    plan::GenerateSpec generate;
    generate.dataset = dataset;
    generate.rows = rows;
    generate.seed = options_.seed;
    const auto set = [&](const char* name, int64_t value) {
      generate.options[name] = std::to_string(value);
    };
    set("nodes", nodes_);
    set("pods", pods_per_node_);
    set("first_row", first_row);
    if (dataset.starts_with("pod_usage")) set("label_texts", label_texts_);
    if (dataset == "pod_usage_daily") set("hourly_rows", options_.rows);
    if (is_hourly_) generate.options["hourly"] = plan::PlacedText("true");
    const std::string name = dataset + "_" + std::to_string(job_.sinks.size());
    job_.sources.push_back({name, std::move(generate)});
    plan::WriteSpec write;
    write.path = std::move(path);
    write.from = name;
    if (!options_.compression.empty()) {
      write.compression = plan::PlacedText(options_.compression);
    }
    job_.sinks.push_back(std::move(write));
  }

  const PodUsageDataOptions& options_;
  const int64_t pod_days_;  ///< days of pods, the last perhaps without its last hours
  int64_t nodes_ = 0;
  int64_t pods_per_node_ = 0;
  int64_t days_ = 1;
  int64_t label_texts_ = 0;
  bool is_hourly_ = false;
  std::string account_ = "org1234567";
  plan::JobSpec job_;
};

}  // namespace

Result<PodUsageData> MakePodUsageData(const PodUsageDataOptions& options) {
  ARROW_ASSIGN_OR_RAISE(Layout layout, Layout::Make(options));
  PodUsageData data;
  data.reference = layout.Reference();
  ARROW_ASSIGN_OR_RAISE(data.job, layout.Job());
  return data;
}

}  // namespace windrow::recipe
