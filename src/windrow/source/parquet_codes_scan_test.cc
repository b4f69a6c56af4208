// SPDX-License-Identifier: Apache-2.0
// A scan that may give codes gives the rows of one that may not.
#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>
#include <arrow/util/base64.h>
#include <gmock/gmock.h>

#include <fstream>
#include <random>

#include "windrow/source/file_set.h"
#include "windrow/source/parquet_test_file.h"

namespace windrow::source {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;
using parquet::Compression;

/// The batches of each unit.
using Units = std::vector<std::vector<BatchPtr>>;

Units ScanUnits(const exec::Table& table, const exec::ScanOptions& options,
                exec::RunContext* context) {
  Units units;
  const auto source = table.Scan(options, context).ValueOrDie();
  while (const auto unit =
             source->NextUnit(arrow::StopToken::Unstoppable()).ValueOrDie()) {
    auto& batches = units.emplace_back();
    while (const auto batch = unit->Next().ValueOrDie()) {
      EXPECT_TRUE(batch->ValidateFull().ok()) << batch->ValidateFull();
      batches.push_back(batch);
    }
  }
  return units;
}

ArrayPtr Plain(const ArrayPtr& array) {
  if (array->type_id() != arrow::Type::DICTIONARY) return array;
  const auto& type = static_cast<const arrow::DictionaryType&>(*array->type());
  return arrow::compute::Cast(*array, type.value_type()).ValueOrDie();
}

/// All rows of column `column`, codes looked up.
ArrayPtr Rows(const Units& units, int column) {
  arrow::ArrayVector arrays;
  for (const auto& unit : units) {
    for (const auto& batch : unit) arrays.push_back(Plain(batch->column(column)));
  }
  return arrow::Concatenate(arrays).ValueOrDie();
}

void ExpectSameRows(const Units& actual, const Units& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  if (expected.empty()) return;
  for (int i = 0; i < expected[0][0]->num_columns(); ++i) {
    EXPECT_TRUE(Rows(actual, i)->Equals(*Rows(expected, i))) << "column " << i;
  }
}

/// How column `column` comes in a unit: whether as codes, and by how many dictionaries.
struct Form {
  bool is_codes = false;
  int dictionaries = 0;
  bool operator==(const Form&) const = default;
};
constexpr Form kPlain{false, 0};
constexpr Form kCodes{true, 1};

Form FormOf(const std::vector<BatchPtr>& unit, int column) {
  std::vector<const void*> seen;
  for (const auto& batch : unit) {
    if (batch->column(column)->type_id() == arrow::Type::DICTIONARY) {
      seen.push_back(batch->column_data(column)->dictionary.get());
    }
  }
  EXPECT_TRUE(seen.empty() || seen.size() == unit.size());
  const bool is_codes = !seen.empty();
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  return {is_codes, static_cast<int>(seen.size())};
}

template <typename Builder>
ArrayPtr DrawWords(int64_t rows, uint64_t distinct, bool with_nulls,
                   std::mt19937_64& random) {
  Builder builder;
  bool in_null_run = false;
  for (int64_t i = 0; i < rows; ++i) {
    if (i % 300 == 0) in_null_run = with_nulls && random() % 4 == 0;
    const bool is_null = in_null_run || (with_nulls && random() % 10 == 0);
    const std::string word =
        std::string(random() % distinct % 9, 'w') + std::to_string(random() % distinct);
    EXPECT_TRUE((is_null ? builder.AppendNull() : builder.Append(word)).ok());
  }
  return builder.Finish().ValueOrDie();
}

constexpr int kNumericColumn = 4;
constexpr int kDictionaryColumn = 5;

/// Strings of all kinds at 0 to 3, then a number and a column whose type is a dictionary.
std::shared_ptr<arrow::Table> DrawTable(int64_t rows, uint64_t distinct, bool with_nulls,
                                        std::mt19937_64& random) {
  arrow::ArrayVector arrays = {
      DrawWords<arrow::StringBuilder>(rows, distinct, with_nulls, random),
      DrawWords<arrow::LargeStringBuilder>(rows, distinct, with_nulls, random),
      DrawWords<arrow::BinaryBuilder>(rows, distinct, with_nulls, random),
      DrawWords<arrow::LargeBinaryBuilder>(rows, distinct, with_nulls, random)};
  arrow::Int64Builder numbers;
  for (int64_t i = 0; i < rows; ++i) EXPECT_TRUE(numbers.Append(i).ok());
  arrays.push_back(numbers.Finish().ValueOrDie());
  arrays.push_back(arrow::compute::DictionaryEncode(arrays[0]).ValueOrDie().make_array());
  arrow::FieldVector fields;
  for (size_t i = 0; i < arrays.size(); ++i) {
    fields.push_back(
        arrow::field(internal::Words("c", i), arrays[i]->type(), with_nulls));
  }
  return arrow::Table::Make(arrow::schema(fields), arrays, rows);
}

class ParquetCodesScanTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(arrow::compute::Initialize().ok()); }

  std::shared_ptr<exec::Table> Open() const {
    return OpenParquetTable(file_.path()).ValueOrDie();
  }
  Units Scan(exec::ScanOptions options) {
    return ScanUnits(*Open(), options, &run_.context);
  }
  /// Scans with and without the hint on every column, compares, and returns the former.
  Units ScanBoth(exec::ScanOptions options) {
    const Units plain = Scan(options);
    for (size_t i = 0; i < options.columns.size(); ++i) {
      options.dictionary_columns.push_back(static_cast<int>(i));
    }
    Units codes = Scan(options);
    ExpectSameRows(codes, plain);
    return codes;
  }

  TestFile file_{"parquet_codes_scan_test"};
  TestRun run_;
};

