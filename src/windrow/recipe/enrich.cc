// SPDX-License-Identifier: Apache-2.0
#include "windrow/recipe/enrich.h"

#include <algorithm>
#include <sstream>

#include "windrow/base/near_name.h"
#include "windrow/plan/job_spec_check.h"
#include "windrow/plan/step_chain.h"

namespace windrow::recipe {
namespace {

using plan::JobSpec;

std::vector<std::string> SplitAtCommas(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

Result<plan::JoinKey> ParseOn(const std::string& on) {
  const size_t equals = on.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == on.size()) {
    return UserError("--on ", on, ": expected QUOTES_COLUMN=SECURITIES_COLUMN");
  }
  return plan::JoinKey{on.substr(0, equals), on.substr(equals + 1)};
}

Result<plan::JoinHow> ParseHow(const std::string& how) {
  using plan::JoinHow;
  for (const JoinHow kind :
       {JoinHow::kInner, JoinHow::kLeft, JoinHow::kSemi, JoinHow::kAnti}) {
    if (how == plan::JoinHowName(kind)) return kind;
  }
  return UserError("--how ", how, ": expected inner, left, semi or anti",
                   DidYouMean(how, {"inner", "left", "semi", "anti"}));
}

Result<std::vector<plan::SortKey>> ParseSortBy(const std::string& sort_by) {
  std::vector<plan::SortKey> keys;
  for (const std::string& part : SplitAtCommas(sort_by)) {
    const size_t colon = part.find(':');
    const std::string order = colon == std::string::npos ? "asc" : part.substr(colon + 1);
    if (order != "asc" && order != "desc") {
      return UserError("--sort-by ", part, ": expected COLUMN:asc or COLUMN:desc");
    }
    keys.push_back({part.substr(0, colon), order == "desc", false});
  }
  return keys;
}

}  // namespace

Result<JobSpec> EnrichJob(const EnrichOptions& options) {
  JobSpec job;
  job.document_name = "enrich";
  ARROW_ASSIGN_OR_RAISE(const plan::JoinKey key, ParseOn(options.on));
  ARROW_ASSIGN_OR_RAISE(const plan::JoinHow how, ParseHow(options.how));
  job.sources.push_back({"quotes", plan::ScanSpec{{options.quotes}, std::nullopt}});
  plan::ScanSpec securities;
  for (const std::string& path : options.securities) securities.paths.push_back(path);
  job.sources.push_back({"securities", std::move(securities)});

  plan::JoinSpec join;
  join.left = "quotes";
  join.right = "securities";
  join.on = {key};
  join.how = how;
  if (options.columns != "all") {
    join.columns.emplace();
    for (std::string& name : SplitAtCommas(options.columns)) {
      join.columns->push_back(std::move(name));
    }
  }
  job.steps.push_back({"enriched", std::move(join)});

  plan::StepChain chain(&job, "enriched");
  if (options.spread) {
    chain.Add("spreads", plan::WithColumnsSpec{{{"spread_pct", "100 * spread / price"},
                                                {"spread_bps", "10000 * spread / price"}},
                                               ""});
  }
  if (!options.filter.empty()) chain.Add("kept", plan::FilterSpec{options.filter, ""});
  ARROW_ASSIGN_OR_RAISE(std::vector<plan::SortKey> keys, ParseSortBy(options.sort_by));
  if (!keys.empty()) {
    plan::SortSpec sort;
    sort.keys = std::move(keys);
    if (options.limit.has_value()) sort.limit = *options.limit;
    chain.Add("ranked", std::move(sort));
  } else if (options.limit.has_value()) {
    chain.Add("first", plan::LimitSpec{*options.limit, ""});
  }
  plan::WriteSpec write;
  write.path = options.output;
  write.from = chain.last();
  job.sinks.push_back(std::move(write));
  ARROW_RETURN_NOT_OK(plan::CompleteJobSpec(job));
  return job;
}

}  // namespace windrow::recipe
