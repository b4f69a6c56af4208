// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "windrow/exec/concat_source.h"
#include "windrow/exec/pipeline.h"
#include "windrow/exec/run_context.h"
#include "windrow/op/built_side.h"
#include "windrow/op/collected_groups.h"
#include "windrow/plan/bind_settings.h"
#include "windrow/plan/instantiate.h"
#include "windrow/plan/physical_plan.h"

namespace windrow::plan {

/// What the stages of one join share.
struct JoinState {
  std::shared_ptr<op::BuiltSide> built;
  exec::StepMetrics* metrics = nullptr;
};

/// Puts one stage's pipeline together, following the schema from link to link. Private to
/// instantiate.cc and pipeline_maker.cc.
class Instantiator::PipelineMaker {
 public:
  explicit PipelineMaker(Instantiator* owner)
      : owner_(owner), context_(owner->context_) {}

  Result<exec::Pipeline> Make(const PipelineStage& stage);

 private:
  Status OpenSources(const PipelineStage& stage);
  Result<exec::ConcatPart> OpenInput(const StageInput& input);
  exec::StepMetrics* Metrics(const std::string& kind);
  BindSettings Settings() const { return {context_->label_memo_bytes}; }
  void AddOperator(std::unique_ptr<exec::Operator> op, const std::string& kind);
  void AddBreaker(std::unique_ptr<exec::Breaker> breaker, const std::string& kind);
  Status Add(const FilterOp& filter);
  Status Add(const ProjectOp& project);
  Status Add(const ProbeOp& probe);
  Status Add(const SwappedProbeOp& probe);
  Status Add(const SortOp& sort);
  Status Add(const CollectOp& collect);
  Status Add(const AggregateOp& aggregate);
  Status Add(const NumberRowsOp& numbers);
  Status Add(const ProbeMeasurementsOp& probes);
  Status Add(const ProbeRecordsOp& probes);
  Status Add(const LimitOp& limit);
  Status End(const BuildOutput& output);
  Status End(const KeepOutput& output);
  Status End(const SinkOutput& output);
  Status End(const ExchangeOutput& output);

  Instantiator* owner_;
  exec::RunContext* context_;
  exec::Pipeline pipeline_;
  std::shared_ptr<arrow::Schema> schema_;
  const std::string* step_ = nullptr;
  std::shared_ptr<const op::CollectedGroups> collected_groups_;  ///< of the last collect
};

/// Where each of `names` stands in `schema`; every one is there.
std::vector<int> IndicesOf(const std::vector<std::string>& names,
                           const arrow::Schema& schema);

}  // namespace windrow::plan
