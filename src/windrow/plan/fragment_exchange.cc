// SPDX-License-Identifier: Apache-2.0
#include <arrow/type.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "windrow/plan/fragment_planner.h"
#include "windrow/plan/fragment_rows.h"
#include "windrow/plan/open_files.h"

namespace windrow::plan {

namespace {

/// More partitions make more pieces than they are worth.
constexpr int kMostPartitions = 1024;

}  // namespace

Result<NodePtr> ScanOf(const std::string& name,
                       const std::shared_ptr<arrow::Schema>& schema) {
  ScanNode scan{OpenBatches(schema, {}), {}};
  scan.columns.resize(static_cast<size_t>(schema->num_fields()));
  std::iota(scan.columns.begin(), scan.columns.end(), 0);
  return MakeNode(name, std::move(scan));
}

PieceInput FragmentPlanner::Exchange::InputOf(IndexRange partitions,
                                              IndexRange map_tasks) const {
  PieceInput input{name, {}};
  for (int task = map_tasks.begin; task < map_tasks.end; ++task) {
    for (int p = partitions.begin; p < partitions.end; ++p) {
      const auto at = static_cast<size_t>(task);
      if (sizes[at][static_cast<size_t>(p)].rows > 0) {
        input.pieces.push_back(PieceAt(at, p));
      }
    }
  }
  return input;
}

std::vector<int> FragmentPlanner::Exchange::fragments() const {
  std::vector<int> ids;
  for (const auto& [fragment, task] : tasks) {
    if (ids.empty() || ids.back() != fragment) ids.push_back(fragment);
  }
  return ids;
}

int64_t FragmentPlanner::Exchange::rows() const {
  int64_t rows = 0;
  for (const auto& pieces : sizes) {
    for (const PieceSize& piece : pieces) rows += piece.rows;
  }
  return rows;
}

int64_t FragmentPlanner::Exchange::bytes() const {
  int64_t bytes = 0;
  for (const auto& pieces : sizes) {
    for (const PieceSize& piece : pieces) bytes += piece.rows > 0 ? piece.bytes : 0;
  }
  return bytes;
}

const FragmentPlanner::Exchange* FragmentPlanner::Find(const NodePtr& node,
                                                       const std::string& purpose) {
  const auto found = exchanges_.find({node.get(), purpose, order_matters_});
  if (found == exchanges_.end()) return nullptr;
  found->second->is_read = true;
  return found->second.get();
}

/// Rows that are kept keep their order, whoever reads them; null until they are there.
const FragmentPlanner::Exchange* FragmentPlanner::FindKept(const std::string& step) {
  const auto found = exchanges_.find({kept_.at(step), kKeep, true});
  if (found == exchanges_.end() || !found->second->is_complete()) return nullptr;
  found->second->is_read = true;
  return found->second.get();
}

FragmentPlanner::Exchange& FragmentPlanner::Start(const NodePtr& node,
                                                  const std::string& purpose, Rows rows,
                                                  ExchangeSpec spec) {
  auto exchange = std::make_unique<Exchange>();
  // A plan that is not cut reads rows that were kept under the name it knows.
  exchange->name =
      rows.parts[0].is_whole ? node->step : "exchange " + std::to_string(next_fragment_);
  exchange->schema = rows.parts[0].plan->schema;
  exchange->order = rows.order;
  exchange->spec = spec;
  for (Part& part : rows.parts) {
    Fragment fragment;
    fragment.id = next_fragment_++;
    fragment.root = std::move(part.plan);
    fragment.sources = std::move(part.sources);
    for (const auto& [name, schema] : part.inputs) {
      exchange->inputs.push_back(exchange_of_name_.at(name));
    }
    fragment.inputs = std::move(part.inputs);
    fragment.on_driver = part.on_driver;
    fragment.is_whole = part.is_whole;
    fragment.exchange = spec;
    fragment.tasks = std::move(part.tasks);
    for (size_t task = 0; task < fragment.tasks.size(); ++task) {
      exchange->place[{fragment.id, static_cast<int>(task)}] = exchange->tasks.size();
      exchange->tasks.emplace_back(fragment.id, static_cast<int>(task));
    }
    exchange_of_fragment_[fragment.id] = exchange.get();
    started_.push_back(std::move(fragment));
  }
  exchange->is_read = true;
  exchange_of_name_[exchange->name] = exchange.get();
  exchange->sizes.resize(exchange->tasks.size());
  exchange->samples.resize(exchange->tasks.size());
  auto& started = exchanges_[{node.get(), purpose, order_matters_}];
  started = std::move(exchange);
  return *started;
}

/// All of an exchange as the input of one task.
FragmentPlanner::Rows FragmentPlanner::OneTask(const Exchange& exchange) const {
  Part part;
  part.plan = ScanOf(exchange.name, exchange.schema).ValueOrDie();
  part.inputs[exchange.name] = exchange.schema;
  PieceInput input = exchange.InputOf({0, exchange.spec.partitions},
                                      {0, static_cast<int>(exchange.tasks.size())});
  part.tasks.push_back({std::nullopt, {std::move(input)}, 0, exchange.bytes()});
  Order order = exchange.order;
  order.within = exchange.order.holds() && exchange.spec.partitions == 1;
  order.across = true;
  return {{std::move(part)}, std::move(order)};
}

/// A task for what each task wrote, in the same order; one at least.
FragmentPlanner::Rows FragmentPlanner::TaskForEach(const Exchange& exchange) const {
  Rows rows = OneTask(exchange);
  rows.order = exchange.order;
  std::vector<FragmentTask>& tasks = rows.parts[0].tasks;
  tasks.clear();
  int64_t first_row = 0;
  for (size_t task = 0; task < exchange.tasks.size(); ++task) {
    const PieceSize& size = exchange.sizes[task][0];
    if (size.rows == 0) continue;
    tasks.push_back({std::nullopt,
                     {{exchange.name, {exchange.PieceAt(task, 0)}}},
                     first_row,
                     size.bytes});
    first_row += size.rows;
  }
  if (tasks.empty()) tasks.push_back({std::nullopt, {{exchange.name, {}}}, 0, 0});
  return rows;
}

std::vector<FragmentTask> FragmentPlanner::TaskForPartitions(
    const Exchange& exchange) const {
  std::vector<FragmentTask> tasks;
  int64_t first_row = 0;
  for (int p = 0; p < exchange.spec.partitions; ++p) {
    FragmentTask& task = tasks.emplace_back();
    task.first_row = first_row;
    for (const auto& pieces : exchange.sizes) {
      first_row += pieces[static_cast<size_t>(p)].rows;
      task.bytes += pieces[static_cast<size_t>(p)].bytes;
    }
    task.inputs.push_back(
        exchange.InputOf({p, p + 1}, {0, static_cast<int>(exchange.tasks.size())}));
  }
  return tasks;
}

ReduceRules FragmentPlanner::Rules() const {
  ReduceRules rules;
  rules.slots = shape_.slots;
  rules.least_load = std::min(rules.least_load, switches_.piece_bytes);
  rules.most_together = 2 * switches_.piece_bytes;
  return rules;
}

int FragmentPlanner::PartitionsFor(const std::optional<int64_t>& bytes) const {
  const int64_t least = int64_t{4} * shape_.slots;
  if (!bytes.has_value())
    return static_cast<int>(std::min<int64_t>(least, kMostPartitions));
  if (*bytes <= switches_.piece_bytes / 8) return 1;
  const int64_t by_size = *bytes / switches_.piece_bytes + 1;
  return static_cast<int>(std::clamp<int64_t>(
      by_size, std::min<int64_t>(least, kMostPartitions), kMostPartitions));
}

/// What was not looked at can only be read by tasks that run.
void FragmentPlanner::FindUnused() {
  std::set<const Exchange*> taken;
  for (const auto& [key, exchange] : exchanges_) {
    if (exchange->is_complete()) continue;
    taken.insert(exchange->inputs.begin(), exchange->inputs.end());
  }
  for (const auto& [key, exchange] : exchanges_) {
    if (exchange->is_read || exchange->is_unused || taken.contains(exchange.get()) ||
        !exchange->is_complete()) {
      continue;
    }
    exchange->is_unused = true;
    for (size_t task = 0; task < exchange->tasks.size(); ++task) {
      for (int p = 0; p < exchange->spec.partitions; ++p) {
        unused_.push_back(exchange->PieceAt(task, p));
      }
    }
  }
}

std::vector<Piece> FragmentPlanner::TakeUnused() { return std::exchange(unused_, {}); }

}  // namespace windrow::plan
