// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/job_spec_check.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <queue>
#include <set>
#include <unordered_map>

#include "windrow/base/check.h"
#include "windrow/base/near_name.h"
#include "windrow/fs/object_store.h"
#include "windrow/plan/column_types.h"
#include "windrow/plan/database_spec.h"
#include "windrow/plan/inline_values.h"
#include "windrow/plan/open_servers.h"
#include "windrow/plan/partition_files.h"

namespace windrow::plan {
namespace {

const std::vector<std::string>& Datasets() {
  static const std::vector<std::string> kDatasets = {
      "securities",      "quotes",
      "pings",           "clicks",
      "users",           "pod_usage_hourly",
      "pod_usage_daily", "pod_storage",
      "pod_node_labels", "pod_namespace_labels"};
  return kDatasets;
}

const std::vector<std::string>& Codecs() {
  static const std::vector<std::string> kCodecs = {
      "none", "lz4", "zstd", "gzip", "snappy", "brotli", "uncompressed"};
  return kCodecs;
}

/// "a, b, c", the first twelve.
std::string ListOf(const std::vector<std::string>& names) {
  constexpr size_t kShownNamesMax = 12;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kShownNamesMax); ++i) {
    text += (i > 0 ? ", " : "") + names[i];
  }
  return names.size() > kShownNamesMax ? text + ", ..." : text;
}

std::string FirstIn(Place first) {
  return first.line == 0 ? "" : " (first in line " + std::to_string(first.line) + ")";
}

/// Which steps each step reads, by position. With equal names, the first of the sources
/// and then of the steps has it.
class StepGraph {
 public:
  explicit StepGraph(const JobSpec& job)
      : readers_(job.steps.size()),
        inputs_(job.steps.size()),
        open_inputs_(job.steps.size()) {
    const std::vector<StepSpec>& steps = job.steps;
    std::unordered_map<std::string_view, size_t> positions;
    for (const SourceSpec& source : job.sources) positions[source.name.value] = kSource;
    for (size_t i = 0; i < steps.size(); ++i) positions.emplace(steps[i].name.value, i);
    for (size_t i = 0; i < steps.size(); ++i) {
      for (const PlacedText* input : InputsOf(steps[i].kind)) {
        const auto found = positions.find(input->value);
        if (found == positions.end() || found->second == kSource) continue;
        inputs_[i].push_back(found->second);
        readers_[found->second].push_back(i);
        ++open_inputs_[i];
      }
    }
    for (size_t i = 0; i < steps.size(); ++i) {
      if (open_inputs_[i] == 0) ready_.push(i);
    }
  }

  /// Takes every step whose inputs were taken, the earliest first. What it returns is
  /// appended to earlier calls' steps.
  void TakeReady(std::vector<size_t>& order) {
    while (!ready_.empty()) {
      const size_t step = ready_.top();
      ready_.pop();
      order.push_back(step);
      Take(step);
    }
  }

  /// After TakeReady: a cycle among the steps left, each step before the one it reads,
  /// the earliest step first; empty when no step is left. Takes its steps.
  std::vector<size_t> TakeCycle() {
    while (first_left_ < open_inputs_.size() && IsTaken(first_left_)) ++first_left_;
    if (first_left_ == open_inputs_.size()) return {};
    std::vector<size_t> path;
    std::unordered_map<size_t, size_t> place_in_path;
    size_t step = first_left_;
    while (place_in_path.emplace(step, path.size()).second) {
      path.push_back(step);
      step = *std::find_if(inputs_[step].begin(), inputs_[step].end(),
                           [&](size_t input) { return !IsTaken(input); });
    }
    std::vector<size_t> cycle(path.begin() + place_in_path[step], path.end());
    std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
    for (const size_t member : cycle) taken_.insert(member);
    for (const size_t member : cycle) Take(member);
    return cycle;
  }

 private:
  bool IsTaken(size_t step) const { return taken_.contains(step); }

  void Take(size_t step) {
    taken_.insert(step);
    for (const size_t reader : readers_[step]) {
      if (--open_inputs_[reader] == 0 && !IsTaken(reader)) ready_.push(reader);
    }
  }

