// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "windrow/plan/logical_plan.h"

namespace windrow::plan {

/// The plan of an aggregate over `input`: a projection that computes keys and arguments,
/// the aggregate of columns, and a projection that computes what is written around the
/// calls. Projections that would change nothing are left out. Keys without an
/// expression are columns of the input, as the caller has checked. A UserError names the
/// document and the place.
Result<NodePtr> BindAggregate(const AggregateSpec& spec, const std::string& step,
                              const NodePtr& input, const std::string& document);

}  // namespace windrow::plan
