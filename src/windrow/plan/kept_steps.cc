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
  /// Counts who reads each step, and finds which are not to be made again.
  void Survey(const NodePtr& node) {
    if (++readers_[node.get()] > 1) return;
    bool is_dear =
        node->As<CollectNode>() != nullptr || node->As<AggregateNode>() != nullptr;
    if (const auto* scan = node->As<ScanNode>()) {
      is_dear = scan->table->is_read_once();
      names_.insert(node->step);
    }
    for (const NodePtr& input : InputsOf(*node)) {
      Survey(input);
      is_dear |= dear_.contains(input.get());
    }
    if (is_dear) dear_.insert(node.get());
  }

  bool IsShared(const LogicalNode& node) const {
    return readers_.at(&node) > 1 && dear_.contains(&node);
  }

  /// Filters and projects of kept rows are not kept themselves.
  bool IsLinkOfKept(const LogicalNode& node) const {
    if (!IsLink(node)) return false;
    const NodePtr input = InputsOf(node)[0];
    return IsLink(*input) ? IsLinkOfKept(*input) : IsShared(*input);
  }

  /// `node` with what has to be kept replaced by scans, itself too. Rows of a union's
  /// input must come straight from a scan.
  Result<NodePtr> Cut(const NodePtr& node, bool is_union_input) {
    const auto known = cut_.find(node.get());
    if (known != cut_.end()) return known->second;
    const bool is_shared = IsShared(*node) && !IsLinkOfKept(*node);
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
    if (node->As<ScanNode>() != nullptr) return AllColumns(std::move(node), step);
    return MakeNode(step, decltype(LogicalNode::op)(node->op));
  }

  /// A scan finds its table by its name, so it keeps it.
  static Result<NodePtr> AllColumns(NodePtr scan, const std::string& step) {
    ProjectNode project{scan, {}};
    for (const std::string& name : scan->schema->field_names()) {
      project.columns.push_back({name, Expr::Column(name)});
    }
    return MakeNode(step, std::move(project));
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
  std::set<const LogicalNode*> dear_;  ///< hold groups, or read what is read once
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
