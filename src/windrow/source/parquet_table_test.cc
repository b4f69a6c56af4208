// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/parquet_table.h"

#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>
#include <arrow/json/from_string.h>
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "windrow/source/parquet_test_file.h"

namespace windrow::source {
namespace {

std::shared_ptr<arrow::Array> FromJson(const std::shared_ptr<arrow::DataType>& type,
                                       const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

/// Repeats a few values, nulls among them, to `rows` rows.
std::shared_ptr<arrow::Array> Repeated(const std::shared_ptr<arrow::DataType>& type,
                                       const std::string& json, int64_t rows) {
  const auto values = FromJson(type, json);
  arrow::Int64Builder picks;
  for (int64_t i = 0; i < rows; ++i) {
    EXPECT_TRUE(picks.Append(i % values->length()).ok());
  }
  return arrow::compute::Take(*values, *picks.Finish().ValueOrDie()).ValueOrDie();
}

std::shared_ptr<arrow::Table> AllTypes(int64_t rows) {
  using arrow::field;
  const auto point =
      arrow::struct_({field("x", arrow::int32()), field("s", arrow::utf8())});
  const std::vector<std::pair<std::shared_ptr<arrow::DataType>, std::string>> columns = {
      {arrow::boolean(), "[true, null, false]"},
      {arrow::int8(), "[1, -128, null]"},
      {arrow::uint16(), "[1, 65535, null]"},
      {arrow::int32(), "[1, null, -7]"},
      {arrow::uint64(), "[1, 18446744073709551615, null]"},
      {arrow::int64(), "[1, 9007199254740993, null, -3]"},
      {arrow::float32(), "[1.5, null, -0.0]"},
      {arrow::float64(), "[NaN, 2.5, null, Inf]"},
      {arrow::date32(), "[18000, null]"},
      {arrow::time64(arrow::TimeUnit::MICRO), "[17, null]"},
      {arrow::timestamp(arrow::TimeUnit::NANO), "[1, null, 1600000000000000001]"},
      {arrow::timestamp(arrow::TimeUnit::MICRO, "Europe/Zurich"), "[1, null]"},
      {arrow::duration(arrow::TimeUnit::MILLI), "[1, null]"},
      {arrow::decimal128(12, 2), R"(["1.25", null, "-99.99"])"},
      {arrow::utf8(), R"(["a", null, "", "long enough to be no short string"])"},
      {arrow::large_utf8(), R"(["x", null, "y"])"},
      {arrow::binary(), R"(["a", null, ""])"},
      {arrow::large_binary(), R"(["a", "b"])"},
      {arrow::fixed_size_binary(3), R"(["abc", null])"},
      {arrow::null(), "[null]"},
      {arrow::list(arrow::utf8()), R"([["a", null], [], null, ["b", "c", "d"]])"},
      {point, R"([{"x": 1, "s": "a"}, null, {"x": null, "s": "b"}])"},
      {arrow::list(point), R"([[{"x": 1, "s": "a"}], null, []])"},
      {arrow::map(arrow::utf8(), arrow::int64()), R"([[["k", 1], ["l", 2]], null, []])"},
      {arrow::utf8(), "[null]"},
  };
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < columns.size(); ++i) {
    fields.push_back(field(internal::Words("c", i), columns[i].first));
    arrays.push_back(Repeated(columns[i].first, columns[i].second, rows));
  }
  fields.push_back(field("d", arrow::dictionary(arrow::int32(), arrow::utf8())));
  arrays.push_back(arrow::compute::DictionaryEncode(
                       Repeated(arrow::utf8(), R"(["p", "q", null])", rows))
                       .ValueOrDie()
                       .make_array());
  fields.push_back(field("required", arrow::utf8(), /*nullable=*/false));
  arrays.push_back(Repeated(arrow::utf8(), R"(["u", "v"])", rows));
  return arrow::Table::Make(arrow::schema(fields), arrays, rows);
}

std::shared_ptr<arrow::ChunkedArray> Plain(
    const std::shared_ptr<arrow::ChunkedArray>& a) {
  if (a->type()->id() != arrow::Type::DICTIONARY) return a;
  const auto& type = static_cast<const arrow::DictionaryType&>(*a->type());
  return arrow::compute::Cast(a, type.value_type()).ValueOrDie().chunked_array();
}

void ExpectSameRows(const arrow::Table& actual, const arrow::Table& expected) {
  ASSERT_EQ(actual.num_columns(), expected.num_columns());
  for (int i = 0; i < expected.num_columns(); ++i) {
    EXPECT_TRUE(
        Plain(actual.column(i))
            ->Equals(*Plain(expected.column(i)), arrow::EqualOptions().nans_equal(true)))
        << expected.field(i)->ToString();
  }
}

void ExpectSameColumns(const exec::RowStore& store, const arrow::Table& expected) {
  const auto& offsets = store.chunk_offsets();
  ASSERT_EQ(offsets.back(), expected.num_rows());
  for (int column = 0; column < expected.num_columns(); ++column) {
    const auto whole = Plain(expected.column(column));
    for (size_t chunk = 0; chunk + 1 < offsets.size(); ++chunk) {
      auto loaded = store.LoadColumn(static_cast<int>(chunk), column);
      ASSERT_TRUE(loaded.ok()) << loaded.status();
      ASSERT_TRUE((*loaded)->ValidateFull().ok());
      const auto actual = Plain(std::make_shared<arrow::ChunkedArray>(*loaded));
      const int64_t rows = offsets[chunk + 1] - offsets[chunk];
      EXPECT_TRUE(actual->Equals(*whole->Slice(offsets[chunk], rows),
                                 arrow::EqualOptions().nans_equal(true)))
          << expected.field(column)->ToString() << " chunk " << chunk;
    }
  }
}

class ParquetTableTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(arrow::compute::Initialize().ok()); }
  TestFile file_{"parquet_table_test"};
  TestRun run_;
};

