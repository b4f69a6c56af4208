// SPDX-License-Identifier: Apache-2.0
#include "windrow/python/cluster_job.h"

#include <arrow/buffer.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "windrow/exec/process_memory.h"
#include "windrow/flight/kept_buffer.h"
#include "windrow/plan/fragment_document.h"
#include "windrow/python/background.h"
#include "windrow/python/job_request.h"
#include "windrow/python/options.h"
#include "windrow/python/python_buffer.h"
#include "windrow/python/python_stream.h"
#include "windrow/python/raise.h"
#include "windrow/python/result_table.h"
#include "windrow/runner/cluster_run.h"
#include "windrow/runner/output_lines.h"
#include "windrow/runner/prometheus_text.h"
#include "windrow/runner/report_page.h"
#include "windrow/runner/task_run.h"

namespace windrow::python {
namespace {

namespace nb = nanobind;
using namespace nb::literals;

/// (fragment, task, partition)
using PieceTuple = std::tuple<int, int, int>;

using Secrets = std::map<std::string, std::string>;

/// Step, kind, reason, predicted bytes, and the fragments whose rows were moved.
using DecisionTuple =
    std::tuple<std::string, std::string, std::string, int64_t, std::vector<int>>;

PieceTuple TupleOf(const plan::Piece& piece) {
  return {piece.fragment, piece.task, piece.partition};
}

struct ClusterTask {
  int fragment;
  int index;
  std::string document;
  std::vector<PieceTuple> pieces;
  int64_t bytes;
};

struct ClusterFragment {
  int id;
  std::string name;
  std::string document;
  int partitions;
  bool on_driver;
  bool is_whole;
  std::vector<ClusterTask> tasks;
};

ClusterFragment FragmentOf(const runner::ClusterRun::Started& started) {
  const plan::Fragment& fragment = started.fragment;
  ClusterFragment shown{fragment.id,
                        fragment.root->step,
                        started.document,
                        fragment.exchange.partitions,
                        fragment.on_driver,
                        fragment.is_whole,
                        {}};
  for (size_t i = 0; i < fragment.tasks.size(); ++i) {
    const plan::FragmentTask& task = fragment.tasks[i];
    ClusterTask& added = shown.tasks.emplace_back(ClusterTask{
        fragment.id, static_cast<int>(i), plan::WriteTask(fragment, i), {}, task.bytes});
    for (const plan::PieceInput& input : task.inputs) {
      for (const plan::Piece& piece : input.pieces) {
        added.pieces.push_back(TupleOf(piece));
      }
    }
  }
  return shown;
}

std::vector<std::shared_ptr<arrow::Buffer>> BuffersOf(const nb::list& objects) {
  std::vector<std::shared_ptr<arrow::Buffer>> buffers;
  for (const nb::handle object : objects) {
    buffers.push_back(BufferOf(nb::borrow(object)));
  }
  return buffers;
}

/// One task. Run by one thread, cancelled by any.
class Task {
 public:
  Task(std::string fragment, std::string task, const nb::list& buffers,
       runner::EngineOptions options, plan::OpenTables local = {})
      : run_(std::make_shared<runner::TaskRun>(std::move(fragment), std::move(task),
                                               BuffersOf(buffers), std::move(options),
                                               std::move(local))) {}

  void Run() {
    Status status;
    {
      const WithoutGil unlocked;
      status = run_->Run(stop_.token());
    }
    RaiseIfFailed(status);
  }
  void Cancel() { stop_.RequestStop(); }
  /// One for each partition; None for one without rows, which nobody reads.
  std::vector<nb::object> Buffers() const {
    std::vector<nb::object> buffers;
    for (const auto& piece : run_->rows().pieces) {
      buffers.push_back(piece.rows == 0 ? nb::none()
                                        : nb::cast(Bytes{run_, piece.stream}));
    }
    return buffers;
  }
  std::string Result() const { return run_->result(); }

 private:
  std::shared_ptr<runner::TaskRun> run_;
  arrow::StopSource stop_;
};

/// A job from the driver's side. Used by one thread, cancelled by any.
class ClusterJob {
 public:
  ClusterJob(JobRequest request, const plan::ClusterShape& shape)
      : request_(std::move(request)),
        job_(Prepared(request_)),
        runner_(std::make_shared<runner::LocalRunner>(
            ValueOrRaise(runner::RunOptionsOf(request_.options)), stop_.token())),
        run_(request_.job, job_, shape,
             ValueOrRaise(runner::SwitchesOf(request_.options)), runner_.get()) {
    for (const auto& [name, table] : job_.tables) {
      total_rows_ += table->num_rows().value_or(0);
    }
  }