TEST_F(ParquetCodesScanTest, CodesStandForTheValuesOfAPlainScan) {
  const uint64_t seed = std::random_device()();
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  const std::vector<Compression::type> codecs = {Compression::UNCOMPRESSED,
                                                 Compression::SNAPPY, Compression::ZSTD,
                                                 Compression::LZ4};
  for (int i = 0; i < 48; ++i) {
    const auto rows = static_cast<int64_t>(1 + random() % 6000);
    const auto table = DrawTable(rows, 1 + random() % 2000, i % 3 != 0, random);
    parquet::WriterProperties::Builder properties;
    properties.compression(codecs[i % codecs.size()])
        ->data_page_version(random() % 2 == 0 ? parquet::ParquetDataPageVersion::V1
                                              : parquet::ParquetDataPageVersion::V2)
        ->data_pagesize(200 + static_cast<int64_t>(random() % 5000))
        ->write_batch_size(64);
    file_.Write(*table, static_cast<int64_t>(1 + random() % 3000), properties.build());
    run_.context.morsel_rows = static_cast<int64_t>(1 + random() % 700);
    const Units units = ScanBoth({.columns = {0, 1, 2, 3, 4, 5}});
    for (const auto& unit : units) {
      for (int column = 0; column < 6; ++column) {
        EXPECT_EQ(FormOf(unit, column), column == kNumericColumn ? kPlain : kCodes)
            << "column " << column;
      }
    }
  }
}

TEST_F(ParquetCodesScanTest, OnlyAskedPositionsComeAsCodes) {
  std::mt19937_64 random(1);
  file_.Write(*DrawTable(1000, 20, true, random), 400);
  run_.context.morsel_rows = 64;
  const exec::ScanOptions options{
      .columns = {4, 0, 1, 0}, .row_numbers = true, .dictionary_columns = {1, 2}};
  const auto source = Open()->Scan(options, &run_.context).ValueOrDie();
  EXPECT_TRUE(source->schema()->field(1)->type()->Equals(arrow::utf8()));
  const Units units = Scan(options);
  ASSERT_EQ(units.size(), 3);
  for (const auto& unit : units) {
    EXPECT_EQ(FormOf(unit, 0), kPlain);
    EXPECT_EQ(FormOf(unit, 1), kCodes);
    EXPECT_EQ(FormOf(unit, 2), kCodes);
    EXPECT_EQ(FormOf(unit, 3), kPlain);
    const auto& type = unit[0]->schema()->field(2)->type();
    EXPECT_TRUE(type->Equals(arrow::dictionary(arrow::int32(), arrow::large_utf8())))
        << type->ToString();
  }
  EXPECT_TRUE(Rows(units, 1)->Equals(*Rows(units, 3)));
  EXPECT_TRUE(Rows(units, 4)->Equals(*Rows(units, 0)));
}

