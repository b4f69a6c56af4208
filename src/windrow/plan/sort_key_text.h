// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "windrow/base/status.h"
#include "windrow/plan/job_spec.h"

namespace windrow::plan {

inline constexpr std::string_view kSortKeyForm = "COLUMN [asc|desc] [nulls first|last]";

/// Reads a sort key such as `price desc` or `"my column" asc nulls first`. Words in any
/// case; a column's name with spaces or quotes stands in double quotes, a quote inside it
/// doubled. Ascending, nulls last, unless said otherwise.
Result<SortKey> ParseSortKey(std::string_view text);

/// Whether FormatSortKey can write the column's name without quotes.
bool IsBareSortColumn(std::string_view name);

/// The shortest text that ParseSortKey reads as `key`.
std::string FormatSortKey(const SortKey& key);

}  // namespace windrow::plan
