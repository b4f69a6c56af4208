// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/column_types.h"
#include "windrow/plan/job_spec_parts.h"

namespace windrow::plan {
namespace {

PartitionSpec ReadPartition(const YamlNode& node, ProblemList& problems) {
  constexpr std::string_view kExpected = "{COLUMN: [VALUE, ...]}";
  PartitionSpec partition;
  const bool is_map = node.kind == YamlNode::Kind::kMap;
  if (!is_map || node.entries.size() != 1) {
    problems.Add(
        node.place, "found ",
        is_map ? std::to_string(node.entries.size()) + " columns" : Describe(node),
        " for 'partition_by'; expected ", kExpected);
    return partition;
  }
  const YamlNode& values = node.entries[0].value;
  if (values.kind != YamlNode::Kind::kSequence || values.items.empty()) {
    problems.Add(
        values.place, "found ",
        values.kind == YamlNode::Kind::kSequence ? "an empty list" : Describe(values),
        " for 'partition_by'; expected ", kExpected);
    return partition;
  }
  partition.column = node.entries[0].key;
  for (const YamlNode& value : values.items) {
    partition.values.push_back(ReadText(value, "partition_by", "a value", problems));
  }
  return partition;
}

SinkSpec ReadSink(const Fields& fields, const JobSpec& job, ProblemList& problems) {
  if (const auto* name = fields.Find("collect")) {
    fields.AllowOnly({"collect", "from"});
    return ResultSpec{ReadText(*name, "collect", "a name", problems),
                      ReadFrom(fields, fields.place(), job, problems)};
  }
  fields.AllowOnly({"write", "collect", "from", "format", "compression", "preserve_order",
                    "row_group_rows", "group_size", "partition_by", "manifest", "types",
                    "table", "replace_where", "parallel"});
  WriteSpec write;
  if (const auto* path = fields.Require("write", "write: PATH or collect: NAME")) {
    write.path = ReadText(*path, "write", "a path", problems);
  }
  write.from = ReadFrom(fields, fields.place(), job, problems);
  if (const auto* format = fields.Find("format")) {
    write.format = ReadChoice(*format, "format", FileFormats(), problems);
  }
  if (const auto* compression = fields.Find("compression")) {
    write.compression =
        ReadText(*compression, "compression", "CODEC or CODEC:LEVEL", problems);
  }
  if (const auto* preserve_order = fields.Find("preserve_order")) {
    write.preserve_order = ReadBool(*preserve_order, "preserve_order", problems);
  }
  if (const auto* rows = fields.Find("row_group_rows")) {
    write.row_group_rows = ReadInteger(*rows, "row_group_rows", problems);
  }
  if (const auto* records = fields.Find("group_size")) {
    write.group_size = ReadInteger(*records, "group_size", problems);
  }
  if (const auto* partition = fields.Find("partition_by")) {
    write.partition_by = ReadPartition(*partition, problems);
  }
  if (const auto* manifest = fields.Find("manifest")) {
    write.manifest = ReadText(*manifest, "manifest", "a file name", problems);
  }
  if (const auto* types = fields.Find("types")) {
    write.types = ReadColumnTypes(*types, "types", problems);
  }
  if (const auto* table = fields.Find("table")) {
    write.table = ReadText(*table, "table", "the name of a table", problems);
  }
  if (const auto* condition = fields.Find("replace_where")) {
    write.replace_where =
        ReadText(*condition, "replace_where", "an SQL condition", problems);
  }
  if (const auto* parallel = fields.Find("parallel")) {
    write.parallel = ReadInteger(*parallel, "parallel", problems);
  }
  return write;
}

}  // namespace

void ReadSinks(const YamlNode& node, JobSpec& job, ProblemList& problems) {
  if (node.kind != YamlNode::Kind::kSequence) {
    problems.Add(node.place, "found ", Describe(node),
                 " for sinks; expected a list of {write: PATH}");
    return;
  }
  if (node.items.empty()) {
    problems.Add(node.place,
                 "found no sinks; expected at least one, such as {write: PATH}");
  }
  for (const YamlNode& item : node.items) {
    if (!ExpectMap(item, "the sink", "{write: PATH} or {collect: NAME}", problems))
      continue;
    job.sinks.push_back(ReadSink(Fields(item, "the sink", problems), job, problems));
  }
}

}  // namespace windrow::plan
