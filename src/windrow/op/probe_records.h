// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "windrow/exec/metrics.h"
#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"
#include "windrow/op/collected_groups.h"
#include "windrow/op/probe_cuts.h"
#include "windrow/op/probe_split.h"

namespace windrow::op {

/// Makes records of probes (format/probe_record.h) from groups as ProbeGroups takes them,
/// in ascending byte order of src_addr; rows with equal src_addr follow each other and
/// are one probe. Each output row is a record and the name of the file it goes to:
///
///   src_addr  event_time  …      file   record
///   10.0.0.1  [t1, t2]    …  ->  train  <10.0.0.1: t1, t2, t3>
///   10.0.0.1  [t3]        …
///
/// Cutting is serial and cheap; records are written in parallel, in place, into one
/// buffer for many of them. Counts probes, records, measurements and probes cut into
/// several records, and of each side of the split probes and measurements.
class ProbeRecords : public exec::Breaker {
 public:
  struct Options {
    int64_t max_row_bytes = 8 << 20;  ///< of a record's inner stream, if not of one row
    ProbeSplit::Options split;
    /// Tells the number of probes where the split needs it; else may be null.
    std::shared_ptr<const CollectedGroups> collected;
  };

  /// A UserError where column::FindMeasurementLists gives one.
  static Result<std::unique_ptr<ProbeRecords>> Make(Options options,
                                                    const arrow::Schema& input,
                                                    exec::RunContext* context,
                                                    exec::StepMetrics* metrics);

  /// file dictionary<int32, utf8>, record binary; no nulls.
  static const std::shared_ptr<arrow::Schema>& OutputSchema();
  const std::shared_ptr<arrow::Schema>& output_schema() const override {
    return OutputSchema();
  }
  Result<std::unique_ptr<exec::Prepared>> Prepare(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Consume(std::unique_ptr<exec::Prepared> prepared,
                 exec::Emitter* emitter) override;
  Status Finish(exec::Emitter* emitter) override;

 private:
  /// Of probes and measurements, not yet handed to the metrics.
  struct Tally {
    std::array<int64_t, 2> probes{};        ///< train, test
    std::array<int64_t, 2> measurements{};  ///< train, test
    int64_t split_probes = 0;
    int64_t records = 0;
  };

  ProbeRecords(Options options, std::array<int, format::kNumProbeColumns> columns,
               exec::RunContext* context, exec::StepMetrics* metrics);
  Status BeginProbe(std::string_view src_addr);
  void EndProbe();
  int64_t write_bytes() const;
  Status EmitRecords(bool is_last, exec::Emitter* emitter);
  Result<std::shared_ptr<arrow::RecordBatch>> WriteRecords(
      const std::vector<ProbeRecordPlan>& records, int64_t bytes);
  void HandOverCounts();

  Options options_;
  std::array<int, format::kNumProbeColumns> columns_;
  exec::RunContext* context_;
  exec::StepMetrics* metrics_;
  ProbeSplit split_;
  std::shared_ptr<arrow::Array> file_names_;
  ProbeCuts cuts_;
  std::optional<std::string> probe_;  ///< the one that may have more rows
  bool probe_is_test_ = false;
  int64_t num_probes_ = 0;  ///< begun so far
  Tally tally_;
};

}  // namespace windrow::op
