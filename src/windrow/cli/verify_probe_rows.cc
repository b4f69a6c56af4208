// SPDX-License-Identifier: Apache-2.0
#include "windrow/cli/verify_probe_rows.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <ostream>
#include <vector>

#include "windrow/cli/probe_rows_manifest.h"
#include "windrow/exec/pipeline.h"
#include "windrow/exec/task_slots.h"
#include "windrow/op/probe_check.h"
#include "windrow/plan/partition_files.h"
#include "windrow/recipe/probe_rows.h"
#include "windrow/runner/manifest.h"
#include "windrow/source/file_set.h"

namespace windrow::cli {
namespace {

using Totals = op::ProbeCheck::Totals;

std::optional<int64_t> ShardsOf(const plan::ProbeRecordsSpec& records) {
  if (!records.shards.has_value()) return std::nullopt;
  return records.shards->value;
}

/// Checks the files of one folder one after the other, each in parallel.
class FolderCheck {
 public:
  FolderCheck(std::string folder, ProbeRowsManifest manifest, exec::RunContext* context)
      : folder_(std::move(folder)),
        manifest_(std::move(manifest)),
        split_({manifest_.records.split == plan::ProbeSplit::kSorted
                    ? op::ProbeSplit::Rule::kSorted
                    : op::ProbeSplit::Rule::kHash,
                manifest_.records.train_ratio.value, ShardsOf(manifest_.records)}),
        context_(context),
        totals_(split_.file_names().size()) {}

  Status Run() {
    for (size_t file = 0; file < totals_.size(); ++file) {
      ARROW_RETURN_NOT_OK(context_->stop.Poll());
      const std::string name =
          plan::FileNameFor(manifest_.write, split_.file_names()[file]);
      const Status status = CheckFile(name, static_cast<int32_t>(file));
      if (status.ok()) continue;
      if (BlameOf(status) != Blame::kData) return status;
      Note("unreadable file", name, status.message());
    }
    CheckSides();
    CheckCounts();
    if (findings_.empty()) return Status::OK();
    std::string lines = folder_ + ": does not verify";
    for (const std::string& line : findings_.Lines()) lines += "\n" + line;
    return DataError(lines);
  }

  std::string Summary() const {
    const Totals all = Sum(0, totals_.size());
    const Totals train = Sum(0, totals_.size() / 2);
    return fmt::format("{}: verified {} records, {} measurements, {} probes, {} train",
                       folder_, all.records, all.measurements, all.probes, train.probes);
  }

 private:
  Status CheckFile(const std::string& name, int32_t file);
  Status CheckContent(const std::string& name);
  void CheckSides();
  void CheckCounts();
  Totals Sum(size_t begin, size_t end) const;

  void Note(const char* kind, const std::string& file, const std::string& detail) {
    findings_.Add(kind, file, -1, detail);
  }

