// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/store_assignment.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/initialize.h>
#include <arrow/extension/uuid.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <gmock/gmock.h>
#include <support/random_columns.h>

#include <cmath>
#include <limits>

#include "windrow/base/decimal_text.h"

namespace windrow::column {
namespace {

using ::testing::HasSubstr;
using testing::JsonArray;
using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;

class StoreAssignment : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(arrow::compute::Initialize().ok()); }
};

Result<ArrayPtr> Stored(const ArrayPtr& values, const char* type) {
  const SqlType sql = SqlType::Parse(type).ValueOrDie();
  const auto assignable = CheckAssignable(*values->type(), sql);
  EXPECT_TRUE(assignable.ok()) << assignable;
  return StoreAs(values, sql, "c", arrow::default_memory_pool(), 100);
}

void ExpectStored(const ArrayPtr& values, const char* type, const std::string& expected) {
  const auto stored = Stored(values, type);
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_TRUE((*stored)->ValidateFull().ok());
  const auto storage = SqlType::Parse(type)->StorageType();
  EXPECT_TRUE((*stored)->Equals(JsonArray(storage, expected)))
      << type << ": " << (*stored)->ToString() << "\nexpected " << expected;
}

/// That `values` cannot be stored because of the value in the last row.
void ExpectRefused(const ArrayPtr& values, const char* type, const std::string& found) {
  const auto stored = Stored(values, type);
  ASSERT_FALSE(stored.ok()) << type << ": " << (*stored)->ToString();
  EXPECT_EQ(BlameOf(stored.status()), Blame::kData);
  const std::string row = std::to_string(99 + values->length());
  EXPECT_EQ(stored.status().message(), "column 'c', row " + row + ": found " + found +
                                           ", expected " +
                                           SqlType::Parse(type)->ToString());
}

template <typename Builder = arrow::DoubleBuilder, typename Value>
ArrayPtr Values(const std::vector<Value>& values) {
  Builder builder;
  for (const Value& value : values) EXPECT_TRUE(builder.Append(value).ok());
  return builder.Finish().ValueOrDie();
}

ArrayPtr Texts(const std::vector<std::string>& texts) {
  return Values<arrow::StringBuilder>(texts);
}

std::string NumericText(double value, const char* type = "numeric(33,15)") {
  const auto stored = Stored(Values(std::vector{value}), type);
  if (!stored.ok()) return "refused";
  return static_cast<const arrow::Decimal128Array&>(**stored).FormatValue(0);
}

TEST_F(StoreAssignment, TakesTheShortestTextOfADouble) {
  EXPECT_EQ(NumericText(0.1), "0.100000000000000");
  EXPECT_EQ(NumericText(0.1 + 0.2), "0.300000000000000");
  EXPECT_EQ(NumericText(0.1 + 0.2, "numeric(38,17)"), "0.30000000000000004");
  EXPECT_EQ(NumericText(1.0 / 3), "0.333333333333333");
  EXPECT_EQ(NumericText(2.0 / 3), "0.666666666666667");
  EXPECT_EQ(NumericText(123456789012345.123), "123456789012345.120000000000000");
  EXPECT_EQ(NumericText(9007199254740993.0), "9007199254740992.000000000000000");
  EXPECT_EQ(NumericText(0.0), "0E-15");
  EXPECT_EQ(NumericText(-0.0), "0E-15");
  EXPECT_EQ(NumericText(1.5, "numeric(2,1)"), "1.5");
  EXPECT_EQ(NumericText(1e22, "numeric(38,0)"), "10000000000000000000000");
  EXPECT_EQ(NumericText(4611686018427387904.0, "numeric(38,0)"), "4611686018427388000");
}

TEST_F(StoreAssignment, RoundsHalvesAwayFromZero) {
  EXPECT_EQ(NumericText(1e-16), "0E-15");
  EXPECT_EQ(NumericText(4.999999999999999e-16), "0E-15");
  EXPECT_EQ(NumericText(5e-16), "1E-15");
  EXPECT_EQ(NumericText(-5e-16), "-1E-15");
  EXPECT_EQ(NumericText(5e-324), "0E-15");
  EXPECT_EQ(NumericText(-1e-300), "0E-15");
  EXPECT_EQ(NumericText(0.5, "numeric(3,0)"), "1");
  EXPECT_EQ(NumericText(-0.5, "numeric(3,0)"), "-1");
  EXPECT_EQ(NumericText(2.5, "numeric(3,0)"), "3");
  EXPECT_EQ(NumericText(-2.5, "numeric(3,0)"), "-3");
  EXPECT_EQ(NumericText(1.005, "numeric(5,2)"), "1.01");
  EXPECT_EQ(NumericText(-1.0049999, "numeric(5,2)"), "-1.00");
}