TEST_F(ParquetTableTest, EveryTypeComesBack) {
  const auto expected = AllTypes(1000);
  for (const bool dictionaries : {true, false}) {
    auto properties = parquet::WriterProperties::Builder();
    properties.compression(parquet::Compression::ZSTD);
    if (!dictionaries) properties.disable_dictionary();
    file_.Write(*expected, 300, properties.build());
    const auto table = OpenParquetTable(file_.path()).ValueOrDie();
    EXPECT_EQ(table->num_rows(), 1000);
    EXPECT_EQ(table->description(), "parquet, 4 row groups, zstd");
    EXPECT_TRUE(table->schema()->Equals(*expected->schema()))
        << table->schema()->ToString();
    exec::ScanOptions options{.columns = AllColumns(*table)};
    for (const int64_t morsel_rows : {1, 7, 300, 1 << 16}) {
      run_.context.morsel_rows = morsel_rows;
      auto scanned = ScanAll(*table, options, &run_.context);
      ASSERT_TRUE(scanned.ok()) << scanned.status();
      EXPECT_EQ(scanned->units, 4);
      EXPECT_LE(scanned->most_rows, morsel_rows);
      EXPECT_GT(scanned->bytes_read, 0);
      ExpectSameRows(*scanned->table, *expected);
    }
    const auto store = table->row_store(&run_.context).ValueOrDie();
    ExpectSameColumns(*store, *expected);
    EXPECT_GT(store->bytes_read(), 0);
    EXPECT_FALSE(store->IsResident(0));
  }
}

