// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "windrow/plan/job_spec_parts.h"
#include "windrow/plan/sort_key_text.h"

namespace windrow::plan {
namespace {

using Kind = YamlNode::Kind;

constexpr std::string_view kColumnsExpected = "a list of columns and {NAME: EXPRESSION}";

const Choices<JoinHow> kJoinHows = {{"inner", JoinHow::kInner},
                                    {"left", JoinHow::kLeft},
                                    {"semi", JoinHow::kSemi},
                                    {"anti", JoinHow::kAnti}};

const std::vector<std::string>& StepKinds() {
  static const std::vector<std::string> kKinds = {
      "filter",  "select",    "with_columns",       "join",          "sort", "limit",
      "collect", "aggregate", "probe_measurements", "probe_records", "union"};
  return kKinds;
}

/// Reads `steps` into a job.
class StepReader {
 public:
  StepReader(JobSpec& job, ProblemList& problems) : job_(job), problems_(problems) {}

  void ReadSteps(const YamlNode& node);

 private:
  StepKind ReadStep(const Fields& fields, const YamlNode& map, const PlacedText& name);
  void ReportKindCount(const Fields& fields, const YamlNode& map, Place place,
                       const std::vector<std::string>& found);
  SelectSpec ReadSelect(const YamlNode& node);
  WithColumnsSpec ReadWithColumns(const YamlNode& node);
  JoinSpec ReadJoin(const YamlNode& node, const std::string& owner);
  std::vector<JoinKey> ReadJoinKeys(const YamlNode& node);
  std::vector<SortKey> ReadSortKeys(const YamlNode& node, std::string_view what);
  CollectSpec ReadCollect(const YamlNode& node, const std::string& owner);
  std::vector<PlacedText> ReadColumnNames(const YamlNode& node, std::string_view what);
  SortKey ReadSortKey(const YamlNode& node);
  UnionSpec ReadUnion(const YamlNode& node);