TEST_F(StoreAssignment, RefusesDoublesThatDoNotFit) {
  EXPECT_EQ(NumericText(1e17), "100000000000000000.000000000000000");
  EXPECT_EQ(NumericText(-999999999999999900.0), "-999999999999999900.000000000000000");
  for (const double value :
       {1e18, -1e18, 999999999999999999.5, 1e300, std::numeric_limits<double>::max(),
        std::numeric_limits<double>::infinity(), std::nan("")}) {
    EXPECT_EQ(NumericText(value), "refused") << value;
  }
  EXPECT_EQ(NumericText(99.994, "numeric(4,2)"), "99.99");
  EXPECT_EQ(NumericText(99.995, "numeric(4,2)"), "refused");
  EXPECT_EQ(NumericText(0.99, "numeric(2,2)"), "0.99");
  EXPECT_EQ(NumericText(1.0, "numeric(2,2)"), "refused");
  EXPECT_EQ(NumericText(1e37, "numeric(38,0)"), "10000000000000000000000000000000000000");
  EXPECT_EQ(NumericText(1e38, "numeric(38,0)"), "refused");
  ExpectRefused(Values(std::vector{1.0, 1e18}), "numeric(33,15)", "1e+18");
  ExpectRefused(Values(std::vector{1.0, 2.0, std::nan("")}), "numeric", "nan");
}

TEST_F(StoreAssignment, StoresOtherNumbersAsNumeric) {
  ExpectStored(JsonArray(arrow::float32(), "[0.1, null, -2.5]"), "numeric(9,3)",
               R"(["0.100", null, "-2.500"])");
  for (const auto& type : {arrow::int8(), arrow::int32(), arrow::uint16()}) {
    ExpectStored(JsonArray(type, "[0, null, 99]"), "numeric(4,2)",
                 R"(["0.00", null, "99.00"])");
    ExpectRefused(JsonArray(type, "[0, 100]"), "numeric(4,2)", "100");
  }
  const auto extremes = JsonArray(arrow::int64(), "[-9223372036854775808]");
  ExpectStored(extremes, "numeric(19,0)", R"(["-9223372036854775808"])");
  ExpectRefused(extremes, "numeric(18,0)", "-9223372036854775808");
  ExpectStored(JsonArray(arrow::uint64(), "[18446744073709551615]"), "numeric(38,18)",
               R"(["18446744073709551615.000000000000000000"])");
}

TEST_F(StoreAssignment, RescalesDecimals) {
  const auto values = JsonArray(arrow::decimal128(10, 3), R"(["1.005", null, "-1.005"])");
  ExpectStored(values, "numeric(3,2)", R"(["1.01", null, "-1.01"])");
  ExpectStored(values, "numeric(12,5)", R"(["1.00500", null, "-1.00500"])");
  ExpectStored(values, "numeric", R"(["1.005", null, "-1.005"])");
  ExpectRefused(JsonArray(arrow::decimal128(10, 3), R"(["9.995"])"), "numeric(3,2)",
                "9.995");
  const std::string wide(70, '9');
  ExpectRefused(JsonArray(arrow::decimal256(76, 6), "[\"" + wide + ".000000\"]"),
                "numeric(38,0)", wide + ".000000");
  ExpectStored(
      JsonArray(arrow::decimal256(76, 70), "[\"1.5" + std::string(69, '0') + "\"]"),
      "numeric(2,0)", R"(["2"])");
  ExpectStored(JsonArray(arrow::decimal64(18, 2), R"(["3.00"])"), "integer", "[3]");
  ExpectStored(values, "double precision", "[1.005, null, -1.005]");
  ExpectRefused(JsonArray(arrow::decimal128(10, 3), R"(["1.005"])"), "integer", "1.005");
}

