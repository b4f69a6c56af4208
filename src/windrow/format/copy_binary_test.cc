// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/copy_binary.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/json/from_string.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "windrow/format/copy_numeric.h"
#include "windrow/format/copy_text.h"

namespace windrow::format {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

/// "00 ff" as bytes.
std::string Bytes(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 3) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

ArrayPtr FromJson(const std::shared_ptr<arrow::DataType>& type, std::string_view json) {
  const auto array = arrow::json::ArrayFromJSONString(type, json);
  EXPECT_TRUE(array.ok()) << array.status();
  return *array;
}

/// A column and what stands for it in a row that a PostgreSQL 15 server wrote.
struct Captured {
  CopyType type;
  std::shared_ptr<arrow::DataType> arrow_type;
  std::string json;
  std::string row;
};

CopyType Of(CopyKind kind) { return {kind}; }
CopyType Numeric(int32_t precision, int32_t scale) {
  return {CopyKind::kNumeric, precision, scale};
}
CopyType ArrayOf(CopyKind kind, uint32_t oid) { return {kind, 0, 0, true, oid}; }

const std::vector<Captured>& AllCaptured() {
  const auto wide = arrow::decimal128(33, 15);
  static const std::vector<Captured> captured = {
      {Of(CopyKind::kBool), arrow::boolean(), "[true]", "00 01 00 00 00 01 01"},
      {Of(CopyKind::kInt2), arrow::int16(), "[-2]", "00 01 00 00 00 02 ff fe"},
      {Of(CopyKind::kInt4), arrow::int32(), "[70000]", "00 01 00 00 00 04 00 01 11 70"},
      {Of(CopyKind::kInt8), arrow::int64(), "[-1]",
       "00 01 00 00 00 08 ff ff ff ff ff ff ff ff"},
      {Of(CopyKind::kFloat4), arrow::float32(), "[0.5]", "00 01 00 00 00 04 3f 00 00 00"},
      {Of(CopyKind::kFloat8), arrow::float64(), "[-0.1]",
       "00 01 00 00 00 08 bf b9 99 99 99 99 99 9a"},
      {Of(CopyKind::kText), arrow::utf8(), "[\"\u00e9\"]", "00 01 00 00 00 02 c3 a9"},
      {Of(CopyKind::kText), arrow::utf8(), "[null]", "00 01 ff ff ff ff"},
      {Of(CopyKind::kJsonb), arrow::utf8(), R"(["{\"a\": 1}"])",
       "00 01 00 00 00 09 01 7b 22 61 22 3a 20 31 7d"},
      {Of(CopyKind::kDate), arrow::date32(), "[-1]", "00 01 00 00 00 04 ff ff d5 32"},
      {Of(CopyKind::kTime), arrow::time64(arrow::TimeUnit::MICRO), "[45296000001]",
       "00 01 00 00 00 08 00 00 00 0a 8b da 1c 01"},
      {Of(CopyKind::kTimestamp), arrow::timestamp(arrow::TimeUnit::MICRO),
       "[\"1999-12-31 23:59:59.999999\"]", "00 01 00 00 00 08 ff ff ff ff ff ff ff ff"},
      {Of(CopyKind::kTimestampTz), arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
       "[\"2025-10-01 00:00:00Z\"]", "00 01 00 00 00 08 00 02 e3 0c 51 81 e0 00"},
      {Numeric(33, 15), wide, "[\"0.000000000000000\"]",
       "00 01 00 00 00 08 00 00 00 00 00 00 00 0f"},
      {Numeric(33, 15), wide, "[\"1.000000000000000\"]",
       "00 01 00 00 00 0a 00 01 00 00 00 00 00 0f 00 01"},
      {Numeric(33, 15), wide, "[\"-1.000000000000000\"]",
       "00 01 00 00 00 0a 00 01 00 00 40 00 00 0f 00 01"},
      {Numeric(33, 15), wide, "[\"10000.000000000000000\"]",
       "00 01 00 00 00 0a 00 01 00 01 00 00 00 0f 00 01"},
      {Numeric(33, 15), wide, "[\"0.000100000000000\"]",
       "00 01 00 00 00 0a 00 01 ff ff 00 00 00 0f 00 01"},
      {Numeric(33, 15), wide, "[\"0.000000000000001\"]",
       "00 01 00 00 00 0a 00 01 ff fc 00 00 00 0f 00 0a"},
      {Numeric(33, 15), wide, "[\"-123456789012345.123000000000000\"]",
       "00 01 00 00 00 12 00 05 00 03 40 00 00 0f 00 7b 11 d7 22 c5 09 29 04 ce"},
      {Numeric(33, 15), wide, "[\"999999999999999999.999999999999999\"]",
       "00 01 00 00 00 1a 00 09 00 04 00 00 00 0f 00 63 27 0f 27 0f 27 0f 27 0f 27 0f 27 "
       "0f 27 0f 27 06"},
      {Numeric(33, 15), wide, "[\"100000000.000000000000000\"]",
       "00 01 00 00 00 0a 00 01 00 02 00 00 00 0f 00 01"},
      {Numeric(33, 15), wide, "[\"12345.678000000000000\"]",
       "00 01 00 00 00 0e 00 03 00 01 00 00 00 0f 00 01 09 29 1a 7c"},
      {Numeric(0, 0), arrow::utf8(), "[\"-0.50\"]",
       "00 01 00 00 00 0a 00 01 ff ff 40 00 00 02 13 88"},
      {Numeric(0, 0), arrow::utf8(), "[\"12345678.000012345\"]",
       "00 01 00 00 00 12 00 05 00 01 00 00 00 09 04 d2 16 2e 00 00 04 d2 13 88"},
      {Numeric(0, 0), arrow::utf8(), "[\"100000000000000000000\"]",
       "00 01 00 00 00 0a 00 01 00 05 00 00 00 00 00 01"},
      {ArrayOf(CopyKind::kInt4, 23), arrow::list(arrow::int32()), "[[1, null, 3]]",
       "00 01 00 00 00 28 00 00 00 01 00 00 00 01 00 00 00 17 00 00 00 03 00 00 00 01 00 "
       "00 00 04 00 00 00 01 ff ff ff ff 00 00 00 04 00 00 00 03"},
      {ArrayOf(CopyKind::kInt4, 23), arrow::list(arrow::int32()), "[[]]",
       "00 01 00 00 00 0c 00 00 00 00 00 00 00 00 00 00 00 17"},
      {ArrayOf(CopyKind::kText, 25), arrow::list(arrow::utf8()), "[[\"a\", \"\"]]",
       "00 01 00 00 00 1d 00 00 00 01 00 00 00 00 00 00 00 19 00 00 00 02 00 00 00 01 00 "
       "00 00 01 61 00 00 00 00"},
  };
  return captured;
}

