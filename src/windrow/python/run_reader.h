// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <utility>

#include "windrow/python/job_run.h"

namespace windrow::python {

/// The rows of a run as other libraries read them, through the C stream interface, with
/// or without the interpreter's lock. Ends the run when it goes.
class RunReader : public arrow::RecordBatchReader {
 public:
  RunReader(std::shared_ptr<JobRun> run, std::shared_ptr<arrow::Schema> schema)
      : run_(std::move(run)), schema_(std::move(schema)) {}
  ~RunReader() override { run_->Close(); }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override;
  Status Close() override {
    run_->Close();
    return Status::OK();
  }

 private:
  std::shared_ptr<JobRun> run_;
  std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace windrow::python
