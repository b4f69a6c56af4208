// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"
#include "windrow/format/probe_record.h"
#include "windrow/op/probe_findings.h"
#include "windrow/op/probe_split.h"

namespace windrow::op {

/// Checks the records of one file: input is one binary column, a record a row, in the
/// file's order. Emits nothing; ends a pipeline.
///
/// Of each record: it reads strictly, holds one source address whose id it states, its
/// rows are in order (event_time; dst_addr, nulls first; ip_version; rtt), count, span
/// and times are those of its rows, and it is no longer than allowed unless of one row.
/// Of the file: addresses ascend by bytes, a probe's records lie together in order and
/// were cut as late as the limit allows, and every probe belongs to this file.
class ProbeCheck : public exec::Breaker {
 public:
  struct Options {
    std::string file_name;  ///< for findings
    int32_t file = 0;       ///< index into ProbeSplit::file_names
    int64_t max_row_bytes = 0;
    const ProbeSplit* split = nullptr;  ///< outlives this object
  };

  /// What the file holds.
  struct Totals {
    int64_t records = 0;
    int64_t measurements = 0;
    int64_t probes = 0;
    int64_t split_probes = 0;
    std::optional<std::string> first_probe;
    std::optional<std::string> last_probe;
  };

  /// `findings` and `totals` outlive this object; totals are complete after Finish.
  ProbeCheck(Options options, ProbeFindings* findings, Totals* totals,
             exec::RunContext* context)
      : options_(std::move(options)),
        findings_(findings),
        totals_(totals),
        context_(context) {}

  const std::shared_ptr<arrow::Schema>& output_schema() const override {
    return no_schema_;
  }
  Result<std::unique_ptr<exec::Prepared>> Prepare(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Consume(std::unique_ptr<exec::Prepared> prepared,
                 exec::Emitter* emitter) override;
  Status Finish(exec::Emitter*) override { return Status::OK(); }

 private:
  struct CheckedRecord;
  struct CheckedBatch;

  CheckedRecord CheckRecord(std::shared_ptr<arrow::Buffer> bytes) const;
  void BeginProbe(const CheckedRecord& record);
  void ContinueProbe(const CheckedRecord& record);
  void Note(const char* kind, const std::string& detail);

  Options options_;
  ProbeFindings* findings_;
  Totals* totals_;
  exec::RunContext* context_;
  std::shared_ptr<arrow::Schema> no_schema_;
  std::shared_ptr<const CheckedRecord> last_;
  int64_t probe_records_ = 0;  ///< of the probe of last_
};

}  // namespace windrow::op
