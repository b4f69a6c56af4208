// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/job_spec_parts.h"

namespace windrow::plan {
namespace {

const Choices<NullSource> kNullSources = {{"drop", NullSource::kDrop},
                                          {"error", NullSource::kError},
                                          {"empty", NullSource::kEmpty}};
const Choices<ProbeSplit> kSplits = {{"hash", ProbeSplit::kHash},
                                     {"sorted", ProbeSplit::kSorted}};

/// The body of a step that needs none: `KIND: {}` and `KIND:` are the same.
bool IsEmpty(const YamlNode& node) { return node.kind == YamlNode::Kind::kNull; }

}  // namespace

ProbeMeasurementsSpec ReadProbeMeasurements(const YamlNode& node,
                                            const std::string& owner,
                                            ProblemList& problems) {
  ProbeMeasurementsSpec spec;
  if (IsEmpty(node) ||
      !ExpectMap(node, "probe_measurements", "a map with null_src", problems)) {
    return spec;
  }
  const Fields fields(node, owner, problems);
  fields.AllowOnly({"null_src"});
  if (const auto* null_source = fields.Find("null_src")) {
    spec.null_source = ReadChoice(*null_source, "null_src", kNullSources, problems)
                           .value_or(NullSource::kDrop);
  }
  return spec;
}

ProbeRecordsSpec ReadProbeRecords(const YamlNode& node, const std::string& owner,
                                  ProblemList& problems) {
  ProbeRecordsSpec spec;
  if (IsEmpty(node) ||
      !ExpectMap(node, "probe_records",
                 "a map with max_row_bytes, split, train_ratio and shards", problems)) {
    return spec;
  }
  const Fields fields(node, owner, problems);
  fields.AllowOnly({"max_row_bytes", "split", "train_ratio", "shards"});
  if (const auto* bytes = fields.Find("max_row_bytes")) {
    spec.max_row_bytes = ReadInteger(*bytes, "max_row_bytes", problems);
  }
  if (const auto* split = fields.Find("split")) {
    spec.split =
        ReadChoice(*split, "split", kSplits, problems).value_or(ProbeSplit::kHash);
  }
  if (const auto* ratio = fields.Find("train_ratio")) {
    spec.train_ratio = ReadNumber(*ratio, "train_ratio", problems);
  }
  if (const auto* shards = fields.Find("shards")) {
    spec.shards = ReadInteger(*shards, "shards", problems);
  }
  return spec;
}

}  // namespace windrow::plan
