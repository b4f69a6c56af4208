// SPDX-License-Identifier: Apache-2.0
#include "windrow/runner/stage_graph.h"

#include <set>

namespace windrow::runner {

StageGraph::StageGraph(const std::vector<plan::Stage>& stages) : nodes_(stages.size()) {
  std::map<int, size_t> join_makers;
  std::map<std::string, size_t> step_makers;
  for (size_t i = 0; i < stages.size(); ++i) {
    nodes_[i].taken = plan::TakenBy(stages[i]);
    std::set<size_t> makers;
    for (const int join : nodes_[i].taken.joins) {
      ++join_takers_[join];
      const auto maker = join_makers.find(join);
      if (maker != join_makers.end()) makers.insert(maker->second);
    }
    for (const std::string& step : nodes_[i].taken.steps) {
      ++step_takers_[step];
      const auto maker = step_makers.find(step);
      if (maker != step_makers.end()) makers.insert(maker->second);
    }
    nodes_[i].waits_for = makers.size();
    for (const size_t maker : makers) nodes_[maker].followers.push_back(i);
    const plan::StageLinks made = plan::MadeBy(stages[i]);
    for (const int join : made.joins) join_makers[join] = i;
    for (const std::string& step : made.steps) step_makers[step] = i;
  }
}

std::optional<size_t> StageGraph::Start() {
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].is_started || nodes_[i].waits_for > 0) continue;
    nodes_[i].is_started = true;
    ++num_started_;
    return i;
  }
  return std::nullopt;
}

plan::StageLinks StageGraph::End(size_t stage) {
  for (const size_t follower : nodes_[stage].followers) --nodes_[follower].waits_for;
  plan::StageLinks last;
  for (const int join : nodes_[stage].taken.joins) {
    if (--join_takers_[join] == 0) last.joins.insert(join);
  }
  for (const std::string& step : nodes_[stage].taken.steps) {
    if (--step_takers_[step] == 0) last.steps.insert(step);
  }
  return last;
}

}  // namespace windrow::runner
