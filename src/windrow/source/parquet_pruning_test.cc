// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/parquet_pruning.h"

#include <arrow/compute/api.h>
#include <arrow/compute/expression.h>
#include <arrow/compute/initialize.h>

#include <cmath>
#include <random>

#include "windrow/source/parquet_test_file.h"

namespace windrow::source {
namespace {

namespace cp = arrow::compute;
using cp::field_ref;
using cp::literal;

constexpr int64_t kRows = 120;
constexpr int64_t kGroupRows = 10;

/// Sorted enough that row groups differ; nulls, NaN, all-null and constant groups occur.
std::shared_ptr<arrow::Table> Sample(std::mt19937_64& random) {
  arrow::Int64Builder ints;
  arrow::DoubleBuilder doubles;
  arrow::StringBuilder strings;
  arrow::Date32Builder dates;
  for (int64_t row = 0; row < kRows; ++row) {
    const int64_t group = row / kGroupRows;
    const bool is_constant = group % 4 == 1;
    const int64_t value =
        is_constant ? group : group + static_cast<int64_t>(random() % 3);
    const bool is_null = group == 6 || (group % 3 == 0 && random() % 4 == 0);
    const bool is_nan = group % 2 == 1 && random() % 4 == 0;
    EXPECT_TRUE((is_null ? ints.AppendNull() : ints.Append(value)).ok());
    EXPECT_TRUE((is_null  ? doubles.AppendNull()
                 : is_nan ? doubles.Append(std::nan(""))
                          : doubles.Append(static_cast<double>(value)))
                    .ok());
    const std::string text = internal::Words("key", 100 + value);
    EXPECT_TRUE((is_null ? strings.AppendNull() : strings.Append(text)).ok());
    EXPECT_TRUE(dates.Append(static_cast<int32_t>(value)).ok());
  }
  return arrow::Table::Make(
      arrow::schema(
          {arrow::field("i", arrow::int64()), arrow::field("d", arrow::float64()),
           arrow::field("s", arrow::utf8()), arrow::field("t", arrow::date32())}),
      {ints.Finish().ValueOrDie(), doubles.Finish().ValueOrDie(),
       strings.Finish().ValueOrDie(), dates.Finish().ValueOrDie()});
}

cp::Expression RandomLeaf(std::mt19937_64& random) {
  static const char* const kComparisons[] = {"equal",      "not_equal", "less",
                                             "less_equal", "greater",   "greater_equal"};
  const int64_t value = static_cast<int64_t>(random() % 16) - 1;
  const int column = static_cast<int>(random() % 4);
  const char* const names[] = {"i", "d", "s", "t"};
  const cp::Expression field =
      random() % 2 == 0 ? field_ref(names[column])
                        : field_ref(arrow::FieldRef(arrow::FieldPath({column})));
  switch (random() % 8) {
    case 0:
      return cp::is_null(field, /*nan_is_null=*/random() % 2 == 0);
    case 1:
      return cp::is_valid(field);
    default:
      break;
  }
  cp::Expression constant = literal(value);
  if (column == 1) constant = literal(static_cast<double>(value));
  if (column == 2) constant = literal(internal::Words("key", 100 + value));
  if (column == 3) {
    constant =
        literal(std::make_shared<arrow::Date32Scalar>(static_cast<int32_t>(value)));
  }
  const char* comparison = kComparisons[random() % 6];
  if (random() % 4 == 0) return cp::call(comparison, {constant, field});
  return cp::call(comparison, {field, constant});
}

cp::Expression RandomPredicate(std::mt19937_64& random, int depth) {
  if (depth == 0 || random() % 3 == 0) return RandomLeaf(random);
  switch (random() % 3) {
    case 0:
      return cp::not_(RandomPredicate(random, depth - 1));
    case 1:
      return cp::and_(RandomPredicate(random, depth - 1),
                      RandomPredicate(random, depth - 1));
    default:
      return cp::or_(RandomPredicate(random, depth - 1),
                     RandomPredicate(random, depth - 1));
  }
}

/// Per row group, whether a row of it satisfies `predicate`.
std::vector<bool> GroupsThatMatch(const arrow::Table& table,
                                  const cp::Expression& predicate) {
  const auto batch = table.CombineChunksToBatch().ValueOrDie();
  const auto answer =
      cp::ExecuteScalarExpression(predicate, cp::ExecBatch(*batch)).ValueOrDie();
  std::vector<bool> groups(kRows / kGroupRows, false);
  for (int64_t row = 0; row < kRows; ++row) {
    const auto scalar = answer.is_scalar()
                            ? answer.scalar()
                            : answer.make_array()->GetScalar(row).ValueOrDie();
    const auto& holds = static_cast<const arrow::BooleanScalar&>(*scalar);
    if (holds.is_valid && holds.value) groups[row / kGroupRows] = true;
  }
  return groups;
}

class ParquetPruningTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(arrow::compute::Initialize().ok()); }

