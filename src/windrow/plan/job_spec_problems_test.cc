// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "windrow/plan/job_spec_reader.h"

namespace windrow::plan {
namespace {

std::string Problems(std::string_view text) {
  const auto job = ReadJobSpec(text, "j", {{"data", "d"}});
  if (job.ok()) return "no problem";
  EXPECT_EQ(BlameOf(job.status()), Blame::kUser);
  return job.status().message();
}

/// Problems of a job with this one step (in line 3).
std::string StepProblems(std::string step) {
  return Problems("windrow: 1\nsources: {q: {scan: q}}\nsteps: {s: " + step +
                  "}\nsinks: [{write: out}]\n");
}

std::string SinkProblems(std::string sinks) {
  return Problems("windrow: 1\nsources: {q: {scan: q}}\nsinks: " + sinks + "\n");
}

std::string SourceProblems(std::string source) {
  return Problems("windrow: 1\nsources: {q: " + source + "}\nsinks: [{write: out}]\n");
}

struct Case {
  const char* text;
  const char* problems;
};

class DocumentProblem : public testing::TestWithParam<Case> {};
TEST_P(DocumentProblem, IsReported) {
  EXPECT_EQ(Problems(GetParam().text), GetParam().problems);
}
INSTANTIATE_TEST_SUITE_P(
    Job, DocumentProblem,
    testing::Values(
        Case{"",
             "j:1:1: found nothing for the document; expected a map with windrow, "
             "sources, steps and sinks"},
        Case{"- a\n",
             "j:1:1: found a list for the document; expected a map with windrow, "
             "sources, steps and sinks"},
        Case{"{}",
             "j:1:1: found no 'windrow' in the document; expected windrow: 1\n"
             "j:1:1: found no 'sources' in the document; expected at least one source\n"
             "j:1:1: found no 'sinks' in the document; expected at least one sink"},
        Case{"windrow: [1",
             "j:1:1: found a YAML error: end of sequence flow not found; expected a YAML "
             "or JSON document"},
        Case{"windrow: 2\nsources: {q: {scan: q}}\nsinks: [{write: o}]\n",
             "j:1:10: found version 2 of the job document; expected windrow: 1"},
        Case{"windrow: one\nsources: {}\nsinks: []\n",
             "j:1:10: found the text 'one' for 'windrow'; expected a whole number\n"
             "j:2:10: found no sources; expected at least one\n"
             "j:3:8: found no sinks; expected at least one, such as {write: PATH}"},
        Case{"windrow: 1\nsource: {q: {scan: q}}\nsinks: [{write: o}]\n",
             "j:1:1: found no 'sources' in the document; expected at least one source\n"
             "j:2:1: found the unknown key 'source' in the document; expected windrow, "
             "sources, steps or sinks; did you mean 'sources'?"},
        Case{"windrow: 1\nsources: {q: {scan: q}}\nsinks: [{write: o}]\nwindrow: 1\n",
             "j:4:1: found the key 'windrow' twice (first in line 1); expected it once"},
        Case{"windrow: 1\nsources: [q]\nsteps: [s]\nsinks: {write: o}\n",
             "j:2:10: found a list for sources; expected a map of NAME: {scan: PATH}\n"
             "j:3:8: found a list for steps; expected a map of NAME: {KIND: ...}\n"
             "j:4:8: found a map for sinks; expected a list of {write: PATH}"},
        Case{"windrow: 1\nsources: {q: {scan: q}}\nsinks: [{write: o}]\n---\na: b\n",
             "j:5:1: found a second document; expected one"},
        Case{"windrow: 1\nsources: {q: &a {scan: q}, r: *a}\nsinks: [{write: o, from: "
             "q}]\n",
             "j:2:31: found an alias; expected the value itself\n"
             "j:2:31: found nothing for source 'r'; expected {scan: PATH}, {generate: "
             "DATASET} or {values: {...}}"},
        Case{"windrow: 1\nsources: {q: {scan: !path q}}\nsinks: [{write: o}]\n",
             "j:2:21: found the tag '!path'; expected a value without one"},
        Case{"windrow: 1\nsources: {q: {scan: q}, q: {scan: r}}\nsteps: {q: {limit: 1, "
             "from: "
             "q}, s: {limit: 1}, s: {limit: 2}}\nsinks: [{write: o}]\n",
             "j:2:25: found the source 'q' twice (first in line 2); expected each name "
             "once\n"
             "j:3:9: found the step 'q' named like a source (first in line 2); expected "
             "each name once\n"
             "j:3:48: found the step 's' twice (first in line 3); expected each name "
             "once"},
        Case{"windrow: 1\nsources: {q: {scan: q}, r: {scan: r}}\nsteps: {s: {limit: 1}}\n"
             "sinks: [{write: o}]\n",
             "j:3:9: found no 'from' in step 's'; expected one, as there are 2 sources"},
        Case{"windrow: 1\nsources: {q: {scan: q}, r: {scan: r}}\nsinks: [{write: o}]\n",
             "j:3:9: found no 'from' in the sink; expected one, as there are 2 sources"},
        Case{"windrow: 1\nsources: {q: {scan: \"${dta}/x\"}}\nsinks: [{write: "
             "\"${data\"}]\n",
             "j:2:21: found no value for the variable 'dta'; expected -D dta=VALUE; did "
             "you mean 'data'?\n"
             "j:3:17: found '${' without '}'; expected ${NAME}, or $${ for '${'"},
        Case{"windrow: 1\nsources: {q: {scan: q}}\nsteps:\n  a: {limit: 1, from: c}\n"
             "  b: {limit: 1, from: a}\n  c: {limit: 1, from: b}\n  d: {limit: 1, from: "
             "c}\n"
             "  e: {join: {left: e, right: q, on: x}}\nsinks: [{write: o}]\n",
             "j:4:3: found a cycle of steps: 'a' reads 'c', 'c' reads 'b', 'b' reads "
             "'a'; expected every step to lead back to a source\n"
             "j:8:3: found a cycle of steps: 'e' reads 'e'; expected every step to lead "
             "back to a source"},
        Case{"windrow: 1\nsources: {q: {scan: q}}\n? [a]\n: 1\nsinks: [{write: o}]\n",
             "j:3:3: found a key that is not text; expected a name"}));

class StepProblem : public testing::TestWithParam<Case> {};
TEST_P(StepProblem, IsReported) {
  EXPECT_EQ(StepProblems(GetParam().text), GetParam().problems);
}
INSTANTIATE_TEST_SUITE_P(
    Job, StepProblem,
    testing::Values(
        Case{"{filtr: x}",
             "j:3:13: found the unknown key 'filtr' in step 's'; expected filter, "
             "select, with_columns, join, sort, limit, collect, aggregate, "
             "probe_measurements, "
             "probe_records, union or from; did you mean 'filter'?"},
        Case{"{from: q}",
             "j:3:9: found no kind in step 's'; expected one of filter, select, "
             "with_columns, join, sort, limit, collect, aggregate, probe_measurements, "
             "probe_records or union"},
        Case{"{filter: x, limit: 5}",
             "j:3:9: found filter and limit in step 's'; expected one of filter, select, "
             "with_columns, join, sort, limit, collect, aggregate, probe_measurements, "
             "probe_records or union"},
        Case{"{sort: a, limit: -5}", "j:3:29: found -5 for 'limit'; expected 0 or more"},
        Case{"{limit: -1}", "j:3:20: found -1 for 'limit'; expected 0 or more"},
        Case{"{limit: 1.5}",
             "j:3:20: found the number 1.5 for 'limit'; expected a whole number"},
        Case{"{limit: \"5\"}",
             "j:3:20: found the text '5' for 'limit'; expected a whole number"},
        Case{"{filter: x, fom: q}",
             "j:3:24: found the unknown key 'fom' in step 's'; expected filter or from; "
             "did you mean 'from'?"},
        Case{"{filter: [x]}",
             "j:3:21: found a list for 'filter'; expected an expression"},
        Case{"{filter: }", "j:3:21: found nothing for 'filter'; expected an expression"},
        Case{"{filter: x, from: 5}",
             "j:3:30: found the number 5 for 'from'; expected the name of a source or "
             "step (in quotes if it is meant as text)"},
        Case{"{filter: x, filter: y}",
             "j:3:24: found the key 'filter' twice (first in line 3); expected it once"},
        Case{"filter",
             "j:3:12: found the text 'filter' for step 's'; expected {KIND: ...} with "
             "filter, select, with_columns, join, sort, limit, collect, "
             "aggregate, probe_measurements, "
             "probe_records or union"},
        Case{"{filter: x, from: qq}",
             "j:3:30: found no source or step 'qq'; expected one of q, s; did you mean "
             "'q'?"},
        Case{"{select: a}",
             "j:3:21: found the text 'a' for 'select'; expected a list of columns and "
             "{NAME: EXPRESSION}"},
        Case{"{select: [1, true, a, a]}",
             "j:3:22: found the number 1 for 'select'; expected the name of a column (in "
             "quotes if it is meant as text)\n"
             "j:3:25: found the boolean true for 'select'; expected the name of a column "
             "(in quotes if it is meant as text)\n"
             "j:3:34: found the column 'a' twice (first in line 3); expected each name "
             "once"},
        Case{"{with_columns: {a: [1]}}",
             "j:3:31: found a list for 'a'; expected an expression"},
        Case{"{with_columns: {}}",
             "j:3:27: found an empty map for 'with_columns'; expected a map of NAME: "
             "EXPRESSION"},
        Case{"{with_columns: {a: x, a: y}}",
             "j:3:34: found the column 'a' twice (first in line 3); expected each name "
             "once"},
        Case{"{join: {left: q}}",
             "j:3:19: found no 'right' in the join of step 's'; expected the name of a "
             "source or step\n"
             "j:3:19: found no 'on' in the join of step 's'; expected COLUMN, [COLUMN, "
             "...] or {LEFT: RIGHT, ...}"},
        Case{"{join: {left: q, right: q, on: [], how: innr, where: [x]}}",
             "j:3:52: found the text 'innr' for 'how'; expected inner, left, semi or "
             "anti; did you mean 'inner'?\n"
             "j:3:65: found a list for 'where'; expected an expression"},
        Case{"{join: {left: q, right: qu, on: {}, how: semi}, from: q}",
             "j:3:36: found no source or step 'qu'; expected one of q, s; did you mean "
             "'q'?\n"
             "j:3:44: found no column for 'on' in a semi join; expected at least one, or "
             "a condition ('where')\n"
             "j:3:60: found the unknown key 'from' in step 's'; expected join"},
        Case{"{join: {left: q, right: q, on: a, nulls_equal: 1, suffix: \"\"}}",
             "j:3:59: found the number 1 for 'nulls_equal'; expected true or false\n"
             "j:3:70: found empty text for 'suffix'; expected at least one character"},
        Case{"{sort: [a up, {colum: a}, {column: a, nulls: frst, descending: 1}]}",
             "j:3:20: found 'up' in the sort key 'a up'; expected COLUMN [asc|desc] "
             "[nulls first|last]\n"
             "j:3:26: found no 'column' in the sort key; expected column: NAME\n"
             "j:3:27: found the unknown key 'colum' in the sort key; expected column, "
             "descending or nulls; did you mean 'column'?\n"
             "j:3:57: found the text 'frst' for 'nulls'; expected first or last; did you "
             "mean 'first'?\n"
             "j:3:75: found the number 1 for 'descending'; expected true or false"},
        Case{"{sort: []}",
             "j:3:19: found an empty list for 'sort'; expected at least one column"}));

class SourceProblem : public testing::TestWithParam<Case> {};
TEST_P(SourceProblem, IsReported) {
  EXPECT_EQ(SourceProblems(GetParam().text), GetParam().problems);
}
INSTANTIATE_TEST_SUITE_P(
    Job, SourceProblem,
    testing::Values(
        Case{"{}",
             "j:2:14: found no 'scan' in source 'q'; expected scan: PATH, generate: "
             "DATASET or values: {...}"},
        Case{"q.parquet",
             "j:2:14: found the text 'q.parquet' for source 'q'; expected {scan: PATH}, "
             "{generate: DATASET} or {values: {...}}"},
        Case{"{scn: a}",
             "j:2:14: found no 'scan' in source 'q'; expected scan: PATH, generate: "
             "DATASET or values: {...}\n"
             "j:2:15: found the unknown key 'scn' in source 'q'; expected scan, format, "
             "schema, allow_empty, table, query, generate or values; did you mean "
             "'scan'?"},
        Case{"{scan: 5}",
             "j:2:21: found the number 5 for 'scan'; expected a path (in quotes "
             "if it is meant as text)"},
        Case{"{scan: []}",
             "j:2:21: found an empty list for 'scan'; expected at least one path"},
        Case{"{scan: a, format: parqet}",
             "j:2:32: found the text 'parqet' for 'format'; expected arrow, parquet or "
             "arrayrecord; "
             "did you mean 'parquet'?"},
        Case{"{generate: quots, seed: x, opt: [1]}",
             "j:2:14: found no 'rows' in source 'q'; expected rows: N\n"
             "j:2:25: found the unknown data set 'quots'; expected one of securities, "
             "quotes, pings, clicks, users, pod_usage_hourly, "
             "pod_usage_daily, pod_storage, pod_node_labels, pod_namespace_labels; did "
             "you mean 'quotes'?\n"
             "j:2:38: found the text 'x' for 'seed'; expected a whole number\n"
             "j:2:46: found a list for 'opt'; expected text, a number or a boolean"},
        Case{"{generate: quotes, rows: -1, scan: a}",
             "j:2:39: found -1 for 'rows'; expected 0 or more\n"
             "j:2:43: found scan and generate in source 'q'; expected one of them"}));

class SinkProblem : public testing::TestWithParam<Case> {};
TEST_P(SinkProblem, IsReported) {
  EXPECT_EQ(SinkProblems(GetParam().text), GetParam().problems);
}
INSTANTIATE_TEST_SUITE_P(
    Job, SinkProblem,
    testing::Values(
        Case{"[]", "j:3:8: found no sinks; expected at least one, such as {write: PATH}"},
        Case{"", "j:4:1: found nothing for sinks; expected a list of {write: PATH}"},
        Case{
            "[{wrte: o}]",
            "j:3:9: found no 'write' in the sink; expected write: PATH or collect: NAME\n"
            "j:3:10: found the unknown key 'wrte' in the sink; expected write, collect, "
            "from, format, compression, preserve_order, row_group_rows, group_size, "
            "partition_by, manifest, types, table, replace_where or parallel; did you "
            "mean 'write'?"},
        Case{"[out]",
             "j:3:9: found the text 'out' for the sink; expected {write: PATH} or "
             "{collect: NAME}"},
        Case{"[{write: o, compression: zstdd, row_group_rows: 0}]",
             "j:3:33: found the unknown compression 'zstdd'; expected one of none, lz4, "
             "zstd, gzip, snappy, brotli, uncompressed; did you mean 'zstd'?\n"
             "j:3:56: found 0 for 'row_group_rows'; expected 1 or more"},
        Case{"[{write: o, group_size: 0}]",
             "j:3:32: found 0 for 'group_size'; expected 1 or more"},
        Case{"[{write: o, compression: zstd:x, preserve_order: maybe}]",
             "j:3:33: found the compression level 'x'; expected a whole number, as in "
             "zstd:3\n"
             "j:3:57: found the text 'maybe' for 'preserve_order'; expected true or "
             "false"},
        Case{"[{write: 'o/{f}', partition_by: f}]",
             "j:3:40: found the text 'f' for 'partition_by'; expected {COLUMN: [VALUE, "
             "...]}"},
        Case{"[{write: 'o/{f}', partition_by: {f: [a], g: [b]}}]",
             "j:3:40: found 2 columns for 'partition_by'; expected {COLUMN: [VALUE, "
             "...]}"},
        Case{"[{write: 'o/{f}', partition_by: {f: []}}]",
             "j:3:44: found an empty list for 'partition_by'; expected {COLUMN: [VALUE, "
             "...]}"},
        Case{"[{write: 'o/{f}', partition_by: {f: a}}]",
             "j:3:44: found the text 'a' for 'partition_by'; expected {COLUMN: [VALUE, "
             "...]}"},
        Case{"[{write: 'o/{f}', partition_by: {f: [a, 5, a, ../b, ..]}}]",
             "j:3:48: found the number 5 for 'partition_by'; expected a value (in quotes "
             "if it is meant as text)\n"
             "j:3:51: found the value 'a' twice for 'partition_by'; expected each once\n"
             "j:3:54: found the value '../b' for 'partition_by'; expected part of a file "
             "name\n"
             "j:3:60: found the value '..' for 'partition_by'; expected part of a file "
             "name"},
        Case{"[{write: o/f.arrow, partition_by: {f: [a]}}]",
             "j:3:17: found the path 'o/f.arrow'; expected {f} in it once, in the file's "
             "name, as 'partition_by' asks"},
        Case{"[{write: '{f}/{f}.arrow', partition_by: {f: [a]}}]",
             "j:3:17: found the path '{f}/{f}.arrow'; expected {f} in it once, in the "
             "file's name, as 'partition_by' asks"},
        Case{"[{write: o, manifest: m}]",
             "j:3:30: found 'manifest' without 'partition_by'; expected both or neither"},
        Case{"[{write: 'o/{f}', partition_by: {f: [a, m]}, manifest: m}]",
             "j:3:63: found 'm' for 'manifest'; expected a file name of its own, as it "
             "stands beside the files"},
        Case{"[{write: 'o/{f}', partition_by: {f: [a]}, manifest: x/m}]",
             "j:3:60: found 'x/m' for 'manifest'; expected a file name of its own, as it "
             "stands beside the files"},
        Case{"[{write: o}, {write: o}, {collect: o}]",
             "j:3:29: found two sinks that write 'o' (first in line 3); expected one"},
        Case{
            "[{write: o, from: Q1}, {collect: a, how: b}]",
            "j:3:26: found no source or step 'Q1'; expected one of q; did you mean 'q'?\n"
            "j:3:44: found the unknown key 'how' in the sink; expected collect or "
            "from"}));

TEST(JobProblems, AreAllReportedAtOnceSortedByPlace) {
  EXPECT_EQ(
      Problems(R"(windrow: 1
sources:
  quotes: {scan: "${dat}/quotes.arrow"}
  securities: {scan: 5}
steps:
  matched: {join: {left: quote, right: securities, on: ID, how: outer}}
  priced: {with_colums: {a: b}, from: matched}
  kept: {filter: a, from: pricd}
  top: {sort: a, limit: -1, from: kept}
sinks:
  - {write: out, from: tops, compresion: lz4}
)"),
      "j:3:18: found no value for the variable 'dat'; expected -D dat=VALUE; did you "
      "mean 'data'?\n"
      "j:4:22: found the number 5 for 'scan'; expected a path (in quotes if it is "
      "meant as text)\n"
      "j:6:26: found no source or step 'quote'; expected one of quotes, securities, "
      "matched, priced, kept, top; did you mean 'quotes'?\n"
      "j:6:65: found the text 'outer' for 'how'; expected inner, left, semi or anti\n"
      "j:7:12: found the unknown key 'with_colums' in step 'priced'; expected filter, "
      "select, with_columns, join, sort, limit, collect, aggregate, probe_measurements, "
      "probe_records, union or from; did you mean 'with_columns'?\n"
      "j:8:27: found no source or step 'pricd'; expected one of quotes, securities, "
      "matched, priced, kept, top; did you mean 'priced'?\n"
      "j:9:25: found -1 for 'limit'; expected 0 or more\n"
      "j:11:24: found no source or step 'tops'; expected one of quotes, securities, "
      "matched, priced, kept, top; did you mean 'top'?\n"
      "j:11:30: found the unknown key 'compresion' in the sink; expected write, collect, "
      "from, format, compression, preserve_order, row_group_rows, group_size, "
      "partition_by, manifest, types, table, replace_where or parallel; did you mean "
      "'compression'?");
}

TEST(JobProblems, HostileDocumentsAreRefusedQuickly) {
  EXPECT_THAT(Problems(std::string(100000, '[')),
              testing::HasSubstr("nested more than 32 deep"));
  std::string nested = "windrow: 1\nsources: ";
  for (int i = 0; i < 5000; ++i) nested += "{a: ";
  EXPECT_THAT(Problems(nested), testing::HasSubstr("nested more than 32 deep"));
  EXPECT_THAT(Problems(std::string(5 << 20, ' ')), testing::HasSubstr("5242880 bytes"));
  std::string bomb = "a0: &a0 [x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string last = std::string("*a").append(std::to_string(i - 1));
    const std::string name = std::string("a").append(std::to_string(i));
    bomb += name;
    bomb += ": &" + name + " [" + last + ", " + last + "]\n";
  }
  EXPECT_THAT(Problems(bomb), testing::HasSubstr("found an alias"));
}

}  // namespace
}  // namespace windrow::plan
