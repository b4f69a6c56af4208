// SPDX-License-Identifier: Apache-2.0
#include "windrow/cli/load_measure.h"

#include <arrow/type.h>
#include <rapidjson/document.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "windrow/base/text_file.h"
#include "windrow/cli/ray_run.h"

namespace windrow::cli {
namespace {

using Json = rapidjson::Value;
using runner::LoadReport;

struct Way {
  const char* name;
  std::vector<std::string> settings;
};

/// Of the joining tasks, the first fragment that the job's last step names.
const Json* JoiningFragment(const Json& fragments) {
  for (const Json& fragment : fragments.GetArray()) {
    if (fragment["name"] == recipe::kCountedStep) return &fragment;
  }
  return nullptr;
}

Result<LoadReport::Measured> ReadRun(const std::string& path, int nodes) {
  const std::optional<std::string> text = ReadTextFile(path);
  rapidjson::Document json;
  if (text.has_value()) json.Parse(text->data(), text->size());
  if (!text.has_value() || json.HasParseError() || !json.HasMember("fragments")) {
    return InternalError(path, ": found no report of a run on a cluster");
  }
  LoadReport::Measured run;
  run.seconds = json["wall_seconds"].GetDouble();
  for (const Json& exchange : json["exchanges"].GetArray()) {
    run.moved_bytes += exchange["moved_bytes"].GetDouble();
    if (!run.reason.empty()) run.reason += "; ";
    run.reason +=
        std::string(exchange["kind"].GetString()) + ": " + exchange["reason"].GetString();
  }
  const Json* joining = JoiningFragment(json["fragments"]);
  if (joining == nullptr) return run;
  std::map<std::string, std::pair<double, double>> by_node;
  for (const Json& task : (*joining)["tasks"].GetArray()) {
    auto& [bytes, seconds] = by_node[task["node"].GetString()];
    bytes += task["bytes_in"].GetDouble();
    seconds += task["seconds"].GetDouble();
  }
  for (const auto& [node, load] : by_node) {
    run.node_bytes.push_back(load.first);
    run.busiest_seconds = std::max(run.busiest_seconds, load.second);
  }
  // A node that got nothing counts, too.
  run.node_bytes.resize(std::max(run.node_bytes.size(), static_cast<size_t>(nodes)));
  return run;
}

}  // namespace

Result<std::vector<LoadReport::Measured>> MeasureLoad(
    const recipe::KeyCountsOptions& tables, const arrow::Schema& left,
    const arrow::Schema& right, int64_t left_rows, int nodes, const EngineOptions& engine,
    const arrow::StopToken& stop) {
  ARROW_ASSIGN_OR_RAISE(const plan::JobSpec job,
                        recipe::CountedJoinJob(tables, left, right));
  const std::vector<Way> ways = {
      {"shuffle", {"broadcast=off", "send_keys=off", "split_partitions=off"}},
      {"shuffle with hot keys", {"broadcast=off", "send_keys=off"}},
      {"as the planner chooses", {}}};
  const std::string folder = engine.temp_dir.empty() ? "/tmp" : engine.temp_dir;
  const std::string path = folder + "/windrow-load-" + std::to_string(getpid()) + ".json";
  constexpr int kTasksPerNode = 8;
  const int64_t split = std::max<int64_t>(left_rows / (kTasksPerNode * nodes), 1);
  std::vector<LoadReport::Measured> runs;
  for (const Way& way : ways) {
    EngineOptions options = engine;
    options.on = "ray:" + std::to_string(nodes);
    options.report = path;
    options.metrics.clear();
    options.set.insert(options.set.end(), way.settings.begin(), way.settings.end());
    options.set.push_back("split_rows=" + std::to_string(split));
    options.set.push_back("piece_bytes=1MiB");
    const Status status = RunOnRay(job, options, stop, /*is_quiet=*/true);
    auto run = status.ok() ? ReadRun(path, nodes) : Result<LoadReport::Measured>(status);
    std::error_code error;
    std::filesystem::remove(path, error);
    ARROW_RETURN_NOT_OK(run.status());
    run->name = way.name;
    runs.push_back(*std::move(run));
  }
  return runs;
}

}  // namespace windrow::cli
