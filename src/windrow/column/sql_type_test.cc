// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/sql_type.h"

#include <arrow/type.h>
#include <gmock/gmock.h>

namespace windrow::column {
namespace {

using ::testing::HasSubstr;

struct Spelling {
  const char* text;
  const char* written;
  const char* stored;
};

class SqlTypeSpelling : public ::testing::TestWithParam<Spelling> {};

TEST_P(SqlTypeSpelling, IsReadAndWritten) {
  const Spelling& spelling = GetParam();
  const auto type = SqlType::Parse(spelling.text);
  ASSERT_TRUE(type.ok()) << type.status();
  EXPECT_EQ(type->ToString(), spelling.written);
  EXPECT_EQ(type->StorageType()->ToString(), spelling.stored);
  EXPECT_EQ(SqlType::Parse(type->ToString()).ValueOrDie(), *type);
}

INSTANTIATE_TEST_SUITE_P(
    All, SqlTypeSpelling,
    ::testing::Values(
        Spelling{"character varying(253)", "character varying(253)", "string"},
        Spelling{"VARCHAR ( 253 )", "character varying(253)", "string"},
        Spelling{"varchar", "character varying", "string"},
        Spelling{"text", "text", "string"},
        Spelling{"numeric(33,15)", "numeric(33,15)", "decimal128(33, 15)"},
        Spelling{"decimal(38)", "numeric(38,0)", "decimal128(38, 0)"},
        Spelling{"numeric", "numeric", "string"}, Spelling{"jsonb", "jsonb", "string"},
        Spelling{"json", "json", "string"},
        Spelling{"uuid", "uuid", "fixed_size_binary[16]"},
        Spelling{"date", "date", "date32[day]"},
        Spelling{"timestamp without time zone", "timestamp without time zone",
                 "timestamp[us]"},
        Spelling{"timestamp (3)", "timestamp(3) without time zone", "timestamp[us]"},
        Spelling{"timestamp(0)  with time zone", "timestamp(0) with time zone",
                 "timestamp[us, tz=UTC]"},
        Spelling{"timestamptz", "timestamp with time zone", "timestamp[us, tz=UTC]"},
        Spelling{"timestamp(6)", "timestamp without time zone", "timestamp[us]"},
        Spelling{"smallint", "smallint", "int16"}, Spelling{"int8", "bigint", "int64"},
        Spelling{"Integer", "integer", "int32"}, Spelling{"real", "real", "float"},
        Spelling{"double", "double precision", "double"},
        Spelling{"double precision", "double precision", "double"},
        Spelling{"bool", "boolean", "bool"}, Spelling{"bytea", "bytea", "binary"},
        Spelling{"text[]", "text[]", "list<item: string>"},
        Spelling{"numeric(5,2) []", "numeric(5,2)[]", "list<item: decimal128(5, 2)>"},
        Spelling{"timestamp(3) without time zone[]", "timestamp(3) without time zone[]",
                 "list<item: timestamp[us]>"}));

TEST(SqlType, RefusesWhatIsNone) {
  const auto problem = [](const char* text) {
    const auto type = SqlType::Parse(text);
    EXPECT_EQ(BlameOf(type.status()), Blame::kUser) << text;
    return type.status().message();
  };
  for (const char* text : {"", "[]", "strnig", "varchar(", "varchar)", "varchar)3(",
                           "time", "int(4)x", "double  precisions"}) {
    EXPECT_THAT(problem(text), HasSubstr("unknown type '" + std::string(text) + "'"));
  }
  for (const char* text :
       {"varchar(0)", "varchar(-1)", "varchar(1,2)", "varchar()", "numeric(39,0)",
        "numeric(0,0)", "numeric(5,6)", "numeric(5,-1)", "numeric(5,2,1)",
        "numeric(99999999999)", "numeric(5,)", "timestamp(7)", "timestamp(1,2)",
        "integer(4)"}) {
    EXPECT_THAT(problem(text), HasSubstr("does not go with it"));
  }
  EXPECT_THAT(problem("integer[][]"), HasSubstr("one dimension"));
}

}  // namespace
}  // namespace windrow::column