  std::vector<ClusterFragment> Next(const std::vector<std::string>& results) {
    auto started = [&] {
      const WithoutGil unlocked;
      return run_.Next(results);
    }();
    RaiseIfFailed(started.status());
    std::vector<ClusterFragment> fragments;
    for (const auto& fragment : *started) fragments.push_back(FragmentOf(fragment));
    return fragments;
  }

  bool is_done() const { return run_.is_done(); }

  std::string Signature() const {
    return InBackground<std::string>(
        [this](const arrow::StopToken& stop) -> arrow::Result<std::string> {
          ARROW_ASSIGN_OR_RAISE(const exec::Switches switches,
                                runner::SwitchesOf(request_.options));
          return runner::SignatureOf(
              request_.job, job_,
              runner::ObjectAccessOf(request_.options, switches, stop));
        });
  }

  std::vector<PieceTuple> Unused() {
    std::vector<PieceTuple> pieces;
    for (const plan::Piece& piece : run_.TakeUnused()) pieces.push_back(TupleOf(piece));
    return pieces;
  }

  /// A task that only this process can run.
  std::shared_ptr<Task> OwnTask(const std::string& fragment, const std::string& task,
                                const nb::list& buffers) {
    plan::OpenTables local;
    for (const std::string& name : job_.local_sources) {
      local[name] = job_.tables.at(name);
    }
    return std::make_shared<Task>(fragment, task, buffers, request_.options,
                                  std::move(local));
  }

  void Finish(const nb::callable& fetch) {
    const auto get =
        [&](const plan::Piece& piece) -> arrow::Result<std::shared_ptr<arrow::Buffer>> {
      std::shared_ptr<arrow::Buffer> buffer;
      ARROW_RETURN_NOT_OK(CallPython(request_.failure, [&] {
        buffer = BufferOf(fetch(piece.fragment, piece.task, piece.partition));
        return Status::OK();
      }));
      return buffer;
    };
    std::mutex mutex;
    std::condition_variable ended;
    std::optional<Status> status;
    std::thread sinks([&] {
      const Status run = run_.RunSinks(get);
      const std::scoped_lock lock(mutex);
      status = run;
      ended.notify_all();
    });
    const auto join = [&] {
      const WithoutGil unlocked;
      sinks.join();
    };
    try {
      AwaitOrInterrupt(
          [&] {
            std::unique_lock lock(mutex);
            return ended.wait_for(lock, std::chrono::milliseconds(100),
                                  [&] { return status.has_value(); });
          },
          [&] { stop_.RequestStop(); });
    } catch (...) {
      join();
      throw;
    }
    join();
    if (status->ok()) return;
    request_.failure->RaiseIfSet();
    throw StatusError(*status);
  }

  void Cancel() { stop_.RequestStop(); }

  /// The rows of the job's only result.
  ResultTable Table() const {
    for (const auto& [name, batches] : runner_->collected()) {
      std::vector<std::shared_ptr<arrow::RecordBatch>> rows;
      for (const auto& batch : *batches) {
        rows.push_back(flight::KeepWith(runner_, *batch));
      }
      return {runner_->sink_schemas().at(name), std::move(rows)};
    }
    throw StatusError(InternalError("found a job without a result; expected one"));
  }

  std::string Report(const std::string& runner_name) const {
    return runner::ToJson(ReportOf(runner_name));
  }

  /// The report as a page, and as metrics.
  std::string Page(const std::string& runner_name) const {
    return runner::ToHtml(ReportOf(runner_name));
  }
  std::string Metrics(const std::string& runner_name, int exit_code) const {
    return runner::ToPrometheus(ReportOf(runner_name), exit_code);
  }
  std::vector<std::string> Outputs() const {
    return runner::OutputLines(*runner_, ReportOf(""));
  }

  std::vector<DecisionTuple> Decisions() const {
    std::vector<DecisionTuple> shown;
    for (const plan::ExchangeDecision& decision : run_.decisions()) {
      shown.emplace_back(decision.step, decision.kind, decision.reason,
                         decision.predicted_bytes, decision.fragments);
    }
    return shown;
  }

  std::pair<int64_t, int64_t> Progress() const {
    int64_t rows = 0;
    runner_->metrics().ForEach([&](const exec::StepMetrics& step) {
      if (step.kind == "scan") rows += step.rows_out;
    });
    return {rows, total_rows_};
  }

 private:
  runner::RunReport ReportOf(const std::string& runner_name) const {
    runner::RunReport report = runner_->Report(request_.job.document_name);
    report.runner = runner_name;
    return report;
  }