  std::string folder_;
  ProbeRowsManifest manifest_;
  op::ProbeSplit split_;
  exec::RunContext* context_;
  std::vector<Totals> totals_;  ///< per file of split_
  op::ProbeFindings findings_;
};

Status FolderCheck::CheckFile(const std::string& name, int32_t file) {
  const std::string path = folder_ + "/" + name;
  if (!std::filesystem::is_regular_file(path)) {
    Note("missing file", name, "expected it beside the manifest");
    return Status::OK();
  }
  ARROW_RETURN_NOT_OK(CheckContent(name));
  ARROW_ASSIGN_OR_RAISE(const auto table, source::OpenFiles({path}, std::nullopt));
  const arrow::Schema& schema = *table->schema();
  if (schema.num_fields() != 1 || schema.field(0)->type()->id() != arrow::Type::BINARY) {
    return DataError("columns ", schema.ToString(), ", expected one of type binary");
  }
  exec::RunMetrics metrics;
  exec::ScanOptions scan;
  scan.columns = {0};
  exec::Pipeline pipeline;
  ARROW_ASSIGN_OR_RAISE(pipeline.source, table->Scan(scan, context_));
  pipeline.source_metrics = metrics.Add("scan", "scan");
  op::ProbeCheck::Options options{name, file, manifest_.records.max_row_bytes.value,
                                  &split_};
  pipeline.steps.push_back({nullptr,
                            std::make_unique<op::ProbeCheck>(
                                std::move(options), &findings_, &totals_[file], context_),
                            metrics.Add("check", "check")});
  ARROW_RETURN_NOT_OK(exec::RunPipeline(&pipeline, context_));
  const auto listed = manifest_.files.find(name);
  if (listed != manifest_.files.end() && listed->second.rows != totals_[file].records) {
    Note(
        "other number of records than in the manifest", name,
        fmt::format("found {}, expected {}", totals_[file].records, listed->second.rows));
  }
  return Status::OK();
}

Status FolderCheck::CheckContent(const std::string& name) {
  const auto listed = manifest_.files.find(name);
  if (listed == manifest_.files.end()) {
    Note("file not in the manifest", name, "expected it to be listed");
    return Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(const runner::FileContent content,
                        runner::ReadFileContent(folder_ + "/" + name, context_));
  if (content.bytes != listed->second.bytes || content.xxh3 != listed->second.xxh3) {
    Note("other content than in the manifest", name,
         fmt::format("found {} bytes of XXH3 {}, expected {} bytes of {}", content.bytes,
                     content.xxh3, listed->second.bytes, listed->second.xxh3));
  }
  return Status::OK();
}

/// A sorted split cuts the probes of all files at one address.
void FolderCheck::CheckSides() {
  if (!split_.needs_num_probes()) return;
  const size_t half = totals_.size() / 2;
  const int64_t all = Sum(0, totals_.size()).probes;
  const int64_t train = Sum(0, half).probes;
  const bool is_cut_right = (train == 0 || !split_.IsTest(0, train - 1, all)) &&
                            (train == all || split_.IsTest(0, train, all));
  if (!is_cut_right) {
    Note("split at the wrong place", "train",
         fmt::format("{} of {} probes, train_ratio {}", train, all,
                     manifest_.records.train_ratio.value));
  }
  for (size_t a = 0; a < half; ++a) {
    for (size_t b = half; b < totals_.size(); ++b) {
      if (!totals_[a].last_probe || !totals_[b].first_probe) continue;
      if (*totals_[a].last_probe < *totals_[b].first_probe) continue;
      Note("train probe after a test probe", split_.file_names()[a],
           fmt::format("'{}' and '{}'", *totals_[a].last_probe, *totals_[b].first_probe));
    }
  }
}

void FolderCheck::CheckCounts() {
  const size_t half = totals_.size() / 2;
  const Totals all = Sum(0, totals_.size());
  const Totals train = Sum(0, half);
  const auto check = [&](const char* name, int64_t found) {
    const auto count = manifest_.counts.find(name);
    const int64_t expected = count == manifest_.counts.end() ? 0 : count->second;
    if (found == expected) return;
    Note("other counts than in the manifest", recipe::kProbeRowsManifest,
         fmt::format("{}: found {}, expected {}", name, found, expected));
  };
  check("records", all.records);
  check("measurements", all.measurements);
  check("probes", all.probes);
  check("split probes", all.split_probes);
  check("train probes", train.probes);
  check("train measurements", train.measurements);
  check("test probes", all.probes - train.probes);
  check("test measurements", all.measurements - train.measurements);
  if (!manifest_.input_rows.has_value()) return;
  const int64_t expected = *manifest_.input_rows - manifest_.rejected_rows;
  if (all.measurements != expected) {
    Note("other number of measurements than rows of the input",
         recipe::kProbeRowsManifest,
         fmt::format("found {}, expected {} rows less {} rejected", all.measurements,
                     *manifest_.input_rows, manifest_.rejected_rows));
  }
}

Totals FolderCheck::Sum(size_t begin, size_t end) const {
  Totals sum;
  for (size_t file = begin; file < end; ++file) {
    sum.records += totals_[file].records;
    sum.measurements += totals_[file].measurements;
    sum.probes += totals_[file].probes;
    sum.split_probes += totals_[file].split_probes;
  }
  return sum;
}

}  // namespace

Status VerifyProbeRows(const std::string& folder, const EngineOptions& options,
                       const arrow::StopToken& stop, std::ostream& out) {
  ARROW_ASSIGN_OR_RAISE(ProbeRowsManifest manifest, ReadProbeRowsManifest(folder));
  exec::TaskSlots slots(options.slots > 0 ? options.slots : exec::DefaultSlots());
  exec::RunContext context;
  context.pool = arrow::default_memory_pool();
  context.slots = &slots;
  context.stop = stop;
  FolderCheck check(folder, std::move(manifest), &context);
  ARROW_RETURN_NOT_OK(check.Run());
  out << check.Summary() << '\n';
  return Status::OK();
}

}  // namespace windrow::cli