  JobSpec& job_;
  ProblemList& problems_;
};

void StepReader::ReadSteps(const YamlNode& node) {
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

StepKind StepReader::ReadStep(const Fields& fields, const YamlNode& map,
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
  if (found[0] == "union") {
    fields.AllowOnly({"union"});
    return ReadUnion(node);
  }
  if (found[0] == "sort") {
    fields.AllowOnly({"sort", "limit", "from"});
    SortSpec sort;
    sort.keys = ReadSortKeys(node, "sort");
    if (const auto* limit = fields.Find("limit")) {
      sort.limit = ReadInteger(*limit, "limit", problems_);
    }
    sort.from = ReadFrom(fields, name.place, job_, problems_);
    return sort;
  }
  fields.AllowOnly({found[0], "from"});
  const PlacedText from = ReadFrom(fields, name.place, job_, problems_);
  if (found[0] == "filter")
    return FilterSpec{ReadExpression(node, "filter", problems_), from};
  if (found[0] == "limit") return LimitSpec{ReadInteger(node, "limit", problems_), from};
  if (found[0] == "collect") {
    CollectSpec collect = ReadCollect(node, "the collect of " + fields.owner());
    collect.from = from;
    return collect;
  }
  if (found[0] == "aggregate") {
    AggregateSpec aggregate =
        ReadAggregate(node, "the aggregate of " + fields.owner(), problems_);
    aggregate.from = from;
    return aggregate;
  }
  if (found[0] == "probe_measurements") {
    ProbeMeasurementsSpec probes = ReadProbeMeasurements(
        node, "the probe_measurements of " + fields.owner(), problems_);
    probes.from = from;
    return probes;
  }
  if (found[0] == "probe_records") {
    ProbeRecordsSpec probes =
        ReadProbeRecords(node, "the probe_records of " + fields.owner(), problems_);
    probes.from = from;
    return probes;
  }
  if (found[0] == "select") {
    SelectSpec select = ReadSelect(node);
    select.from = from;
    return select;
  }
  WithColumnsSpec with_columns = ReadWithColumns(node);
  with_columns.from = from;
  return with_columns;
}

void StepReader::ReportKindCount(const Fields& fields, const YamlNode& map, Place place,
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

SelectSpec StepReader::ReadSelect(const YamlNode& node) {
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

WithColumnsSpec StepReader::ReadWithColumns(const YamlNode& node) {
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

JoinSpec StepReader::ReadJoin(const YamlNode& node, const std::string& owner) {
  JoinSpec join;
  if (!ExpectMap(node, "join", "a map with left, right and on", problems_)) return join;
  const Fields fields(node, owner, problems_);
  fields.AllowOnly(
      {"left", "right", "on", "where", "how", "columns", "suffix", "nulls_equal"});
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
  if (const auto* where = fields.Find("where")) {
    join.where = ReadExpression(*where, "where", problems_);
  }
  if (const auto* how = fields.Find("how")) {
    const auto read = ReadChoice(*how, "how", kJoinHows, problems_);
    join.how = read.value_or(JoinHow::kInner);
  }
  if (const auto* suffix = fields.Find("suffix")) {
    join.suffix = ReadText(*suffix, "suffix", "at least one character", problems_);
  }
  if (const auto* columns = fields.Find("columns")) {
    if (columns->kind != Kind::kSequence) {
      problems_.Add(columns->place, "found ", Describe(*columns),
                    " for 'columns'; expected a list of the right side's columns");
    } else {
      join.columns = ReadColumnNames(*columns, "columns");
    }
  }
  if (const auto* nulls_equal = fields.Find("nulls_equal")) {
    join.nulls_equal = ReadBool(*nulls_equal, "nulls_equal", problems_);
  }
  const auto* on = fields.Find("on");
  if (on != nullptr && join.on.empty() && !MayJoinWithoutKeys(join)) {
    problems_.Add(on->place, "found no column for 'on' in a ", JoinHowName(join.how),
                  " join; expected at least one, or a condition ('where')");
  }
  return join;
}

std::vector<JoinKey> StepReader::ReadJoinKeys(const YamlNode& node) {
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
  return keys;
}

/// A column, or a list of them.
std::vector<PlacedText> StepReader::ReadColumnNames(const YamlNode& node,
                                                    std::string_view what) {
  std::vector<PlacedText> names;
  if (node.kind != Kind::kSequence) return {ReadColumnName(node, what, problems_)};
  for (const YamlNode& item : node.items) {
    names.push_back(ReadColumnName(item, what, problems_));
  }
  return names;
}

CollectSpec StepReader::ReadCollect(const YamlNode& node, const std::string& owner) {
  CollectSpec collect;
  if (!ExpectMap(node, "collect", "a map with by, order and columns", problems_)) {
    return collect;
  }
  const Fields fields(node, owner, problems_);
  fields.AllowOnly({"by", "order", "columns", "max_rows"});
  if (const auto* by = fields.Require("by", "COLUMN or [COLUMN, ...]")) {
    collect.by = ReadColumnNames(*by, "by");
    if (collect.by.empty()) {
      problems_.Add(by->place,
                    "found an empty list for 'by'; expected at least one column");
    }
  }
  if (const auto* order = fields.Find("order")) {
    collect.order = ReadSortKeys(*order, "order");
  }
  if (const auto* columns = fields.Find("columns")) {
    collect.columns = ReadColumnNames(*columns, "columns");
  }
  if (const auto* max_rows = fields.Find("max_rows")) {
    collect.max_rows = ReadInteger(*max_rows, "max_rows", problems_);
  }
  return collect;
}

std::vector<SortKey> StepReader::ReadSortKeys(const YamlNode& node,
                                              std::string_view what) {
  std::vector<SortKey> keys;
  if (node.kind == Kind::kSequence) {
    for (const YamlNode& item : node.items) keys.push_back(ReadSortKey(item));
  } else {
    keys.push_back(ReadSortKey(node));
  }
  if (keys.empty()) {
    problems_.Add(node.place, "found an empty list for '", what,
                  "'; expected at least one column");
  }
  return keys;
}

SortKey StepReader::ReadSortKey(const YamlNode& node) {
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

UnionSpec StepReader::ReadUnion(const YamlNode& node) {
  constexpr std::string_view kExpected = "a list of sources and steps";
  UnionSpec all;
  if (node.kind != Kind::kSequence || node.items.empty()) {
    const bool is_empty = node.kind == Kind::kSequence;
    problems_.Add(node.place, "found ", is_empty ? "an empty list" : Describe(node),
                  " for 'union'; expected ", kExpected);
    return all;
  }
  for (const YamlNode& item : node.items) {
    all.inputs.push_back(ReadText(item, "union", kExpected, problems_));
  }
  return all;
}

}  // namespace

void ReadSteps(const YamlNode& node, JobSpec& job, ProblemList& problems) {
  StepReader(job, problems).ReadSteps(node);
}

}  // namespace windrow::plan