  static constexpr size_t kSource = static_cast<size_t>(-1);

  std::vector<std::vector<size_t>> readers_;
  std::vector<std::vector<size_t>> inputs_;
  std::vector<size_t> open_inputs_;
  std::set<size_t> taken_;
  size_t first_left_ = 0;
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready_;
};

/// Of a record of several measurements: far enough from the 2 GiB of 32-bit offsets that
/// one more is never too much.
constexpr int64_t kRecordBytesMax = 1 << 30;
/// Each is a file held open.
constexpr int64_t kShardsMax = 1000;

/// Checks one job. Single use.
class JobChecker {
 public:
  JobChecker(const JobSpec& job, ProblemList& problems)
      : job_(job), problems_(problems), empty_is_problem_(problems.empty()) {}

  void Check() {
    CheckNames();
    for (const SourceSpec& source : job_.sources) CheckSource(source);
    for (const StepSpec& step : job_.steps) {
      for (const PlacedText* input : InputsOf(step.kind))
        CheckInput(*input, step.name.place);
      std::visit([&](const auto& kind) { CheckStep(step.name.place, kind); }, step.kind);
    }
    CheckSinks();
    CheckCycles();
  }

 private:
  void RequireFilled(bool is_filled, Place place, std::string_view what) {
    if (is_filled || !empty_is_problem_) return;
    problems_.Add(place, "found no ", what, "; expected at least one");
  }

  void AddName(std::string_view what, const PlacedText& name, std::string_view other) {
    names_.push_back(name.value);
    if (name.value.empty()) {
      problems_.Add(name.place, "found an empty name for a ", what, "; expected a name");
      return;
    }
    const auto [first, is_new] = named_.emplace(name.value, std::pair(name.place, what));
    if (is_new) return;
    const auto& [first_place, first_what] = first->second;
    if (first_what == what) {
      problems_.Add(name.place, "found the ", what, " '", name.value, "' twice",
                    FirstIn(first_place), "; expected each name once");
    } else {
      problems_.Add(name.place, "found the ", what, " '", name.value, "' named like a ",
                    other, FirstIn(first_place), "; expected each name once");
    }
  }

  void CheckNames() {
    RequireFilled(!job_.sources.empty(), {}, "source");
    for (const SourceSpec& source : job_.sources) AddName("source", source.name, "step");
    for (const StepSpec& step : job_.steps) AddName("step", step.name, "source");
  }

  void CheckSource(const SourceSpec& source) {
    if (const auto* scan = std::get_if<ScanSpec>(&source.kind)) {
      RequireFilled(!scan->paths.empty(), source.name.place, "path to scan");
      CheckDeclaredTypes(*scan, problems_);
      CheckDatabaseScan(*scan, source.name.place, problems_);
      CheckServerScan(*scan, source.name.place, problems_);
      return;
    }
    if (const auto* values = std::get_if<ValuesSpec>(&source.kind)) {
      RequireFilled(!values->columns.empty(), source.name.place, "column of values");
      CheckValues(*values, problems_);
      return;
    }
    const auto& generate = std::get<GenerateSpec>(source.kind);
    CheckRange("rows", generate.rows, 0);
    const std::string& dataset = generate.dataset.value;
    const auto& known = Datasets();
    if (dataset.empty() ||
        std::find(known.begin(), known.end(), dataset) != known.end()) {
      return;
    }
    problems_.Add(generate.dataset.place, "found the unknown data set '", dataset,
                  "'; expected one of ", ListOf(known), DidYouMean(dataset, known));
  }

  void CheckRange(std::string_view what, const Placed<int64_t>& number, int64_t least) {
    if (number.value >= least) return;
    problems_.Add(number.place, "found ", number.value, " for '", what, "'; expected ",
                  least, " or more");
  }

  void CheckRange(std::string_view what, const Placed<int64_t>& number, int64_t least,
                  int64_t most) {
    if (number.value >= least && number.value <= most) return;
    problems_.Add(number.place, "found ", number.value, " for '", what, "'; expected ",
                  least, " to ", most);
  }

