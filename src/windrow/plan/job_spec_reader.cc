// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/job_spec_reader.h"

#include <algorithm>

#include "windrow/base/near_name.h"
#include "windrow/plan/job_spec_check.h"
#include "windrow/plan/sort_key_text.h"
#include "windrow/plan/yaml_fields.h"

namespace windrow::plan {
namespace {

using Kind = YamlNode::Kind;

constexpr std::string_view kColumnsExpected = "a list of columns and {NAME: EXPRESSION}";

const Choices<FileFormat> kFormats = {{"arrow", FileFormat::kArrow},
                                      {"parquet", FileFormat::kParquet},
                                      {"arrayrecord", FileFormat::kArrayRecord}};
const Choices<JoinHow> kJoinHows = {{"inner", JoinHow::kInner},
                                    {"left", JoinHow::kLeft},
                                    {"semi", JoinHow::kSemi},
                                    {"anti", JoinHow::kAnti}};

const std::vector<std::string>& StepKinds() {
  static const std::vector<std::string> kKinds = {"filter", "select", "with_columns",
                                                  "join",   "sort",   "limit"};
  return kKinds;
}

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
  void ReadSteps(const YamlNode& node);
  void ReadSinks(const YamlNode& node);

  ScanSpec ReadScan(const Fields& fields);
  GenerateSpec ReadGenerate(const Fields& fields, const YamlNode& map);

  StepKind ReadStep(const Fields& fields, const YamlNode& map, const PlacedText& name);
  void ReportKindCount(const Fields& fields, const YamlNode& map, Place place,
                       const std::vector<std::string>& found);
  SelectSpec ReadSelect(const YamlNode& node);
  WithColumnsSpec ReadWithColumns(const YamlNode& node);
  JoinSpec ReadJoin(const YamlNode& node, const std::string& owner);
  std::vector<JoinKey> ReadJoinKeys(const YamlNode& node);
  SortSpec ReadSort(const YamlNode& node);
  SortKey ReadSortKey(const YamlNode& node);
  SinkSpec ReadSink(const Fields& fields);

  /// `from`, or else the step written before, or else the only source.
  PlacedText ReadFrom(const Fields& fields, Place reader_place);

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
    ReadSteps(*steps);
  }
  if (const auto* sinks = fields.Require("sinks", "at least one sink")) ReadSinks(*sinks);
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
    if (ExpectMap(entry.value, owner, "{scan: PATH} or {generate: DATASET}", problems_)) {
      const Fields fields(entry.value, owner, problems_);
      if (fields.Find("generate") != nullptr) {
        source.kind = ReadGenerate(fields, entry.value);
      } else {
        source.kind = ReadScan(fields);
      }
    }
    job_.sources.push_back(std::move(source));
  }
}

ScanSpec JobReader::ReadScan(const Fields& fields) {
  constexpr std::string_view kPath = "a path";
  fields.AllowOnly({"scan", "format", "generate"});
  ScanSpec scan;
  if (const auto* format = fields.Find("format")) {
    scan.format = ReadChoice(*format, "format", kFormats, problems_);
  }
  const YamlNode* paths = fields.Require("scan", "scan: PATH or generate: DATASET");
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
    if (key == "scan") {
      problems_.Add(entry.key.place, "found scan and generate in ", fields.owner(),
                    "; expected one of them");
    } else if (entry.value.kind != Kind::kScalar) {
      problems_.Add(entry.value.place, "found ", Describe(entry.value), " for '", key,
                    "'; expected text, a number or a boolean");
    }
    generate.options.emplace(key, PlacedText(entry.value.text, entry.value.place));
  }
  return generate;
}