TEST_F(ParquetCodesScanTest, RowGroupThatFellBackComesPlain) {
  std::mt19937_64 random(2);
  const auto few = DrawTable(3000, 5, true, random);
  const auto many = DrawTable(3000, 100'000, true, random);
  const auto table = arrow::ConcatenateTables({few, many, few}).ValueOrDie();
  const auto properties = parquet::WriterProperties::Builder()
                              .dictionary_pagesize_limit(4000)
                              ->data_pagesize(1000)
                              ->write_batch_size(100)
                              ->build();
  file_.Write(*table, 3000, properties);
  run_.context.morsel_rows = 500;
  const Units units = ScanBoth({.columns = {0, 1, 2, 3, kDictionaryColumn}});
  ASSERT_EQ(units.size(), 3);
  for (int column = 0; column < 4; ++column) {
    EXPECT_EQ(FormOf(units[0], column), kCodes);
    EXPECT_EQ(FormOf(units[1], column), kPlain);
    EXPECT_EQ(FormOf(units[2], column), kCodes);
  }
}

/// Values are numbered where a row group has no codes of its own, runs of equal values
/// and nulls among them, whatever the pages are like.
TEST_F(ParquetCodesScanTest, HashedColumnsComeAsCodesOfTheirValues) {
  const uint64_t seed = std::random_device()();
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  for (int i = 0; i < 40; ++i) {
    const auto drawn = DrawTable(static_cast<int64_t>(1 + random() % 4000),
                                 1 + random() % 3000, i % 3 != 0, random);
    arrow::Int64Builder order;
    for (int64_t row = 0; row < drawn->num_rows(); ++row) {
      for (uint64_t times = 1 + random() % 5; times > 0; --times) {
        ASSERT_TRUE(order.Append(row).ok());
      }
    }
    const auto table =
        arrow::compute::Take(drawn, order.Finish().ValueOrDie()).ValueOrDie().table();
    parquet::WriterProperties::Builder properties;
    properties.dictionary_pagesize_limit(static_cast<int64_t>(random() % 8000))
        ->data_page_version(random() % 2 == 0 ? parquet::ParquetDataPageVersion::V1
                                              : parquet::ParquetDataPageVersion::V2)
        ->data_pagesize(200 + static_cast<int64_t>(random() % 5000))
        ->write_batch_size(64);
    if (i % 4 == 0) properties.disable_dictionary();
    if (i % 4 == 1) {
      properties.disable_dictionary();
      for (const char* column : {"c0", "c1", "c3"}) {
        properties.encoding(column, parquet::Encoding::DELTA_BYTE_ARRAY);
      }
    }
    file_.Write(*table, static_cast<int64_t>(1 + random() % 5000), properties.build());
    run_.context.morsel_rows = static_cast<int64_t>(1 + random() % 3000);
    exec::ScanOptions options{.columns = {0, 1, 2, 3, 4, 5},
                              .hashed_columns = {0, 1, 3, 4}};
    for (const Units units = ScanBoth(options); const auto& unit : units) {
      for (const int column : {0, 1, 3}) {
        EXPECT_TRUE(FormOf(unit, column).is_codes) << "column " << column;
      }
      EXPECT_EQ(FormOf(unit, kNumericColumn), kPlain);
    }
  }
}

/// A column "s" with ab, cd, null, ab, ef eight times over, by a writer (Polars 2.1) that
/// does not record how pages are encoded; in base64.
constexpr std::string_view kFileWithoutEncodingStats =
    "UEFSMRUEFSQVJEwVBhUAAAACAAAAYWICAAAAY2QCAAAAZWYVABUoFSgsFVAVEBUGFQYAAAYAAAAL"
    "e++9994CCYSEhISEhISEFQwZNQAGEBkYAXMVABZQFogBFogBJkYmCAAZHBZGFUoWAAAAFQIZLEgE"
    "cm9vdBUCABUMJQIYAXMlAEwcAAAAFlAZHBkcJs4BHBUMGTUABhAZGAFzFQAWUBaIARaIASZGJggA"
    "FsQBFRQAFogBFlAmCBaIARQAABkcGAxBUlJPVzpzY2hlbWEYmAEvLy8vLzJvQUFBQUVBQUFBOHYv"
    "Ly94UUFBQUFFQUFFQUFBQUtBQXNBQ0FBS0FBUUErUC8vL3d3QUFBQUlBQWdBQUFBRUFBRUFBQUFF"
    "QUFBQTdQLy8veXdBQUFBZ0FBQUFHQUFBQUFFVUFBQVFBQklBQkFBUUFCRUFDQUFBQUF3QUFBQUFB"
    "UHovLy84RUFBUUFBUUFBQUhNQQAYTlBvbGFycyAocHl0aG9uKSB2ZXJzaW9uIDIuMS4wIChidWls"
    "ZCA3ZjkwMmJkM2ZmZDI3ZmY4MmQxNDI3OGEwOWEyOTVmZjJmN2FlZDkyKRkcHAAAAFQBAABQQVIx";

TEST_F(ParquetCodesScanTest, FileThatDoesNotRecordItsEncodingsComesPlain) {
  std::ofstream(file_.path(), std::ios::binary)
      << arrow::util::base64_decode(kFileWithoutEncodingStats).ValueOrDie();
  run_.context.morsel_rows = 7;
  const Units units = ScanBoth({.columns = {0}});
  ASSERT_EQ(units.size(), 1);
  EXPECT_EQ(FormOf(units[0], 0), kPlain);
  EXPECT_EQ(Rows(units, 0)->null_count(), 8);
}

TEST_F(ParquetCodesScanTest, FileWithoutDictionariesComesPlain) {
  std::mt19937_64 random(3);
  file_.Write(*DrawTable(500, 20, true, random), 200,
              parquet::WriterProperties::Builder().disable_dictionary()->build());
  for (const auto& unit : ScanBoth({.columns = {0, 1, 2, 3}})) {
    for (int column = 0; column < 4; ++column) EXPECT_EQ(FormOf(unit, column), kPlain);
  }
}

TEST_F(ParquetCodesScanTest, ColumnOfDictionaryTypeKeepsItsType) {
  std::mt19937_64 random(4);
  const auto table = DrawTable(2000, 20, true, random);
  file_.Write(*table, 1000);
  run_.context.morsel_rows = 100;
  for (const auto& unit : ScanBoth({.columns = {kDictionaryColumn}})) {
    EXPECT_EQ(FormOf(unit, 0), kCodes);
    const auto type = Open()->schema()->field(kDictionaryColumn)->type();
    for (const auto& batch : unit) EXPECT_TRUE(batch->column(0)->type()->Equals(*type));
  }
}

TEST_F(ParquetCodesScanTest, OnlyNulls) {
  const auto nulls = arrow::MakeArrayOfNull(arrow::utf8(), 1000).ValueOrDie();
  file_.Write(
      *arrow::Table::Make(arrow::schema({arrow::field("s", arrow::utf8())}), {nulls}),
      500);
  run_.context.morsel_rows = 64;
  EXPECT_EQ(Rows(ScanBoth({.columns = {0}}), 0)->null_count(), 1000);
}

TEST_F(ParquetCodesScanTest, NoRows) {
  std::mt19937_64 random(5);
  file_.Write(*DrawTable(3, 2, true, random)->Slice(0, 0), 4);
  EXPECT_TRUE(ScanBoth({.columns = {0, 1, 4}}).empty());
}

TEST_F(ParquetCodesScanTest, PrunedRowGroupsAndRowNumbers) {
  namespace cp = arrow::compute;
  std::mt19937_64 random(6);
  file_.Write(*DrawTable(1000, 20, true, random), 100);
  const auto predicate =
      cp::and_(cp::greater_equal(cp::field_ref("c4"), cp::literal(int64_t{250})),
               cp::less(cp::field_ref("c4"), cp::literal(int64_t{420})));
  const exec::ScanOptions options{.columns = {0, 4},
                                  .pruning_predicate = std::make_shared<cp::Expression>(
                                      predicate.Bind(*Open()->schema()).ValueOrDie()),
                                  .row_numbers = true};
  run_.context.morsel_rows = 30;
  const Units units = ScanBoth(options);
  EXPECT_EQ(units.size(), 3);
  EXPECT_TRUE(Rows(units, 2)->Equals(*Rows(units, 1)));
}

TEST_F(ParquetCodesScanTest, DictionaryDoesNotMakeBatchesSmaller) {
  std::mt19937_64 random(7);
  const auto words = DrawWords<arrow::StringBuilder>(50'000, 40'000, false, random);
  file_.Write(
      *arrow::Table::Make(arrow::schema({arrow::field("s", arrow::utf8())}), {words}),
      50'000);
  run_.context.morsel_rows = 1000;
  run_.context.morsel_bytes = 64 << 10;
  const Units units = ScanBoth({.columns = {0}});
  ASSERT_EQ(FormOf(units[0], 0), kCodes);
  EXPECT_EQ(units[0].size(), 50);
}

TEST_F(ParquetCodesScanTest, SetOfFilesPassesTheHintOn) {
  const auto folder =
      std::filesystem::temp_directory_path() / internal::Words("codes_set_", ::getpid());
  std::mt19937_64 random(8);
  for (const char* day : {"day=1", "day=2"}) {
    file_.Write(*DrawTable(300, 20, true, random), 100);
    std::filesystem::create_directories(folder / day);
    std::filesystem::copy_file(file_.path(), folder / day / "x.parquet");
  }
  const auto set = OpenFiles({folder.string()}, std::nullopt).ValueOrDie();
  run_.context.morsel_rows = 30;
  const int day = set->schema()->GetFieldIndex("day");
  const exec::ScanOptions plain{.columns = {day, 4, 0, 1}};
  exec::ScanOptions options = plain;
  options.dictionary_columns = {0, 2};
  const Units units = ScanUnits(*set, options, &run_.context);
  ExpectSameRows(units, ScanUnits(*set, plain, &run_.context));
  EXPECT_EQ(units.size(), 6);
  for (const auto& unit : units) {
    EXPECT_EQ(FormOf(unit, 0), kPlain);
    EXPECT_EQ(FormOf(unit, 2), kCodes);
    EXPECT_EQ(FormOf(unit, 3), kPlain);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace windrow::source
