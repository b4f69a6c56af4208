// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/stage_links.h"

namespace windrow::plan {
namespace {

void AddTaken(const std::vector<StageOp>& ops, StageLinks* taken) {
  for (const StageOp& op : ops) {
    if (const auto* probe = std::get_if<ProbeOp>(&op.kind)) {
      taken->joins.insert(probe->join);
    } else if (const auto* swapped = std::get_if<SwappedProbeOp>(&op.kind)) {
      taken->joins.insert(swapped->join);
      if (!swapped->right_source.empty()) taken->steps.insert(swapped->right_source);
    }
  }
}

}  // namespace

StageLinks MadeBy(const Stage& stage) {
  StageLinks made;
  if (const auto* check = std::get_if<KeyCheckStage>(&stage.kind)) {
    made.joins.insert(check->join);
  } else if (const auto* pipeline = std::get_if<PipelineStage>(&stage.kind)) {
    if (const auto* build = std::get_if<BuildOutput>(&pipeline->output)) {
      made.joins.insert(build->join);
    } else if (const auto* keep = std::get_if<KeepOutput>(&pipeline->output)) {
      made.steps.insert(keep->step);
    }
  }
  return made;
}

StageLinks TakenBy(const Stage& stage) {
  StageLinks taken;
  if (const auto* check = std::get_if<KeyCheckStage>(&stage.kind)) {
    taken.steps.insert(check->source);
  } else if (const auto* order = std::get_if<KeyOrderStage>(&stage.kind)) {
    taken.steps.insert(order->source);
  } else {
    const auto& pipeline = std::get<PipelineStage>(stage.kind);
    for (const StageInput& input : pipeline.inputs) {
      taken.steps.insert(input.source);
      AddTaken(input.ops, &taken);
    }
    AddTaken(pipeline.ops, &taken);
    const auto* build = std::get_if<BuildOutput>(&pipeline.output);
    if (build != nullptr && !build->side.late_source.empty()) {
      taken.steps.insert(build->side.late_source);
    }
  }
  return taken;
}

}  // namespace windrow::plan
