// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/declared_schema.h"

#include <arrow/compute/expression.h>
#include <arrow/compute/initialize.h>
#include <arrow/json/from_string.h>
#include <gmock/gmock.h>

#include "windrow/source/parquet_test_file.h"

namespace windrow::source {
namespace {

namespace cp = arrow::compute;

/// Four row groups of two rows: `code` in two values, `count` from 0 to 7, `at` rising.
class DeclaredSchemaTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(cp::Initialize().ok()); }

  void SetUp() override {
    const auto schema = arrow::schema(
        {arrow::field("code", arrow::utf8()), arrow::field("count", arrow::int64()),
         arrow::field("at", arrow::timestamp(arrow::TimeUnit::MILLI))});
    const auto rows =
        arrow::json::ArrayFromJSONString(arrow::struct_(schema->fields()), R"([
        ["a", 0, 0], ["b", 1, 1], ["a", 2, 2], ["a", 3, 3],
        ["b", 4, 4], [null, 5, 5], ["a", 6, 6], ["a", null, 7]])");
    const auto batch = arrow::RecordBatch::FromStructArray(rows.ValueOrDie());
    const auto table = arrow::Table::FromRecordBatches({batch.ValueOrDie()});
    file_.Write(*table.ValueOrDie(), 2);
  }

  std::shared_ptr<exec::Table> Declared(
      const std::vector<std::pair<std::string, std::string>>& columns) {
    DeclaredSchema declared;
    for (const auto& [name, type] : columns) {
      declared.columns.push_back({name, std::nullopt});
      if (type != "any") {
        declared.columns.back().type = column::SqlType::Parse(type).ValueOrDie();
      }
    }
    const OpenedFile file{
        file_.path(), OpenParquetTable(file_.path()).ValueOrDie(), {{"month", "10"}}};
    const auto schema = SchemaOf(declared, {file}).ValueOrDie();
    return DeclareTable(file, declared, schema).ValueOrDie();
  }

  Scanned Scan(const exec::Table& table, const cp::Expression& predicate) {
    exec::ScanOptions options;
    options.columns = AllColumns(table);
    options.row_numbers = true;
    options.pruning_predicate = std::make_shared<const cp::Expression>(
        predicate.Bind(*table.schema()).ValueOrDie());
    return ScanAll(table, options, &run_.context).ValueOrDie();
  }

  TestFile file_{"declared_schema"};
  TestRun run_;
};

TEST_F(DeclaredSchemaTest, PrunesByColumnsReadAsStored) {
  const auto table = Declared({{"at", "timestamp(3)"},
                               {"count", "double"},
                               {"code", "varchar"},
                               {"gone", "bigint"},
                               {"month", "varchar"}});
  const auto count_is_5 = cp::equal(cp::field_ref("count"), cp::literal(5.0));
  const auto code_is_b = cp::equal(cp::field_ref("code"), cp::literal("b"));
  EXPECT_EQ(Scan(*table, count_is_5).units, 4);
  EXPECT_EQ(Scan(*table, code_is_b).units, 2);
  const auto both = Scan(*table, cp::and_(count_is_5, code_is_b));
  EXPECT_EQ(both.units, 2);
  EXPECT_EQ(both.table->column(5)->chunk(0)->ToString(), "[\n  0,\n  1\n]");
  const auto either = cp::or_(count_is_5, code_is_b);
  EXPECT_EQ(Scan(*table, either).units, 4);
}

TEST_F(DeclaredSchemaTest, PrunesByConstants) {
  const auto table =
      Declared({{"code", "varchar"}, {"gone", "bigint"}, {"month", "varchar"}});
  const auto month = [](const char* value) {
    return cp::equal(cp::field_ref("month"), cp::literal(value));
  };
  EXPECT_EQ(Scan(*table, month("10")).units, 4);
  const auto ruled_out = Scan(*table, month("09"));
  EXPECT_EQ(ruled_out.units, 0);
  EXPECT_EQ(ruled_out.bytes_read, 0);
  const auto gone = cp::field_ref("gone");
  EXPECT_EQ(Scan(*table, cp::greater(gone, cp::literal(int64_t{1}))).units, 0);
  EXPECT_EQ(Scan(*table, cp::is_null(gone)).units, 4);
}

