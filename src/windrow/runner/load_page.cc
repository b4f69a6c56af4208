// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "windrow/base/byte_size.h"
#include "windrow/runner/html_chart.h"
#include "windrow/runner/html_page.h"
#include "windrow/runner/load_report.h"

namespace windrow::runner {
namespace {

std::string Bytes(double bytes) { return FormatByteSize(static_cast<int64_t>(bytes)); }

std::string NameOf(const LoadReport::Side& side) {
  return side.path + " (" + side.column + ")";
}

std::string Figures(const LoadReport& report) {
  return HtmlFigures({{"left rows", FormatCount(report.left.rows)},
                      {"right rows", FormatCount(report.right.rows)},
                      {"left, as sent", Bytes(static_cast<double>(report.left.rows) *
                                              report.left.row_bytes)},
                      {"right, as sent", Bytes(static_cast<double>(report.right.rows) *
                                               report.right.row_bytes)},
                      {"keys", FormatCount(report.distinct_keys)},
                      {"left rows with a partner",
                       FormatCount(static_cast<int64_t>(report.matches.left_rows))},
                      {"rows without a key",
                       FormatCount(report.left.null_keys + report.right.null_keys)},
                      {"keys to spread", FormatCount(report.heavy_keys)}});
}

double Fullest(const plan::Spread& spread) {
  double most = 0;
  for (const plan::NodeLoad& node : spread.nodes) most = std::max(most, node.bytes);
  return most;
}

std::string Bars(const LoadReport& report, const char* title, const char* color,
                 const plan::Spread& spread) {
  BarChart chart{title, color, {}, {}, true, Fullest(report.by_hash)};
  for (const plan::NodeLoad& node : spread.nodes) chart.values.push_back(node.bytes);
  chart.caption = fmt::format("the fullest node has {:.2f} times the mean; {} are moved",
                              spread.max_over_mean(), Bytes(spread.moved_bytes));
  return DrawBars(chart);
}

std::string Costs(const LoadReport& report) {
  std::vector<std::vector<std::string>> rows;
  for (size_t i = 0; i < report.costs.size(); ++i) {
    const plan::MoveCost& cost = report.costs[i];
    std::string why = EscapeHtml(cost.reason);
    if (i == report.best) why = "<b>best</b>" + (why.empty() ? "" : "; " + why);
    if (!cost.is_possible) why = "left out: " + why;
    rows.push_back({EscapeHtml(cost.name), Bytes(cost.moved_bytes),
                    FormatSeconds(cost.seconds),
                    fmt::format("{:.2f}", cost.max_over_mean), std::move(why)});
  }
  return fmt::format("<h2>What each way costs on {} nodes</h2>\n", report.nodes) +
         HtmlTable({"way", "moved", "about", "fullest to mean", "why"}, rows);
}

/// What runs on nodes of this machine took, beside what was predicted.
std::string Measured(const LoadReport& report) {
  if (report.measured.empty()) return "";
  std::vector<std::vector<std::string>> rows;
  std::string pictures;
  double most = 0;
  for (const LoadReport::Measured& run : report.measured) {
    for (const double bytes : run.node_bytes) most = std::max(most, bytes);
  }
  for (const LoadReport::Measured& run : report.measured) {
    const auto cost =
        std::find_if(report.costs.begin(), report.costs.end(),
                     [&](const plan::MoveCost& known) { return known.name == run.name; });
    rows.push_back({EscapeHtml(run.name), Bytes(run.moved_bytes),
                    cost == report.costs.end() ? "" : Bytes(cost->moved_bytes),
                    FormatSeconds(run.seconds), FormatSeconds(run.busiest_seconds),
                    fmt::format("{:.2f}", run.max_over_mean()), EscapeHtml(run.reason)});
    BarChart chart{"Bytes each node joined, measured: " + run.name,
                   "two",
                   run.node_bytes,
                   {},
                   true,
                   most};
    chart.caption =
        fmt::format("the fullest node had {:.2f} times the mean; {} were moved",
                    run.max_over_mean(), Bytes(run.moved_bytes));
    pictures += DrawBars(chart);
  }
  return fmt::format("<h2>Measured on {} nodes of this machine</h2>\n", report.nodes) +
         HtmlTable({"way", "moved", "predicted", "run", "busiest node", "fullest to mean",
                    "what was decided"},
                   rows) +
         pictures;
}

std::string OverNodes(const LoadReport& report) {
  LineChart moved{"Bytes moved on more nodes", {}, {}, {}, {}, "", true};
  LineChart seconds{"Seconds on more nodes", {}, {}, {}, {}, "", false};
  const char* colors[] = {"one", "three", "two"};
  for (size_t way = 0; way < 3; ++way) {
    ChartLine bytes_line{report.costs[way].name, colors[way], {}, false};
    ChartLine time_line = bytes_line;
    for (const LoadReport::AtNodes& at : report.at_nodes) {
      bytes_line.values.push_back(at.costs[way].moved_bytes);
      time_line.values.push_back(at.costs[way].seconds);
    }
    moved.lines.push_back(std::move(bytes_line));
    seconds.lines.push_back(std::move(time_line));
  }
  for (const LoadReport::AtNodes& at : report.at_nodes) {
    const auto place = static_cast<double>(moved.positions.size());
    moved.positions.push_back(place);
    moved.x_labels.push_back(std::to_string(at.nodes));
  }
  seconds.positions = moved.positions;
  seconds.x_labels = moved.x_labels;
  return DrawLines(moved) + DrawLines(seconds);
}

std::string HottestKeys(const LoadReport& report) {
  std::vector<std::vector<std::string>> rows;
  for (const LoadReport::HotKey& key : report.hottest) {
    rows.push_back({EscapeHtml(key.key), FormatCount(key.left_rows),
                    FormatCount(key.right_rows),
                    fmt::format("{:.2f} %", 100 * key.share)});
  }
  return "<h2>Keys with most rows</h2>\n" +
         HtmlTable({"key", "left rows", "right rows", "share of bytes"}, rows);
}

std::string Rates(const LoadReport& report) {
  return fmt::format(
      "<p>Seconds are an estimate for nodes with a network of {}/s, disks of {}/s and {} "
      "of "
      "memory, of rows that lie evenly on the nodes to begin with. Windrow {}.</p>\n",
      Bytes(report.rates.network), Bytes(report.rates.disk),
      Bytes(report.rates.node_memory), EscapeHtml(report.version));
}

}  // namespace

std::string ToHtml(const LoadReport& report) {
  const std::string title = NameOf(report.left) + " with " + NameOf(report.right);
  return HtmlPage(
      title, fmt::format("<h1>{}</h1>\n<p>{}</p>\n", EscapeHtml(title),
                         EscapeHtml(Advice(report))) +
                 Figures(report) + Costs(report) +
                 Bars(report, "Bytes on each node, by hash", "two", report.by_hash) +
                 Bars(report, "Bytes on each node, by range", "one", report.by_range) +
                 Bars(report, "Bytes on each node, with hot keys handled", "three",
                      report.with_hot_keys) +
                 Measured(report) + OverNodes(report) + HottestKeys(report) +
                 Rates(report));
}

}  // namespace windrow::runner