  void CheckInput(const PlacedText& input, Place reader_place) {
    if (input.value.empty()) {
      RequireFilled(false, reader_place, "input ('from')");
    } else if (!named_.contains(input.value)) {
      problems_.Add(input.place, "found no source or step '", input.value,
                    "'; expected one of ", names_.empty() ? "no names" : ListOf(names_),
                    DidYouMean(input.value, names_));
    }
  }

  void CheckStep(Place, const FilterSpec&) {}
  void CheckStep(Place, const LimitSpec& limit) { CheckRange("limit", limit.rows, 0); }
  void CheckStep(Place, const SelectSpec& select) { CheckColumns(select); }
  void CheckStep(Place place, const UnionSpec& all) {
    RequireFilled(!all.inputs.empty(), place, "input of a union");
  }
  void CheckStep(Place place, const WithColumnsSpec& spec) {
    RequireFilled(!spec.columns.empty(), place, "column");
    CheckColumns(spec);
  }

  template <typename Spec>
  void CheckColumns(const Spec& spec) {
    std::map<std::string_view, Place> seen;
    for (const auto& column : spec.columns) {
      const auto [first, is_new] = seen.emplace(column.name.value, column.name.place);
      if (is_new || (column.name.value.empty() && !empty_is_problem_)) continue;
      problems_.Add(column.name.place, "found the column '", column.name.value, "' twice",
                    FirstIn(first->second), "; expected each name once");
    }
  }

  void CheckStep(Place place, const JoinSpec& join) {
    RequireFilled(!join.on.empty() || MayJoinWithoutKeys(join), place,
                  "column to join on");
  }

  void CheckStep(Place place, const SortSpec& sort) {
    RequireFilled(!sort.keys.empty(), place, "column to sort by");
    if (sort.limit.has_value()) CheckRange("limit", *sort.limit, 0);
  }

  void CheckStep(Place place, const CollectSpec& collect) {
    RequireFilled(!collect.by.empty(), place, "column to collect by");
    if (collect.max_rows.has_value()) CheckRange("max_rows", *collect.max_rows, 1);
    std::map<std::string_view, Place> seen;
    const auto check = [&](const PlacedText& name) {
      const auto [first, is_new] = seen.emplace(name.value, name.place);
      if (is_new || name.value.empty()) return;
      problems_.Add(name.place, "found the column '", name.value, "' twice",
                    FirstIn(first->second), "; expected each name once");
    };
    for (const PlacedText& name : collect.by) check(name);
    if (!collect.columns.has_value()) return;
    for (const PlacedText& name : *collect.columns) check(name);
  }

  void CheckStep(Place place, const AggregateSpec& aggregate) {
    RequireFilled(!aggregate.by.empty() || !aggregate.columns.empty(), place,
                  "key or column of the aggregate");
    std::map<std::string_view, Place> seen;
    const auto check = [&](const PlacedText& name) {
      const auto [first, is_new] = seen.emplace(name.value, name.place);
      if (is_new || (name.value.empty() && !empty_is_problem_)) return;
      problems_.Add(name.place, "found the column '", name.value, "' twice",
                    FirstIn(first->second), "; expected each name once");
    };
    for (const SelectItem& key : aggregate.by) check(key.name);
    for (const NamedExpression& column : aggregate.columns) check(column.name);
  }

  void CheckStep(Place, const ProbeMeasurementsSpec&) {}
  void CheckStep(Place, const ProbeRecordsSpec& probes) {
    CheckRange("max_row_bytes", probes.max_row_bytes, 1, kRecordBytesMax);
    if (probes.shards.has_value()) CheckRange("shards", *probes.shards, 1, kShardsMax);
    const auto& ratio = probes.train_ratio;
    if (ratio.value >= 0 && ratio.value <= 1) return;
    problems_.Add(ratio.place, "found ", ratio.value,
                  " for 'train_ratio'; expected a number from 0 to 1");
  }

  void CheckSinks() {
    RequireFilled(!job_.sinks.empty(), {}, "sink");
    for (const SinkSpec& sink : job_.sinks) {
      const bool is_write = std::holds_alternative<WriteSpec>(sink);
      const PlacedText& target =
          is_write ? std::get<WriteSpec>(sink).path : std::get<ResultSpec>(sink).name;
      CheckInput(InputOf(sink), target.place);
      CheckTarget(is_write, target,
                  is_write ? TargetOf(std::get<WriteSpec>(sink)) : target.value);
      if (is_write) CheckWrite(std::get<WriteSpec>(sink));
    }
  }

