// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace windrow::runner {

/// One quantity.
struct ChartLine {
  std::string name;
  std::string color;           ///< of the page's style: "one", "two" or "three"
  std::vector<double> values;  ///< as many as there are positions
  bool is_filled = false;      ///< down to zero
};

/// Quantities over time or another axis, drawn from zero.
struct LineChart {
  std::string title;
  std::vector<double> positions;      ///< ascending; the last is the right end
  std::vector<std::string> x_labels;  ///< spread evenly below; none: of seconds
  std::vector<ChartLine> lines;
  std::optional<double> limit;  ///< a level to compare with
  std::string limit_name;
  bool is_bytes = false;  ///< else plain numbers
};

/// A figure for an HtmlPage, with a legend that tells the largest value of each line. A
/// limit far above the lines is told there and not drawn.
std::string DrawLines(const LineChart& chart);

/// One bar of each of some things, beside each other, with the level of their mean.
struct BarChart {
  std::string title;
  std::string color;
  std::vector<double> values;
  std::string caption;  ///< what is to be seen
  bool is_bytes = false;
  double least_top = 0;  ///< the scale goes as far, for charts that are compared
};
std::string DrawBars(const BarChart& chart);

/// A piece of work and when it was done.
struct Span {
  std::string name;
  double begin_seconds = 0;
  double seconds = 0;
};

/// Spans one below the other over the time from 0 to `seconds`.
std::string DrawSpans(const std::vector<Span>& spans, double seconds);

}  // namespace windrow::runner
