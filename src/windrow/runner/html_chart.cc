// SPDX-License-Identifier: Apache-2.0
#include "windrow/runner/html_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "windrow/base/byte_size.h"
#include "windrow/runner/html_page.h"

namespace windrow::runner {
namespace {

// The plot's own coordinates; the page stretches them.
constexpr double kWidth = 1000;
constexpr double kHeight = 100;

/// A round number that is not less: of 1, 2, 5 and powers of 10, or a power of 2.
double RoundTop(double value, bool is_bytes) {
  if (value <= 0) return 1;
  if (is_bytes) return std::exp2(std::ceil(std::log2(value)));
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 5.0}) {
    if (value <= step * power) return step * power;
  }
  return 10 * power;
}

std::string Format(double value, bool is_bytes) {
  if (is_bytes) return FormatByteSize(static_cast<int64_t>(value));
  return fmt::format("{:.3g}", value);
}

std::string Points(const LineChart& chart, const ChartLine& line, double top) {
  const double last = std::max(chart.positions.back(), 1e-9);
  std::string points;
  for (size_t i = 0; i < line.values.size(); ++i) {
    points += fmt::format("{:.1f},{:.1f} ", chart.positions[i] / last * kWidth,
                          kHeight - line.values[i] / top * kHeight);
  }
  return points;
}

std::string Draw(const LineChart& chart, const ChartLine& line, double top) {
  const std::string points = Points(chart, line, top);
  std::string svg;
  if (line.is_filled) {
    svg = fmt::format(
        "<polygon points=\"0,{0} {1}{2},{0}\" fill=\"var(--{3})\" opacity=\".25\"/>\n",
        kHeight, points, kWidth, line.color);
  }
  return svg + fmt::format(
                   "<polyline points=\"{}\" fill=\"none\" stroke=\"var(--{})\" "
                   "stroke-width=\"2\" vector-effect=\"non-scaling-stroke\"/>\n",
                   points, line.color);
}

std::string Level(double value, double top, const char* style) {
  const double y = kHeight - value / top * kHeight;
  return fmt::format(
      "<line x1=\"0\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\" "
      "vector-effect=\"non-scaling-stroke\" {}/>\n",
      kWidth, y, y, style);
}

double Largest(const ChartLine& line) {
  return line.values.empty() ? 0
                             : *std::max_element(line.values.begin(), line.values.end());
}

std::string Legend(const LineChart& chart) {
  std::string html = "<figcaption class=\"legend\">";
  for (const ChartLine& line : chart.lines) {
    html += fmt::format(
        "<span><i style=\"background: var(--{})\"></i>{}, at most {}</span>", line.color,
        EscapeHtml(line.name), Format(Largest(line), chart.is_bytes));
  }
  if (chart.limit.has_value()) {
    html += fmt::format("<span>{} {}</span>", EscapeHtml(chart.limit_name),
                        Format(*chart.limit, chart.is_bytes));
  }
  return html + "</figcaption>\n";
}

std::string Tick(double share, double value, bool is_bytes) {
  return fmt::format("<span class=\"tick\" style=\"bottom: {:.0f}%\">{}</span>\n",
                     share * 100, Format(value, is_bytes));
}

std::string Figure(const std::string& title, const std::string& caption,
                   const std::string& svg, const std::string& ticks,
                   const std::vector<std::string>& x_labels) {
  std::string labels;
  for (const std::string& label : x_labels) {
    labels += "<span>" + EscapeHtml(label) + "</span>";
  }
  return fmt::format(
      "<figure>\n<h2>{}</h2>\n{}<div class=\"plot\">\n<svg viewBox=\"0 0 {} {}\" "
      "preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">\n{}</svg>\n{}"
      "</div>\n<div class=\"times\">{}</div>\n</figure>\n",
      EscapeHtml(title), caption, kWidth, kHeight, EscapeHtml(title), svg, ticks, labels);
}

}  // namespace

std::string DrawLines(const LineChart& chart) {
  if (chart.positions.empty()) return "";
  double largest = 0;
  for (const ChartLine& line : chart.lines) largest = std::max(largest, Largest(line));
  constexpr double kFarAbove = 4;
  const bool shows_limit = chart.limit.has_value() && *chart.limit <= kFarAbove * largest;
  const double top =
      RoundTop(shows_limit ? std::max(largest, *chart.limit) : largest, chart.is_bytes);
  std::string svg;
  std::string ticks;
  for (const double share : {0.0, 0.5, 1.0}) {
    svg += Level(share * top, top, "stroke=\"var(--line)\"");
    ticks += Tick(share, share * top, chart.is_bytes);
  }
  for (const ChartLine& line : chart.lines) svg += Draw(chart, line, top);
  if (shows_limit) {
    svg += Level(*chart.limit, top, "stroke=\"var(--ink)\" stroke-dasharray=\"6 4\"");
  }
  const double last = chart.positions.back();
  std::vector<std::string> x_labels = chart.x_labels;
  if (x_labels.empty()) x_labels = {"0 s", FormatSeconds(last / 2), FormatSeconds(last)};
  return Figure(chart.title, Legend(chart), svg, ticks, x_labels);
}

std::string DrawBars(const BarChart& chart) {
  if (chart.values.empty()) return "";
  const double largest = std::max(
      chart.least_top, *std::max_element(chart.values.begin(), chart.values.end()));
  double mean = 0;
  for (const double value : chart.values) mean += value;
  mean /= static_cast<double>(chart.values.size());
  const double top = RoundTop(largest, chart.is_bytes);
  const double width = kWidth / static_cast<double>(chart.values.size());
  std::string svg;
  std::string ticks;
  for (const double share : {0.0, 0.5, 1.0}) {
    svg += Level(share * top, top, "stroke=\"var(--line)\"");
    ticks += Tick(share, share * top, chart.is_bytes);
  }
  for (size_t i = 0; i < chart.values.size(); ++i) {
    const double height = chart.values[i] / top * kHeight;
    svg += fmt::format(
        "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" "
        "fill=\"var(--{})\"><title>node {}: {}</title></rect>\n",
        (static_cast<double>(i) + 0.1) * width, kHeight - height, width * 0.8, height,
        chart.color, i + 1, Format(chart.values[i], chart.is_bytes));
  }
  svg += Level(mean, top, "stroke=\"var(--ink)\" stroke-dasharray=\"6 4\"");
  const std::string caption = fmt::format(
      "<figcaption>{}; the line is the mean</figcaption>\n", EscapeHtml(chart.caption));
  std::vector<std::string> x_labels = {"node 1"};
  if (chart.values.size() > 1) {
    x_labels.push_back(fmt::format("node {}", chart.values.size()));
  }
  return Figure(chart.title, caption, svg, ticks, x_labels);
}

std::string DrawSpans(const std::vector<Span>& spans, double seconds) {
  const double all = std::max(seconds, 1e-9);
  std::string html;
  for (const Span& span : spans) {
    const double begin = std::clamp(span.begin_seconds / all, 0.0, 1.0);
    const double width = std::clamp(span.seconds / all, 0.0, 1.0 - begin);
    html += fmt::format(
        "<div class=\"span\"><div class=\"name\">{}</div><div class=\"bar\"><i "
        "style=\"margin-left: {:.2f}%; "
        "width: {:.2f}%\"></i></div><div class=\"number\">{}</div></div>\n",
        EscapeHtml(span.name), begin * 100, width * 100, FormatSeconds(span.seconds));
  }
  return html;
}

}  // namespace windrow::runner
