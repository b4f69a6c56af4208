// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/probe_measurements.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/compute/api_scalar.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/checked_cast.h>

#include <algorithm>

#include "windrow/column/measurement_columns.h"

namespace windrow::op {
namespace {

using arrow::internal::checked_cast;
using ArrayPtr = std::shared_ptr<arrow::Array>;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

/// `values` with `filler` for null.
Result<ArrayPtr> Filled(const ArrayPtr& values, const arrow::Datum& filler,
                        arrow::compute::ExecContext* compute) {
  ARROW_ASSIGN_OR_RAISE(
      const arrow::Datum filled,
      arrow::compute::CallFunction("coalesce", {values, filler}, compute));
  return filled.make_array();
}

/// Null becomes the empty text; a dictionary gets it as its last one.
Result<ArrayPtr> WithEmptyForNull(const ArrayPtr& texts,
                                  arrow::compute::ExecContext* compute) {
  const auto empty = std::make_shared<arrow::StringScalar>("");
  if (texts->type_id() != arrow::Type::DICTIONARY) return Filled(texts, empty, compute);
  const auto& coded = checked_cast<const arrow::DictionaryArray&>(*texts);
  const auto last = static_cast<int32_t>(coded.dictionary()->length());
  ARROW_ASSIGN_OR_RAISE(
      const auto codes,
      Filled(coded.indices(), std::make_shared<arrow::Int32Scalar>(last), compute));
  ARROW_ASSIGN_OR_RAISE(const auto end,
                        arrow::MakeArrayFromScalar(*empty, 1, compute->memory_pool()));
  ARROW_ASSIGN_OR_RAISE(
      const auto dictionary,
      arrow::Concatenate({coded.dictionary(), end}, compute->memory_pool()));
  return std::make_shared<arrow::DictionaryArray>(texts->type(), codes, dictionary);
}

int64_t OtherVersions(const arrow::Int8Array& versions) {
  const int8_t* values = versions.raw_values();
  int64_t known = 0;
  if (versions.null_count() == 0) {
    known = std::count_if(values, values + versions.length(),
                          [](int8_t version) { return version == 4 || version == 6; });
  } else {
    for (int64_t row = 0; row < versions.length(); ++row) {
      known += versions.IsValid(row) && (values[row] == 4 || values[row] == 6) ? 1 : 0;
    }
  }
  return versions.length() - known;
}

}  // namespace

Result<std::unique_ptr<ProbeMeasurements>> ProbeMeasurements::Make(
    NullSource null_source, const arrow::Schema& input, exec::RunContext* context,
    exec::StepMetrics* metrics) {
  ARROW_ASSIGN_OR_RAISE(auto schema, column::MeasurementSchemaOf(input));
  std::vector<int> inputs;
  for (const auto& field : schema->fields()) {
    inputs.push_back(input.GetFieldIndex(field->name()));
  }
  return std::unique_ptr<ProbeMeasurements>(new ProbeMeasurements(
      null_source, std::move(inputs), std::move(schema), context, metrics));
}

Result<BatchPtr> ProbeMeasurements::Process(BatchPtr batch) {
  arrow::ArrayVector columns;
  arrow::FieldVector fields;
  for (int column = 0; column < column::kNumMeasurementColumns; ++column) {
    ARROW_ASSIGN_OR_RAISE(
        auto values, column::ToMeasurementColumn(column, batch->column(inputs_[column]),
                                                 context_->pool));
    fields.push_back(schema_->field(column)->WithType(values->type()));
    columns.push_back(std::move(values));
  }
  auto measurements = arrow::RecordBatch::Make(arrow::schema(std::move(fields)),
                                               batch->num_rows(), std::move(columns));
  if (measurements->column(column::kSrcAddr)->null_count() > 0) {
    ARROW_ASSIGN_OR_RAISE(measurements, TreatNullSources(std::move(measurements)));
  }
  ARROW_RETURN_NOT_OK(Count(*measurements));
  return measurements;
}

Result<BatchPtr> ProbeMeasurements::TreatNullSources(BatchPtr batch) {
  const ArrayPtr& sources = batch->column(column::kSrcAddr);
  arrow::compute::ExecContext compute(context_->pool);
  compute.set_use_threads(false);
  if (null_source_ == NullSource::kError) {
    return DataError("column 'src_addr': ", sources->null_count(), " nulls in ",
                     batch->num_rows(), " rows; expected none (null_src: error)");
  }
  if (null_source_ == NullSource::kEmpty) {
    ARROW_ASSIGN_OR_RAISE(auto filled, WithEmptyForNull(sources, &compute));
    return batch->SetColumn(column::kSrcAddr, batch->schema()->field(column::kSrcAddr),
                            std::move(filled));
  }
  metrics_->Reject("null src_addr", sources->null_count());
  ARROW_ASSIGN_OR_RAISE(const arrow::Datum is_kept,
                        arrow::compute::CallFunction("is_valid", {sources}, &compute));
  ARROW_ASSIGN_OR_RAISE(
      const arrow::Datum kept,
      arrow::compute::Filter(batch, is_kept, arrow::compute::FilterOptions(), &compute));
  return kept.record_batch();
}

Status ProbeMeasurements::Count(const arrow::RecordBatch& measurements) {
  const auto count = [&](const char* name, int64_t rows) {
    if (rows > 0) metrics_->Count(name, rows);
  };
  const auto count_others = [&](int column, AddressCounter* counter) -> Result<int64_t> {
    const Result<int64_t> others = counter->CountOthers(*measurements.column(column));
    if (others.ok()) return others;
    return At(internal::Words("column '", column::MeasurementColumnName(column), "'"),
              others.status());
  };
  ARROW_ASSIGN_OR_RAISE(const int64_t sources, count_others(column::kSrcAddr, &sources_));
  ARROW_ASSIGN_OR_RAISE(const int64_t destinations,
                        count_others(column::kDstAddr, &destinations_));
  count("src_addr not an address", sources);
  count("dst_addr not an address", destinations);
  count("ip_version other than 4 or 6",
        OtherVersions(checked_cast<const arrow::Int8Array&>(
            *measurements.column(column::kIpVersion))));
  return Status::OK();
}

}  // namespace windrow::op