TEST_F(StoreAssignment, WritesUnboundedNumericInFull) {
  ExpectStored(Values(std::vector{1e21, 1e-7, -0.0, 0.1 + 0.2, -12.5}), "numeric",
               R"(["1000000000000000000000", "0.0000001", "0", "0.30000000000000004",
                   "-12.5"])");
  ExpectStored(JsonArray(arrow::int64(), "[-5, null, 120]"), "numeric",
               R"(["-5", null, "120"])");
  ExpectStored(JsonArray(arrow::decimal128(9, 8), R"(["0.00000001", "-0.00000120"])"),
               "numeric", R"(["0.00000001", "-0.00000120"])");
}

TEST_F(StoreAssignment, ChecksTheRangeOfIntegers) {
  const auto longs = JsonArray(arrow::int64(), "[-32768, null, 32767]");
  ExpectStored(longs, "smallint", "[-32768, null, 32767]");
  ExpectStored(longs, "integer", "[-32768, null, 32767]");
  ExpectRefused(JsonArray(arrow::int64(), "[0, 32768]"), "smallint", "32768");
  ExpectRefused(JsonArray(arrow::int64(), "[-2147483649]"), "integer", "-2147483649");
  ExpectRefused(JsonArray(arrow::uint64(), "[9223372036854775808]"), "bigint",
                "9223372036854775808");
  ExpectStored(Values(std::vector{-2.0, 2147483647.0}), "integer", "[-2, 2147483647]");
  ExpectRefused(Values(std::vector{2147483648.0}), "integer", "2147483648");
  ExpectRefused(Values(std::vector{9223372036854775808.0}), "bigint",
                "9.223372036854776e+18");
  ExpectStored(Values(std::vector{-9223372036854775808.0}), "bigint",
               "[-9223372036854775808]");
  ExpectRefused(Values(std::vector{0.5}), "integer", "0.5");
  ExpectRefused(Values(std::vector{std::nan("")}), "integer", "nan");
}

TEST_F(StoreAssignment, StoresFloats) {
  ExpectStored(Values(std::vector{0.1, 1e38}), "real", "[0.1, 1e38]");
  ExpectRefused(Values(std::vector{1e39}), "real", "1e+39");
  ExpectStored(JsonArray(arrow::int64(), "[9007199254740993]"), "double precision",
               "[9007199254740992]");
  const auto special = Values(std::vector{std::numeric_limits<double>::infinity()});
  EXPECT_EQ(Stored(special, "double precision").ValueOrDie(), special);
  EXPECT_TRUE(Stored(special, "real").ok());
}

TEST_F(StoreAssignment, CutsOnlyBlanksBeyondTheLength) {
  const auto texts = JsonArray(arrow::utf8(), R"(["abc", null, "abc  ", "äöü ", ""])");
  ExpectStored(texts, "varchar(3)", R"(["abc", null, "abc", "äöü", ""])");
  ExpectStored(texts, "varchar(4)", R"(["abc", null, "abc ", "äöü ", ""])");
  EXPECT_EQ(Stored(texts, "varchar(5)").ValueOrDie(), texts);
  EXPECT_EQ(Stored(texts, "text").ValueOrDie(), texts);
  ExpectRefused(Texts({"abc", "abcd"}), "varchar(3)", "'abcd' of 4 characters");
  ExpectRefused(Texts({"ab  e"}), "varchar(3)", "'ab  e' of 5 characters");
  ExpectRefused(Texts({"abc\t"}), "varchar(3)", "'abc\\x09' of 4 characters");
  ExpectStored(Texts({"😀😀  "}), "varchar(2)", R"(["😀😀"])");
  ExpectRefused(Texts({std::string(300, 'x')}), "varchar(253)",
                "'" + std::string(60, 'x') + "...' of 300 characters");
  ExpectStored(texts->Slice(1, 2), "varchar(3)", R"([null, "abc"])");
}

TEST_F(StoreAssignment, RefusesTextThatSqlDoesNotHold) {
  ExpectRefused(Texts({"ok", std::string("a\0b", 3)}), "text",
                "'a\\x00b' which holds a NUL character");
  ExpectRefused(Texts({"ok", "\xff"}), "varchar(9)", "'\\xff' which is not UTF-8");
  // Well-formed together, but cut inside a code point.
  ExpectRefused(Texts({"\xc3", "\xa4"})->Slice(0, 1), "text",
                "'\\xc3' which is not UTF-8");
  // Under a null anything may stand.
  auto data = Texts({"a", "\xff", "b"})->data()->Copy();
  const uint8_t bits = 0b101;
  data->buffers[0] = arrow::Buffer::FromString(std::string(1, static_cast<char>(bits)));
  data->null_count = arrow::kUnknownNullCount;
  ExpectStored(arrow::MakeArray(data), "text", R"(["a", null, "b"])");
}

