// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/database_spec.h"

#include <gmock/gmock.h>

#include "windrow/plan/job_spec_check.h"
#include "windrow/plan/job_spec_reader.h"
#include "windrow/plan/job_spec_writer.h"

namespace windrow::plan {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kJob[] = R"(windrow: 1
sources:
  nodes: {scan: "postgresql://me:s%40cret@h:5/d?schema=a", table: Nodes}
  keys: {scan: "postgres://h/d?password=hidden&sslmode=require", query: select key from k}
  rows: {scan: rows.parquet}
sinks:
  - write: postgresql://me:s%40cret@h:5/d
    from: rows
    table: org1.summary
    replace_where: day = date '2025-10-01'
    parallel: 4
  - {write: "postgresql://me:s%40cret@h:5/d", from: rows, table: other}
)";

Status ProblemsOf(const std::string& source, const std::string& sink) {
  const std::string text =
      "windrow: 1\nsources: {s: " + source + "}\nsinks: [" + sink + "]";
  return ReadJobSpec(text, "job.yaml", {}).status();
}

constexpr char kFile[] = "{scan: in.parquet}";
constexpr char kOut[] = "{write: out.parquet}";

TEST(DatabaseSpec, SecretsAreKeptApartAndNotWritten) {
  const auto job = ReadJobSpec(kJob, "job.yaml", {});
  ASSERT_TRUE(job.ok()) << job.status();
  const auto& nodes = std::get<ScanSpec>(job->sources[0].kind);
  EXPECT_EQ(nodes.paths[0].value, "postgresql://me@h:5/d?schema=a");
  EXPECT_EQ(nodes.secrets.at("password"), "s@cret");
  EXPECT_EQ(nodes.table->value, "Nodes");
  const auto& keys = std::get<ScanSpec>(job->sources[1].kind);
  EXPECT_EQ(keys.secrets.at("password"), "hidden");
  EXPECT_EQ(keys.query->value, "select key from k");
  const auto& write = std::get<WriteSpec>(job->sinks[0]);
  EXPECT_EQ(write.secrets.at("password"), "s@cret");
  EXPECT_EQ(TargetOf(write), "postgresql://me@h:5/d org1.summary");
  const std::string written = WriteJobSpec(*job);
  EXPECT_THAT(written, Not(HasSubstr("cret")));
  EXPECT_THAT(written, Not(HasSubstr("hidden")));
  auto again = ReadJobSpec(written, "again", {});
  ASSERT_TRUE(again.ok()) << again.status() << written;
  EXPECT_EQ(WriteJobSpec(*again), written);
  EXPECT_TRUE(std::get<WriteSpec>(again->sinks[0]).secrets.empty());
}

TEST(DatabaseSpec, AJobOfAProgramKeepsItsSecretsHowOftenItIsCompleted) {
  JobSpec job;
  ScanSpec scan;
  scan.paths.emplace_back("postgresql://me:pw@h/d");
  scan.table = "t";
  WriteSpec write;
  write.path = "out.parquet";
  write.from = "s";
  job.sources.push_back({"s", scan});
  job.sinks.emplace_back(write);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(CompleteJobSpec(job).ok());
    const auto& completed = std::get<ScanSpec>(job.sources[0].kind);
    EXPECT_EQ(completed.paths[0].value, "postgresql://me@h/d");
    EXPECT_EQ(completed.secrets.at("password"), "pw");
  }
}

TEST(DatabaseSpec, ProblemsAreToldWithoutSecrets) {
  const auto expect = [](const std::string& source, const std::string& sink,
                         const std::string& message) {
    const Status status = ProblemsOf(source, sink);
    EXPECT_EQ(BlameOf(status), Blame::kUser);
    EXPECT_THAT(status.message(), HasSubstr(message));
    EXPECT_THAT(status.message(), Not(HasSubstr("pw")));
  };
  expect("{scan: 'postgresql://u:pw@h/d'}", kOut, "found neither of 'table' and 'query'");
  expect("{scan: 'postgresql://u:pw@h/d', table: a, query: b}", kOut, "found both of");
  expect("{scan: ['postgresql://u:pw@h/d', b], table: a}", kOut, "found 2 paths to scan");
  expect("{scan: 'postgresql://u:p/pw@h/d', table: a}", kOut, "cannot be told apart");
  expect("{scan: in.parquet, table: a}", kOut, "found 'table'; expected it only with");
  expect("{scan: in.parquet, query: a}", kOut, "found 'query'; expected it only with");
  expect(kFile, "{write: 'postgresql://u:pw@h/d'}", "found no 'table' for a database");
  expect(kFile, "{write: 'postgresql://u:pw@h/d', table: t, parallel: 65}",
         "found 65 for 'parallel'; expected 1 to 64");
  expect(kFile, "{write: 'postgresql://u:pw@h/d', table: t, compression: zstd}",
         "found 'compression'");
  expect(kFile, "{write: 'postgresql://u:pw@h/d', table: t, types: {a: text}}",
         "found 'types' for a database");
  expect("{scan: 'postgresql://u:pw@h/d', table: a, schema: {a: text}}", kOut,
         "found 'schema' for a database");
  expect(kFile,
         "{write: 'postgresql://u:pw@h/d', table: t}, "
         "{write: 'postgresql://u:pw@h/d', table: t}",
         "found two sinks that write 'postgresql://u@h/d t'");
  expect(kFile, "{write: out.parquet, replace_where: 'true'}", "found 'replace_where'");
  expect(kFile, "{write: out.parquet, parallel: 2}", "found 'parallel'");
}

}  // namespace
}  // namespace windrow::plan