  void CheckTarget(bool is_write, const PlacedText& target, const std::string& name) {
    if (target.value.empty()) {
      RequireFilled(false, target.place, is_write ? "path to write" : "name to collect");
      return;
    }
    const auto [first, is_new] =
        targets_.emplace(std::pair(is_write, name), target.place);
    if (is_new) return;
    problems_.Add(target.place, "found two sinks that ", is_write ? "write" : "collect",
                  " '", name, "'", FirstIn(first->second), "; expected one");
  }

  void CheckWrite(const WriteSpec& write) {
    if (write.partition_by.has_value()) {
      RequireFilled(!write.partition_by->values.empty(), write.path.place,
                    "value to partition by");
    }
    if (fs::IsObjectPath(write.path.value)) {
      problems_.Add(write.path.place, "found the output '", write.path.value,
                    "'; expected a local path, as objects are only read");
    }
    CheckDatabaseSink(write, problems_);
    CheckPartition(write, problems_);
    CheckStoredTypes(write, problems_);
    if (write.row_group_rows.has_value()) {
      CheckRange("row_group_rows", *write.row_group_rows, 1);
    }
    if (write.group_size.has_value()) CheckRange("group_size", *write.group_size, 1);
    if (!write.compression.has_value() || write.compression->value.empty()) return;
    const std::string_view text = write.compression->value;
    const std::string codec(text.substr(0, text.find(':')));
    const auto& known = Codecs();
    if (std::find(known.begin(), known.end(), codec) == known.end()) {
      problems_.Add(write.compression->place, "found the unknown compression '", codec,
                    "'; expected one of ", ListOf(known), DidYouMean(codec, known));
    } else if (codec.size() < text.size()) {
      const std::string_view digits = text.substr(codec.size() + 1);
      int level = 0;
      const auto read = std::from_chars(digits.begin(), digits.end(), level);
      if (read.ec == std::errc() && read.ptr == digits.end()) return;
      problems_.Add(write.compression->place, "found the compression level '", digits,
                    "'; expected a whole number, as in zstd:3");
    }
  }

  void CheckCycles() {
    StepGraph graph(job_);
    std::vector<size_t> order;
    graph.TakeReady(order);
    for (auto cycle = graph.TakeCycle(); !cycle.empty(); cycle = graph.TakeCycle()) {
      std::string text;
      for (size_t i = 0; i < cycle.size(); ++i) {
        text += (i > 0 ? ", " : "") + ("'" + job_.steps[cycle[i]].name.value) +
                "' reads '" + job_.steps[cycle[(i + 1) % cycle.size()]].name.value + "'";
      }
      problems_.Add(job_.steps[cycle[0]].name.place, "found a cycle of steps: ", text,
                    "; expected every step to lead back to a source");
      graph.TakeReady(order);
    }
  }

  const JobSpec& job_;
  ProblemList& problems_;
  const bool empty_is_problem_;
  std::vector<std::string> names_;
  std::map<std::string, std::pair<Place, std::string_view>> named_;
  std::map<std::pair<bool, std::string>, Place> targets_;
};

}  // namespace

void CheckJobSpec(const JobSpec& job, ProblemList& problems) {
  JobChecker(job, problems).Check();
}

void OrderSteps(JobSpec& job) {
  std::vector<size_t> order;
  StepGraph(job).TakeReady(order);
  WINDROW_CHECK(order.size() == job.steps.size());
  std::vector<StepSpec> ordered;
  ordered.reserve(order.size());
  for (const size_t position : order) ordered.push_back(std::move(job.steps[position]));
  job.steps = std::move(ordered);
}

Status CompleteJobSpec(JobSpec& job) {
  ProblemList problems;
  TakeSecrets(job, problems);
  CheckJobSpec(job, problems);
  ARROW_RETURN_NOT_OK(problems.ToStatus(job.document_name));
  OrderSteps(job);
  return Status::OK();
}

}  // namespace windrow::plan