std::string Encode(const CopyType& type, const ArrayPtr& array) {
  const auto rows =
      EncodeCopyRows({type}, {array}, array->length(), arrow::default_memory_pool());
  EXPECT_TRUE(rows.ok()) << rows.status();
  return rows.ok() ? (*rows)->ToString() : "";
}

Result<ArrayPtr> Decode(const CopyType& type, std::string_view rows, int64_t num_rows) {
  ARROW_ASSIGN_OR_RAISE(auto columns, DecodeCopyRows(rows, {type}, {"v"}, num_rows,
                                                     arrow::default_memory_pool()));
  return columns[0];
}

TEST(CopyBinary, RowsAreThoseOfAServer) {
  for (const Captured& captured : AllCaptured()) {
    const ArrayPtr array = FromJson(captured.arrow_type, captured.json);
    EXPECT_EQ(Encode(captured.type, array), Bytes(captured.row)) << captured.json;
  }
}

TEST(CopyBinary, RowsOfAServerAreRead) {
  for (const Captured& captured : AllCaptured()) {
    const auto read = Decode(captured.type, Bytes(captured.row), 1);
    ASSERT_TRUE(read.ok()) << read.status();
    const ArrayPtr array = FromJson(captured.arrow_type, captured.json);
    EXPECT_TRUE((*read)->Equals(array)) << (*read)->ToString() << captured.json;
  }
}

TEST(CopyBinary, AUuidIsSixteenBytesAndReadAsText) {
  const std::string row =
      Bytes("00 01 00 00 00 10 a0 ee bc 99 9c 0b 4e f8 bb 6d 6b b9 bd 38 0a 11");
  arrow::FixedSizeBinaryBuilder builder(arrow::fixed_size_binary(16));
  ASSERT_TRUE(builder.Append(row.data() + 6).ok());
  EXPECT_EQ(Encode(Of(CopyKind::kUuid), *builder.Finish()), row);
  EXPECT_TRUE((*Decode(Of(CopyKind::kUuid), row, 1))
                  ->Equals(FromJson(arrow::utf8(),
                                    "[\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\"]")));
}

TEST(CopyBinary, ASliceIsEncodedLikeACopy) {
  const auto list = arrow::list(arrow::utf8());
  const ArrayPtr all = FromJson(list, R"([["a"], null, ["b", null], [], ["c"]])");
  const ArrayPtr copy = FromJson(list, R"([null, ["b", null], []])");
  const CopyType type = ArrayOf(CopyKind::kText, 25);
  EXPECT_EQ(Encode(type, all->Slice(1, 3)), Encode(type, copy));
}

TEST(CopyBinary, RowsThatEndTooEarlyAreBadData) {
  for (const Captured& captured : AllCaptured()) {
    const std::string row = Bytes(captured.row);
    for (size_t length = 0; length < row.size(); ++length) {
      const auto read = Decode(captured.type, std::string_view(row).substr(0, length), 1);
      ASSERT_FALSE(read.ok()) << captured.json << " " << length;
      EXPECT_EQ(BlameOf(read.status()), Blame::kData);
    }
  }
}

TEST(CopyBinary, DamagedRowsAreBadDataOrOtherValues) {
  std::mt19937 random(7);
  for (int round = 0; round < 20000; ++round) {
    const Captured& captured = AllCaptured()[random() % AllCaptured().size()];
    std::string row = Bytes(captured.row);
    row[random() % row.size()] = static_cast<char>(random());
    const auto read = Decode(captured.type, row, 1);
    if (read.ok()) {
      EXPECT_TRUE((*read)->Validate().ok());
    } else {
      EXPECT_EQ(BlameOf(read.status()), Blame::kData) << read.status();
    }
  }
}

