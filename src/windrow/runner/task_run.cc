// SPDX-License-Identifier: Apache-2.0
#include "windrow/runner/task_run.h"

#include <arrow/buffer.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "windrow/plan/fragment_document.h"
#include "windrow/plan/job_spec_reader.h"
#include "windrow/plan/open_files.h"
#include "windrow/runner/step_counts.h"

namespace windrow::runner {
namespace {

using TablePtr = std::shared_ptr<exec::Table>;

/// The rows of the task's part of a source.
Result<TablePtr> PartOf(TablePtr table, const plan::ScanSplit& split) {
  const std::vector<int64_t> offsets = table->chunk_offsets();
  const auto chunks = static_cast<int64_t>(offsets.size()) - 1;
  if (split.chunks.end > chunks || offsets.back() != split.table_rows) {
    return DataError(split.source, ": found ", chunks < 0 ? 0 : offsets.back(),
                     " rows; expected ", split.table_rows,
                     ", as when the run began: all nodes must see the same files, and "
                     "nobody may write to them meanwhile");
  }
  return plan::OpenTablePart(std::move(table), split.chunks);
}

}  // namespace

TaskRun::TaskRun(std::string fragment, std::string task,
                 std::vector<std::shared_ptr<arrow::Buffer>> pieces,
                 EngineOptions options, plan::OpenTables local)
    : fragment_(std::move(fragment)),
      task_(std::move(task)),
      pieces_(std::move(pieces)),
      options_(std::move(options)),
      local_(std::move(local)) {}

TaskRun::~TaskRun() = default;

Status TaskRun::Run(const arrow::StopToken& stop) {
  const auto pieces = std::exchange(pieces_, {});
  ARROW_ASSIGN_OR_RAISE(const RunOptions run, RunOptionsOf(options_));
  ARROW_ASSIGN_OR_RAISE(const plan::FragmentDocument fragment,
                        plan::ReadFragment(fragment_));
  ARROW_ASSIGN_OR_RAISE(const plan::TaskDocument task, plan::ReadTask(task_));
  ARROW_ASSIGN_OR_RAISE(const plan::JobSpec job,
                        plan::ReadJobSpec(fragment.job, "job", {}));
  ARROW_ASSIGN_OR_RAISE(const plan::Access access,
                        AccessOf(options_, run.switches, stop));
  plan::PreparedJob prepared;
  prepared.databases = plan::MakeDatabases(run.switches, stop);
  for (const std::string& name : fragment.sources) {
    TablePtr& table = prepared.tables[name];
    const auto local = local_.find(name);
    if (local != local_.end()) {
      table = local->second;
    } else {
      const auto source = std::find_if(
          job.sources.begin(), job.sources.end(),
          [&](const plan::SourceSpec& spec) { return spec.name.value == name; });
      if (source == job.sources.end()) {
        return InternalError("a fragment reads '", name, "', which the job has not");
      }
      ARROW_ASSIGN_OR_RAISE(table, plan::OpenTable(*source, prepared.databases,
                                                   access.objects, access.servers));
    }
    if (task.split.has_value() && task.split->source == name) {
      ARROW_ASSIGN_OR_RAISE(table, PartOf(std::move(table), *task.split));
    }
  }
  auto piece = pieces.begin();
  for (const auto& [name, count] : task.inputs) {
    if (static_cast<size_t>(pieces.end() - piece) < count) {
      return InternalError("a task got ", pieces.size(), " pieces, too few for ", name);
    }
    const auto end = piece + static_cast<ptrdiff_t>(count);
    ARROW_ASSIGN_OR_RAISE(prepared.tables[name],
                          plan::OpenPieces(fragment.inputs.at(name), {piece, end}));
    piece = end;
  }
  ARROW_ASSIGN_OR_RAISE(plan::LogicalPlan plan,
                        plan::ReadFragmentPlan(fragment_, task, prepared.tables));
  prepared.plans.push_back(std::move(plan));
  runner_ = std::make_unique<LocalRunner>(run, stop);
  ARROW_RETURN_NOT_OK(runner_->Run(prepared));
  runner_->ReleaseUnused();
  return Status::OK();
}

std::string TaskRun::result() const {
  const plan::TaskDocument task = plan::ReadTask(task_).ValueOrDie();
  plan::TaskResult result{task.fragment, task.task, {}, rows().sample, {}};
  for (const exec::ExchangedPiece& piece : rows().pieces) {
    result.pieces.push_back({piece.rows, piece.stream->size()});
  }
  result.steps = WriteStepCounts(runner_->metrics());
  return plan::WriteTaskResult(result);
}

}  // namespace windrow::runner
