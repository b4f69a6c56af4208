// SPDX-License-Identifier: Apache-2.0
#include "windrow/postgres/database_url.h"

#include <gtest/gtest.h>

namespace windrow::postgres {
namespace {

DatabaseUrl Read(std::string_view url) {
  const auto read = ReadDatabaseUrl(url);
  EXPECT_TRUE(read.ok()) << read.status();
  return read.ok() ? *read : DatabaseUrl{};
}

TEST(DatabaseUrl, OnlyTwoSchemesAreDatabases) {
  EXPECT_TRUE(IsDatabaseUrl("postgresql://h/d"));
  EXPECT_TRUE(IsDatabaseUrl("postgres://"));
  EXPECT_FALSE(IsDatabaseUrl("postgresql:/h/d"));
  EXPECT_FALSE(IsDatabaseUrl("out/postgresql://h"));
}

TEST(DatabaseUrl, ThePasswordIsTakenOutAndDecoded) {
  const DatabaseUrl url = Read("postgresql://me:p%40%2F%3a%25@h:5432/db?sslmode=require");
  EXPECT_EQ(url.text, "postgresql://me@h:5432/db?sslmode=require");
  EXPECT_EQ(url.secrets.at("password"), "p@/:%");
}

TEST(DatabaseUrl, SecretsAmongTheParametersAreTakenOut) {
  const DatabaseUrl url =
      Read("postgres://h/db?password=x&sslmode=require&sslp%61ssword=y%26");
  EXPECT_EQ(url.text, "postgres://h/db?sslmode=require");
  EXPECT_EQ(url.secrets.at("password"), "x");
  EXPECT_EQ(url.secrets.at("sslpassword"), "y&");
  EXPECT_EQ(Read("postgres://h/db?password=x").text, "postgres://h/db");
}

TEST(DatabaseUrl, UrlsWithoutASecretStayAsTheyAre) {
  for (const std::string text :
       {"postgresql://", "postgresql://h", "postgresql://u@h:1/d",
        "postgres:///d?user=a@b", "postgresql://h1:1,h2:2/d?target_session_attrs=any",
        "postgresql://[::1]:5/d",
        "postgresql://%2Frun%2Fpostgresql/d?options=-c%20geqo%3Doff"}) {
    EXPECT_EQ(Read(text).text, text);
    EXPECT_TRUE(Read(text).secrets.empty());
  }
}

TEST(DatabaseUrl, AUrlThatCannotBeReadIsNotQuoted) {
  for (const std::string_view text :
       {"postgresql://me:sec@ret@h/d", "postgresql://me:sec/ret@h/d",
        "postgresql://me:secret", "postgresql://me:12/secret@h/d"}) {
    const Status status = ReadDatabaseUrl(text).status();
    EXPECT_EQ(BlameOf(status), Blame::kUser) << text;
    EXPECT_EQ(status.message().find("sec"), std::string::npos) << status.message();
  }
}

TEST(DatabaseUrl, TheSchemaIsWindrowsOwnParameter) {
  const SchemaOfUrl split = SplitSchema("postgresql://h/d?schema=a%20b&sslmode=disable");
  EXPECT_EQ(split.text, "postgresql://h/d?sslmode=disable");
  EXPECT_EQ(split.schema, "a b");
  EXPECT_EQ(SplitSchema("postgresql://h/d?schema=s").text, "postgresql://h/d");
  EXPECT_EQ(SplitSchema("postgresql://h/d").schema, "");
}

}  // namespace
}  // namespace windrow::postgres
