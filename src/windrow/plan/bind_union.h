// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "windrow/plan/logical_plan.h"

namespace windrow::plan {

/// The union of `inputs`, not none: columns go together by name and come out in the order
/// in which they are met, null where an input has none. Their types are the narrowest
/// that hold all inputs' values; dictionaries of different kinds become plain. `step`
/// names the projects this takes. UserError when types do not go together.
Result<UnionNode> BindUnion(const std::vector<NodePtr>& inputs, const std::string& step);

}  // namespace windrow::plan
