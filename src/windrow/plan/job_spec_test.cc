// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "windrow/plan/job_spec_check.h"
#include "windrow/plan/job_spec_reader.h"
#include "windrow/plan/job_spec_writer.h"
#include "windrow/plan/sort_key_text.h"

namespace windrow::plan {
namespace {

Result<JobSpec> Read(std::string_view text,
                     const std::map<std::string, std::string>& variables = {}) {
  return ReadJobSpec(text, "job.yaml", variables);
}

/// The canonical document of `text`; reading that again must give an equal job.
std::string Canonical(std::string_view text) {
  const auto job = Read(text);
  if (!job.ok()) return job.status().message();
  const std::string written = WriteJobSpec(*job);
  const auto again = Read(written);
  if (!again.ok()) return "not readable: " + again.status().message() + "\n" + written;
  EXPECT_TRUE(*again == *job) << written;
  EXPECT_EQ(WriteJobSpec(*again), written);
  return written;
}

constexpr std::string_view kEnrich = R"(windrow: 1
sources:
  quotes:     {scan: data/quotes.arrow}
  securities: {scan: "grpc://node1:8815/securities"}
steps:
  matched: {join: {left: quotes, right: securities, on: {instrumentId: ID}, how: inner}}
  priced:  {with_columns: {spread_pct: "100 * spread / price"}, from: matched}
  kept:    {filter: "spread_pct < 100 and action = 'UPDATE'", from: priced}
sinks:
  - {write: out/enriched.parquet, from: kept}
)";

TEST(JobSpecRoundTrip, ThePublishedExampleIsCanonical) {
  EXPECT_EQ(Canonical(kEnrich), kEnrich);
}

TEST(JobSpecRoundTrip, FillsInWhatIsLeftOutAndKeepsEveryOption) {
  EXPECT_EQ(Canonical(R"yaml(
windrow: 1
sources: {q: {scan: [a.parquet, "b c.parquet"], format: parquet},
          r: {scan: c.arrow, schema: {x: any, z: timestamptz}, allow_empty: true}}
steps:
  one: {select: [a, {b: "x + 1"}, c: 1], from: q}
  two: {sort: price desc, limit: 10}
  three: {sort: [a, '"odd name" DESC nulls first', {column: size, descending: true}]}
  four: {limit: 0}
  five: {join: {left: four, right: q, on: [a, {b: c}], suffix: _r, nulls_equal: true}}
  six: {join: {left: five, right: q, on: a, how: anti, where: x < y}}
  crossed: {join: {left: five, right: q, on: []}}
  seven: {aggregate: {by: a, columns: {}}, from: six}
  eight: {aggregate: {by: [a, {d: x // 2}], columns: {s: sum(x) / 2, c: count(*) + 1}}}
sinks:
  - {write: out, compression: "zstd:3", format: arrow, preserve_order: false,
     row_group_rows: 5}
  - {write: rows, compression: uncompressed, format: arrayrecord, group_size: 16}
  - {write: "d/{a b}.x", from: two, partition_by: {a b: [x, "1"]}, manifest: m.json}
  - {write: t.jsonl, types: {a: jsonb, "b c": "text[]"}}
  - {collect: kept, from: two}
)yaml"),
            R"yaml(windrow: 1
sources:
  q: {scan: [a.parquet, "b c.parquet"], format: parquet}
  r: {scan: c.arrow, schema: {x: any, z: timestamptz}, allow_empty: true}
steps:
  one: {select: [a, {b: "x + 1"}, {c: "1"}], from: q}
  two: {sort: ["price desc"], limit: 10, from: one}
  three:
    sort: [a, {column: "odd name", descending: true, nulls: first}, "size desc"]
    from: two
  four: {limit: 0, from: three}
  five:
    join:
      left: four
      right: q
      on: {a: a, b: c}
      how: inner
      suffix: _r
      nulls_equal: true
  six: {join: {left: five, right: q, on: a, where: "x < y", how: anti}}
  crossed: {join: {left: five, right: q, on: [], how: inner}}
  seven: {aggregate: {by: [a], columns: {}}, from: six}
  eight:
    aggregate: {by: [a, {d: "x // 2"}], columns: {s: "sum(x) / 2", c: "count(*) + 1"}}
    from: seven
sinks:
  - write: out
    from: eight
    format: arrow
    compression: "zstd:3"
    preserve_order: false
    row_group_rows: 5
  - write: rows
    from: eight
    format: arrayrecord
    compression: uncompressed
    group_size: 16
  - {write: "d/{a b}.x", from: two, partition_by: {"a b": [x, "1"]}, manifest: m.json}
  - {write: t.jsonl, from: eight, types: {a: jsonb, "b c": "text[]"}}
  - {collect: kept, from: two}
)yaml");
}

TEST(JobSpecRoundTrip, LongColumnListsAreWrapped) {
  std::string text = "windrow: 1\nsources:\n  q: {scan: q}\nsteps:\n  s:\n    select: [";
  for (int i = 0; i < 30; ++i) text += (i ? ", c" : "c") + std::to_string(i);
  text += "]\nsinks:\n  - {write: out, from: s}\n";
  EXPECT_EQ(Canonical(text), R"(windrow: 1
sources:
  q: {scan: q}
steps:
  s:
    select: [
      c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18,
      c19, c20, c21, c22, c23, c24, c25, c26, c27, c28, c29]
    from: q
sinks:
  - {write: out, from: s}
)");
}

TEST(JobSpecRoundTrip, GeneratedSourceKeepsItsOptions) {
  constexpr std::string_view kText = R"(windrow: 1
sources:
  q: {generate: quotes, rows: 1000, seed: 7, match_rate: "0.5", side: both}
sinks:
  - {collect: q, from: q}
)";
  EXPECT_EQ(Canonical(kText), kText);
  const auto job = Read(kText);
  const auto& generate = std::get<GenerateSpec>(job->sources[0].kind);
  EXPECT_EQ(generate.rows.value, 1000);
  EXPECT_EQ(generate.options.at("match_rate").value, "0.5");
}

TEST(JobSpecRoundTrip, InlineValuesKeepWhatQuotesMean) {
  constexpr std::string_view kText = R"yaml(windrow: 1
sources:
  v:
    values:
      columns: {t: varchar, i: integer, "odd name": "decimal(5,2)", d: date}
      rows:
        - ["1", 1, 1.50, 2025-01-31]
        - ["true", -2, 1e1, "2025-01-31"]
        - ["null", ~, ~, ~]
        - ["~", 0, 0, ~]
        - ["", 0, 0, ~]
        - [~, 0, 0, ~]
        - ["$${x} $$$$ a: b # c", 0, 0, ~]
  none: {values: {columns: {k: boolean}, rows: []}}
sinks:
  - {collect: v, from: v}
)yaml";
  const auto job = Read(kText);
  ASSERT_TRUE(job.ok()) << job.status().message();
  const auto& rows = std::get<ValuesSpec>(job->sources[0].kind).rows;
  EXPECT_EQ(rows[1].value[0].value, "true");
  EXPECT_EQ(rows[2].value[0].value, "null");
  EXPECT_EQ(rows[5].value[0].value, std::nullopt);
  EXPECT_EQ(rows[6].value[0].value, "${x} $$ a: b # c");
  const std::string written = Canonical(kText);
  EXPECT_THAT(written, testing::HasSubstr("[\"null\", ~, ~, ~]"));
  EXPECT_THAT(written, testing::HasSubstr("[\"true\", -2, 1e1, \"2025-01-31\"]"));
}

TEST(JobSpecRoundTrip, StepsOfProbesKeepTheirOptions) {
  const auto steps_of = [](std::string_view steps) {
    const std::string canonical =
        Canonical("windrow: 1\nsources: {p: {scan: p.parquet}}\nsteps:\n" +
                  std::string(steps) + "sinks: [{write: out.arrow}]\n");
    const size_t begin = canonical.find("steps:\n");
    return canonical.substr(begin, canonical.find("sinks:") - begin);
  };
  EXPECT_EQ(steps_of("  m: {probe_measurements: }\n  r: {probe_records: {}}\n"),
            R"(steps:
  m: {probe_measurements: {null_src: drop}, from: p}
  r: {probe_records: {max_row_bytes: 8388608, split: hash, train_ratio: 0.9}, from: m}
)");
  EXPECT_EQ(steps_of("  m: {probe_measurements: {null_src: empty}}\n"
                     "  r: {probe_records: {max_row_bytes: 5, split: sorted, "
                     "train_ratio: 1, shards: 1}}\n"),
            R"(steps:
  m: {probe_measurements: {null_src: empty}, from: p}
  r:
    probe_records: {max_row_bytes: 5, split: sorted, train_ratio: 1, shards: 1}
    from: m
)");
}

TEST(JobSpecReader, JsonIsADocument) {
  const auto job = Read(R"({"windrow": 1,
 "sources": {"quotes": {"scan": "data/quotes.arrow"},
             "securities": {"scan": "grpc://node1:8815/securities"}},
 "steps": {"matched": {"join": {"left": "quotes", "right": "securities",
                                "on": {"instrumentId": "ID"}, "how": "inner"}},
           "priced": {"with_columns": {"spread_pct": "100 * spread / price"}},
           "kept": {"filter": "spread_pct < 100 and action = 'UPDATE'"}},
 "sinks": [{"write": "out/enriched.parquet"}]})");
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(WriteJobSpec(*job), kEnrich);
}

TEST(JobSpecReader, StepsMayBeWrittenInAnyOrder) {
  const auto job = Read(R"(windrow: 1
sources: {a: {scan: a}}
steps:
  last: {limit: 1, from: second}
  side: {limit: 2, from: a}
  second: {limit: 3, from: first}
  first: {limit: 4, from: a}
sinks: [{write: out, from: last}]
)");
  ASSERT_TRUE(job.ok()) << job.status();
  std::vector<std::string> names;
  for (const StepSpec& step : job->steps) names.push_back(step.name.value);
  EXPECT_THAT(names, testing::ElementsAre("side", "first", "second", "last"));
  EXPECT_EQ(job->steps[1].name.place, (Place{7, 3}));
  EXPECT_EQ(std::get<LimitSpec>(job->steps[1].kind).rows.place, (Place{7, 18}));
  EXPECT_EQ(FormatPlace(job->document_name, job->steps[1].name.place), "job.yaml:7:3");
}

TEST(JobSpecReader, VariablesFillValues) {
  constexpr std::string_view kText = R"(windrow: 1
sources: {q: {scan: "${root}/$$x/${root}$", format: "${format}"}}
steps: {s: {limit: "${rows}"}, t: {filter: "x = '$${root}' or y = '$5'"}}
sinks: [{write: "${year}", preserve_order: "${ordered}"}]
)";
  const auto job = Read(kText, {{"root", "${a}"},
                                {"format", "parquet"},
                                {"rows", "12"},
                                {"year", "2024"},
                                {"ordered", "false"}});
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(std::get<ScanSpec>(job->sources[0].kind).paths[0].value, "${a}/$x/${a}$");
  EXPECT_EQ(std::get<LimitSpec>(job->steps[0].kind).rows.value, 12);
  EXPECT_EQ(std::get<FilterSpec>(job->steps[1].kind).predicate.value,
            "x = '${root}' or y = '$5'");
  EXPECT_EQ(std::get<WriteSpec>(job->sinks[0]).path.value, "2024");
  EXPECT_FALSE(std::get<WriteSpec>(job->sinks[0]).preserve_order);
  const auto again = Read(WriteJobSpec(*job));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(*again == *job);
}

JobSpec BuiltJob() {
  JobSpec job;
  job.sources = {{"quotes", ScanSpec{.paths = {"q.arrow"}}},
                 {"made", GenerateSpec{.dataset = "securities", .rows = 10}}};
  job.steps = {
      {"top",
       SortSpec{.keys = {{"price", true}, {"size"}}, .limit = 5, .from = "joined"}},
      {"joined", JoinSpec{.left = "quotes", .right = "made", .on = {{"id", "ID"}}}}};
  job.sinks = {WriteSpec{.path = "out.parquet", .from = "top"},
               ResultSpec{.name = "t", .from = "joined"}};
  return job;
}

TEST(JobSpecBuilder, ProgramsMakeTheSameJobs) {
  JobSpec job = BuiltJob();
  ASSERT_TRUE(CompleteJobSpec(job).ok());
  EXPECT_EQ(job.steps[0].name.value, "joined");
  const auto read = Read(WriteJobSpec(job));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(*read == job);
}

TEST(JobSpecBuilder, ProblemsStandAtTheDocument) {
  JobSpec job = BuiltJob();
  std::get<SortSpec>(job.steps[0].kind).from = "";
  std::get<ResultSpec>(job.sinks[1]).from = "joind";
  EXPECT_EQ(CompleteJobSpec(job).message(),
            "job: found no input ('from'); expected at least one\n"
            "job: found no source or step 'joind'; expected one of quotes, made, top, "
            "joined; did you mean 'joined'?");
}

TEST(SortKeyText, ReadsAndWrites) {
  for (const char* text : {"a", "a desc", "a nulls first", "a desc nulls first",
                           "\"a b\" desc", "\"say \"\"hi\"\"\"", "\"\"", "desc desc"}) {
    const auto key = ParseSortKey(text);
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(FormatSortKey(*key), text);
  }
  EXPECT_EQ(FormatSortKey(*ParseSortKey("  a  ASC  Nulls LAST ")), "a");
  EXPECT_EQ(ParseSortKey("my price desc").status().message(),
            "found 'price' in the sort key 'my price desc'; expected COLUMN [asc|desc] "
            "[nulls first|last]");
  for (const char* text : {"", " ", "\"a", "a nulls", "a nulls middle", "a asc desc",
                           "a nulls first desc"}) {
    EXPECT_FALSE(ParseSortKey(text).ok()) << text;
  }
}

/// Text with everything a YAML reader might trip over.
std::string AwkwardText(std::mt19937_64& random, size_t length_max) {
  static const std::vector<std::string> kPieces = {"a",          "$",
                                                   "$$",         "${",
                                                   "}",          "\"",
                                                   "'",          "\\",
                                                   "\n",         "\r",
                                                   "\t",         " ",
                                                   "#",          ": ",
                                                   ", ",         "[",
                                                   "{",          "&a",
                                                   "*a",         "!",
                                                   "|",          ">",
                                                   "%",          "@",
                                                   "`",          "true",
                                                   "null",       "~",
                                                   "1.5",        "-",
                                                   "? ",         "\x01",
                                                   "\x7F",       "é",
                                                   "漢",         "\xC2\x85",
                                                   "\u2028",     "\xEF\xBB\xBF",
                                                   "<<",         "---",
                                                   "...",        "=",
                                                   "\x1B",       "\u00A0",
                                                   "\U0001F600", "no",
                                                   "0x1F",       "e"};
  std::string text;
  const size_t count = 1 + random() % length_max;
  for (size_t i = 0; i < count; ++i) text += kPieces[random() % kPieces.size()];
  return text;
}

TEST(JobSpecRoundTrip, AnyTextSurvives) {
  std::mt19937_64 random(20240501);
  for (int round = 0; round < 500; ++round) {
    // Long keys need YAML's explicit form.
    const size_t length = round % 50 == 0 ? 1200 : 6;
    const auto text = [&] { return AwkwardText(random, length); };
    JobSpec job;
    const std::string source = text();
    const std::string step = source + "s";
    job.sources = {{source, ScanSpec{.paths = {text(), text()}}}};
    job.sources.push_back(
        {source + "g",
         GenerateSpec{.dataset = "quotes", .options = {{text() + "x", text()}}}});
    job.steps = {
        {step, WithColumnsSpec{.columns = {{text(), text()}}, .from = source}},
        {step + "2",
         SelectSpec{.columns = {{text() + "1"}, {text() + "2", text()}}, .from = step}},
        {step + "3", JoinSpec{.left = step,
                              .right = source,
                              .on = {{text(), text()}, {text(), text()}},
                              .suffix = text()}},
        {step + "4",
         SortSpec{.keys = {{text()}, {text(), true, true}}, .from = step + "3"}}};
    job.sinks = {WriteSpec{.path = text(), .from = step},
                 ResultSpec{.name = text(), .from = step}};
    ASSERT_TRUE(CompleteJobSpec(job).ok());
    const std::string written = WriteJobSpec(job);
    const auto read = Read(written);
    ASSERT_TRUE(read.ok()) << "round " << round << ": " << read.status() << "\n"
                           << written;
    ASSERT_TRUE(*read == job) << "round " << round << "\n" << written;
  }
}

void Mutate(std::mt19937_64& random, std::string& text) {
  if (text.empty()) text = "a";
  const size_t at = random() % text.size();
  switch (random() % 6) {
    case 0:
      text[at] = static_cast<char>(random() % 256);
      break;
    case 1:
      text.insert(at, AwkwardText(random, 3));
      break;
    case 2:
      text.erase(at, 1 + random() % 12);
      break;
    case 3:
      text.insert(at, text.substr(random() % text.size(), random() % 60));
      break;
    case 4: {
      const size_t line = text.find('\n', at);
      if (line != std::string::npos) text.erase(line, text.find('\n', line + 1) - line);
      break;
    }
    default:
      text.resize(at);
  }
}

TEST(JobSpecReader, DamagedDocumentsNeverCrash) {
  std::mt19937_64 random(7);
  int accepted = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string text(kEnrich);
    for (size_t i = 0, count = 1 + random() % 4; i < count; ++i) Mutate(random, text);
    const auto job = Read(text, {{"a", "b"}});
    if (!job.ok()) {
      ASSERT_EQ(BlameOf(job.status()), Blame::kUser);
      ASSERT_THAT(job.status().message(), testing::StartsWith("job.yaml:"));
      continue;
    }
    ++accepted;
    const auto again = Read(WriteJobSpec(*job));
    ASSERT_TRUE(again.ok()) << again.status() << "\n" << text;
    ASSERT_TRUE(*again == *job) << text << WriteJobSpec(*job);
  }
  EXPECT_GT(accepted, 50);
}

}  // namespace
}  // namespace windrow::plan