  int CountMatching(const cp::Expression& predicate) {
    const auto file = OpenParquetFile(file_.path()).ValueOrDie();
    const auto bound = predicate.Bind(*file->schema).ValueOrDie();
    const RowGroupPruner pruner(file, std::make_shared<cp::Expression>(bound));
    int count = 0;
    for (int i = 0; i < file->num_row_groups(); ++i) count += pruner.MayMatch(i);
    return count;
  }

  TestFile file_{"parquet_pruning_test"};
  TestRun run_;
};

TEST_F(ParquetPruningTest, NeverHidesAMatchingRow) {
  const uint64_t seed = std::random_device()();
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  int pruned = 0;
  for (int round = 0; round < 10; ++round) {
    const auto table = Sample(random);
    file_.Write(*table, kGroupRows);
    const auto file = OpenParquetFile(file_.path()).ValueOrDie();
    for (int i = 0; i < 200; ++i) {
      const auto predicate = RandomPredicate(random, 3).Bind(*file->schema).ValueOrDie();
      const auto matching = GroupsThatMatch(*table, predicate);
      const RowGroupPruner pruner(file, std::make_shared<cp::Expression>(predicate));
      for (int group = 0; group < file->num_row_groups(); ++group) {
        const bool may_match = pruner.MayMatch(group);
        if (matching[group]) {
          EXPECT_TRUE(may_match) << predicate.ToString() << " group " << group;
        }
        pruned += !may_match;
      }
    }
  }
  EXPECT_GT(pruned, 1000);
}

TEST_F(ParquetPruningTest, SkipsWhatItCan) {
  std::mt19937_64 random(1);
  file_.Write(*Sample(random), kGroupRows);
  EXPECT_EQ(CountMatching(cp::less(field_ref("i"), literal(int64_t{0}))), 0);
  EXPECT_EQ(CountMatching(cp::less(field_ref("d"), literal(0.0))), 0);
  EXPECT_EQ(CountMatching(cp::less(field_ref("s"), literal("key"))), 0);
  EXPECT_LT(CountMatching(cp::equal(field_ref("s"), literal("key105"))), 5);
  EXPECT_EQ(CountMatching(cp::greater_equal(field_ref("i"), literal(int64_t{0}))), 11);
  EXPECT_EQ(CountMatching(cp::not_(cp::less_equal(field_ref("d"), literal(99.0)))), 11);
  EXPECT_LT(CountMatching(cp::is_null(field_ref("i"))), 5);
}

TEST_F(ParquetPruningTest, WithoutStatisticsNothingIsSkipped) {
  std::mt19937_64 random(1);
  file_.Write(*Sample(random), kGroupRows,
              parquet::WriterProperties::Builder().disable_statistics()->build());
  EXPECT_EQ(CountMatching(cp::less(field_ref("i"), literal(int64_t{0}))), 12);
  EXPECT_EQ(CountMatching(cp::is_null(field_ref("i"))), 12);
}

TEST_F(ParquetPruningTest, StringsTooLongForStatistics) {
  arrow::StringBuilder strings;
  ASSERT_TRUE(strings.Append(std::string(5000, 'a')).ok());
  ASSERT_TRUE(strings.Append(std::string(5000, 'b')).ok());
  const auto table = arrow::Table::Make(arrow::schema({arrow::field("s", arrow::utf8())}),
                                        {strings.Finish().ValueOrDie()});
  file_.Write(*table, 1);
  EXPECT_EQ(CountMatching(cp::equal(field_ref("s"), literal(std::string(5000, 'b')))), 2);
}

TEST_F(ParquetPruningTest, PrunedRowsKeepTheirNumbers) {
  std::mt19937_64 random(1);
  const auto expected = Sample(random);
  file_.Write(*expected, kGroupRows);
  const auto table = OpenParquetTable(file_.path()).ValueOrDie();
  const auto predicate = cp::greater(field_ref("i"), literal(int64_t{10}))
                             .Bind(*table->schema())
                             .ValueOrDie();
  const exec::ScanOptions options{
      .columns = {0},
      .pruning_predicate = std::make_shared<cp::Expression>(predicate),
      .row_numbers = true};
  const auto scanned = ScanAll(*table, options, &run_.context).ValueOrDie();
  EXPECT_LT(scanned.units, 5);
  EXPECT_GT(scanned.units, 0);
  for (int64_t i = 0; i < scanned.table->num_rows(); ++i) {
    const auto number = scanned.table->column(1)->GetScalar(i).ValueOrDie();
    const int64_t row = static_cast<const arrow::Int64Scalar&>(*number).value;
    EXPECT_TRUE(scanned.table->column(0)->GetScalar(i).ValueOrDie()->Equals(
        *expected->column(0)->GetScalar(row).ValueOrDie()));
  }
}

}  // namespace
}  // namespace windrow::source
