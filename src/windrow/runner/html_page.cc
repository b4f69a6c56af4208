// SPDX-License-Identifier: Apache-2.0
#include "windrow/runner/html_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace windrow::runner {
namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5b6675; --line: #d9dee6;
  --paper: #ffffff; --card: #f5f7fa; --one: #2f6fbb; --two: #c2571a; --three: #3c8a55; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaf0; --soft: #9aa5b4; --line: #353d49; --paper: #14181e;
    --card: #1d232b; --one: #6aa7f0; --two: #f09a5d; --three: #6cc48a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 68rem;
  background: var(--paper);
  color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p, figcaption { color: var(--soft); margin: .25rem 0 .75rem; }
.figures { display: grid; gap: .5rem; margin: 1rem 0;
  grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); }
.figures div { background: var(--card); border-radius: .4rem; padding: .6rem .75rem; }
.figures span { display: block; color: var(--soft); font-size: .85rem; }
.figures b { font-size: 1.15rem; font-weight: 600; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
td:last-child { min-width: 12rem; }
.number:last-child { min-width: 0; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
figure { margin: 1.25rem 0; }
.plot { position: relative; height: 11rem; margin-left: 4.5rem;
  border-bottom: 1px solid var(--soft); }
.plot svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
.tick { position: absolute; right: 100%; margin-right: .4rem; transform: translateY(50%);
  color: var(--soft); font-size: .8rem; white-space: nowrap; }
.times { display: flex; justify-content: space-between; margin-left: 4.5rem;
  color: var(--soft); font-size: .8rem; }
.legend span { margin-right: 1rem; white-space: nowrap; }
.legend i { display: inline-block; width: .8rem; height: .8rem; border-radius: .15rem;
  margin-right: .3rem; vertical-align: -.08rem; }
.span { display: grid; gap: 0 .75rem; align-items: center; margin-bottom: .15rem;
  font-size: .9rem; grid-template: "name bar number" / minmax(6rem, 14rem) 1fr 5rem; }
.span .name { grid-area: name; overflow-wrap: anywhere; }
.span .number { grid-area: number; }
.span .bar { grid-area: bar; background: var(--card); height: 1.1rem;
  border-radius: .2rem; }
.bar i { display: block; height: 100%; min-width: 2px; border-radius: .2rem;
  background: var(--one); }
@media (max-width: 34rem) {
  .span { grid-template: "name number" "bar bar" / 1fr 5rem; margin-bottom: .5rem; } }
)";

bool IsNumber(std::string_view cell) {
  return !cell.empty() && (std::isdigit(static_cast<unsigned char>(cell[0])) != 0 ||
                           cell[0] == '-' || cell == "–");
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string HtmlPage(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      EscapeHtml(title), kStyle, body);
}

std::string HtmlFigures(const std::vector<std::pair<std::string, std::string>>& figures) {
  std::string html = "<div class=\"figures\">\n";
  for (const auto& [what, figure] : figures) {
    html += fmt::format("<div><span>{}</span><b>{}</b></div>\n", EscapeHtml(what),
                        EscapeHtml(figure));
  }
  return html + "</div>\n";
}

std::string HtmlTable(const std::vector<std::string>& heads,
                      const std::vector<std::vector<std::string>>& rows) {
  std::vector<const char*> classes;
  for (size_t c = 0; c < heads.size(); ++c) {
    const bool is_number = std::all_of(rows.begin(), rows.end(), [&](const auto& row) {
      return row[c].empty() || IsNumber(row[c]);
    });
    classes.push_back(is_number && !rows.empty() ? " class=\"number\"" : "");
  }
  std::string html = "<div class=\"scroll\"><table>\n<tr>";
  for (size_t c = 0; c < heads.size(); ++c) {
    html += fmt::format("<th{}>{}</th>", classes[c], EscapeHtml(heads[c]));
  }
  html += "</tr>\n";
  for (const auto& row : rows) {
    html += "<tr>";
    for (size_t c = 0; c < row.size(); ++c) {
      html += fmt::format("<td{}>{}</td>", classes[c], row[c]);
    }
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::string FormatCount(int64_t count) {
  std::string text = std::to_string(count);
  const auto first = static_cast<int64_t>(count < 0 ? 1 : 0);
  for (int64_t place = std::ssize(text) - 3; place > first; place -= 3) {
    text.insert(static_cast<size_t>(place), ",");
  }
  return text;
}

std::string FormatSeconds(double seconds) {
  if (seconds < 0.0995) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 60) return fmt::format("{:.2f} s", seconds);
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  return fmt::format("{} min {} s", whole / 60, whole % 60);
}

}  // namespace windrow::runner
