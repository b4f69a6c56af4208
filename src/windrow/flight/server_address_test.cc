// SPDX-License-Identifier: Apache-2.0
#include "windrow/flight/server_address.h"

#include <gmock/gmock.h>
#include <support/damaged_bytes.h>

#include <random>

namespace windrow::flight {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

void ExpectServer(std::string_view uri, const ServerAddress& server) {
  const auto read = ParseServerAddress(uri);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, server) << uri;
}

std::string Refusal(const Status& status) {
  EXPECT_EQ(BlameOf(status), Blame::kUser) << status;
  return status.message();
}

TEST(ServerAddress, ReadsSchemeHostAndPort) {
  ExpectServer("grpc://127.0.0.1:8815", {"127.0.0.1", 8815, false});
  ExpectServer("grpc+tcp://data-1.example.com:1", {"data-1.example.com", 1, false});
  ExpectServer("grpc+tls://h:65535", {"h", 65535, true});
  ExpectServer("grpc://[::1]:0", {"::1", 0, false});
  ExpectServer("grpc+tls://[2001:db8::17]:443", {"2001:db8::17", 443, true});
}

TEST(ServerAddress, WritesWhatItReads) {
  for (const std::string uri :
       {"grpc://127.0.0.1:8815", "grpc+tls://h:65535", "grpc+tls://[2001:db8::17]:443"}) {
    EXPECT_EQ(ParseServerAddress(uri)->uri(), uri);
  }
  EXPECT_EQ(ParseServerAddress("grpc+tcp://h:5")->uri(), "grpc://h:5");
}

TEST(ServerAddress, SaysWhatIsMissingOrTooMuch) {
  const auto refusal = [](std::string_view uri) {
    return Refusal(ParseServerAddress(uri).status());
  };
  EXPECT_THAT(refusal(""), HasSubstr("no grpc:// or grpc+tls://"));
  EXPECT_THAT(refusal("http://h:1"), HasSubstr("no grpc:// or grpc+tls://"));
  EXPECT_THAT(refusal("grpc://"), HasSubstr("the host is missing"));
  EXPECT_THAT(refusal("grpc://:1"), HasSubstr("the host is missing"));
  EXPECT_THAT(refusal("grpc://h"), HasSubstr("the port is missing"));
  EXPECT_THAT(refusal("grpc://h:"), HasSubstr("the port is missing"));
  EXPECT_THAT(refusal("grpc://h/t"), HasSubstr("the port is missing"));
  EXPECT_THAT(refusal("grpc://h:1/"), HasSubstr("\"/\" behind the port is too much"));
  EXPECT_THAT(refusal("grpc://h:1/t"), HasSubstr("\"/t\" behind the port is too much"));
  EXPECT_THAT(refusal("grpc://h:1?a"), HasSubstr("\"?a\" behind the port"));
  for (const std::string port : {"65536", "-1", "+1", "1x", " 1", "99999999999", "0x1"}) {
    EXPECT_THAT(refusal("grpc://h:" + port), HasSubstr("expected ':' and a port"))
        << port;
  }
  EXPECT_THAT(refusal("grpc://::1:5"), HasSubstr("the host is missing"));
  EXPECT_THAT(refusal("grpc://fe80::1:5"), HasSubstr("stands in brackets"));
  EXPECT_THAT(refusal("grpc://[::1:5"), HasSubstr("']' is missing"));
  EXPECT_THAT(refusal("grpc://[h]:5"), HasSubstr("expected an IPv6 address"));
  EXPECT_THAT(refusal("grpc://[::1]5"), HasSubstr("expected ':' and a port"));
  EXPECT_THAT(refusal("grpc://a b:5"), HasSubstr("found host \"a b\""));
  EXPECT_THAT(refusal(std::string_view("grpc://[::1\0x]:5", 16)), HasSubstr("IPv6"));
  EXPECT_THAT(refusal("grpc://" + std::string(300, 'h') + ":5"), HasSubstr("found host"));
}

TEST(ServerAddress, SecretsAreNotQuoted) {
  const std::string message =
      Refusal(ParseServerAddress("grpc://me:secret@h:1").status());
  EXPECT_THAT(message, HasSubstr("a user before '@' is too much"));
  EXPECT_THAT(message, Not(HasSubstr("secret")));
}

TEST(ServerAddress, KnowsWhatOnlyThisMachineReaches) {
  for (const std::string host :
       {"127.0.0.1", "127.9.8.7", "::1", "0:0:0:0:0:0:0:1", "localhost", "LocalHost"}) {
    EXPECT_TRUE((ServerAddress{host, 1}.is_loopback())) << host;
  }
  for (const std::string host :
       {"0.0.0.0", "10.0.0.1", "128.0.0.1", "::", "::2", "host", "localhos", "localhosts",
        "localhost.example.com", "127.0.0.1.example.com", "127", "127.1", ""}) {
    EXPECT_FALSE((ServerAddress{host, 1}.is_loopback())) << host;
  }
}

TEST(TableAddress, IsAServerAndAName) {
  const auto read = ParseTableAddress("grpc+tls://h:5/a/b%20c");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->server, (ServerAddress{"h", 5, true}));
  EXPECT_EQ(read->table, "a/b%20c");
  const auto refusal = [](std::string_view uri) {
    return Refusal(ParseTableAddress(uri).status());
  };
  EXPECT_THAT(refusal("grpc://h:5"), HasSubstr("the table is missing"));
  EXPECT_THAT(refusal("grpc://h:5/"), HasSubstr("the table is missing"));
  EXPECT_THAT(refusal("grpc://h:5?x"), HasSubstr("the table is missing"));
  EXPECT_THAT(refusal("grpc://h:0/t"), HasSubstr("found port 0"));
  EXPECT_THAT(refusal("grpc://h/t"), HasSubstr("the port is missing"));
  EXPECT_THAT(refusal("grpc://h:5/t?x=1"), HasSubstr("\"?x=1\" behind the table"));
  EXPECT_THAT(refusal("grpc://h:5/t#x"), HasSubstr("\"#x\" behind the table"));
  EXPECT_THAT(refusal("/t"), HasSubstr("the form is grpc://HOST:PORT/TABLE"));
}

TEST(FlightUri, BeginsWithAScheme) {
  EXPECT_TRUE(IsFlightUri("grpc://"));
  EXPECT_TRUE(IsFlightUri("grpc+tcp://h"));
  EXPECT_TRUE(IsFlightUri("grpc+tls://h:1/t"));
  for (const std::string_view path :
       {"", "grpc", "grpc:/h", "grpc+unix:///s", "a/grpc://h"}) {
    EXPECT_FALSE(IsFlightUri(path)) << path;
  }
}

TEST(TableAddress, SurvivesDamage) {
  const auto check = [](const std::string& uri) {
    const auto read = ParseTableAddress(uri);
    if (!read.ok()) {
      ASSERT_EQ(BlameOf(read.status()), Blame::kUser);
      return;
    }
    const auto again = ParseTableAddress(read->server.uri() + "/" + read->table);
    ASSERT_TRUE(again.ok()) << again.status();
    ASSERT_EQ(again->server, read->server);
    ASSERT_EQ(again->table, read->table);
  };
  const std::string uri = "grpc+tls://[2001:db8::17]:443/table";
  testing::ForEachDamage(uri, check);
  testing::ForEachDamage("grpc://127.0.0.1:8815/t", check);
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20000; ++round) {
    check("grpc://" + testing::RandomBytes(random() % 20, random));
    check(testing::Mutated(uri, "grpc://h:1/t", random));
  }
}

}  // namespace
}  // namespace windrow::flight
