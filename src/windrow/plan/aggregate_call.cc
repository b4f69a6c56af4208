// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/aggregate_call.h"

#include <map>
#include <string_view>

namespace windrow::plan {

using column::Aggregate;

std::optional<Aggregate> AggregateOf(const Expr& call) {
  static const std::map<std::string_view, Aggregate> kCalls = {
      {"avg", Aggregate::kAvg},           {"count", Aggregate::kCount},
      {"count *", Aggregate::kCountRows}, {"count distinct", Aggregate::kCountDistinct},
      {"first", Aggregate::kFirst},       {"last", Aggregate::kLast},
      {"max", Aggregate::kMax},           {"mean", Aggregate::kAvg},
      {"min", Aggregate::kMin},           {"sum", Aggregate::kSum},
  };
  if (call.kind() != ExprKind::kCall) return std::nullopt;
  const auto found = kCalls.find(call.name());
  if (found == kCalls.end()) return std::nullopt;
  return found->second;
}

const std::vector<std::string>& AggregateNames() {
  static const std::vector<std::string> kNames = {"avg", "count", "first", "last",
                                                  "max", "mean",  "min",   "sum"};
  return kNames;
}

}  // namespace windrow::plan
