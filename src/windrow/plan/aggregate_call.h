// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "windrow/column/aggregate_type.h"
#include "windrow/plan/expression.h"

namespace windrow::plan {

/// The aggregate that a call names; nothing for any other expression.
std::optional<column::Aggregate> AggregateOf(const Expr& call);

/// Names as they are written, sorted.
const std::vector<std::string>& AggregateNames();

}  // namespace windrow::plan