TEST_F(StoreAssignment, TakesTextOfEveryLayout) {
  for (const auto& type : {arrow::large_utf8(), arrow::utf8_view()}) {
    ExpectStored(JsonArray(type, R"(["a ", null])"), "varchar(1)", R"(["a", null])");
  }
  ExpectStored(JsonArray(arrow::int16(), "[-5, null]"), "text", R"(["-5", null])");
  ExpectStored(JsonArray(arrow::boolean(), "[true, null]"), "text", R"(["true", null])");
  ExpectRefused(JsonArray(arrow::int64(), "[5, 1234]"), "varchar(3)",
                "'1234' of 4 characters");
}

TEST_F(StoreAssignment, ChecksJson) {
  const auto labels =
      JsonArray(arrow::utf8(),
                R"(["{\"a\": [1, 1e99, -0.5, null]}", null, "\"x\"", "null", " 12 "])");
  for (const char* type : {"json", "jsonb"}) {
    EXPECT_EQ(Stored(labels, type).ValueOrDie(), labels);
    for (const auto& [text, wrong] : std::vector<std::pair<std::string, std::string>>{
             {"", "which is no JSON: at byte 0: The document is empty."},
             {"{'a': 1}",
              "which is no JSON: at byte 1: "
              "Missing a name for object member."},
             {"[1,]", "which is no JSON: at byte 3: Invalid value."},
             {"[01]",
              "which is no JSON: at byte 2: Missing a comma or ']' after an array "
              "element."},
             {"{} x",
              "which is no JSON: at byte 3: The document root must not be "
              "followed by other values."},
             {R"({"a": "\u0000"})", "which escapes a NUL"},
             {R"({"\u0000": 1})", "which escapes a NUL"},
             {R"("\udc00")", "which escapes half of a surrogate pair"},
             {R"("x\ude0dy")", "which escapes half of a surrogate pair"}}) {
      ExpectRefused(Texts({"{}", "{}", text}), type, "'" + text + "' " + wrong);
    }
    EXPECT_FALSE(Stored(Texts({R"("\ud83d")"}), type).ok());
    EXPECT_FALSE(Stored(Texts({R"("\ud83dx")"}), type).ok());
    ExpectRefused(Texts({"\"\xff\""}), type, "'\"\\xff\"' which is not UTF-8");
    EXPECT_TRUE(Stored(Texts({R"("\ud83d\ude00 í퟿")"}), type).ok());
    // No recursion: a deep document is a document.
    EXPECT_TRUE(
        Stored(Texts({std::string(200000, '[') + std::string(200000, ']')}), type).ok());
  }
}

TEST_F(StoreAssignment, ReadsUuids) {
  const auto text = "00112233-4455-6677-8899-aabbccddeeff";
  const std::vector<std::string> forms = {text, "00112233445566778899AABBCCDDEEFF",
                                          "{00112233-4455-6677-8899-aabbccddeeff}",
                                          "0011-2233-4455-6677-8899-aabb-ccdd-eeff"};
  const auto stored = Stored(Texts(forms), "uuid").ValueOrDie();
  EXPECT_EQ(stored->type()->ToString(), "fixed_size_binary[16]");
  const auto written = UuidText(stored, arrow::default_memory_pool()).ValueOrDie();
  EXPECT_TRUE(written->Equals(Texts({text, text, text, text}))) << written->ToString();
  for (const char* wrong :
       {"", "{", "00112233-4455-6677-8899-aabbccddeef",
        "0011223344556677-8899aabbccddeeffx", "00112233-4455-6677-8899-aabbccddeefg",
        "001-12233-4455-6677-8899-aabbccddeeff", "00112233-4455-6677-8899-aabbccddeeff-",
        " 00112233-4455-6677-8899-aabbccddeeff",
        "00112233--4455-6677-8899-aabbccddeeff"}) {
    ExpectRefused(Texts({text, wrong}), "uuid", "'" + std::string(wrong) + "'");
  }
  EXPECT_EQ(Stored(stored, "uuid").ValueOrDie(), stored);
  const auto extension =
      arrow::ExtensionType::WrapArray(arrow::extension::uuid(), stored);
  EXPECT_TRUE(Stored(extension, "uuid").ValueOrDie()->Equals(stored));
}