TEST_F(ParquetTableTest, BatchesStayUnderTheByteLimit) {
  const std::string wide = internal::Words("[\"", std::string(1000, 'x'), "\"]");
  const auto column = Repeated(arrow::utf8(), wide, 4000);
  const auto expected =
      arrow::Table::Make(arrow::schema({arrow::field("s", arrow::utf8())}), {column});
  file_.Write(*expected, 4000);
  run_.context.morsel_bytes = 64 << 10;
  run_.context.morsel_rows = 500;
  const auto table = OpenParquetTable(file_.path()).ValueOrDie();
  const auto scanned = ScanAll(*table, {.columns = {0}}, &run_.context).ValueOrDie();
  EXPECT_GT(scanned.batches, 4000 / 100);
  ExpectSameRows(*scanned.table, *expected);
}

TEST_F(ParquetTableTest, StringsOfTheRowStoreAreCodes) {
  const auto expected = AllTypes(100);
  file_.Write(*expected, 100);
  const auto table = OpenParquetTable(file_.path()).ValueOrDie();
  const auto store = table->row_store(&run_.context).ValueOrDie();
  for (const char* name : {"c14", "c15", "c16", "c17", "required"}) {
    const int column = expected->schema()->GetFieldIndex(name);
    const auto type = store->LoadColumn(0, column).ValueOrDie()->type();
    EXPECT_TRUE(
        type->Equals(arrow::dictionary(arrow::int32(), expected->field(column)->type())))
        << type->ToString();
  }
}

TEST_F(ParquetTableTest, DictionaryThatRunsFullInTheMiddle) {
  arrow::StringBuilder values;
  for (int i = 0; i < 20000; ++i) {
    if (i % 9 == 0) {
      ASSERT_TRUE(values.AppendNull().ok());
    } else {
      ASSERT_TRUE(values.Append(internal::Words("value ", i < 5000 ? i % 7 : i)).ok());
    }
  }
  const auto array = values.Finish().ValueOrDie();
  const auto codes = arrow::compute::DictionaryEncode(array).ValueOrDie().make_array();
  const auto expected =
      arrow::Table::Make(arrow::schema({arrow::field("plain", array->type()),
                                        arrow::field("codes", codes->type())}),
                         {array, codes});
  const auto properties = parquet::WriterProperties::Builder()
                              .dictionary_pagesize_limit(20000)
                              ->data_pagesize(4096)
                              ->build();
  file_.Write(*expected, 20000, properties);
  const auto table = OpenParquetTable(file_.path()).ValueOrDie();
  run_.context.morsel_rows = 1000;
  const auto scanned = ScanAll(*table, {.columns = {0, 1}}, &run_.context).ValueOrDie();
  ExpectSameRows(*scanned.table, *expected);
  const auto store = table->row_store(&run_.context).ValueOrDie();
  ExpectSameColumns(*store, *expected);
}

TEST_F(ParquetTableTest, RowNumbersAndNoColumns) {
  file_.Write(*AllTypes(10), 4);
  run_.context.morsel_rows = 3;
  const auto table = OpenParquetTable(file_.path()).ValueOrDie();
  const auto scanned =
      ScanAll(*table, {.columns = {}, .row_numbers = true}, &run_.context).ValueOrDie();
  EXPECT_EQ(scanned.table->num_rows(), 10);
  EXPECT_EQ(scanned.bytes_read, 0);
  EXPECT_EQ(scanned.batches, 5);
  for (int64_t i = 0; i < 10; ++i) {
    EXPECT_EQ(scanned.table->column(0)->GetScalar(i).ValueOrDie()->ToString(),
              std::to_string(i));
  }
  const auto counted = ScanAll(*table, {}, &run_.context).ValueOrDie();
  EXPECT_EQ(counted.table->num_rows(), 10);
  const auto twice =
      ScanAll(*table, {.columns = {5, 3, 5}, .row_numbers = true}, &run_.context)
          .ValueOrDie();
  EXPECT_EQ(twice.table->num_columns(), 4);
  EXPECT_TRUE(twice.table->column(0)->Equals(*twice.table->column(2)));
}

