// SPDX-License-Identifier: Apache-2.0

// windrow._native: what the Python package needs of the engine. Strings, and objects of
// the Arrow PyCapsule interface, cross the border; a job crosses it as its document.

#include <arrow/compute/initialize.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <string>

#include "windrow/base/version.h"
#include "windrow/fs/object_store.h"
#include "windrow/plan/explain.h"
#include "windrow/plan/expression.h"
#include "windrow/plan/expression_text.h"
#include "windrow/plan/job_spec_reader.h"
#include "windrow/plan/job_spec_writer.h"
#include "windrow/plan/open_files.h"
#include "windrow/python/background.h"
#include "windrow/python/capsule.h"
#include "windrow/python/cluster_job.h"
#include "windrow/python/gil.h"
#include "windrow/python/job_request.h"
#include "windrow/python/job_run.h"
#include "windrow/python/options.h"
#include "windrow/python/python_buffer.h"
#include "windrow/python/python_stream.h"
#include "windrow/python/raise.h"
#include "windrow/python/recipes.h"
#include "windrow/python/records.h"
#include "windrow/python/result_table.h"
#include "windrow/python/run_reader.h"

namespace windrow::python {
namespace {

namespace nb = nanobind;
using namespace nb::literals;

Schema SchemaOf(const std::string& document, const std::string& name,
                const nb::dict& inputs, const nb::dict& options) {
  const auto job = Prepared(RequestOf(document, name, {}, inputs, options));
  return {job.plans.front().root->schema};
}

std::string Explain(const std::string& document, const std::string& name,
                    const nb::dict& inputs, const nb::dict& options, bool as_json) {
  const JobRequest request = RequestOf(document, name, {}, inputs, options);
  const exec::Switches switches = ValueOrRaise(runner::SwitchesOf(request.options));
  const auto job = Prepared(request);
  return as_json ? plan::ExplainJson(job, switches) : plan::ExplainText(job, switches);
}

/// A run as Python sees it. Goes, and ends the run, when Python lets go of it.
class Run {
 public:
  Run(const std::string& document, const std::string& name, const Variables& variables,
      const nb::dict& inputs, const nb::dict& options, bool is_stream)
      : run_(ValueOrRaise(JobRun::Start(
            RequestOf(document, name, variables, inputs, options),
            is_stream ? JobRun::Output::kStream : JobRun::Output::kTable))) {}
  Run(const Job& job, const nb::dict& options)
      : run_(ValueOrRaise(
            JobRun::Start(RequestOf(job, options), JobRun::Output::kTable))) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() {
    if (run_ != nullptr) run_->Close();
  }

  /// Waits so many seconds for the end; true when it has come. Raises what made it fail.
  bool Wait(double seconds) {
    const std::chrono::duration<double> time(seconds);
    if (!run_->WaitFor(std::chrono::duration_cast<std::chrono::milliseconds>(time))) {
      return false;
    }
    RaiseIfFailed(run_->status(), *run_);
    return true;
  }

  Schema AwaitSchema() {
    AwaitOrInterrupt([&] { return run_->WaitForSchema(std::chrono::milliseconds(100)); },
                     [&] { run_->Cancel(); });
    auto schema = run_->schema();
    RaiseIfFailed(schema.status(), *run_);
    return {*std::move(schema)};
  }

  ResultTable Table() { return {AwaitSchema().schema, run_->TakeRows()}; }

  std::optional<ResultTable> Next() {
    std::optional<nb::python_error> interrupt;
    const auto batch = run_->Next([&] {
      const WithGil locked;
      if (PyErr_CheckSignals() == 0) return false;
      interrupt.emplace();
      return true;
    });
    if (interrupt.has_value()) {
      run_->Close();
      throw nb::python_error(*std::move(interrupt));
    }
    RaiseIfFailed(batch.status(), *run_);
    if (*batch == nullptr) return std::nullopt;
    return ResultTable((*batch)->schema(), {*batch});
  }

  /// Hands the run over to whoever reads the stream.
  nb::object ToCapsule() {
    auto schema = AwaitSchema().schema;
    return ExportStream(
        std::make_shared<RunReader>(std::exchange(run_, nullptr), std::move(schema)));
  }

  void Close() {
    if (run_ != nullptr) run_->Close();
  }
  std::string Report() const { return run_->report(); }
  std::pair<int64_t, int64_t> Progress() const {
    const auto progress = run_->progress();
    return {progress.rows, progress.total_rows};
  }

 private:
  static void RaiseIfFailed(const Status& status, const JobRun& run) {
    if (status.ok()) return;
    run.failure()->RaiseIfSet();
    throw StatusError(status);
  }

