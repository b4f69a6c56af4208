// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/hash_join_build.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "windrow/exec/task_slots.h"
#include "windrow/op/join_keys.h"
#include "windrow/op/retained_rows.h"

namespace windrow::op {
namespace {

struct PreparedBuild : exec::Prepared {
  PreparedBuild(column::KeyBatch keys, std::shared_ptr<arrow::RecordBatch> batch)
      : keys(std::move(keys)), batch(std::move(batch)) {}
  column::KeyBatch keys;
  std::shared_ptr<arrow::RecordBatch> batch;
};

}  // namespace

HashJoinBuild::HashJoinBuild(Options options, std::shared_ptr<arrow::Schema> input_schema,
                             std::shared_ptr<BuiltSide> built, exec::RunContext* context,
                             exec::StepMetrics* metrics)
    : options_(std::move(options)),
      built_(std::move(built)),
      context_(context),
      metrics_(metrics) {
  if (options_.row_number_column < 0) {
    retained_ = std::make_shared<RetainedRows>(std::move(input_schema));
  }
}

Result<std::unique_ptr<exec::Prepared>> HashJoinBuild::Prepare(
    std::shared_ptr<arrow::RecordBatch> batch) {
  ARROW_ASSIGN_OR_RAISE(auto keys, KeysOf(*batch, options_.key_columns,
                                          built_->table.layout(), context_->pool));
  return std::make_unique<PreparedBuild>(std::move(keys), std::move(batch));
}

Status HashJoinBuild::Consume(std::unique_ptr<exec::Prepared> prepared, exec::Emitter*) {
  auto& build = static_cast<PreparedBuild&>(*prepared);
  if (retained_ != nullptr) {
    retained_->Add(std::move(build.batch));
  } else {
    ARROW_RETURN_NOT_OK(built_->row_numbers.Append(
        RowNumbersOf(*build.batch, options_.row_number_column)));
  }
  return built_->table.Add(std::move(build.keys));
}

Status HashJoinBuild::Finish(exec::Emitter*) {
  if (retained_ != nullptr) built_->rows = retained_;
  column::KeyTable& table = built_->table;
  const int parts = context_->slots->num_slots();
  ARROW_RETURN_NOT_OK(table.Freeze(parts, context_->dense_keys));
  auto for_parts = [&](void (column::KeyTable::*pass)(int)) {
    return context_->slots->ParallelFor(
        parts,
        [&](int64_t part) -> Status {
          ARROW_RETURN_NOT_OK(context_->stop.Poll());
          (table.*pass)(static_cast<int>(part));
          return Status::OK();
        },
        &metrics_->cpu_nanos);
  };
  ARROW_RETURN_NOT_OK(for_parts(&column::KeyTable::CountPart));
  ARROW_RETURN_NOT_OK(table.PlacePartStarts());
  return for_parts(&column::KeyTable::FillPart);
}

}  // namespace windrow::op