void JobReader::ReadSteps(const YamlNode& node) {
  if (!ExpectMap(node, "steps", "a map of NAME: {KIND: ...}", problems_)) return;
  for (const YamlEntry& entry : node.entries) {
    StepKind kind = FilterSpec{};
    const std::string owner = "step '" + entry.key.value + "'";
    if (ExpectMap(entry.value, owner, "{KIND: ...} with " + AnyOf(StepKinds()),
                  problems_)) {
      const Fields fields(entry.value, owner, problems_);
      kind = ReadStep(fields, entry.value, entry.key);
    }
    job_.steps.push_back({entry.key, std::move(kind)});
  }
}

StepKind JobReader::ReadStep(const Fields& fields, const YamlNode& map,
                             const PlacedText& name) {
  std::vector<std::string> found;
  for (const std::string& kind : StepKinds()) {
    const bool is_sort_limit = kind == "limit" && fields.Find("sort") != nullptr;
    if (fields.Find(kind) != nullptr && !is_sort_limit) found.push_back(kind);
  }
  if (found.size() != 1) {
    ReportKindCount(fields, map, name.place, found);
    return FilterSpec{};
  }
  const YamlNode& node = *fields.Find(found[0]);
  if (found[0] == "join") {
    fields.AllowOnly({"join"});
    return ReadJoin(node, "the join of " + fields.owner());
  }
  if (found[0] == "sort") {
    fields.AllowOnly({"sort", "limit", "from"});
    SortSpec sort = ReadSort(node);
    if (const auto* limit = fields.Find("limit")) {
      sort.limit = ReadInteger(*limit, "limit", problems_);
    }
    sort.from = ReadFrom(fields, name.place);
    return sort;
  }
  fields.AllowOnly({found[0], "from"});
  const PlacedText from = ReadFrom(fields, name.place);
  if (found[0] == "filter")
    return FilterSpec{ReadExpression(node, "filter", problems_), from};
  if (found[0] == "limit") return LimitSpec{ReadInteger(node, "limit", problems_), from};
  if (found[0] == "select") {
    SelectSpec select = ReadSelect(node);
    select.from = from;
    return select;
  }
  WithColumnsSpec with_columns = ReadWithColumns(node);
  with_columns.from = from;
  return with_columns;
}

void JobReader::ReportKindCount(const Fields& fields, const YamlNode& map, Place place,
                                const std::vector<std::string>& found) {
  std::vector<std::string> known = StepKinds();
  known.push_back("from");
  fields.AllowOnly(known);
  const bool has_unknown_key =
      std::any_of(map.entries.begin(), map.entries.end(), [&](const YamlEntry& entry) {
        return std::find(known.begin(), known.end(), entry.key.value) == known.end();
      });
  if (found.empty() && has_unknown_key) return;  // most likely the kind, misspelt
  std::string names;
  for (const std::string& kind : found) names += (names.empty() ? "" : " and ") + kind;
  if (names.empty()) names = "no kind";
  problems_.Add(place, "found ", names, " in ", fields.owner(), "; expected one of ",
                AnyOf(StepKinds()));
}

PlacedText JobReader::ReadFrom(const Fields& fields, Place reader_place) {
  if (const auto* from = fields.Find("from")) {
    return ReadText(*from, "from", "the name of a source or step", problems_);
  }
  if (!job_.steps.empty()) return {job_.steps.back().name.value, reader_place};
  if (job_.sources.size() == 1) return {job_.sources[0].name.value, reader_place};
  if (!job_.sources.empty()) {
    problems_.Add(reader_place, "found no 'from' in ", fields.owner(),
                  "; expected one, as there are ", job_.sources.size(), " sources");
  }
  return {};
}

SelectSpec JobReader::ReadSelect(const YamlNode& node) {
  SelectSpec select;
  if (node.kind != Kind::kSequence) {
    problems_.Add(node.place, "found ", Describe(node), " for 'select'; expected ",
                  kColumnsExpected);
  }
  for (const YamlNode& item : node.items) {
    if (item.kind != Kind::kMap) {
      select.columns.push_back({ReadColumnName(item, "select", problems_), std::nullopt});
      continue;
    }
    const Fields fields(item, "select", problems_);
    for (const YamlEntry& entry : item.entries) {
      select.columns.push_back(
          {entry.key, ReadExpression(entry.value, entry.key.value, problems_)});
    }
  }
  return select;
}