TEST_F(StoreAssignment, RoundsTimesHalfUp) {
  const auto nanos = JsonArray(arrow::timestamp(arrow::TimeUnit::NANO),
                               "[1499, 1500, null, -1500, -1501, -500]");
  ExpectStored(nanos, "timestamp", "[1, 2, null, -1, -2, 0]");
  ExpectStored(
      JsonArray(arrow::timestamp(arrow::TimeUnit::NANO), "[1500000, 1499999, -1500001]"),
      "timestamp(3)", "[2000, 1000, -2000]");
  const auto micros = arrow::timestamp(arrow::TimeUnit::MICRO, "Europe/Paris");
  ExpectStored(JsonArray(micros, "[86399999600, 86399999499]"), "timestamp(3)",
               "[86400000000, 86399999000]");
  ExpectStored(JsonArray(micros, "[86399500000]"), "timestamptz(0)", "[86400000000]");
  ExpectStored(JsonArray(micros, "[1, null]"), "timestamptz", "[1, null]");
  ExpectStored(JsonArray(arrow::timestamp(arrow::TimeUnit::MILLI), "[1, null]"),
               "timestamp(3)", "[1000, null]");
  ExpectStored(JsonArray(arrow::timestamp(arrow::TimeUnit::SECOND), "[-1]"), "timestamp",
               "[-1000000]");
  ExpectStored(JsonArray(arrow::date32(), "[-1, 19000]"), "timestamp",
               "[-86400000000, 1641600000000000]");
  const auto far =
      JsonArray(arrow::timestamp(arrow::TimeUnit::SECOND), "[0, 9223372036854775807]");
  EXPECT_FALSE(Stored(far, "timestamp").ok());
  EXPECT_FALSE(
      Stored(JsonArray(arrow::timestamp(arrow::TimeUnit::NANO), "[9223372036854775807]"),
             "timestamp")
          .ok());
}

TEST_F(StoreAssignment, StoresDates) {
  const auto dates = JsonArray(arrow::date32(), "[-1, null]");
  EXPECT_EQ(Stored(dates, "date").ValueOrDie(), dates);
  ExpectStored(JsonArray(arrow::date64(), "[-86400000, 86400000]"), "date", "[-1, 1]");
  ExpectStored(JsonArray(arrow::timestamp(arrow::TimeUnit::NANO),
                         "[-1, 86399999999999, 86400000000000]"),
               "date", "[-1, 0, 1]");
}

TEST_F(StoreAssignment, StoresTheRest) {
  ExpectStored(JsonArray(arrow::boolean(), "[true, null]"), "boolean", "[true, null]");
  ExpectStored(JsonArray(arrow::large_binary(), R"(["a", null])"), "bytea",
               R"(["a", null])");
  ExpectStored(JsonArray(arrow::fixed_size_binary(2), R"(["ab", null])"), "bytea",
               R"(["ab", null])");
  for (const char* type : {"numeric(5,2)", "jsonb", "uuid", "text[]", "timestamptz"}) {
    ExpectStored(JsonArray(arrow::null(), "[null, null]"), type, "[null, null]");
    ExpectStored(JsonArray(arrow::null(), "[]"), type, "[]");
  }
}

TEST_F(StoreAssignment, StoresLists) {
  const auto lists = JsonArray(arrow::list(arrow::float64()),
                               "[[1.5, null], [], null, [2], [7, 1e9, 8]]");
  ExpectStored(lists->Slice(0, 4), "numeric(4,1)[]",
               R"([["1.5", null], [], null, ["2.0"]])");
  ExpectStored(lists->Slice(1, 3), "numeric(4,1)[]", R"([[], null, ["2.0"]])");
  ExpectRefused(lists, "numeric(4,1)[]", "1000000000");
  ExpectStored(JsonArray(arrow::large_list(arrow::utf8()), R"([["a "], null])"),
               "varchar(1)[]", R"([["a"], null])");
  ExpectStored(JsonArray(arrow::fixed_size_list(arrow::int64(), 2), "[[1, 2], null]"),
               "smallint[]", "[[1, 2], null]");
}

