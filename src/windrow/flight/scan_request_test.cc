// SPDX-License-Identifier: Apache-2.0
#include "windrow/flight/scan_request.h"

#include <gmock/gmock.h>
#include <support/damaged_bytes.h>

#include <limits>
#include <random>

namespace windrow::flight {
namespace {

using ::testing::HasSubstr;

ScanRequest Full() {
  return {.table = "quotes",
          .columns = {{"id", "bid \"x\"", "größe"}},
          .where = "bid > 1 AND\nname = 'a'",
          .limit = 0,
          .key_column = "id",
          .key_filter = std::string(64, 'a'),
          .codec = "zstd:3",
          .link_rate = 125'000'000,
          .message_bytes = int64_t{4} << 20,
          .endpoints = 7};
}

ScanRequest Read(std::string_view text) {
  const auto read = ReadScanRequest(text);
  EXPECT_TRUE(read.ok()) << read.status();
  return read.ok() ? *read : ScanRequest{};
}

void ExpectRefused(std::string_view text, const std::string& words) {
  const Status status = ReadScanRequest(text).status();
  EXPECT_EQ(BlameOf(status), Blame::kUser) << text.substr(0, 200);
  EXPECT_THAT(status.message(), HasSubstr("the scan request: "));
  EXPECT_THAT(status.message(), HasSubstr(words));
  EXPECT_EQ(status.message().find('\n'), std::string::npos) << status.message();
}

/// A request for table "t" with more members, as JSON.
std::string With(const std::string& members) {
  return R"({"windrow_scan":1,"table":"t",)" + members + "}";
}

TEST(ScanRequest, GivesEveryMemberBack) {
  EXPECT_EQ(Read(WriteScanRequest(Full())), Full());
  EXPECT_EQ(Read(WriteScanRequest({.table = "t"})), ScanRequest{.table = "t"});
  const ScanRequest no_columns = {.table = "t", .columns = {{}}};
  EXPECT_EQ(Read(WriteScanRequest(no_columns)), no_columns);
  const ScanRequest far = {.table = "t",
                           .limit = std::numeric_limits<int64_t>::max(),
                           .endpoints = std::numeric_limits<int>::max()};
  EXPECT_EQ(Read(WriteScanRequest(far)), far);
}

TEST(ScanRequest, HasOnlyTheKeysThatAreSet) {
  EXPECT_EQ(WriteScanRequest({.table = "t"}), R"({"windrow_scan":1,"table":"t"})");
  EXPECT_EQ(WriteScanRequest({.table = "t", .columns = {{"a"}}, .limit = 5}),
            R"({"windrow_scan":1,"table":"t","columns":["a"],"limit":5})");
  EXPECT_EQ(WriteScanRequest(Full()).find('\n'), std::string::npos);
}

TEST(ScanRequest, ABareNameIsATable) {
  EXPECT_EQ(Read("quotes"), ScanRequest{.table = "quotes"});
  EXPECT_EQ(Read("a \"b\"\n{c}"), ScanRequest{.table = "a \"b\"\n{c}"});
  ExpectRefused("", "key 'table': found no name");
  ExpectRefused(std::string_view("a\0b", 3), "NUL");
  ExpectRefused("a\xff", "not UTF-8");
}

TEST(ScanRequest, UnknownKeysAreRefused) {
  ExpectRefused(With(R"("colums":[])"),
                "unknown key \"colums\"; did you mean 'columns'?");
  ExpectRefused(With(R"("":1)"), "unknown key \"\"");
  ExpectRefused(With(R"("a\n\u0000":1)"), R"(unknown key "a\n\u0000")");
  ExpectRefused(With("\"" + std::string(1000, 'x') + "\":1"), "xxx\"...");
  ExpectRefused(With(R"("limit":1,"limit":1)"), "key 'limit' stands twice");
}

TEST(ScanRequest, MissingKeysAreNamed) {
  ExpectRefused("{}", "key 'windrow_scan' is missing");
  ExpectRefused(R"({"windrow_scan":1})", "key 'table' is missing");
  ExpectRefused(R"({"windrow_scan":1,"table":""})", "key 'table': found no name");
  EXPECT_TRUE(ReadScanRequest(With(R"("key_column":"a")")).ok());
  ExpectRefused(With(R"("key_filter":"a")"), "key 'key_filter' without 'key_column'");
}

TEST(ScanRequest, OtherVersionsAreRefused) {
  ExpectRefused(R"({"windrow_scan":2,"table":"t"})", "found version 2, expected 1");
  ExpectRefused(R"({"windrow_scan":"1","table":"t"})",
                "key 'windrow_scan': found a text");
}

TEST(ScanRequest, WrongTypesAreRefused) {
  ExpectRefused(With(R"("columns":"a")"), "key 'columns': found a text, expected a list");
  ExpectRefused(With(R"("columns":[1])"), "found a list with a number");
  ExpectRefused(With(R"("columns":[["a"]])"), "found a list of lists");
  ExpectRefused(With(R"("columns":[null])"), "found null");
  ExpectRefused(With(R"("columns":[{}])"), "found an object");
  std::string many = "\"columns\":[\"\"";
  for (int i = 0; i < 100'000; ++i) many += ",\"\"";
  ExpectRefused(With(many + "]"), "key 'columns': found a list too long");
  ExpectRefused(With(R"("where":1)"), "key 'where': found a number, expected a text");
  ExpectRefused(With(R"("where":{"a":1})"), "key 'where': found an object");
  ExpectRefused(With(R"("limit":[])"), "key 'limit': found a list, expected a whole");
  ExpectRefused(With(R"("limit":true)"), "found true or false");
  ExpectRefused(With(R"("limit":null)"), "found null");
  ExpectRefused(With(R"("codec":"a\u0000b")"), "key 'codec': found a text with a NUL");
  ExpectRefused(With(R"("codec":"\udc00")"), "found a text that is not UTF-8");
}

TEST(ScanRequest, NumbersAreWholeAndNotNegative) {
  ExpectRefused(With(R"("limit":-1)"), "key 'limit': found a negative number");
  ExpectRefused(With(R"("limit":-9223372036854775808)"), "found a negative number");
  ExpectRefused(With(R"("limit":1.0)"), "found a number that is not whole");
  ExpectRefused(With(R"("limit":1e3)"), "found a number that is not whole");
  ExpectRefused(With(R"("limit":9223372036854775808)"), "found a number beyond 64 bits");
  ExpectRefused(With(R"("message_bytes":-4)"), "key 'message_bytes'");
  ExpectRefused(With(R"("endpoints":0)"), "key 'endpoints': found 0, expected 1 to");
  ExpectRefused(With(R"("endpoints":2147483648)"), "key 'endpoints': found 2147483648");
}

TEST(ScanRequest, WhatIsNoJsonIsRefused) {
  ExpectRefused("{", "no JSON, at byte 1");
  ExpectRefused(R"({"windrow_scan":1,"table":"t"} x)", "no JSON");
  ExpectRefused(R"({"windrow_scan":1,"table":"t",})", "no JSON");
  ExpectRefused(std::string("{\0}", 3), "no JSON");
  const std::string whole = R"({"windrow_scan":1,"table":"t"})";
  EXPECT_EQ(Read(whole + " \n"), ScanRequest{.table = "t"});
  ExpectRefused(whole + '\0', "no JSON, at byte 30: a NUL");
  ExpectRefused(whole + ' ' + '\0' + "{}", "no JSON, at byte 31: a NUL");
  ExpectRefused(std::string(1 << 20, '{'), "no JSON");
  ExpectRefused(With("\"columns\":" + std::string(1 << 20, '[')),
                "found a list of lists");
}

TEST(ScanRequest, ALongTextIsRefused) {
  std::string text = With(R"("where":")");
  text.resize(text.size() - 1);
  text.resize(kScanRequestBytesMax - 2, 'x');
  EXPECT_GT(Read(text + "\"}").where.size(), kScanRequestBytesMax - 100);
  ExpectRefused(text + "x\"}", "16777217 bytes, expected 16777216 at most");
  ExpectRefused(std::string(kScanRequestBytesMax + 1, 'x'), "16777217 bytes");
}

/// What is read out of damaged bytes is a request all the same.
void ExpectReadOrRefused(const std::string& text) {
  const auto read = ReadScanRequest(text);
  if (!read.ok()) {
    ASSERT_EQ(BlameOf(read.status()), Blame::kUser) << read.status();
    return;
  }
  ASSERT_EQ(Read(WriteScanRequest(*read)), *read);
}

TEST(ScanRequest, SurvivesDamage) {
  testing::ForEachDamage(WriteScanRequest(Full()), ExpectReadOrRefused);
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20000; ++round) {
    ExpectReadOrRefused(testing::RandomBytes(random() % 40, random));
    ExpectReadOrRefused("{" + testing::RandomBytes(random() % 40, random));
    ExpectReadOrRefused(testing::Mutated(WriteScanRequest(Full()), With("1"), random));
  }
}

}  // namespace
}  // namespace windrow::flight