TEST_F(ParquetTableTest, NoRows) {
  file_.Write(*AllTypes(3)->Slice(0, 0), 4);
  const auto table = OpenParquetTable(file_.path()).ValueOrDie();
  EXPECT_EQ(table->num_rows(), 0);
  const auto scanned =
      ScanAll(*table, {.columns = AllColumns(*table), .row_numbers = true}, &run_.context)
          .ValueOrDie();
  EXPECT_EQ(scanned.table->num_rows(), 0);
  const auto store = table->row_store(&run_.context).ValueOrDie();
  for (size_t i = 0; i + 1 < store->chunk_offsets().size(); ++i) {
    for (const int column : AllColumns(*table)) {
      EXPECT_EQ(store->LoadColumn(static_cast<int>(i), column).ValueOrDie()->length(), 0);
    }
  }
  EXPECT_EQ(table->column_stats(3).min, nullptr);
}

TEST_F(ParquetTableTest, ViewsBecomePlain) {
  const auto view = FromJson(arrow::utf8_view(), R"(["a", null, "longer than twelve"])");
  const auto plain = FromJson(arrow::utf8(), R"(["a", null, "longer than twelve"])");
  const auto stored =
      arrow::Table::Make(arrow::schema({arrow::field("s", view->type())}), {view});
  file_.Write(*stored, 2);
  const auto table = OpenParquetTable(file_.path()).ValueOrDie();
  EXPECT_TRUE(table->schema()->field(0)->type()->Equals(arrow::utf8()));
  const auto scanned = ScanAll(*table, {.columns = {0}}, &run_.context).ValueOrDie();
  const auto expected = arrow::Table::Make(table->schema(), {plain});
  ExpectSameRows(*scanned.table, *expected);
  ExpectSameColumns(*table->row_store(&run_.context).ValueOrDie(), *expected);
}

TEST_F(ParquetTableTest, ColumnStats) {
  const auto expected = AllTypes(1000);
  file_.Write(*expected, 300);
  const auto table = OpenParquetTable(file_.path()).ValueOrDie();
  for (const int column : AllColumns(*table)) {
    const auto stats = table->column_stats(column);
    const auto plain = Plain(expected->column(column));
    EXPECT_EQ(stats.null_count.value_or(plain->null_count()), plain->null_count());
    if (stats.min == nullptr || plain->type()->id() == arrow::Type::DURATION) continue;
    EXPECT_TRUE(stats.min->type->Equals(*plain->type()));
    const auto sure = arrow::compute::CallFunction("min_max", {plain}).ValueOrDie();
    const auto& both = sure.scalar_as<arrow::StructScalar>();
    EXPECT_TRUE(stats.min->Equals(*both.value[0])) << plain->type()->ToString();
    EXPECT_TRUE(stats.max->Equals(*both.value[1])) << plain->type()->ToString();
  }
  EXPECT_NE(table->column_stats(5).min, nullptr);
  EXPECT_NE(table->column_stats(14).min, nullptr);
  EXPECT_EQ(table->column_stats(20).min, nullptr);
  EXPECT_EQ(table->column_stats(24).null_count, 1000);
}

TEST_F(ParquetTableTest, ManyThreadsLoadColumns) {
  const auto expected = AllTypes(2000);
  file_.Write(*expected, 250);
  const auto table = OpenParquetTable(file_.path()).ValueOrDie();
  const auto store = table->row_store(&run_.context).ValueOrDie();
  std::atomic<int> next = 0;
  std::atomic<int> failed = 0;
  const int columns = expected->num_columns();
  const auto work = [&] {
    for (int i = next++; i < 8 * columns; i = next++) {
      const auto loaded = store->LoadColumn(i / columns, i % columns);
      if (!loaded.ok() || (*loaded)->length() != 250) ++failed;
    }
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  threads.clear();
  EXPECT_EQ(failed, 0);
}

}  // namespace
}  // namespace windrow::source
