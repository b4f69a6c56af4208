// SPDX-License-Identifier: Apache-2.0
#include "windrow/runner/load_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "windrow/base/byte_size.h"
#include "windrow/runner/html_page.h"
#include "windrow/runner/json_fields.h"

namespace windrow::runner {
namespace {

using runner::Put;

void Put(JsonWriter& json, const char* key, const LoadReport::Side& side) {
  json.Key(key);
  json.StartObject();
  Put(json, "path", side.path);
  Put(json, "column", side.column);
  Put(json, "rows", side.rows);
  Put(json, "null_keys", side.null_keys);
  Put(json, "row_bytes", side.row_bytes);
  json.EndObject();
}

void Put(JsonWriter& json, const char* key, const plan::Spread& spread) {
  json.Key(key);
  json.StartObject();
  Put(json, "max_over_mean", spread.max_over_mean());
  Put(json, "moved_bytes", spread.moved_bytes);
  json.Key("nodes");
  json.StartArray();
  for (const plan::NodeLoad& node : spread.nodes) {
    json.StartObject();
    Put(json, "left_rows", node.left_rows);
    Put(json, "right_rows", node.right_rows);
    Put(json, "bytes", node.bytes);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
}

void Put(JsonWriter& json, const std::vector<plan::MoveCost>& costs) {
  json.Key("costs");
  json.StartArray();
  for (const plan::MoveCost& cost : costs) {
    json.StartObject();
    Put(json, "name", cost.name);
    Put(json, "moved_bytes", cost.moved_bytes);
    Put(json, "seconds", cost.seconds);
    Put(json, "max_over_mean", cost.max_over_mean);
    Put(json, "is_possible", cost.is_possible);
    Put(json, "reason", cost.reason);
    json.EndObject();
  }
  json.EndArray();
}

}  // namespace

double LoadReport::Measured::max_over_mean() const {
  double most = 0;
  double sum = 0;
  for (const double bytes : node_bytes) {
    most = std::max(most, bytes);
    sum += bytes;
  }
  return sum > 0 ? most * static_cast<double>(node_bytes.size()) / sum : 1;
}

void Predict(const plan::JoinLoad& load, LoadReport* report) {
  report->distinct_keys = static_cast<int64_t>(load.keys.size());
  report->matches = plan::MatchesOf(load);
  report->heavy_keys = static_cast<int64_t>(plan::HeavyKeys(load, report->nodes).size());
  report->by_hash = plan::SpreadByHash(load, report->nodes);
  report->by_range = plan::SpreadByRange(load, report->nodes);
  report->with_hot_keys = plan::SpreadWithHotKeys(load, report->nodes);
  report->costs = plan::CostsOfMoving(load, report->nodes, report->rates);
  report->best = plan::BestOf(report->costs);
  for (int nodes = 2; nodes <= 64; nodes *= 2) {
    report->at_nodes.push_back({nodes, plan::CostsOfMoving(load, nodes, report->rates)});
  }
}

std::string Advice(const LoadReport& report) {
  const plan::MoveCost& best = report.costs[report.best];
  const plan::MoveCost& shuffle = report.costs[0];
  std::string text = fmt::format(
      "On {} nodes: {}. It moves {} and takes about {}; a plain shuffle moves {} and "
      "takes "
      "about {}.",
      report.nodes, best.name, FormatByteSize(static_cast<int64_t>(best.moved_bytes)),
      FormatSeconds(best.seconds),
      FormatByteSize(static_cast<int64_t>(shuffle.moved_bytes)),
      FormatSeconds(shuffle.seconds));
  const double by_hash = report.by_hash.max_over_mean();
  constexpr double kEven = 1.2;
  if (by_hash > kEven) {
    text += fmt::format(
        " By hash the fullest node gets {:.1f} times the mean{}; with hot keys handled "
        "{:.2f} times.",
        by_hash,
        report.hottest.empty()
            ? ""
            : fmt::format(", since key {} has {:.0f} % of the bytes",
                          report.hottest[0].key, 100 * report.hottest[0].share),
        report.with_hot_keys.max_over_mean());
  }
  if (report.left.null_keys + report.right.null_keys > 0) {
    text += fmt::format(" {} rows without a key find no partner and need not be moved.",
                        FormatCount(report.left.null_keys + report.right.null_keys));
  }
  return text;
}

std::string ToJson(const LoadReport& report) {
  rapidjson::StringBuffer text;
  JsonWriter json(text);
  json.SetIndent(' ', 2);
  json.StartObject();
  Put(json, "version", report.version);
  Put(json, "nodes", int64_t{report.nodes});
  Put(json, "left", report.left);
  Put(json, "right", report.right);
  Put(json, "distinct_keys", report.distinct_keys);
  Put(json, "matching_left_rows", report.matches.left_rows);
  Put(json, "matching_right_rows", report.matches.right_rows);
  Put(json, "heavy_keys", report.heavy_keys);
  json.Key("hottest");
  json.StartArray();
  for (const LoadReport::HotKey& key : report.hottest) {
    json.StartObject();
    Put(json, "key", key.key);
    Put(json, "left_rows", key.left_rows);
    Put(json, "right_rows", key.right_rows);
    Put(json, "share", key.share);
    json.EndObject();
  }
  json.EndArray();
  json.Key("spread");
  json.StartObject();
  Put(json, "hash", report.by_hash);
  Put(json, "range", report.by_range);
  Put(json, "hot_keys", report.with_hot_keys);
  json.EndObject();
  json.Key("rates");
  json.StartObject();
  Put(json, "network", report.rates.network);
  Put(json, "disk", report.rates.disk);
  Put(json, "node_memory", report.rates.node_memory);
  json.EndObject();
  Put(json, report.costs);
  Put(json, "best", report.costs[report.best].name);
  Put(json, "advice", Advice(report));
  json.Key("measured");
  json.StartArray();
  for (const LoadReport::Measured& run : report.measured) {
    json.StartObject();
    Put(json, "name", run.name);
    Put(json, "moved_bytes", run.moved_bytes);
    Put(json, "seconds", run.seconds);
    Put(json, "busiest_seconds", run.busiest_seconds);
    Put(json, "max_over_mean", run.max_over_mean());
    Put(json, "reason", run.reason);
    json.Key("node_bytes");
    json.StartArray();
    for (const double bytes : run.node_bytes) json.Double(bytes);
    json.EndArray();
    json.EndObject();
  }
  json.EndArray();
  json.Key("at_nodes");
  json.StartArray();
  for (const LoadReport::AtNodes& at : report.at_nodes) {
    json.StartObject();
    Put(json, "nodes", int64_t{at.nodes});
    Put(json, at.costs);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return std::string(text.GetString()) + "\n";
}

}  // namespace windrow::runner
