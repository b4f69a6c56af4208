// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace windrow::runner {

// Pages that need nothing but themselves: no script, no font, no picture from elsewhere.
// They follow the reader's light or dark setting and any width.

/// `text` so that HTML shows it as it is, also within quotes.
std::string EscapeHtml(std::string_view text);

/// The whole document; `body` is HTML.
std::string HtmlPage(std::string_view title, std::string_view body);

/// A row of figures with what they are: (what, figure), plain text.
std::string HtmlFigures(const std::vector<std::pair<std::string, std::string>>& figures);

/// A table; cells are HTML. Columns that hold only numbers stand right.
std::string HtmlTable(const std::vector<std::string>& heads,
                      const std::vector<std::vector<std::string>>& rows);

/// "12,345,678".
std::string FormatCount(int64_t count);
/// "1.23 s", "45 ms", "2 min 3 s".
std::string FormatSeconds(double seconds);

}  // namespace windrow::runner
