// SPDX-License-Identifier: Apache-2.0
#include "windrow/runner/report_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "windrow/base/byte_size.h"
#include "windrow/runner/html_chart.h"
#include "windrow/runner/html_page.h"

namespace windrow::runner {
namespace {

int64_t Sum(const std::map<std::string, int64_t>& rows) {
  int64_t sum = 0;
  for (const auto& [name, count] : rows) sum += count;
  return sum;
}

std::string Figures(const RunReport& report) {
  std::vector<std::pair<std::string, std::string>> figures = {
      {"time", FormatSeconds(report.wall_seconds)},
      {"CPU time", FormatSeconds(report.cpu_seconds)},
      {"memory, at most", FormatByteSize(report.peak_memory_bytes)},
      {"memory budget", FormatByteSize(report.memory_budget_bytes)},
      {"rows in", FormatCount(Sum(report.rows_in))},
      {"rows out", FormatCount(Sum(report.rows_out))},
      {"read", FormatByteSize(report.bytes_read)},
      {"written", FormatByteSize(report.bytes_written)}};
  if (report.bytes_on_wire > 0) {
    figures.emplace_back("over the wire", FormatByteSize(report.bytes_on_wire));
  }
  if (report.spill_bytes > 0) {
    figures.emplace_back("spilled", FormatByteSize(report.spill_bytes));
  }
  for (const auto& [reason, rows] : report.rows_rejected) {
    figures.emplace_back("rejected: " + reason, FormatCount(rows));
  }
  return HtmlFigures(figures);
}

std::vector<double> Doubles(const std::vector<int64_t>& values) {
  return {values.begin(), values.end()};
}

/// Threads at work at each time: CPU seconds a second, over a short while before it.
std::vector<double> BusyThreads(const RunReport::Timeline& timeline) {
  std::vector<double> busy;
  if (timeline.seconds.empty()) return busy;
  constexpr double kLeastWindow = 0.05;
  const double window = std::max(kLeastWindow, timeline.seconds.back() / 50);
  size_t from = 0;
  for (size_t i = 0; i < timeline.seconds.size(); ++i) {
    while (from + 1 < i && timeline.seconds[from + 1] <= timeline.seconds[i] - window) {
      ++from;
    }
    const double span = timeline.seconds[i] - timeline.seconds[from];
    const double cpu = timeline.cpu_seconds[i] - timeline.cpu_seconds[from];
    busy.push_back(span > 0 ? cpu / span : 0);
  }
  return busy;
}

std::string Charts(const RunReport& report) {
  const RunReport::Timeline& timeline = report.timeline;
  LineChart memory{"Memory", timeline.seconds, {}, {}, {}, "budget", true};
  memory.limit = static_cast<double>(report.memory_budget_bytes);
  memory.lines = {{"process", "one", Doubles(timeline.memory_bytes), true},
                  {"held of the budget", "two", Doubles(timeline.budget_bytes), false}};
  LineChart threads{"Busy threads", timeline.seconds, {}, {}, {}, "slots", false};
  threads.limit = report.slots;
  threads.lines = {{"CPU seconds a second", "three", BusyThreads(timeline), true}};
  std::string html = DrawLines(memory) + DrawLines(threads);
  if (report.spill_bytes > 0) {
    LineChart spill{"Spilled", timeline.seconds, {}, {}, {}, "", true};
    spill.lines = {{"written so far", "two", Doubles(timeline.spill_bytes), true}};
    html += DrawLines(spill);
  }
  return html;
}

std::string NameOf(const RunReport::Step& step) {
  return step.name == step.kind ? step.name : step.kind + " " + step.name;
}

std::string OrDash(const std::optional<int64_t>& rows) {
  return rows.has_value() ? FormatCount(*rows) : "–";
}

std::string Steps(const RunReport& report) {
  std::vector<Span> spans;
  std::vector<std::vector<std::string>> rows;
  for (const RunReport::Step& step : report.steps) {
    spans.push_back({NameOf(step), step.started_seconds, step.wall_seconds});
    std::string what = EscapeHtml(step.strategy);
    if (!step.reason.empty())
      what += (what.empty() ? "" : ": ") + EscapeHtml(step.reason);
    for (const auto& [name, count] : step.counts) {
      what += fmt::format("{}{} {}", what.empty() ? "" : "; ", FormatCount(count),
                          EscapeHtml(name));
    }
    rows.push_back(
        {EscapeHtml(NameOf(step)), FormatCount(step.rows_in), FormatCount(step.rows_out),
         OrDash(step.predicted_rows), FormatSeconds(step.cpu_seconds),
         step.spill_bytes > 0 ? FormatByteSize(step.spill_bytes) : "–", std::move(what)});
  }
  return "<h2>When each step was at work</h2>\n" + DrawSpans(spans, report.wall_seconds) +
         "<h2>What each step did</h2>\n" +
         HtmlTable({"step", "rows in", "rows out", "predicted", "CPU time", "spilled",
                    "how and why"},
                   rows);
}

}  // namespace

std::string ToHtml(const RunReport& report) {
  const std::string head =
      fmt::format("<h1>{}</h1>\n<p>{}, {} runner, {} slots, Windrow {}</p>\n",
                  EscapeHtml(report.job), EscapeHtml(report.started_at),
                  EscapeHtml(report.runner), report.slots, EscapeHtml(report.version));
  return HtmlPage(report.job, head + Figures(report) + Steps(report) + Charts(report));
}

}  // namespace windrow::runner
