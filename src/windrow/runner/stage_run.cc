// SPDX-License-Identifier: Apache-2.0
#include "windrow/runner/stage_run.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "windrow/exec/pipeline.h"

namespace windrow::runner {

StageRun::StageRun(const std::vector<plan::Stage>& stages,
                   plan::Instantiator* instantiator, int at_once)
    : stages_(stages),
      context_(instantiator->context()),
      at_once_(at_once),
      results_(stages.size()),
      sinks_(stages.size()),
      instantiator_(instantiator),
      graph_(stages) {}

Status StageRun::Run() {
  context_->has_failed = &has_failed_;
  std::vector<std::thread> threads;
  const size_t at_once = std::min(static_cast<size_t>(at_once_), stages_.size());
  while (threads.size() + 1 < at_once) threads.emplace_back([this] { Work(); });
  Work();
  for (std::thread& thread : threads) thread.join();
  context_->has_failed = nullptr;
  return first_failure_;
}

void StageRun::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    std::optional<size_t> index;
    changed_.wait(lock, [&] {
      if (has_failed_ || graph_.all_started()) return true;
      index = graph_.Start();
      return index.has_value();
    });
    if (!index.has_value()) return;
    lock.unlock();
    const Status status = RunOne(*index);
    lock.lock();
    if (!status.ok() && !has_failed_.exchange(true)) first_failure_ = status;
    instantiator_->Release(graph_.End(*index));
    changed_.notify_all();
  }
}

Status StageRun::RunOne(size_t index) {
  ARROW_RETURN_NOT_OK(context_->stop.Poll());
  const plan::Stage& stage = stages_[index];
  plan::StageResult& result = results_[index];
  if (const auto* check = std::get_if<plan::KeyCheckStage>(&stage.kind)) {
    const std::scoped_lock lock(mutex_);
    ARROW_ASSIGN_OR_RAISE(result, instantiator_->CheckKeys(*check));
  } else if (const auto* order = std::get_if<plan::KeyOrderStage>(&stage.kind)) {
    const std::scoped_lock lock(mutex_);
    ARROW_ASSIGN_OR_RAISE(result, instantiator_->CheckKeyOrder(*order));
  } else {
    ARROW_RETURN_NOT_OK(RunPipelineOf(index, std::get<plan::PipelineStage>(stage.kind)));
  }
  result.stage_id = stage.id;
  return Status::OK();
}

Status StageRun::RunPipelineOf(size_t index, const plan::PipelineStage& stage) {
  exec::Pipeline pipeline;
  {
    const std::scoped_lock lock(mutex_);
    ARROW_ASSIGN_OR_RAISE(pipeline, instantiator_->MakePipeline(stage));
  }
  const Status status = exec::RunPipeline(&pipeline, context_);
  sinks_[index] = std::move(pipeline.sink);
  ARROW_RETURN_NOT_OK(status);
  if (const auto* build = std::get_if<plan::BuildOutput>(&stage.output)) {
    const std::scoped_lock lock(mutex_);
    instantiator_->DescribeBuilt(*build);
  }
  return Status::OK();
}

std::vector<std::unique_ptr<exec::Sink>> StageRun::TakeSinks() {
  std::erase(sinks_, nullptr);
  return std::move(sinks_);
}

}  // namespace windrow::runner
