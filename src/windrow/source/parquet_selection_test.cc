// SPDX-License-Identifier: Apache-2.0
// LoadRows gives the rows of LoadColumn, however they are stored.
#include "windrow/source/parquet_selection.h"

#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>
#include <parquet/file_reader.h>

#include <random>

#include "windrow/source/parquet_test_file.h"

namespace windrow::source {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using parquet::Compression;
using parquet::Encoding;

template <typename Builder, typename Draw>
ArrayPtr Column(const std::shared_ptr<arrow::DataType>& type, int64_t rows,
                uint64_t null_percent, std::mt19937_64& random, const Draw& draw) {
  Builder builder(type, arrow::default_memory_pool());
  // Nulls come both singly and in long runs.
  bool in_null_run = false;
  for (int64_t i = 0; i < rows; ++i) {
    if (i % 500 == 0) in_null_run = random() % 100 < null_percent;
    const bool is_null = null_percent > 0 && (in_null_run || random() % 100 < 10);
    EXPECT_TRUE((is_null ? builder.AppendNull() : builder.Append(draw())).ok());
  }
  return builder.Finish().ValueOrDie();
}

/// Columns of all types that can be selected, and some that cannot. `distinct` bounds
/// how many different values there are.
std::shared_ptr<arrow::Table> DrawTable(int64_t rows, uint64_t null_percent,
                                        uint64_t distinct, uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto word = [&] { return random() % distinct * 0x9E3779B97F4A7C15; };
  const auto text = [&] {
    const uint64_t drawn = word();
    return std::string(drawn % 23, static_cast<char>('a' + drawn % 26)) +
           std::to_string(drawn % 1000);
  };
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  const auto add = [&](const ArrayPtr& array) {
    fields.push_back(arrow::field("c" + std::to_string(fields.size()), array->type(),
                                  null_percent > 0));
    arrays.push_back(array);
  };
  const auto small = [&]<typename Builder>(const std::shared_ptr<arrow::DataType>& type) {
    using Value = std::decay_t<decltype(std::declval<Builder>().GetValue(0))>;
    add(Column<Builder>(type, rows, null_percent, random,
                        [&] { return static_cast<Value>(word()); }));
  };
  add(Column<arrow::BooleanBuilder>(arrow::boolean(), rows, null_percent, random,
                                    [&] { return word() % 2 == 1; }));
  small.operator()<arrow::Int8Builder>(arrow::int8());
  small.operator()<arrow::UInt8Builder>(arrow::uint8());
  small.operator()<arrow::Int16Builder>(arrow::int16());
  small.operator()<arrow::UInt16Builder>(arrow::uint16());
  small.operator()<arrow::Int32Builder>(arrow::int32());
  small.operator()<arrow::UInt32Builder>(arrow::uint32());
  small.operator()<arrow::Int64Builder>(arrow::int64());
  small.operator()<arrow::UInt64Builder>(arrow::uint64());
  small.operator()<arrow::FloatBuilder>(arrow::float32());
  small.operator()<arrow::DoubleBuilder>(arrow::float64());
  small.operator()<arrow::Date32Builder>(arrow::date32());
  add(Column<arrow::Time32Builder>(arrow::time32(arrow::TimeUnit::SECOND), rows,
                                   null_percent, random,
                                   [&] { return static_cast<int32_t>(word() % 86400); }));
  add(Column<arrow::Time64Builder>(
      arrow::time64(arrow::TimeUnit::NANO), rows, null_percent, random,
      [&] { return static_cast<int64_t>(word() % 86'400'000'000) * 1000; }));
  // Old versions of the format store nanoseconds as microseconds.
  for (const auto unit :
       {arrow::TimeUnit::MILLI, arrow::TimeUnit::MICRO, arrow::TimeUnit::NANO}) {
    add(Column<arrow::TimestampBuilder>(
        arrow::timestamp(unit), rows, null_percent, random,
        [&] { return static_cast<int64_t>(word()) / 1'000'000 * 1000; }));
  }
  add(Column<arrow::TimestampBuilder>(
      arrow::timestamp(arrow::TimeUnit::SECOND, "UTC"), rows, null_percent, random,
      [&] { return static_cast<int64_t>(word() % 2000000000); }));
  small.operator()<arrow::DurationBuilder>(arrow::duration(arrow::TimeUnit::MICRO));
  add(Column<arrow::Decimal128Builder>(
      arrow::decimal128(20, 2), rows, null_percent, random,
      [&] { return arrow::Decimal128(static_cast<int64_t>(word())); }));
  add(Column<arrow::FixedSizeBinaryBuilder>(
      arrow::fixed_size_binary(5), rows, null_percent, random,
      [&] { return std::to_string(10000 + word() % 90000); }));
  add(Column<arrow::StringBuilder>(arrow::utf8(), rows, null_percent, random, text));
  add(Column<arrow::BinaryBuilder>(arrow::binary(), rows, null_percent, random, text));
  add(Column<arrow::LargeStringBuilder>(arrow::large_utf8(), rows, null_percent, random,
                                        text));
  add(Column<arrow::LargeBinaryBuilder>(arrow::large_binary(), rows, null_percent, random,
                                        text));
  return arrow::Table::Make(arrow::schema(fields), arrays, rows);
}

ArrayPtr Plain(const ArrayPtr& array) {
  if (array->type_id() != arrow::Type::DICTIONARY) return array;
  const auto& type = static_cast<const arrow::DictionaryType&>(*array->type());
  return arrow::compute::Cast(*array, type.value_type()).ValueOrDie();
}

std::vector<uint32_t> DrawRows(int64_t rows, std::mt19937_64& random) {
  std::vector<uint32_t> drawn;
  const uint64_t one_in = 1 + random() % (random() % 2 == 0 ? 3 : 1000);
  const auto begin = static_cast<uint32_t>(random() % rows);
  const auto end = random() % 2 == 0 ? rows : begin + random() % (rows - begin + 1);
  for (uint32_t row = random() % 2 == 0 ? 0 : begin; row < end; ++row) {
    if (random() % one_in == 0) drawn.push_back(row);
    if (random() % (50 * one_in) == 0) drawn.push_back(row);
  }
  return drawn;
}

class ParquetSelectionTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(arrow::compute::Initialize().ok()); }

  /// Some selections of every column of the file against the whole column.
  void ExpectSelections(uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto table = OpenParquetTable(file_.path()).ValueOrDie();
    const auto store = table->row_store(&run_.context).ValueOrDie();
    const auto& offsets = store->chunk_offsets();
    for (int chunk = 0; chunk + 1 < static_cast<int>(offsets.size()); ++chunk) {
      for (int column = 0; column < table->schema()->num_fields(); ++column) {
        const ArrayPtr whole = Plain(store->LoadColumn(chunk, column).ValueOrDie());
        const auto rows = DrawRows(whole->length(), random);
        const arrow::UInt32Array indices(static_cast<int64_t>(rows.size()),
                                         arrow::Buffer::Wrap(rows));
        const ArrayPtr expected = arrow::compute::Take(*whole, indices).ValueOrDie();
        const auto loaded =
            store->LoadRows(chunk, column, rows, arrow::default_memory_pool());
        ASSERT_TRUE(loaded.ok()) << loaded.status();
        ASSERT_TRUE((*loaded)->ValidateFull().ok()) << (*loaded)->ValidateFull();
        ASSERT_TRUE(
            Plain(*loaded)->Equals(*expected, arrow::EqualOptions().nans_equal(true)))
            << table->schema()->field(column)->ToString() << " chunk " << chunk;
      }
    }
  }

  TestFile file_{"parquet_selection_test"};
  TestRun run_;
};

TEST_F(ParquetSelectionTest, EveryTypeAndPageLayout) {
  uint64_t seed = 0;
  for (const auto version :
       {parquet::ParquetDataPageVersion::V1, parquet::ParquetDataPageVersion::V2}) {
    for (const auto codec :
         {Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD}) {
      for (const bool dictionaries : {true, false}) {
        for (const uint64_t null_percent : {0, 30}) {
          for (const uint64_t distinct : {1, 300, 1000000}) {
            SCOPED_TRACE(testing::Message() << "seed " << ++seed);
            parquet::WriterProperties::Builder properties;
            properties.data_page_version(version)->compression(codec);
            properties.data_pagesize(seed % 3 == 0 ? 1 << 20 : 1000);
            properties.dictionary_pagesize_limit(seed % 2 == 0 ? 1 << 20 : 2000);
            properties.write_batch_size(100);
            if (!dictionaries) properties.disable_dictionary();
            if (seed % 5 == 0) properties.version(parquet::ParquetVersion::PARQUET_1_0);
            if (seed % 4 == 0) properties.enable_page_checksum();
            file_.Write(*DrawTable(5000, null_percent, distinct, seed), 2100,
                        properties.build(), /*store_schema=*/seed % 7 != 0);
            ExpectSelections(seed);
            if (HasFatalFailure()) return;
          }
        }
      }
    }
  }
}

TEST_F(ParquetSelectionTest, OtherEncodingsAreDecodedWhole) {
  const auto whole = DrawTable(3000, 30, 1000, 1);
  const auto table = whole->SelectColumns({7, 10, 20, 21}).ValueOrDie();
  parquet::WriterProperties::Builder properties;
  properties.disable_dictionary();
  properties.encoding(table->field(0)->name(), Encoding::DELTA_BINARY_PACKED);
  properties.encoding(table->field(1)->name(), Encoding::BYTE_STREAM_SPLIT);
  properties.encoding(table->field(2)->name(), Encoding::BYTE_STREAM_SPLIT);
  properties.encoding(table->field(3)->name(), Encoding::DELTA_BYTE_ARRAY);
  file_.Write(*table, 1000, properties.build());
  ExpectSelections(1);
  properties.encoding(table->field(3)->name(), Encoding::DELTA_LENGTH_BYTE_ARRAY);
  file_.Write(*table, 1000, properties.build());
  ExpectSelections(2);
}

/// What the selection itself must be able to read, so that no test passes by falling
/// back.
TEST_F(ParquetSelectionTest, SelectsTheUsualTypes) {
  const auto written = DrawTable(100, 30, 50, 3);
  file_.Write(*written, 100);
  const auto reader = parquet::ParquetFileReader::OpenFile(file_.path());
  const auto group = reader->RowGroup(0);
  const std::vector<uint32_t> rows = {3, 3, 50, 99};
  const arrow::UInt32Array indices(4, arrow::Buffer::Wrap(rows));
  int selected = 0;
  for (int leaf = 0; leaf < written->num_columns(); ++leaf) {
    const auto& type = written->field(leaf)->type();
    const auto* descriptor = reader->metadata()->schema()->Column(leaf);
    const bool is_decoded = type->id() == arrow::Type::DURATION ||
                            type->id() == arrow::Type::DECIMAL128 ||
                            type->Equals(arrow::time32(arrow::TimeUnit::SECOND)) ||
                            type->ToString() == "timestamp[s, tz=UTC]";
    EXPECT_EQ(CanSelect(*descriptor, *group->metadata()->ColumnChunk(leaf), *type),
              !is_decoded)
        << type->ToString();
    if (is_decoded) continue;
    const auto found = SelectRows(*group, leaf, type, rows, arrow::default_memory_pool());
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_TRUE((*found)->Equals(
        *arrow::compute::Take(*written->column(leaf)->chunk(0), indices).ValueOrDie()));
    ++selected;
  }
  EXPECT_EQ(selected, 21);
}

TEST_F(ParquetSelectionTest, NoRows) {
  file_.Write(*DrawTable(100, 30, 50, 3), 100);
  const auto table = OpenParquetTable(file_.path()).ValueOrDie();
  const auto store = table->row_store(&run_.context).ValueOrDie();
  for (int column = 0; column < table->schema()->num_fields(); ++column) {
    const auto none = store->LoadRows(0, column, {}, arrow::default_memory_pool());
    ASSERT_TRUE(none.ok()) << none.status();
    EXPECT_EQ((*none)->length(), 0);
    EXPECT_TRUE((*none)->type()->Equals(table->schema()->field(column)->type()));
  }
}

}  // namespace
}  // namespace windrow::source
