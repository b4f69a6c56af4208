// SPDX-License-Identifier: Apache-2.0
#include "windrow/runner/stage_graph.h"

#include <gtest/gtest.h>

namespace windrow::runner {
namespace {

using plan::PipelineStage;
using plan::Stage;

plan::StageOp Probe(int join) {
  return {"join " + std::to_string(join), plan::ProbeOp{.join = join}};
}

PipelineStage Reads(const std::string& source) {
  PipelineStage stage;
  stage.inputs.push_back({.source = source});
  return stage;
}

Stage Keeps(int id, const std::string& source, const std::string& step) {
  PipelineStage stage = Reads(source);
  stage.output = plan::KeepOutput{step};
  return {id, std::move(stage)};
}

Stage Builds(int id, const std::string& source, int join) {
  PipelineStage stage = Reads(source);
  stage.output = plan::BuildOutput{.join = join};
  return {id, std::move(stage)};
}

Stage Joins(int id, const std::string& source, int join, const std::string& step) {
  PipelineStage stage = Reads(source);
  stage.ops.push_back(Probe(join));
  stage.output = plan::KeepOutput{step};
  return {id, std::move(stage)};
}

TEST(StageGraph, StartsWhatWaitsForNothingInOrder) {
  StageGraph graph({Keeps(0, "file", "a"), Builds(1, "a", 7), Builds(2, "file", 8),
                    Joins(3, "a", 7, "b")});
  EXPECT_EQ(graph.Start(), 0);
  EXPECT_EQ(graph.Start(), 2);
  EXPECT_EQ(graph.Start(), std::nullopt);
  EXPECT_FALSE(graph.all_started());
  graph.End(2);
  EXPECT_EQ(graph.Start(), std::nullopt);
  graph.End(0);
  EXPECT_EQ(graph.Start(), 1);
  EXPECT_EQ(graph.Start(), std::nullopt);
  graph.End(1);
  EXPECT_EQ(graph.Start(), 3);
  EXPECT_TRUE(graph.all_started());
}

TEST(StageGraph, TellsWhatNobodyTakesAnyMore) {
  StageGraph graph({Keeps(0, "file", "a"), Builds(1, "file", 7), Joins(2, "a", 7, "b"),
                    Keeps(3, "a", "c")});
  while (graph.Start().has_value()) {
  }
  EXPECT_TRUE(graph.End(0).steps.empty());
  EXPECT_EQ(graph.End(1).steps, std::set<std::string>{"file"});
  const plan::StageLinks last = graph.End(2);
  EXPECT_EQ(last.joins, std::set<int>{7});
  EXPECT_TRUE(last.steps.empty());
  EXPECT_EQ(graph.End(3).steps, std::set<std::string>{"a"});
}

/// An input of a union may join before it does; a late build side reads its source later.
TEST(StageGraph, SeesWhatInputsAndLateSidesTake) {
  PipelineStage all = Reads("x");
  all.inputs[0].ops.push_back(Probe(1));
  PipelineStage late = Reads("y");
  late.output = plan::BuildOutput{.join = 2, .side = {{}, "payload"}};
  PipelineStage swapped = Reads("z");
  swapped.ops.push_back(
      {"join", plan::SwappedProbeOp{.join = 2, .right_source = "right"}});
  EXPECT_EQ(plan::TakenBy({0, all}).joins, std::set<int>{1});
  EXPECT_EQ(plan::TakenBy({0, late}).steps, (std::set<std::string>{"payload", "y"}));
  EXPECT_EQ(plan::TakenBy({0, swapped}).joins, std::set<int>{2});
  EXPECT_EQ(plan::TakenBy({0, swapped}).steps, (std::set<std::string>{"right", "z"}));
}

}  // namespace
}  // namespace windrow::runner