TEST(CopyBinary, TheHeaderIsChecked) {
  EXPECT_EQ(*CopyHeaderSize(CopyHeader()), CopyHeader().size());
  std::string with_extension(CopyHeader());
  with_extension.back() = 2;
  EXPECT_EQ(*CopyHeaderSize(with_extension + "ab"), CopyHeader().size() + 2);
  EXPECT_FALSE(CopyHeaderSize(with_extension + "a").ok());
  EXPECT_FALSE(CopyHeaderSize("PGCOPY").ok());
  EXPECT_FALSE(CopyHeaderSize(std::string(30, 'x')).ok());
}

TEST(CopyNumeric, EveryDecimalComesBack) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 50000; ++round) {
    const auto precision = static_cast<int32_t>(1 + random() % 38);
    const auto scale = static_cast<int32_t>(random() % (precision + 1));
    const auto digits = static_cast<int32_t>(random() % (precision + 1));
    std::string text = "0";
    for (int32_t i = 0; i < digits; ++i) {
      text += static_cast<char>('0' + (random() % 3 == 0 ? 0 : random() % 10));
    }
    arrow::Decimal128 value = *arrow::Decimal128::FromString(text);
    if (random() % 2 == 0) value = arrow::Decimal128(-value);
    arrow::Decimal128Builder builder(arrow::decimal128(precision, scale));
    ASSERT_TRUE(builder.Append(value).ok());
    const ArrayPtr array = *builder.Finish();
    const CopyType type = Numeric(precision, scale);
    const std::string row = Encode(type, array);
    ASSERT_TRUE((*Decode(type, row, 1))->Equals(array)) << array->ToString();
    // The same number without bounds, by way of its text.
    const ArrayPtr as_text = *Decode(Numeric(0, 0), row, 1);
    const std::string shown =
        static_cast<const arrow::StringArray&>(*as_text).GetString(0);
    arrow::Decimal128 shown_value;
    int32_t shown_scale = 0;
    ASSERT_TRUE(
        arrow::Decimal128::FromString(shown, &shown_value, nullptr, &shown_scale).ok());
    ASSERT_EQ(shown_value, value);
    ASSERT_EQ(shown_scale, scale);
    ASSERT_EQ(Encode(Numeric(0, 0), as_text), row) << shown;
  }
}

TEST(CopyNumeric, WhatDoesNotFitIsRefused) {
  const std::string field = Bytes("00 01 00 00 00 00 00 02 00 7b");  // 123
  EXPECT_EQ(ReadNumeric(field, 3, 0), arrow::Decimal128(123));
  EXPECT_EQ(ReadNumeric(field, 2, 0), std::nullopt);
  EXPECT_EQ(ReadNumeric(field, 4, 2), std::nullopt);
  EXPECT_EQ(ReadNumeric(field, 38, 35),
            arrow::Decimal128::FromString("123" + std::string(35, '0')).ValueOrDie());
  EXPECT_EQ(ReadNumeric(Bytes("00 00 00 00 c0 00 00 00"), 38, 0), std::nullopt);
  const std::string half = Bytes("00 01 ff ff 00 00 00 01 13 88");  // 0.5
  EXPECT_EQ(ReadNumeric(half, 5, 1), arrow::Decimal128(5));
  EXPECT_EQ(ReadNumeric(half, 5, 0), std::nullopt);
  EXPECT_EQ(ReadNumeric(Bytes("00 01 7f ff 00 00 00 00 00 01"), 38, 0), std::nullopt);
}

TEST(CopyText, ValuesAreWrittenAsTheServerReadsThem) {
  const auto encode = [](const CopyType& type, const ArrayPtr& array) {
    return (*EncodeCopyText({type}, {array}, array->length(),
                            arrow::default_memory_pool()))
        ->ToString();
  };
  EXPECT_EQ(encode(Of(CopyKind::kText), FromJson(arrow::utf8(), R"(["a\tb\n\\", null])")),
            "a\\tb\\n\\\\\n\\N\n");
  EXPECT_EQ(
      encode(Of(CopyKind::kDate), FromJson(arrow::date32(), "[0, -719528, -719529]")),
      "1970-01-01\n0001-01-01 BC\n0002-12-31 BC\n");
  EXPECT_EQ(encode(Of(CopyKind::kTimestampTz),
                   FromJson(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[-1]")),
            "1969-12-31 23:59:59.999999+00\n");
  EXPECT_EQ(encode(Of(CopyKind::kFloat8), FromJson(arrow::float64(), "[0.1, NaN, -Inf]")),
            "0.1\nNaN\n-Infinity\n");
  EXPECT_EQ(encode(ArrayOf(CopyKind::kText, 25),
                   FromJson(arrow::list(arrow::utf8()), R"([["a\"", null, ""], []])")),
            "{\"a\\\\\"\",NULL,\"\"}\n{}\n");
}

}  // namespace
}  // namespace windrow::format