WithColumnsSpec JobReader::ReadWithColumns(const YamlNode& node) {
  constexpr std::string_view kExpected = "a map of NAME: EXPRESSION";
  WithColumnsSpec with_columns;
  if (!ExpectMap(node, "with_columns", kExpected, problems_)) return with_columns;
  if (node.entries.empty()) {
    problems_.Add(node.place, "found an empty map for 'with_columns'; expected ",
                  kExpected);
  }
  for (const YamlEntry& entry : node.entries) {
    with_columns.columns.push_back(
        {entry.key, ReadExpression(entry.value, entry.key.value, problems_)});
  }
  return with_columns;
}

JoinSpec JobReader::ReadJoin(const YamlNode& node, const std::string& owner) {
  JoinSpec join;
  if (!ExpectMap(node, "join", "a map with left, right and on", problems_)) return join;
  const Fields fields(node, owner, problems_);
  fields.AllowOnly({"left", "right", "on", "how", "columns", "suffix", "nulls_equal"});
  const auto read_side = [&](std::string_view key) -> PlacedText {
    constexpr std::string_view kExpected = "the name of a source or step";
    const auto* side = fields.Require(key, kExpected);
    return side == nullptr ? PlacedText() : ReadText(*side, key, kExpected, problems_);
  };
  join.left = read_side("left");
  join.right = read_side("right");
  if (const auto* on =
          fields.Require("on", "COLUMN, [COLUMN, ...] or {LEFT: RIGHT, ...}")) {
    join.on = ReadJoinKeys(*on);
  }
  if (const auto* how = fields.Find("how")) {
    const auto read = ReadChoice(*how, "how", kJoinHows, problems_);
    join.how = read.value_or(JoinHow::kInner);
  }
  if (const auto* suffix = fields.Find("suffix")) {
    join.suffix = ReadText(*suffix, "suffix", "at least one character", problems_);
  }
  if (const auto* columns = fields.Find("columns")) {
    join.columns.emplace();
    if (columns->kind != Kind::kSequence) {
      problems_.Add(columns->place, "found ", Describe(*columns),
                    " for 'columns'; expected a list of the right side's columns");
    }
    for (const YamlNode& item : columns->items) {
      join.columns->push_back(ReadColumnName(item, "columns", problems_));
    }
  }
  if (const auto* nulls_equal = fields.Find("nulls_equal")) {
    join.nulls_equal = ReadBool(*nulls_equal, "nulls_equal", problems_);
  }
  return join;
}

std::vector<JoinKey> JobReader::ReadJoinKeys(const YamlNode& node) {
  std::vector<JoinKey> keys;
  const auto read_key = [&](const YamlNode& item) {
    if (item.kind != Kind::kMap) {
      const PlacedText column = ReadColumnName(item, "on", problems_);
      keys.push_back({column, column});
      return;
    }
    const Fields fields(item, "on", problems_);
    for (const YamlEntry& entry : item.entries) {
      keys.push_back({entry.key, ReadColumnName(entry.value, "on", problems_)});
    }
  };
  if (node.kind == Kind::kSequence) {
    for (const YamlNode& item : node.items) read_key(item);
  } else {
    read_key(node);
  }
  if (keys.empty()) {
    problems_.Add(node.place, "found no column for 'on'; expected at least one");
  }
  return keys;
}

SortSpec JobReader::ReadSort(const YamlNode& node) {
  SortSpec sort;
  if (node.kind == Kind::kSequence) {
    for (const YamlNode& item : node.items) sort.keys.push_back(ReadSortKey(item));
  } else {
    sort.keys.push_back(ReadSortKey(node));
  }
  if (sort.keys.empty()) {
    problems_.Add(node.place,
                  "found an empty list for 'sort'; expected at least one column");
  }
  return sort;
}

