// SPDX-License-Identifier: Apache-2.0
#include "windrow/service/key_sieve.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <mutex>
#include <utility>

namespace windrow::service {
namespace {

namespace cp = arrow::compute;

/// Arrow's kernels without threads of their own.
cp::ExecContext SerialContext() {
  cp::ExecContext context(arrow::default_memory_pool());
  context.set_use_threads(false);
  return context;
}

/// Keeps the keys that pass; of each batch once.
class SieveSink : public exec::TransientSink {
 public:
  SieveSink(const flight::KeyFilter& filter, arrow::ArrayVector* passed)
      : filter_(filter), passed_(passed) {}

  Result<std::unique_ptr<exec::Prepared>> Encode(
      std::shared_ptr<arrow::RecordBatch> batch) override {
    const auto pool = arrow::default_memory_pool();
    ARROW_ASSIGN_OR_RAISE(auto mask, filter_.Test(*batch->column(0), pool));
    if (mask->true_count() == 0) return nullptr;
    cp::ExecContext context = SerialContext();
    ARROW_ASSIGN_OR_RAISE(const arrow::Datum kept,
                          cp::Filter(batch->column(0), arrow::Datum(std::move(mask)),
                                     cp::FilterOptions::Defaults(), &context));
    ARROW_ASSIGN_OR_RAISE(auto keys, cp::Unique(kept, &context));
    const std::scoped_lock lock(mutex_);
    passed_->push_back(std::move(keys));
    return nullptr;
  }
  Status Write(std::unique_ptr<exec::Prepared>) override { return Status::OK(); }

 private:
  const flight::KeyFilter& filter_;
  std::mutex mutex_;
  arrow::ArrayVector* passed_;
};

}  // namespace

Result<std::shared_ptr<arrow::Array>> DistinctOf(
    const arrow::ArrayVector& arrays, const std::shared_ptr<arrow::DataType>& type) {
  if (arrays.empty()) return arrow::MakeEmptyArray(type);
  cp::ExecContext context = SerialContext();
  ARROW_ASSIGN_OR_RAISE(const auto all, arrow::Concatenate(arrays));
  ARROW_ASSIGN_OR_RAISE(const arrow::Datum valid, cp::DropNull(all, &context));
  return cp::Unique(valid, &context);
}

Result<std::shared_ptr<arrow::Array>> SieveKeys(const flight::KeyFilter& filter,
                                                const flight::ScanRequest& request,
                                                const ScanPart& part,
                                                const runner::RunOptions& run,
                                                const arrow::StopToken& stop) {
  flight::ScanRequest keys_only = request;
  keys_only.columns = {{request.key_column}};
  keys_only.key_column.clear();
  keys_only.key_filter.clear();
  keys_only.limit.reset();
  ARROW_ASSIGN_OR_RAISE(plan::PreparedJob job,
                        PrepareScan(keys_only, part, nullptr, run.switches));
  arrow::ArrayVector passed;
  job.open_result = [&](const std::string&, const auto&, exec::RunContext*) {
    return std::make_unique<SieveSink>(filter, &passed);
  };
  runner::LocalRunner runner(run, stop);
  ARROW_RETURN_NOT_OK(runner.Run(job));
  const auto field = part.served->table->schema()->GetFieldByName(request.key_column);
  return DistinctOf(passed, field->type());
}

}  // namespace windrow::service
