// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/job_spec_reader.h"

#include "windrow/plan/column_types.h"
#include "windrow/plan/database_spec.h"
#include "windrow/plan/job_spec_check.h"
#include "windrow/plan/job_spec_parts.h"

namespace windrow::plan {
namespace {

using Kind = YamlNode::Kind;

/// Reads the parts of a document into a spec. Every problem goes to the list, and what it
/// concerns is left empty, so that reading goes on.
class JobReader {
 public:
  explicit JobReader(ProblemList& problems) : problems_(problems) {}

  void ReadDocument(const YamlNode& root);
  JobSpec TakeJob() { return std::move(job_); }

 private:
  void ReadVersion(const YamlNode& node);
  void ReadSources(const YamlNode& node);

  ScanSpec ReadScan(const Fields& fields);
  GenerateSpec ReadGenerate(const Fields& fields, const YamlNode& map);

  ProblemList& problems_;
  JobSpec job_;
};

void JobReader::ReadDocument(const YamlNode& root) {
  if (!ExpectMap(root, "the document", "a map with windrow, sources, steps and sinks",
                 problems_)) {
    return;
  }
  const Fields fields(root, "the document", problems_);
  fields.AllowOnly({"windrow", "sources", "steps", "sinks"});
  if (const auto* version = fields.Require("windrow", "windrow: 1"))
    ReadVersion(*version);
  if (const auto* sources = fields.Require("sources", "at least one source")) {
    ReadSources(*sources);
  }
  if (const auto* steps = fields.Find("steps"); steps && steps->kind != Kind::kNull) {
    ReadSteps(*steps, job_, problems_);
  }
  if (const auto* sinks = fields.Require("sinks", "at least one sink"))
    ReadSinks(*sinks, job_, problems_);
}

void JobReader::ReadVersion(const YamlNode& node) {
  const int64_t version = ReadInteger(node, "windrow", problems_).value;
  const bool is_read = node.kind == Kind::kScalar && node.text == std::to_string(version);
  if (is_read && version != 1) {
    problems_.Add(node.place, "found version ", version,
                  " of the job document; expected windrow: 1");
  }
}

void JobReader::ReadSources(const YamlNode& node) {
  constexpr std::string_view kExpected = "a map of NAME: {scan: PATH}";
  if (!ExpectMap(node, "sources", kExpected, problems_)) return;
  if (node.entries.empty()) {
    problems_.Add(node.place, "found no sources; expected at least one");
  }
  for (const YamlEntry& entry : node.entries) {
    SourceSpec source{entry.key, ScanSpec{}};
    const std::string owner = "source '" + entry.key.value + "'";
    if (ExpectMap(entry.value, owner,
                  "{scan: PATH}, {generate: DATASET} or {values: {...}}", problems_)) {
      const Fields fields(entry.value, owner, problems_);
      if (fields.Find("generate") != nullptr) {
        source.kind = ReadGenerate(fields, entry.value);
      } else if (fields.Find("values") != nullptr) {
        source.kind = ReadValues(fields, problems_);
      } else {
        source.kind = ReadScan(fields);
      }
    }
    job_.sources.push_back(std::move(source));
  }
}

ScanSpec JobReader::ReadScan(const Fields& fields) {
  constexpr std::string_view kPath = "a path";
  fields.AllowOnly({"scan", "format", "schema", "allow_empty", "table", "query",
                    "generate", "values"});
  ScanSpec scan;
  if (const auto* schema = fields.Find("schema")) {
    scan.schema = ReadColumnTypes(*schema, "schema", problems_);
  }
  if (const auto* allow_empty = fields.Find("allow_empty")) {
    scan.allow_empty = ReadBool(*allow_empty, "allow_empty", problems_);
    if (fields.Find("schema") == nullptr) {
      problems_.Add(allow_empty->place, "found 'allow_empty' without 'schema' in ",
                    fields.owner(), "; expected both, as no file says what columns are");
    }
  }
  if (const auto* table = fields.Find("table")) {
    scan.table = ReadText(*table, "table", "the name of a table", problems_);
  }
  if (const auto* query = fields.Find("query")) {
    scan.query = ReadText(*query, "query", "an SQL query", problems_);
  }
  if (const auto* format = fields.Find("format")) {
    static const Choices<FileFormat> kFormats = {
        {"arrow", FileFormat::kArrow},
        {"parquet", FileFormat::kParquet},
        {"arrayrecord", FileFormat::kArrayRecord}};
    scan.format = ReadChoice(*format, "format", kFormats, problems_);
  }
  const YamlNode* paths =
      fields.Require("scan", "scan: PATH, generate: DATASET or values: {...}");
  if (paths == nullptr) return scan;
  if (paths->kind != Kind::kSequence) {
    scan.paths = {ReadText(*paths, "scan", kPath, problems_)};
    return scan;
  }
  for (const YamlNode& path : paths->items) {
    scan.paths.push_back(ReadText(path, "scan", kPath, problems_));
  }
  if (paths->items.empty()) {
    problems_.Add(paths->place,
                  "found an empty list for 'scan'; expected at least one path");
  }
  return scan;
}

GenerateSpec JobReader::ReadGenerate(const Fields& fields, const YamlNode& map) {
  GenerateSpec generate;
  generate.dataset =
      ReadText(*fields.Find("generate"), "generate", "the name of a data set", problems_);
  if (const auto* rows = fields.Require("rows", "rows: N")) {
    generate.rows = ReadInteger(*rows, "rows", problems_);
  }
  if (const auto* seed = fields.Find("seed")) {
    generate.seed = ReadInteger(*seed, "seed", problems_).value;
  }
  for (const YamlEntry& entry : map.entries) {
    const std::string& key = entry.key.value;
    if (key == "generate" || key == "rows" || key == "seed") continue;
    if (key == "scan" || key == "values") {
      problems_.Add(entry.key.place, "found ", key, " and generate in ", fields.owner(),
                    "; expected one of them");
    } else if (entry.value.kind != Kind::kScalar) {
      problems_.Add(entry.value.place, "found ", Describe(entry.value), " for '", key,
                    "'; expected text, a number or a boolean");
    }
    generate.options.emplace(key, PlacedText(entry.value.text, entry.value.place));
  }
  return generate;
}

}  // namespace

const Choices<FileFormat>& FileFormats() {
  static const Choices<FileFormat> kFormats = {{"arrow", FileFormat::kArrow},
                                               {"parquet", FileFormat::kParquet},
                                               {"arrayrecord", FileFormat::kArrayRecord},
                                               {"ndjson", FileFormat::kNdjson}};
  return kFormats;
}

PlacedText ReadFrom(const Fields& fields, Place reader_place, const JobSpec& job,
                    ProblemList& problems) {
  if (const auto* from = fields.Find("from")) {
    return ReadText(*from, "from", "the name of a source or step", problems);
  }
  if (!job.steps.empty()) return {job.steps.back().name.value, reader_place};
  if (job.sources.size() == 1) return {job.sources[0].name.value, reader_place};
  if (!job.sources.empty()) {
    problems.Add(reader_place, "found no 'from' in ", fields.owner(),
                 "; expected one, as there are ", job.sources.size(), " sources");
  }
  return {};
}

Result<JobSpec> ReadJobSpec(std::string_view text, std::string_view document_name,
                            const std::map<std::string, std::string>& variables) {
  ProblemList problems;
  JobSpec job;
  if (std::optional<YamlNode> root = ParseYaml(text, problems)) {
    FillVariables(variables, *root, problems);
    JobReader reader(problems);
    reader.ReadDocument(*root);
    job = reader.TakeJob();
    TakeSecrets(job, problems);
    CheckJobSpec(job, problems);
  }
  ARROW_RETURN_NOT_OK(problems.ToStatus(document_name));
  job.document_name = document_name;
  OrderSteps(job);
  return job;
}

}  // namespace windrow::plan
