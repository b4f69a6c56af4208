// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "windrow/plan/logical_plan.h"

namespace windrow::plan {

/// The columns that `join.condition` reads of the sides, left ones first. Names are those
/// of the joined rows before columns are chosen: a key that both sides name alike is the
/// left side's, and another name of the right side that the left has too carries the
/// suffix. UserError when the condition does not fit these columns, or reads a name that
/// without a suffix is in both sides.
Result<std::vector<JoinColumn>> ConditionColumns(const JoinNode& join,
                                                 std::string_view suffix);

}  // namespace windrow::plan
