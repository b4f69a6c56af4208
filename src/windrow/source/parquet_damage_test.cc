// SPDX-License-Identifier: Apache-2.0
// Files that are missing, cut or changed: an error that says where, never a crash.
#include <arrow/compute/initialize.h>
#include <gmock/gmock.h>
#include <parquet/file_reader.h>

#include <fstream>
#include <random>

#include "windrow/source/parquet_test_file.h"

namespace windrow::source {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::shared_ptr<arrow::Table> Sample() {
  arrow::Int64Builder ints;
  arrow::StringBuilder strings;
  arrow::ListBuilder lists(arrow::default_memory_pool(),
                           std::make_shared<arrow::DoubleBuilder>());
  auto* doubles = static_cast<arrow::DoubleBuilder*>(lists.value_builder());
  for (int i = 0; i < 600; ++i) {
    EXPECT_TRUE((i % 7 == 0 ? ints.AppendNull() : ints.Append(i * i)).ok());
    EXPECT_TRUE(
        (i % 5 == 0 ? strings.AppendNull() : strings.Append(std::to_string(i % 40)))
            .ok());
    EXPECT_TRUE(lists.Append().ok());
    for (int k = 0; k < i % 4; ++k) EXPECT_TRUE(doubles->Append(i + k).ok());
  }
  return arrow::Table::Make(
      arrow::schema({arrow::field("i", arrow::int64()), arrow::field("s", arrow::utf8()),
                     arrow::field("l", arrow::list(arrow::float64()))}),
      {ints.Finish().ValueOrDie(), strings.Finish().ValueOrDie(),
       lists.Finish().ValueOrDie()});
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

class ParquetDamageTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(arrow::compute::Initialize().ok()); }

  /// The first failure of opening, statistics, scan and row store.
  Status UseEverything() {
    ARROW_ASSIGN_OR_RAISE(auto table, OpenParquetTable(file_.path()));
    const auto columns = AllColumns(*table);
    for (const int column : columns) table->column_stats(column);
    // A damaged count of rows could ask for more than a test has time for.
    if (table->num_rows() > 100000) return DataError("too many rows");
    run_.context.morsel_rows = 100;
    Status first = ScanAll(*table, {.columns = columns}, &run_.context).status();
    first &= ScanCodes(*table, {});
    first &= ScanCodes(*table, columns);
    ARROW_ASSIGN_OR_RAISE(auto store, table->row_store(&run_.context));
    const int chunks = static_cast<int>(store->chunk_offsets().size()) - 1;
    for (int chunk = 0; chunk < chunks; ++chunk) {
      for (const int column : columns) {
        first &= store->LoadColumn(chunk, column).status();
        first &= LoadSome(*store, chunk, column);
      }
    }
    return first;
  }

  /// A scan of all columns in which every one may come as codes.
  Status ScanCodes(const exec::Table& table, std::vector<int> hashed) {
    ARROW_ASSIGN_OR_RAISE(auto source,
                          table.Scan({.columns = AllColumns(table),
                                      .dictionary_columns = AllColumns(table),
                                      .hashed_columns = std::move(hashed)},
                                     &run_.context));
    while (true) {
      ARROW_ASSIGN_OR_RAISE(auto unit, source->NextUnit(run_.context.stop));
      if (unit == nullptr) return Status::OK();
      while (true) {
        ARROW_ASSIGN_OR_RAISE(auto batch, unit->Next());
        if (batch == nullptr) break;
        ARROW_RETURN_NOT_OK(batch->ValidateFull());
      }
    }
  }

  /// Every seventh row of a column chunk.
  Status LoadSome(const exec::RowStore& store, int chunk, int column) {
    const auto& offsets = store.chunk_offsets();
    std::vector<uint32_t> rows;
    for (int64_t row = 3; row < offsets[chunk + 1] - offsets[chunk]; row += 7) {
      rows.push_back(static_cast<uint32_t>(row));
    }
    return store.LoadRows(chunk, column, rows, run_.context.pool).status();
  }

  TestFile file_{"parquet_damage_test"};
  TestRun run_;
};

TEST_F(ParquetDamageTest, Missing) {
  const Status status = OpenParquetTable("/nowhere/x.parquet").status();
  EXPECT_EQ(BlameOf(status), Blame::kStorage);
  EXPECT_EQ(status.message(), "/nowhere/x.parquet: no such file");
  EXPECT_EQ(BlameOf(OpenParquetTable("/").status()), Blame::kStorage);
}

