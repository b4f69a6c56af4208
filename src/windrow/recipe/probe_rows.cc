// SPDX-License-Identifier: Apache-2.0
#include "windrow/recipe/probe_rows.h"

#include <cstdio>

#include "windrow/base/near_name.h"
#include "windrow/plan/job_spec_check.h"

namespace windrow::recipe {
namespace {

/// Rows of a list: a probe has a few thousand as a rule, and some have millions.
constexpr int64_t kListRows = 1 << 18;
constexpr int64_t kBytesOfMb = 1 << 20;
/// What a record may have at most: 1 GiB.
constexpr double kRowSizeMbMax = 1024;
constexpr int64_t kShardsMax = 1000;

Result<plan::NullSource> ParseNullSource(const std::string& text) {
  using plan::NullSource;
  for (const NullSource kind :
       {NullSource::kDrop, NullSource::kError, NullSource::kEmpty}) {
    if (text == plan::NullSourceName(kind)) return kind;
  }
  return UserError("--null-src ", text, ": expected drop, error or empty",
                   DidYouMean(text, {"drop", "error", "empty"}));
}

Result<plan::ProbeSplit> ParseSplit(const std::string& text) {
  using plan::ProbeSplit;
  for (const ProbeSplit split : {ProbeSplit::kHash, ProbeSplit::kSorted}) {
    if (text == plan::ProbeSplitName(split)) return split;
  }
  return UserError("--split ", text, ": expected hash or sorted",
                   DidYouMean(text, {"hash", "sorted"}));
}

/// The names that probe_records gives to files, in its order.
std::vector<plan::PlacedText> FileNames(std::optional<int64_t> shards) {
  if (!shards.has_value()) return {"train", "test"};
  std::vector<plan::PlacedText> names;
  for (const char* side : {"train", "test"}) {
    for (int64_t shard = 0; shard < *shards; ++shard) {
      char name[64];
      std::snprintf(name, sizeof(name), "%s-%05lld-of-%05lld", side,
                    static_cast<long long>(shard), static_cast<long long>(*shards));
      names.push_back(std::string(name));
    }
  }
  return names;
}

}  // namespace

Result<plan::JobSpec> ProbeRowsJob(const ProbeRowsOptions& options) {
  if (!(options.train_ratio >= 0 && options.train_ratio <= 1)) {
    return UserError("--train-ratio ", options.train_ratio,
                     ": expected a number from 0 to 1");
  }
  if (!(options.max_row_size_mb * kBytesOfMb >= 1 &&
        options.max_row_size_mb <= kRowSizeMbMax)) {
    return UserError("--max-row-size-mb ", options.max_row_size_mb,
                     ": expected a number above 0, at most ", kRowSizeMbMax);
  }
  if (options.shards.value_or(1) < 1 || options.shards.value_or(1) > kShardsMax) {
    return UserError("--shards ", *options.shards, ": expected 1 to ", kShardsMax);
  }
  plan::ProbeMeasurementsSpec measurements;
  ARROW_ASSIGN_OR_RAISE(measurements.null_source, ParseNullSource(options.null_src));
  measurements.from = "pings";

  plan::CollectSpec probes;
  probes.by = {"src_addr"};
  probes.order = {{"event_time"}, {"dst_addr", false, true}, {"ip_version"}, {"rtt"}};
  probes.max_rows = kListRows;
  probes.from = "measurements";

  plan::ProbeRecordsSpec records;
  records.max_row_bytes = static_cast<int64_t>(options.max_row_size_mb * kBytesOfMb);
  ARROW_ASSIGN_OR_RAISE(records.split, ParseSplit(options.split));
  records.train_ratio = options.train_ratio;
  if (options.shards.has_value()) records.shards = *options.shards;
  records.from = "probes";

  plan::WriteSpec write;
  std::string folder = options.output;
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  write.path = folder + "/{file}.arrayrecord";
  write.from = "records";
  write.partition_by = plan::PartitionSpec{"file", FileNames(options.shards)};
  write.compression = options.compression;
  write.manifest = std::string(kProbeRowsManifest);

  plan::ScanSpec pings;
  for (const std::string& path : options.input) pings.paths.push_back(path);
  plan::JobSpec job;
  job.document_name = "probe-rows";
  job.sources.push_back({"pings", std::move(pings)});
  job.steps.push_back({"measurements", std::move(measurements)});
  job.steps.push_back({"probes", std::move(probes)});
  job.steps.push_back({"records", std::move(records)});
  job.sinks.push_back(std::move(write));
  ARROW_RETURN_NOT_OK(plan::CompleteJobSpec(job));
  return job;
}

}  // namespace windrow::recipe