SortKey JobReader::ReadSortKey(const YamlNode& node) {
  SortKey key;
  if (node.kind != Kind::kMap) {
    const PlacedText text = ReadText(node, "sort", kSortKeyForm, problems_);
    if (text.value.empty()) return key;
    const Result<SortKey> parsed = ParseSortKey(text.value);
    if (!parsed.ok()) {
      problems_.Add(node.place, parsed.status().message());
      return key;
    }
    key = *parsed;
    key.column.place = node.place;
    return key;
  }
  const Fields fields(node, "the sort key", problems_);
  fields.AllowOnly({"column", "descending", "nulls"});
  if (const auto* column = fields.Require("column", "column: NAME")) {
    key.column = ReadColumnName(*column, "column", problems_);
  }
  if (const auto* descending = fields.Find("descending")) {
    key.descending = ReadBool(*descending, "descending", problems_);
  }
  if (const auto* nulls = fields.Find("nulls")) {
    const Choices<bool> choices = {{"first", true}, {"last", false}};
    key.nulls_first = ReadChoice(*nulls, "nulls", choices, problems_).value_or(false);
  }
  return key;
}

void JobReader::ReadSinks(const YamlNode& node) {
  if (node.kind != Kind::kSequence) {
    problems_.Add(node.place, "found ", Describe(node),
                  " for sinks; expected a list of {write: PATH}");
    return;
  }
  if (node.items.empty()) {
    problems_.Add(node.place,
                  "found no sinks; expected at least one, such as {write: PATH}");
  }
  for (const YamlNode& item : node.items) {
    if (!ExpectMap(item, "the sink", "{write: PATH} or {collect: NAME}", problems_))
      continue;
    job_.sinks.push_back(ReadSink(Fields(item, "the sink", problems_)));
  }
}

SinkSpec JobReader::ReadSink(const Fields& fields) {
  if (const auto* name = fields.Find("collect")) {
    fields.AllowOnly({"collect", "from"});
    return ResultSpec{ReadText(*name, "collect", "a name", problems_),
                      ReadFrom(fields, fields.place())};
  }
  fields.AllowOnly({"write", "collect", "from", "format", "compression", "preserve_order",
                    "row_group_rows", "group_size"});
  WriteSpec write;
  if (const auto* path = fields.Require("write", "write: PATH or collect: NAME")) {
    write.path = ReadText(*path, "write", "a path", problems_);
  }
  write.from = ReadFrom(fields, fields.place());
  if (const auto* format = fields.Find("format")) {
    write.format = ReadChoice(*format, "format", kFormats, problems_);
  }
  if (const auto* compression = fields.Find("compression")) {
    write.compression =
        ReadText(*compression, "compression", "CODEC or CODEC:LEVEL", problems_);
  }
  if (const auto* preserve_order = fields.Find("preserve_order")) {
    write.preserve_order = ReadBool(*preserve_order, "preserve_order", problems_);
  }
  if (const auto* rows = fields.Find("row_group_rows")) {
    write.row_group_rows = ReadInteger(*rows, "row_group_rows", problems_);
  }
  if (const auto* records = fields.Find("group_size")) {
    write.group_size = ReadInteger(*records, "group_size", problems_);
  }
  return write;
}

}  // namespace

Result<JobSpec> ReadJobSpec(std::string_view text, std::string_view document_name,
                            const std::map<std::string, std::string>& variables) {
  ProblemList problems;
  JobSpec job;
  if (std::optional<YamlNode> root = ParseYaml(text, problems)) {
    FillVariables(variables, *root, problems);
    JobReader reader(problems);
    reader.ReadDocument(*root);
    job = reader.TakeJob();
    CheckJobSpec(job, problems);
  }
  ARROW_RETURN_NOT_OK(problems.ToStatus(document_name));
  job.document_name = document_name;
  OrderSteps(job);
  return job;
}

}  // namespace windrow::plan
