// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/explain_fragments.h"

#include <algorithm>
#include <set>
#include <sstream>
#include <vector>

#include "windrow/base/byte_size.h"
#include "windrow/plan/fragment_rows.h"

namespace windrow::plan {
namespace {

/// Rows of all tasks of a fragment, by estimate.
int64_t RowsOf(const Fragment& fragment) {
  return fragment.root->estimated_rows.value_or(0);
}

/// What its tasks would tell if rows were as many as estimated, and spread evenly.
std::vector<TaskResult> GuessedResults(const Fragment& fragment, int64_t rows) {
  const double row_bytes = RowBytesByType(*fragment.root->schema);
  const auto pieces =
      static_cast<int64_t>(fragment.tasks.size()) * fragment.exchange.partitions;
  const int64_t share = rows / pieces + 1;
  const PieceSize size{share,
                       static_cast<int64_t>(row_bytes * static_cast<double>(share)) + 1};
  std::vector<TaskResult> results;
  for (size_t task = 0; task < fragment.tasks.size(); ++task) {
    TaskResult& result = results.emplace_back();
    result.fragment = fragment.id;
    result.task = static_cast<int>(task);
    result.pieces.assign(static_cast<size_t>(fragment.exchange.partitions), size);
  }
  return results;
}

std::string ExchangeText(const ExchangeSpec& exchange) {
  std::string text;
  for (const std::string& key : exchange.keys) text += (text.empty() ? "" : ", ") + key;
  switch (exchange.kind) {
    case ExchangeSpec::Kind::kHash:
      return "by hash of " + text + " to " + std::to_string(exchange.partitions) +
             " partitions";
    case ExchangeSpec::Kind::kRange:
      return "by ranges to " + std::to_string(exchange.partitions) + " partitions";
    case ExchangeSpec::Kind::kSingle:
      break;
  }
  return exchange.takes_sample ? "kept, with a sample of its order" : "kept as it is";
}

}  // namespace

Result<std::string> ExplainFragments(const PreparedJob& job, const ClusterShape& shape,
                                     const exec::Switches& switches) {
  FragmentPlanner planner(job, shape, switches);
  std::ostringstream text;
  text << "on " << shape.nodes << " nodes\n";
  std::vector<TaskResult> results;
  std::map<std::string, int64_t> rows_of_input;
  size_t told = 0;
  while (!planner.is_done()) {
    ARROW_ASSIGN_OR_RAISE(const std::vector<Fragment> fragments, planner.Next(results));
    for (; told < planner.decisions().size(); ++told) {
      const ExchangeDecision& decision = planner.decisions()[told];
      text << "  " << decision.step << ": " << decision.kind << ", moves about "
           << FormatByteSize(decision.predicted_bytes) << " (" << decision.reason
           << ")\n";
    }
    results.clear();
    for (const Fragment& fragment : fragments) {
      int64_t rows = RowsOf(fragment);
      for (const auto& [name, schema] : fragment.inputs) {
        const auto known = rows_of_input.find(name);
        if (rows == 0 && known != rows_of_input.end()) rows = known->second;
      }
      rows_of_input["exchange " + std::to_string(fragment.id)] = rows;
      text << "  fragment " << fragment.id << ", " << fragment.root->step << ": "
           << fragment.tasks.size() << (fragment.tasks.size() == 1 ? " task" : " tasks");
      for (const std::string& source : fragment.sources) text << ", reads " << source;
      for (const auto& [name, schema] : fragment.inputs) text << ", reads " << name;
      text << ", about " << rows << " rows, " << ExchangeText(fragment.exchange) << '\n';
      for (TaskResult& result : GuessedResults(fragment, rows)) {
        results.push_back(std::move(result));
      }
    }
    if (fragments.empty() && !planner.is_done()) {
      return InternalError("no fragment of the job can start");
    }
  }
  return text.str();
}

}  // namespace windrow::plan