TEST_F(ParquetDamageTest, NotParquet) {
  WriteFile(file_.path(), "a,b,c\n1,2,3\n4,5,6\n");
  Status status = OpenParquetTable(file_.path()).status();
  EXPECT_EQ(BlameOf(status), Blame::kData);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr(file_.path()), HasSubstr("not a Parquet")));
  WriteFile(file_.path(), "");
  status = OpenParquetTable(file_.path()).status();
  EXPECT_THAT(status.message(), HasSubstr("not a Parquet file: 0 bytes"));
  WriteFile(file_.path(), std::string("PAR1") + std::string(12, '\0') + "PARE");
  status = OpenParquetTable(file_.path()).status();
  EXPECT_EQ(BlameOf(status), Blame::kData);
  EXPECT_THAT(status.message(), HasSubstr("encrypted"));
}

TEST_F(ParquetDamageTest, TruncatedAnywhere) {
  file_.Write(*Sample(), 200);
  const std::string whole = ReadFile(file_.path());
  for (size_t length = 0; length < whole.size(); length += 1 + length / 40) {
    WriteFile(file_.path(), whole.substr(0, length));
    const Status status = UseEverything();
    EXPECT_EQ(BlameOf(status), Blame::kData) << length << ": " << status;
    // The end is cut but in place: only the footer's distance is wrong.
    WriteFile(file_.path(), internal::Words("PAR1", whole.substr(whole.size() - length)));
    EXPECT_FALSE(length >= 8 && length + 8 < whole.size() && UseEverything().ok());
  }
}

TEST_F(ParquetDamageTest, NamesThePlaceOfADamagedPage) {
  for (const auto codec : {parquet::Compression::ZSTD, parquet::Compression::SNAPPY,
                           parquet::Compression::UNCOMPRESSED}) {
    const auto properties = parquet::WriterProperties::Builder()
                                .compression(codec)
                                ->enable_page_checksum()
                                ->build();
    file_.Write(*Sample(), 200, properties);
    const auto metadata =
        parquet::ReadMetaData(arrow::io::ReadableFile::Open(file_.path()).ValueOrDie());
    const auto row_group = metadata->RowGroup(1);
    const auto chunk = row_group->ColumnChunk(1);
    std::string bytes = ReadFile(file_.path());
    bytes[chunk->data_page_offset() + chunk->total_compressed_size() / 3] ^= 0x55;
    bytes[chunk->dictionary_page_offset() + chunk->total_compressed_size() / 4] ^= 0x55;
    WriteFile(file_.path(), bytes);
    const auto table = OpenParquetTable(file_.path()).ValueOrDie();
    const Status scan = ScanAll(*table, {.columns = {0, 1, 2}}, &run_.context).status();
    EXPECT_EQ(BlameOf(scan), Blame::kData) << scan;
    EXPECT_THAT(scan.message(), HasSubstr(file_.path() + ": row group 1: column 's': "));
    const Status codes = ScanCodes(*table, {});
    EXPECT_EQ(BlameOf(codes), Blame::kData) << codes;
    EXPECT_THAT(codes.message(), HasSubstr(file_.path() + ": row group 1: column 's': "));
    const auto store = table->row_store(&run_.context).ValueOrDie();
    EXPECT_TRUE(store->LoadColumn(0, 1).ok());
    const Status load = store->LoadColumn(1, 1).status();
    EXPECT_EQ(BlameOf(load), Blame::kData) << load;
    EXPECT_THAT(load.message(), HasSubstr(file_.path() + ": row group 1: column 's': "));
    EXPECT_TRUE(LoadSome(*store, 0, 1).ok());
    const Status some = LoadSome(*store, 1, 1);
    EXPECT_EQ(BlameOf(some), Blame::kData) << some;
    EXPECT_THAT(some.message(), HasSubstr(file_.path() + ": row group 1: column 's': "));
  }
}

TEST_F(ParquetDamageTest, FlippedBytesNeverCrash) {
  const uint64_t seed = std::random_device()();
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  for (const auto codec :
       {parquet::Compression::ZSTD, parquet::Compression::UNCOMPRESSED}) {
    const auto properties =
        parquet::WriterProperties::Builder().compression(codec)->build();
    file_.Write(*Sample(), 200, properties);
    const std::string whole = ReadFile(file_.path());
    for (int i = 0; i < 300; ++i) {
      std::string bytes = whole;
      for (uint64_t flips = 1 + random() % 3; flips > 0; --flips) {
        bytes[random() % bytes.size()] ^= static_cast<char>(1 + random() % 255);
      }
      WriteFile(file_.path(), bytes);
      const Status status = UseEverything();
      const Blame blame = BlameOf(status);
      // Without page checksums a changed letter is not noticed, by the scan itself at
      // least.
      const bool is_bad_text = status.message().find("Invalid UTF8") != std::string::npos;
      EXPECT_TRUE(status.ok() || is_bad_text || blame == Blame::kData ||
                  blame == Blame::kResource)
          << status;
    }
  }
}

}  // namespace
}  // namespace windrow::source
