// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/kept_steps.h"

#include <arrow/type.h>

#include <iterator>
#include <map>
#include <numeric>
#include <set>
#include <utility>

namespace windrow::plan {
namespace {

/// Maps a batch to a batch, so it can stand behind one input of a union.
bool IsLink(const LogicalNode& node) {
  return node.As<FilterNode>() != nullptr || node.As<ProjectNode>() != nullptr ||
         node.As<ProbeMeasurementsNode>() != nullptr;
}

class StepKeeper {
 public:
  explicit StepKeeper(const KeptTableOpener& open) : open_(open) {}

  Result<std::vector<LogicalPlan>> Keep(const std::vector<LogicalPlan>& plans) {
    for (const LogicalPlan& plan : plans) Survey(plan.root);
    std::vector<LogicalPlan> all;
    for (const LogicalPlan& plan : plans) {
      ARROW_ASSIGN_OR_RAISE(NodePtr root, Cut(plan.root, false));
      all.insert(all.end(), std::make_move_iterator(kept_.begin()),
                 std::make_move_iterator(kept_.end()));
      kept_.clear();
      all.push_back({std::move(root), plan.sink});
    }
    return all;
  }

 private:
  /// Counts who reads each step, and finds which hold groups.
  void Survey(const NodePtr& node) {
    if (++readers_[node.get()] > 1) return;
    bool groups =
        node->As<CollectNode>() != nullptr || node->As<AggregateNode>() != nullptr;
    for (const NodePtr& input : InputsOf(*node)) {
      Survey(input);
      groups |= holds_groups_.contains(input.get());
    }
    if (groups) holds_groups_.insert(node.get());
  }

  bool IsSharedGroups(const LogicalNode& node) const {
    return readers_.at(&node) > 1 && holds_groups_.contains(&node);
  }

  /// Filters and projects of kept rows are not kept themselves.
  bool IsLinkOfKept(const LogicalNode& node) const {
    if (!IsLink(node)) return false;
    const NodePtr input = InputsOf(node)[0];
    return IsLink(*input) ? IsLinkOfKept(*input) : IsSharedGroups(*input);
  }

  /// `node` with what has to be kept replaced by scans, itself too. Rows of a union's
  /// input must come straight from a scan.
  Result<NodePtr> Cut(const NodePtr& node, bool is_union_input) {
    const auto known = cut_.find(node.get());
    if (known != cut_.end()) return known->second;
    const bool is_shared = IsSharedGroups(*node) && !IsLinkOfKept(*node);
    const bool is_union = node->As<UnionNode>() != nullptr;
    const bool passes_on = is_union_input && !is_shared && IsLink(*node);
    std::vector<NodePtr> inputs = InputsOf(*node);
    for (NodePtr& input : inputs) {
      ARROW_ASSIGN_OR_RAISE(input, Cut(input, is_union || passes_on));
    }
    const bool streams = is_union || passes_on || node->As<ScanNode>() != nullptr;
    ARROW_ASSIGN_OR_RAISE(NodePtr result, WithInputs(*node, std::move(inputs)));
    if (is_shared || (is_union_input && !streams)) {
      ARROW_ASSIGN_OR_RAISE(result, KeepRows(std::move(result)));
    }
    if (is_shared) cut_[node.get()] = result;
    return result;
  }

  Result<NodePtr> KeepRows(NodePtr node) {
    const std::string step = NameFor(node->step);
    ScanNode scan{open_(step, node->schema), {}};
    scan.columns.resize(static_cast<size_t>(node->schema->num_fields()));
    std::iota(scan.columns.begin(), scan.columns.end(), 0);
    ARROW_ASSIGN_OR_RAISE(NodePtr root, Renamed(std::move(node), step));
    kept_.push_back({std::move(root), std::nullopt});
    return MakeNode(step, std::move(scan));
  }

  static Result<NodePtr> Renamed(NodePtr node, const std::string& step) {
    if (node->step == step) return node;
    return MakeNode(step, decltype(LogicalNode::op)(node->op));
  }

  /// A step is kept once under its own name; nodes made for it get others.
  std::string NameFor(const std::string& step) {
    std::string name = step;
    for (int i = 2; !names_.insert(name).second; ++i) {
      name = step + " (" + std::to_string(i) + ")";
    }
    return name;
  }

  const KeptTableOpener& open_;
  std::map<const LogicalNode*, int> readers_;
  std::set<const LogicalNode*> holds_groups_;
  std::map<const LogicalNode*, NodePtr> cut_;
  std::vector<LogicalPlan> kept_;
  std::set<std::string> names_;
};

}  // namespace

Result<std::vector<LogicalPlan>> KeepSharedSteps(const std::vector<LogicalPlan>& plans,
                                                 const KeptTableOpener& open) {
  return StepKeeper(open).Keep(plans);
}

}  // namespace windrow::plan
