// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace windrow::runner {

/// One quantity over time.
struct ChartLine {
  std::string name;
  std::string color;           ///< of the page's style: "one", "two" or "three"
  std::vector<double> values;  ///< as many as there are times
  bool is_filled = false;      ///< down to zero
};

/// Quantities over time, drawn from zero.
struct TimeChart {
  std::string title;
  std::vector<double> seconds;  ///< ascending
  std::vector<ChartLine> lines;
  std::optional<double> limit;  ///< a level to compare with
  std::string limit_name;
  bool is_bytes = false;  ///< else plain numbers
};

/// A figure for an HtmlPage, with a legend that tells the largest value of each line. A
/// limit far above the lines is told there and not drawn.
std::string DrawTimeChart(const TimeChart& chart);

/// A piece of work and when it was done.
struct Span {
  std::string name;
  double begin_seconds = 0;
  double seconds = 0;
};

/// Spans one below the other over the time from 0 to `seconds`.
std::string DrawSpans(const std::vector<Span>& spans, double seconds);

}  // namespace windrow::runner
