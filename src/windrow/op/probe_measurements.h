// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "windrow/exec/metrics.h"
#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"
#include "windrow/op/address_counter.h"

namespace windrow::op {

/// What becomes of a measurement without a source address.
enum class NullSource {
  kDrop,   ///< left out, and noted as rejected
  kError,  ///< a DataError
  kEmpty   ///< its source is the empty text
};

/// Brings the columns of measurements to the types of column::MeasurementSchemaOf, and
/// counts what looks odd in them but is kept: other versions than 4 and 6 (null too), and
/// texts that are no addresses.
class ProbeMeasurements : public exec::Operator {
 public:
  /// A UserError where column::MeasurementSchemaOf gives one.
  static Result<std::unique_ptr<ProbeMeasurements>> Make(NullSource null_source,
                                                         const arrow::Schema& input,
                                                         exec::RunContext* context,
                                                         exec::StepMetrics* metrics);

  /// A text column of a batch may be a dictionary where this says plain, if it is one in
  /// the input.
  const std::shared_ptr<arrow::Schema>& output_schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Process(
      std::shared_ptr<arrow::RecordBatch> batch) override;

 private:
  ProbeMeasurements(NullSource null_source, std::vector<int> inputs,
                    std::shared_ptr<arrow::Schema> schema, exec::RunContext* context,
                    exec::StepMetrics* metrics)
      : null_source_(null_source),
        inputs_(std::move(inputs)),
        schema_(std::move(schema)),
        context_(context),
        metrics_(metrics) {}

  Result<std::shared_ptr<arrow::RecordBatch>> TreatNullSources(
      std::shared_ptr<arrow::RecordBatch> batch);
  Status Count(const arrow::RecordBatch& measurements);

  NullSource null_source_;
  std::vector<int> inputs_;  ///< column of the input for each output column
  std::shared_ptr<arrow::Schema> schema_;
  exec::RunContext* context_;
  exec::StepMetrics* metrics_;
  AddressCounter sources_;
  AddressCounter destinations_;
};

}  // namespace windrow::op
