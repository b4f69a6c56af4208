// SPDX-License-Identifier: Apache-2.0
// The contestant of the paired benchmark: runs one job again and again in one process and
// keeps each result in memory, as the peers do. Reads verbs from stdin, answers each with
// a line of JSON on stdout; see harness.py.
//
//   windrow-bench JOB.yaml [--slots N] [--set NAME=VALUE]...
//
// The job's only sink is a collect. A result without columns is a count.
#include <arrow/array/builder_primitive.h>
#include <arrow/compute/initialize.h>
#include <arrow/io/file.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <sys/resource.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "windrow/exec/metrics.h"
#include "windrow/exec/switches.h"
#include "windrow/plan/job_spec_reader.h"
#include "windrow/runner/local_runner.h"

namespace windrow {
namespace {

struct Usage {
  double wall = 0;
  double cpu = 0;
  int64_t minor_faults = 0;
};

Usage UsageNow() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return {static_cast<double>(exec::WallNanos()) * 1e-9,
          seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_minflt};
}

Result<plan::JobSpec> ReadJob(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return plan::ReadJobSpec(text.str(), path, {});
}

int64_t RowsOf(const runner::LocalRunner& runner) {
  int64_t rows = 0;
  for (const auto& [name, batches] : runner.collected()) {
    for (const auto& batch : *batches) rows += batch->num_rows();
  }
  return rows;
}

/// Reads metadata, plans, runs: all that a user waits for.
Status RunOnce(const plan::JobSpec& job, const exec::Switches& switches,
               runner::LocalRunner* runner) {
  ARROW_ASSIGN_OR_RAISE(const plan::PreparedJob prepared,
                        plan::PrepareJob(job, switches));
  return runner->Run(prepared);
}

Status WriteAnswer(const runner::LocalRunner& runner, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::FileOutputStream::Open(path));
  auto schema = runner.sink_schemas().begin()->second;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches =
      *runner.collected().begin()->second;
  if (schema->num_fields() == 0) {
    arrow::Int64Builder count;
    ARROW_RETURN_NOT_OK(count.Append(RowsOf(runner)));
    ARROW_ASSIGN_OR_RAISE(auto column, count.Finish());
    schema = arrow::schema({arrow::field("rows", arrow::int64())});
    batches = {arrow::RecordBatch::Make(schema, 1, {column})};
  }
  ARROW_ASSIGN_OR_RAISE(auto writer, arrow::ipc::MakeFileWriter(file, schema));
  for (const auto& batch : batches) ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*batch));
  ARROW_RETURN_NOT_OK(writer->Close());
  return file->Close();
}

Status Answer(const plan::JobSpec& job, const runner::RunOptions& options,
              const std::string& verb, const std::string& argument) {
  if (verb == "prepare") {
    std::cout << "{}" << std::endl;
    return Status::OK();
  }
  if (verb != "run" && verb != "answer") return UserError("unknown verb ", verb);
  runner::LocalRunner runner(options, arrow::StopToken::Unstoppable());
  const Usage before = UsageNow();
  ARROW_RETURN_NOT_OK(RunOnce(job, options.switches, &runner));
  const Usage after = UsageNow();
  if (verb == "answer") ARROW_RETURN_NOT_OK(WriteAnswer(runner, argument));
  std::cout << "{\"wall\": " << after.wall - before.wall
            << ", \"cpu\": " << after.cpu - before.cpu << ", \"rows\": " << RowsOf(runner)
            << ", \"minor_faults\": " << after.minor_faults - before.minor_faults << "}"
            << std::endl;
  return Status::OK();
}

Status Serve(int argc, char** argv) {
  if (argc < 2) return UserError("expected JOB.yaml [--slots N] [--set NAME=VALUE]...");
  runner::RunOptions options;
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--slots") options.slots = std::atoi(argv[i + 1]);
    if (name == "--set") {
      ARROW_RETURN_NOT_OK(exec::SetSwitch(argv[i + 1], &options.switches));
    }
  }
  ARROW_RETURN_NOT_OK(arrow::compute::Initialize());
  ARROW_ASSIGN_OR_RAISE(const plan::JobSpec job, ReadJob(argv[1]));
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    const size_t space = line.find(' ');
    const std::string argument = space == std::string::npos ? "" : line.substr(space + 1);
    const Status status = Answer(job, options, line.substr(0, space), argument);
    if (!status.ok())
      std::cout << "{\"error\": \"" << status.message() << "\"}" << std::endl;
  }
  return Status::OK();
}

}  // namespace
}  // namespace windrow

int main(int argc, char** argv) {
  const windrow::Status status = windrow::Serve(argc, argv);
  if (!status.ok()) std::cerr << "windrow-bench: " << status.message() << '\n';
  return windrow::ExitCode(status);
}