TEST_F(DeclaredSchemaTest, KeepsCodesOfTextReadAsStored) {
  const auto table = Declared({{"count", "varchar"}, {"code", "varchar"}});
  exec::ScanOptions options;
  options.columns = {0, 1};
  options.dictionary_columns = {0, 1};
  const auto source = table->Scan(options, &run_.context).ValueOrDie();
  const auto unit = source->NextUnit(arrow::StopToken::Unstoppable()).ValueOrDie();
  const auto batch = unit->Next().ValueOrDie();
  EXPECT_EQ(batch->column(0)->type_id(), arrow::Type::STRING);
  EXPECT_EQ(batch->column(1)->type_id(), arrow::Type::DICTIONARY);
}

TEST_F(DeclaredSchemaTest, KnowsStatisticsOfWhatIsStored) {
  const auto table = Declared({{"count", "bigint"},
                               {"at", "timestamp"},
                               {"gone", "bigint"},
                               {"month", "varchar"}});
  EXPECT_EQ(table->num_rows(), 8);
  EXPECT_EQ(table->column_stats(0).null_count, 1);
  ASSERT_NE(table->column_stats(0).max, nullptr);
  EXPECT_EQ(table->column_stats(0).max->ToString(), "6");
  EXPECT_EQ(table->column_stats(1).null_count, 0);
  EXPECT_EQ(table->column_stats(1).max, nullptr);
  EXPECT_EQ(table->column_stats(2).null_count, 8);
  EXPECT_EQ(table->column_stats(3).null_count, 0);
}

TEST_F(DeclaredSchemaTest, StoresRows) {
  const auto table = Declared(
      {{"count", "double"}, {"gone", "bigint"}, {"at", "timestamp"}, {"code", "any"}});
  const auto rows = table->row_store(&run_.context).ValueOrDie();
  EXPECT_EQ(rows->chunk_offsets(), (std::vector<int64_t>{0, 2, 4, 6, 8}));
  EXPECT_EQ(rows->LoadColumn(3, 0).ValueOrDie()->ToString(), "[\n  6,\n  null\n]");
  EXPECT_EQ(rows->LoadColumn(0, 1).ValueOrDie()->ToString(), "[\n  null,\n  null\n]");
  const std::vector<uint32_t> wanted = {1};
  const auto load = [&](int column) {
    return rows->LoadRows(1, column, wanted, arrow::default_memory_pool()).ValueOrDie();
  };
  EXPECT_EQ(load(0)->ToString(), "[\n  3\n]");
  EXPECT_EQ(load(0)->type()->ToString(), "double");
  EXPECT_EQ(load(1)->length(), 1);
  EXPECT_EQ(load(2)->type()->ToString(), "timestamp[us]");
  EXPECT_FALSE(rows->IsResident(0));
  EXPECT_FALSE(rows->IsResident(1));
}

TEST_F(DeclaredSchemaTest, RefusesAmbiguousColumns) {
  TestFile twice("declared_twice");
  const auto one = arrow::json::ArrayFromJSONString(arrow::int64(), "[1]");
  twice.Write(*arrow::Table::Make(arrow::schema({arrow::field("x", arrow::int64()),
                                                 arrow::field("x", arrow::int64())}),
                                  {one.ValueOrDie(), one.ValueOrDie()}),
              1);
  const OpenedFile file{"twice", OpenParquetTable(twice.path()).ValueOrDie(), {}};
  const DeclaredSchema any{{{"x", std::nullopt}}, false};
  EXPECT_EQ(SchemaOf(any, {file}).status().message(),
            "twice: column 'x' is there more than once; expected one");
}

}  // namespace
}  // namespace windrow::source
