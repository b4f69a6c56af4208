// SPDX-License-Identifier: Apache-2.0
// The contestant of the paired benchmark: runs one job again and again in one process and
// keeps each result in memory, as the peers do, or with --drop lets each batch go as it
// comes. See harness.py.
//
//   windrow-bench JOB.yaml [--slots N] [--set NAME=VALUE]... [--drop yes]
//                          [--streams N] [--token-file PATH]
//
// The last two are for jobs that scan Flight servers. The job's only sink is a collect. A
// result without columns is a count.
#include <arrow/array/builder_primitive.h>
#include <arrow/compute/initialize.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "contestant.h"
#include "windrow/exec/operator.h"
#include "windrow/plan/job_spec_reader.h"
#include "windrow/runner/local_runner.h"

namespace windrow::bench {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

struct HeldBatch : exec::Prepared {
  explicit HeldBatch(BatchPtr batch) : batch(std::move(batch)) {}
  BatchPtr batch;
};

/// Counts rows, hands them to a file if there is one, and lets them go.
class DropSink : public exec::TransientSink {
 public:
  DropSink(std::unique_ptr<AnswerFile> file, int64_t* rows)
      : file_(std::move(file)), rows_(rows) {}

  Result<std::unique_ptr<exec::Prepared>> Encode(BatchPtr batch) override {
    return std::make_unique<HeldBatch>(std::move(batch));
  }
  Status Write(std::unique_ptr<exec::Prepared> encoded) override {
    const auto& batch = *static_cast<HeldBatch&>(*encoded).batch;
    *rows_ += batch.num_rows();
    return file_ == nullptr ? Status::OK() : file_->Write(batch);
  }
  Status Finish() override { return file_ == nullptr ? Status::OK() : file_->Close(); }

 private:
  std::unique_ptr<AnswerFile> file_;
  int64_t* rows_;
};

class JobWork : public Work {
 public:
  struct Options {
    runner::RunOptions run;
    plan::Access access;
    bool drops = false;
  };

  JobWork(plan::JobSpec job, Options options)
      : job_(std::move(job)), options_(std::move(options)) {}

  Result<int64_t> Run() override {
    ARROW_RETURN_NOT_OK(RunJob(""));
    return rows_;
  }

  void Drop() override { runner_.reset(); }

  Status WriteAnswer(const std::string& path) override {
    ARROW_RETURN_NOT_OK(RunJob(path));
    return options_.drops ? Status::OK() : WriteCollected(path);
  }

 private:
  /// Reads metadata, plans, runs. Without --drop the answer is still in memory then.
  Status RunJob(const std::string& answer) {
    runner_ = std::make_unique<runner::LocalRunner>(options_.run,
                                                    arrow::StopToken::Unstoppable());
    ARROW_ASSIGN_OR_RAISE(plan::PreparedJob prepared,
                          plan::PrepareJob(job_, options_.run.switches, options_.access));
    rows_ = 0;
    if (options_.drops) {
      prepared.open_result =
          [&](const std::string&, const std::shared_ptr<arrow::Schema>& schema,
              exec::RunContext*) -> Result<std::unique_ptr<exec::Sink>> {
        std::unique_ptr<AnswerFile> file;
        if (!answer.empty()) {
          ARROW_ASSIGN_OR_RAISE(file, AnswerFile::Open(answer, schema));
        }
        return std::make_unique<DropSink>(std::move(file), &rows_);
      };
    }
    ARROW_RETURN_NOT_OK(runner_->Run(prepared));
    for (const auto& [name, batches] : runner_->collected()) {
      for (const BatchPtr& batch : *batches) rows_ += batch->num_rows();
    }
    return Status::OK();
  }

  Status WriteCollected(const std::string& path) {
    auto schema = runner_->sink_schemas().begin()->second;
    std::vector<BatchPtr> batches = *runner_->collected().begin()->second;
    if (schema->num_fields() == 0) {
      arrow::Int64Builder count;
      ARROW_RETURN_NOT_OK(count.Append(rows_));
      ARROW_ASSIGN_OR_RAISE(auto column, count.Finish());
      schema = arrow::schema({arrow::field("rows", arrow::int64())});
      batches = {arrow::RecordBatch::Make(schema, 1, {column})};
    }
    ARROW_ASSIGN_OR_RAISE(const auto file, AnswerFile::Open(path, schema));
    for (const BatchPtr& batch : batches) ARROW_RETURN_NOT_OK(file->Write(*batch));
    return file->Close();
  }

  plan::JobSpec job_;
  Options options_;
  std::unique_ptr<runner::LocalRunner> runner_;
  int64_t rows_ = 0;
};

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Result<JobWork::Options> OptionsOf(int argc, char** argv) {
  JobWork::Options options;
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--slots") options.run.slots = std::atoi(value.c_str());
    if (name == "--drop") options.drops = true;
    if (name == "--streams") options.access.servers.streams = std::atoi(value.c_str());
    if (name == "--token-file") options.access.servers.token = ReadAll(value);
    if (name == "--set") {
      ARROW_RETURN_NOT_OK(exec::SetSwitch(value, &options.run.switches));
    }
  }
  return options;
}

Status Serve(int argc, char** argv) {
  if (argc < 2) return UserError("expected JOB.yaml and options in pairs");
  ARROW_ASSIGN_OR_RAISE(const JobWork::Options options, OptionsOf(argc, argv));
  ARROW_RETURN_NOT_OK(arrow::compute::Initialize());
  ARROW_ASSIGN_OR_RAISE(plan::JobSpec job,
                        plan::ReadJobSpec(ReadAll(argv[1]), argv[1], {}));
  JobWork work(std::move(job), options);
  return ServeVerbs(&work);
}

}  // namespace
}  // namespace windrow::bench

int main(int argc, char** argv) {
  const windrow::Status status = windrow::bench::Serve(argc, argv);
  if (!status.ok()) std::cerr << "windrow-bench: " << status.message() << '\n';
  return windrow::ExitCode(status);
}