  JobRequest request_;
  arrow::StopSource stop_;
  plan::PreparedJob job_;
  std::shared_ptr<runner::LocalRunner> runner_;
  runner::ClusterRun run_;
  int64_t total_rows_ = 0;
};

/// Of the URLs of databases, by source and then by sink; empty: none were taken away.
void GiveSecrets(const std::vector<Secrets>& secrets, plan::JobSpec* job) {
  size_t next = 0;
  for (plan::SourceSpec& source : job->sources) {
    auto* scan = std::get_if<plan::ScanSpec>(&source.kind);
    if (next < secrets.size() && scan != nullptr) scan->secrets = secrets[next];
    ++next;
  }
  for (plan::SinkSpec& sink : job->sinks) {
    auto* write = std::get_if<plan::WriteSpec>(&sink);
    if (next < secrets.size() && write != nullptr) write->secrets = secrets[next];
    ++next;
  }
}

plan::ClusterShape ShapeOf(int nodes, int slots, int64_t node_memory) {
  return {nodes, slots, node_memory};
}

}  // namespace

void DefineCluster(nb::module_& module) {
  module.def("default_memory", &exec::DefaultBudgetBytes);
  nb::class_<ClusterTask>(module, "ClusterTask")
      .def_ro("fragment", &ClusterTask::fragment)
      .def_ro("index", &ClusterTask::index)
      .def_ro("document", &ClusterTask::document)
      .def_ro("pieces", &ClusterTask::pieces)
      .def_ro("bytes", &ClusterTask::bytes);
  nb::class_<ClusterFragment>(module, "ClusterFragment")
      .def_ro("id", &ClusterFragment::id)
      .def_ro("name", &ClusterFragment::name)
      .def_ro("document", &ClusterFragment::document)
      .def_ro("partitions", &ClusterFragment::partitions)
      .def_ro("on_driver", &ClusterFragment::on_driver)
      .def_ro("is_whole", &ClusterFragment::is_whole)
      .def_ro("tasks", &ClusterFragment::tasks);
  nb::class_<Task>(module, "TaskRun")
      .def(
          "__init__",
          [](Task* self, const std::string& fragment, const std::string& task,
             const nb::list& buffers, const nb::dict& options) {
            new (self) Task(fragment, task, buffers, OptionsOf(options));
          },
          "fragment_document"_a, "task_document"_a, "buffers"_a, "options"_a)
      .def("run", &Task::Run)
      .def("cancel", &Task::Cancel)
      .def("buffers", &Task::Buffers)
      .def("result", &Task::Result);
  nb::class_<ClusterJob>(module, "ClusterJob")
      .def(
          "__init__",
          [](ClusterJob* self, const std::string& document, const std::string& name,
             const Variables& variables, const nb::dict& inputs,
             const std::vector<Secrets>& secrets, const nb::dict& options, int nodes,
             int slots, int64_t node_memory) {
            JobRequest request = RequestOf(document, name, variables, inputs, options);
            GiveSecrets(secrets, &request.job);
            new (self) ClusterJob(std::move(request), ShapeOf(nodes, slots, node_memory));
          },
          "document"_a, "name"_a, "variables"_a, "inputs"_a, "secrets"_a, "options"_a,
          "nodes"_a, "slots"_a, "node_memory"_a)
      .def(
          "__init__",
          [](ClusterJob* self, const Job& job, const nb::dict& options, int nodes,
             int slots, int64_t node_memory) {
            new (self)
                ClusterJob(RequestOf(job, options), ShapeOf(nodes, slots, node_memory));
          },
          "job"_a, "options"_a, "nodes"_a, "slots"_a, "node_memory"_a)
      .def("next", &ClusterJob::Next, "results"_a)
      .def("is_done", &ClusterJob::is_done)
      .def("signature", &ClusterJob::Signature)
      .def("unused", &ClusterJob::Unused)
      .def("own_task", &ClusterJob::OwnTask, "fragment_document"_a, "task_document"_a,
           "buffers"_a)
      .def("finish", &ClusterJob::Finish, "fetch"_a)
      .def("cancel", &ClusterJob::Cancel)
      .def("table", &ClusterJob::Table)
      .def("report", &ClusterJob::Report, "runner"_a)
      .def("page", &ClusterJob::Page, "runner"_a)
      .def("metrics", &ClusterJob::Metrics, "runner"_a, "exit_code"_a)
      .def("outputs", &ClusterJob::Outputs)
      .def("decisions", &ClusterJob::Decisions)
      .def("progress", &ClusterJob::Progress);
}

}  // namespace windrow::python