  std::shared_ptr<JobRun> run_;
};

// A generator may hold the frame that reads it, by way of its globals.
int TraverseStream(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  if (!nb::inst_ready(self)) return 0;
  Py_VISIT(nb::inst_ptr<PythonStream>(self)->own_object());
  return 0;
}
int ClearStream(PyObject* self) {
  nb::inst_ptr<PythonStream>(self)->Clear();
  return 0;
}
PyType_Slot stream_slots[] = {
    {Py_tp_traverse, reinterpret_cast<void*>(TraverseStream)},
    {Py_tp_clear, reinterpret_cast<void*>(ClearStream)},
    {0, nullptr},
};

void DefineTables(nb::module_& module) {
  nb::class_<Schema>(module, "Schema")
      .def_prop_ro("names", [](const Schema& self) { return self.schema->field_names(); })
      .def_prop_ro("types",
                   [](const Schema& self) {
                     std::vector<std::string> types;
                     for (const auto& field : self.schema->fields()) {
                       types.push_back(field->type()->ToString());
                     }
                     return types;
                   })
      .def("__arrow_c_schema__",
           [](const Schema& self) { return ExportSchema(*self.schema); });
  nb::class_<ResultTable>(module, "Table")
      .def_static("from_arrow", &ResultTable::FromPython, "object"_a)
      .def_prop_ro("schema",
                   [](const ResultTable& self) { return Schema{self.schema()}; })
      .def_prop_ro("num_rows", &ResultTable::num_rows)
      .def_prop_ro("num_batches",
                   [](const ResultTable& self) { return self.batches().size(); })
      .def_prop_ro("num_bytes", &ResultTable::num_bytes)
      .def("slice", &ResultTable::Slice, "offset"_a, "rows"_a)
      .def("__arrow_c_stream__", &ResultTable::ToCapsule);
  nb::class_<PythonStream>(module, "Stream", nb::type_slots(stream_slots))
      .def(nb::init<nb::object>(), "object"_a)
      .def_prop_ro("schema",
                   [](const PythonStream& self) { return Schema{self.schema()}; })
      .def_prop_ro("is_iterator", &PythonStream::is_iterator);
}

void DefineRun(nb::module_& module) {
  nb::class_<Run>(module, "Run")
      .def(nb::init<const std::string&, const std::string&, const Variables&,
                    const nb::dict&, const nb::dict&, bool>(),
           "document"_a, "name"_a, "variables"_a, "inputs"_a, "options"_a, "is_stream"_a)
      .def(nb::init<const Job&, const nb::dict&>(), "job"_a, "options"_a)
      .def("wait", &Run::Wait, "seconds"_a)
      .def("schema", &Run::AwaitSchema)
      .def("table", &Run::Table)
      .def("next", &Run::Next)
      .def("__arrow_c_stream__", &Run::ToCapsule)
      .def("close", &Run::Close)
      .def("report", &Run::Report)
      .def("progress", &Run::Progress);
}

}  // namespace

NB_MODULE(_native, module) {
  // What gRPC logs of a failed call, the call's own error says.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  RaiseIfFailed(arrow::compute::Initialize());
  RegisterErrors();
#ifdef NDEBUG
  nb::set_leak_warnings(false);  // objects may outlive the interpreter of a user
#endif
  module.attr("version") = kVersion;
  DefineTables(module);
  DefineRecipes(module);
  DefineRecords(module);
  DefineRun(module);
  DefineBytes(module);
  DefineCluster(module);
  module.def("schema_of", &SchemaOf, "document"_a, "name"_a, "inputs"_a, "options"_a);
  module.def("explain", &Explain, "document"_a, "name"_a, "inputs"_a, "options"_a,
             "as_json"_a);
  module.def(
      "format_job",
      [](const std::string& document, const std::string& name,
         const Variables& variables) {
        return plan::WriteJobSpec(
            ValueOrRaise(plan::ReadJobSpec(document, name, variables)));
      },
      "document"_a, "name"_a, "variables"_a);
  module.def(
      "check_expression",
      [](const std::string& text) {
        RaiseIfFailed(plan::ParseExpression(text).status());
      },
      "text"_a);
  module.def(
      "column_text",
      [](const std::string& name) { return plan::ToText(*plan::Expr::Column(name)); },
      "name"_a);
  module.def("close_all", [] {
    const WithoutGil unlocked;
    CloseAllRuns();
    fs::CloseObjectStores();
  });
}

}  // namespace windrow::python