TEST_F(StoreAssignment, ConvertsDictionariesOnce) {
  const auto type = arrow::dictionary(arrow::int8(), arrow::utf8());
  ExpectStored(JsonArray(type, R"(["a ", null, "b", "a "])"), "varchar(1)",
               R"(["a", null, "b", "a"])");
  ExpectStored(
      JsonArray(arrow::dictionary(arrow::int8(), arrow::float64()), "[0.5, null, 0.5]"),
      "numeric(3,1)", R"(["0.5", null, "0.5"])");
  // An entry that no row has may be of any kind; one that a row has names that row.
  const auto texts = Texts({"{}", "no JSON"});
  const auto unused = arrow::DictionaryArray::FromArrays(
      type, JsonArray(arrow::int8(), "[0, null, 0]"), texts);
  ExpectStored(unused.ValueOrDie(), "jsonb", R"(["{}", null, "{}"])");
  const auto used = arrow::DictionaryArray::FromArrays(
      type, JsonArray(arrow::int8(), "[0, null, 0, 1]"), texts);
  EXPECT_THAT(Stored(used.ValueOrDie(), "jsonb").status().message(),
              HasSubstr("row 103: found 'no JSON' which"));
}

TEST_F(StoreAssignment, AgreesWithTextsOnRandomDoubles) {
  testing::Random random(20250101);
  std::vector<double> values;
  for (int i = 0; i < 20000; ++i) {
    const int exponent = static_cast<int>(testing::Pick(random, -18, 19));
    const double mantissa = static_cast<double>(testing::Pick(random, 0, 1'000'000'007));
    values.push_back(mantissa * std::pow(10.0, exponent) / 3.0 *
                     (testing::Chance(random, 0.5) ? -1 : 1));
  }
  for (const double value : values) {
    char text[64];
    snprintf(text, sizeof(text), "%.17g", value);
    for (int digits = 1; digits <= 17; ++digits) {
      snprintf(text, sizeof(text), "%.*g", digits, value);
      if (strtod(text, nullptr) == value) break;
    }
    arrow::Decimal256 exact;
    int32_t precision = 0;
    int32_t scale = 0;
    ASSERT_TRUE(arrow::Decimal256::FromString(text, &exact, &precision, &scale).ok());
    std::string expected = "refused";
    if (scale > 15) {
      exact = arrow::Decimal256(exact.ReduceScaleBy(scale - 15));
    } else {
      exact = arrow::Decimal256(exact.IncreaseScaleBy(15 - scale));
    }
    if (exact.FitsInPrecision(33)) expected = exact.ToString(15);
    ASSERT_EQ(NumericText(value), expected) << "value " << text;
  }
}

TEST_F(StoreAssignment, ChecksTypesBeforehand) {
  const auto problem = [](const TypePtr& from, const char* to) {
    const auto checked = CheckAssignable(*from, SqlType::Parse(to).ValueOrDie());
    EXPECT_EQ(BlameOf(checked), Blame::kUser) << from->ToString() << " " << to;
    return checked.message();
  };
  EXPECT_EQ(problem(arrow::list(arrow::int32()), "integer"),
            "list<item: int32> cannot be stored as integer");
  problem(arrow::utf8(), "integer");
  problem(arrow::utf8(), "date");
  problem(arrow::boolean(), "integer");
  problem(arrow::int32(), "boolean");
  problem(arrow::float64(), "text");
  problem(arrow::int64(), "timestamp");
  problem(arrow::int64(), "jsonb");
  problem(arrow::binary(), "text");
  problem(arrow::fixed_size_binary(15), "uuid");
  problem(arrow::utf8(), "bytea");
  problem(arrow::utf8(), "text[]");
  problem(arrow::list(arrow::list(arrow::utf8())), "text[]");
  problem(arrow::dictionary(arrow::int32(), arrow::utf8()), "integer");
  problem(arrow::struct_({}), "jsonb");
}

TEST(DecimalText, IsPlain) {
  const auto text = [](std::string_view digits, int exponent) {
    std::string out = ">";
    AppendDecimal(digits, exponent, &out);
    return out;
  };
  EXPECT_EQ(text("12", 0), ">12");
  EXPECT_EQ(text("-12", 2), ">-1200");
  EXPECT_EQ(text("0", 2), ">0");
  EXPECT_EQ(text("-12", -3), ">-0.012");
  EXPECT_EQ(text("12", -2), ">0.12");
  EXPECT_EQ(text("1230", -2), ">12.30");
  EXPECT_EQ(text("0", -2), ">0.00");
}

}  // namespace
}  // namespace windrow::column
