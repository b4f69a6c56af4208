// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/ipc_table.h"

#include <arrow/compute/api_vector.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/initialize.h>
#include <arrow/table.h>
#include <arrow/type_traits.h>
#include <gmock/gmock.h>

#include <random>

#include "windrow/exec/task_slots.h"
#include "windrow/source/ipc_test_files.h"

namespace windrow::source {
namespace {

using arrow::Compression;
using testing::HasSubstr;

constexpr int64_t kRows = 1000;

std::shared_ptr<arrow::Array> Fixed(const std::shared_ptr<arrow::DataType>& type,
                                    bool nulls) {
  const int64_t width = static_cast<const arrow::FixedWidthType&>(*type).bit_width();
  // Values whose every byte may be anything, and small ones for types that have a range.
  const bool any = arrow::is_integer(type->id()) || type->id() == arrow::Type::BOOL ||
                   type->id() == arrow::Type::FIXED_SIZE_BINARY;
  const int64_t low = type->id() == arrow::Type::DATE64 ? kRows * width : width / 8;
  std::mt19937_64 random(7);
  auto values = *arrow::AllocateBuffer((kRows * width + 7) / 8);
  for (int64_t i = 0; i < values->size(); ++i) {
    const bool set = any || (i > 0 && i % low == 0);
    values->mutable_data()[i] = set ? static_cast<uint8_t>(random() % 10) : 0;
  }
  std::shared_ptr<arrow::Buffer> validity;
  if (nulls) {
    validity = *arrow::AllocateBuffer((kRows + 7) / 8);
    for (int64_t i = 0; i < validity->size(); ++i) {
      const_cast<uint8_t*>(validity->data())[i] = static_cast<uint8_t>(random());
    }
  }
  return arrow::MakeArray(
      arrow::ArrayData::Make(type, kRows, {validity, std::move(values)}));
}

std::shared_ptr<arrow::Array> Strings() {
  arrow::StringBuilder builder;
  for (int64_t i = 0; i < kRows; ++i) {
    const Status added =
        i % 7 == 0 ? builder.AppendNull()
                   : builder.Append(std::string(i % 23, static_cast<char>('a' + i % 26)));
    EXPECT_TRUE(added.ok());
  }
  return *builder.Finish();
}

std::shared_ptr<arrow::Array> Cast(const std::shared_ptr<arrow::Array>& array,
                                   const std::shared_ptr<arrow::DataType>& type) {
  return *arrow::compute::Cast(*array, type);
}

/// All plain types, with and without nulls, and types that go through Arrow's decoder.
std::shared_ptr<arrow::RecordBatch> EveryType() {
  EXPECT_TRUE(arrow::compute::Initialize().ok());
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  auto add = [&](std::shared_ptr<arrow::Array> array) {
    fields.push_back(arrow::field(internal::Words("c", fields.size()), array->type()));
    arrays.push_back(std::move(array));
  };
  for (const auto& type : {arrow::boolean(),
                           arrow::int8(),
                           arrow::uint8(),
                           arrow::int16(),
                           arrow::uint16(),
                           arrow::int32(),
                           arrow::uint32(),
                           arrow::int64(),
                           arrow::uint64(),
                           arrow::float16(),
                           arrow::float32(),
                           arrow::float64(),
                           arrow::date32(),
                           arrow::date64(),
                           arrow::time32(arrow::TimeUnit::MILLI),
                           arrow::time64(arrow::TimeUnit::NANO),
                           arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                           arrow::duration(arrow::TimeUnit::NANO),
                           arrow::month_interval(),
                           arrow::day_time_interval(),
                           arrow::month_day_nano_interval(),
                           arrow::smallest_decimal(5, 1),
                           arrow::smallest_decimal(15, 1),
                           arrow::decimal128(30, 2),
                           arrow::decimal256(60, 3),
                           arrow::fixed_size_binary(3),
                           arrow::fixed_size_binary(0)}) {
    add(Fixed(type, true));
    add(Fixed(type, false));
    add(*arrow::MakeArrayOfNull(type, kRows));
  }
  add(std::make_shared<arrow::NullArray>(kRows));
  for (const auto& type :
       {arrow::utf8(), arrow::large_utf8(), arrow::binary(), arrow::large_binary(),
        arrow::utf8_view(), arrow::binary_view()}) {
    add(Cast(Strings(), type));
    add(*arrow::MakeArrayOfNull(type, kRows));
  }
  add(arrow::compute::DictionaryEncode(Strings())->make_array());
  add(arrow::compute::RunEndEncode(Fixed(arrow::int32(), true))->make_array());
  const auto structs = *arrow::StructArray::Make({Strings(), Fixed(arrow::int32(), true)},
                                                 std::vector<std::string>{"s", "i"});
  add(structs);
  arrow::Int32Builder offsets;
  for (int32_t i = 0; i <= kRows; ++i) EXPECT_TRUE(offsets.Append(i / 2).ok());
  add(*arrow::ListArray::FromArrays(**offsets.Finish(), *structs));
  add(Fixed(arrow::int64(), true));  // after views: found by their variable buffer counts
  return arrow::RecordBatch::Make(arrow::schema(fields), kRows, arrays);
}

/// `table` with the casts the reader makes.
std::shared_ptr<arrow::Table> Flat(const arrow::RecordBatchVector& batches,
                                   const arrow::Schema& to) {
  auto table = *arrow::Table::FromRecordBatches(batches[0]->schema(), batches);
  for (int i = 0; i < table->num_columns(); ++i) {
    if (table->field(i)->type()->Equals(to.field(i)->type())) continue;
    arrow::Datum flat = table->column(i);
    if (table->field(i)->type()->id() == arrow::Type::RUN_END_ENCODED) {
      flat = *arrow::compute::RunEndDecode(flat);
    } else {
      flat = *arrow::compute::Cast(flat, to.field(i)->type());
    }
    table = *table->SetColumn(i, to.field(i), flat.chunked_array());
  }
  return table;
}

class IpcTableTest : public testing::Test {
 protected:
  std::shared_ptr<exec::Table> Open(const std::shared_ptr<arrow::Schema>& schema,
                                    const arrow::RecordBatchVector& batches,
                                    const IpcForm& form = {}) {
    const std::string path = folder_.Path("t.arrow");
    WriteBytes(path, IpcBytes(schema, batches, form));
    auto table = OpenIpcTable(path);
    EXPECT_TRUE(table.ok()) << table.status();
    return table.ValueOr(nullptr);
  }

  std::string OpenError(const std::string& path) {
    auto table = OpenIpcTable(path);
    EXPECT_FALSE(table.ok());
    blame_ = BlameOf(table.status());
    return table.status().message();
  }

  exec::TaskSlots slots_{2};
  exec::RunContext context_{arrow::default_memory_pool(), &slots_,
                            arrow::StopToken::Unstoppable()};
  TestFolder folder_;
  Blame blame_ = Blame::kInternal;
};

class IpcFormTest : public IpcTableTest, public testing::WithParamInterface<IpcForm> {};

TEST_P(IpcFormTest, ReadsEveryTypeAsArrowDoes) {
  const auto whole = EveryType();
  const arrow::RecordBatchVector batches = {whole->Slice(3, 500), whole->Slice(0, 0),
                                            whole->Slice(501), whole->Slice(999, 1)};
  const auto table = Open(whole->schema(), batches, GetParam());
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->num_rows(), 1000);
  const auto expected = Flat(batches, *table->schema());
  for (const int64_t morsel : {int64_t{64 * 1024}, int64_t{77}}) {
    context_.morsel_rows = morsel;
    auto options = AllColumns(*table);
    options.row_numbers = true;
    auto scanned = ScanAll(*table, &context_, options);
    ASSERT_TRUE(scanned.ok()) << scanned.status();
    int64_t row = 0;
    for (const auto& batch : *scanned) {
      ASSERT_TRUE(batch->ValidateFull().ok()) << batch->ValidateFull();
      EXPECT_LE(batch->num_rows(), morsel);
      EXPECT_GT(batch->num_rows(), 0);
      const auto numbers = batch->GetColumnByName(exec::kRowNumberColumn);
      EXPECT_EQ(static_cast<const arrow::Int64Array&>(*numbers).Value(0), row);
      row += batch->num_rows();
    }
    auto got = *arrow::Table::FromRecordBatches((*scanned)[0]->schema(), *scanned);
    got = *got->RemoveColumn(got->num_columns() - 1);
    for (int i = 0; i < got->num_columns(); ++i) {
      EXPECT_TRUE(got->column(i)->Equals(*expected->column(i)))
          << i << " " << got->field(i)->ToString();
    }
  }
  auto rows = *table->row_store(&context_);
  EXPECT_THAT(rows->chunk_offsets(), testing::ElementsAre(0, 500, 999, 1000));
  for (int i = 0; i < expected->num_columns(); ++i) {
    arrow::ArrayVector chunks;
    for (int chunk = 0; chunk < 3; ++chunk) {
      auto loaded = rows->LoadColumn(chunk, i);
      ASSERT_TRUE(loaded.ok()) << loaded.status();
      ASSERT_TRUE((*loaded)->ValidateFull().ok());
      chunks.push_back(*loaded);
    }
    EXPECT_TRUE(arrow::ChunkedArray(chunks).Equals(*expected->column(i))) << i;
    EXPECT_EQ(rows->IsResident(i),
              !GetParam().codec && table->schema()->field(i)->type()->Equals(
                                       whole->schema()->field(i)->type()));
    const auto nulls = table->column_stats(i).null_count;
    EXPECT_EQ(nulls.value_or(expected->column(i)->null_count()),
              expected->column(i)->null_count())
        << i;
  }
  EXPECT_GT(rows->bytes_read(), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, IpcFormTest,
    testing::Values(IpcForm{}, IpcForm{true}, IpcForm{false, Compression::LZ4_FRAME},
                    IpcForm{true, Compression::LZ4_FRAME},
                    IpcForm{false, Compression::ZSTD}, IpcForm{true, Compression::ZSTD},
                    IpcForm{false, {}, arrow::ipc::MetadataVersion::V4}));

TEST_F(IpcTableTest, DescribesItself) {
  const auto batch =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("i", arrow::int64())}), kRows,
                               {Fixed(arrow::int64(), false)});
  EXPECT_EQ(Open(batch->schema(), {batch, batch})->description(),
            "ipc file, 2 batches, uncompressed");
  EXPECT_EQ(Open(batch->schema(), {batch}, {true, Compression::ZSTD})->description(),
            "ipc stream, 1 batch, zstd");
  EXPECT_EQ(
      Open(batch->schema(), {batch}, {false, Compression::LZ4_FRAME})->description(),
      "ipc file, 1 batch, lz4");
}

TEST_F(IpcTableTest, UncompressedColumnsAreTheFilesBytes) {
  const auto batch =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("i", arrow::int64()),
                                              arrow::field("s", arrow::utf8())}),
                               kRows, {Fixed(arrow::int64(), true), Strings()});
  const auto table = Open(batch->schema(), {batch});
  const int64_t before = context_.pool->bytes_allocated();
  auto rows = *table->row_store(&context_);
  const auto first = *rows->LoadColumn(0, 1);
  EXPECT_EQ(first, *rows->LoadColumn(0, 1));
  EXPECT_EQ(context_.pool->bytes_allocated(), before);
  auto batches = *ScanAll(*table, &context_, AllColumns(*table));
  EXPECT_EQ(context_.pool->bytes_allocated(), before);
  EXPECT_EQ(first->data()->buffers[2]->address(),
            batches[0]->column(1)->data()->buffers[2]->address());
}

TEST_F(IpcTableTest, ReadsOnlyTheAskedColumnsInTheAskedOrder) {
  const auto batch = EveryType();
  const auto table = Open(batch->schema(), {batch, batch}, {false, Compression::ZSTD});
  exec::ScanOptions options;
  options.columns = {82, 21, 82, 3};
  auto source = *table->Scan(options, &context_);
  EXPECT_EQ(source->schema()->field(1)->name(), "c21");
  auto unit = *source->NextUnit(context_.stop);
  auto read = *unit->Next();
  ASSERT_EQ(read->num_columns(), 4);
  EXPECT_TRUE(read->column(1)->Equals(*batch->column(21)));
  EXPECT_TRUE(read->column(3)->Equals(*batch->column(3)));
  EXPECT_TRUE(read->column(0)->Equals(*read->column(2)));
  EXPECT_GT(source->bytes_read(), 0);
  EXPECT_LT(source->bytes_read(), *table->stored_bytes() / 4);
}

TEST_F(IpcTableTest, KeepsRowCountsWithoutColumns) {
  const auto schema = arrow::schema(arrow::FieldVector{});
  const auto batch = arrow::RecordBatch::Make(schema, 100'000, arrow::ArrayVector{});
  const auto table = Open(schema, {batch, batch});
  EXPECT_EQ(table->num_rows(), 200'000);
  int64_t rows = 0;
  for (const auto& read : *ScanAll(*table, &context_, {})) rows += read->num_rows();
  EXPECT_EQ(rows, 200'000);
}

TEST_F(IpcTableTest, ReadsAFileWithoutBatches) {
  for (const bool stream : {false, true}) {
    const auto table = Open(EveryType()->schema(), {}, {stream});
    EXPECT_EQ(table->num_rows(), 0);
    EXPECT_TRUE(ScanAll(*table, &context_, AllColumns(*table))->empty());
    EXPECT_EQ((*table->row_store(&context_))->chunk_offsets(), std::vector<int64_t>{0});
  }
}

TEST_F(IpcTableTest, EachBatchOfAStreamHasItsOwnDictionary) {
  const auto type = arrow::dictionary(arrow::int8(), arrow::utf8());
  const auto schema = arrow::schema({arrow::field("d", type)});
  arrow::RecordBatchVector batches;
  for (const char* word : {"a", "b", "c"}) {
    arrow::StringBuilder values;
    ASSERT_TRUE(values.Append(word).ok());
    const auto indices = *arrow::MakeArrayFromScalar(arrow::Int8Scalar(0), 5);
    batches.push_back(arrow::RecordBatch::Make(
        schema, 5,
        {std::make_shared<arrow::DictionaryArray>(type, indices, *values.Finish())}));
  }
  const auto table = Open(schema, batches, {true});
  auto rows = *table->row_store(&context_);
  for (const int chunk : {2, 0, 1}) {
    EXPECT_TRUE((*rows->LoadColumn(chunk, 0))->Equals(*batches[chunk]->column(0)))
        << chunk;
  }
  auto read = *ScanAll(*table, &context_, AllColumns(*table));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(read[i]->Equals(*batches[i])) << i;
}

TEST_F(IpcTableTest, BatchesOfAUnitShareTheirDictionary) {
  const auto type = arrow::dictionary(arrow::int32(), arrow::utf8());
  const auto encoded = arrow::compute::DictionaryEncode(Strings())->make_array();
  const auto viewed =
      Cast(encoded, arrow::dictionary(arrow::int32(), arrow::utf8_view()));
  for (const auto& column : {encoded, viewed}) {
    const auto batch = arrow::RecordBatch::Make(
        arrow::schema({arrow::field("d", column->type())}), kRows, {column});
    const arrow::RecordBatchVector batches(4, batch);
    const auto table = Open(batch->schema(), batches, {});
    context_.morsel_rows = 3 * kRows;
    auto options = AllColumns(*table);
    options.dictionary_columns = {0};
    auto source = *table->Scan(options, &context_);
    int num_units = 0;
    while (auto unit = *source->NextUnit(context_.stop)) {
      ++num_units;
      const auto first = *unit->Next();
      EXPECT_TRUE(first->column(0)->Equals(*encoded));
      while (const auto next = *unit->Next()) {
        EXPECT_TRUE(next->column(0)->Equals(*encoded));
        EXPECT_EQ(next->column_data(0)->dictionary, first->column_data(0)->dictionary);
      }
    }
    EXPECT_EQ(num_units, 2);
  }
}

TEST_F(IpcTableTest, SmallBatchesShareAUnitAndLargeOnesAreCut) {
  const auto batch =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("i", arrow::int64())}), kRows,
                               {Fixed(arrow::int64(), false)});
  const auto table = Open(batch->schema(), arrow::RecordBatchVector(10, batch));
  auto units = [&] {
    auto source = *table->Scan(AllColumns(*table), &context_);
    int count = 0;
    while (*source->NextUnit(context_.stop) != nullptr) ++count;
    EXPECT_EQ(source->bytes_read(), 10 * kRows * 8);
    return count;
  };
  EXPECT_EQ(units(), 1);
  context_.morsel_rows = 3000;
  EXPECT_EQ(units(), 4);
  context_.morsel_rows = 64 * 1024;
  context_.morsel_bytes = kRows * 4;
  EXPECT_EQ(units(), 20);
}

TEST_F(IpcTableTest, NamesWhatIsNoIpcFile) {
  EXPECT_EQ(OpenError("/no/such.arrow"), "/no/such.arrow: no such file");
  EXPECT_EQ(blame_, Blame::kStorage);
  const std::string path = folder_.Path("x");
  EXPECT_THAT(OpenError(folder_.Path("")), HasSubstr("is a directory"));
  WriteBytes(path, "");
  EXPECT_EQ(OpenError(path), path + ": the file is empty, expected Arrow IPC data");
  EXPECT_EQ(blame_, Blame::kData);
  for (const char* text :
       {"PAR1 and more of it", "a,b,c\n1,2,3\n", "x", "ARROW1", "ARROW1\0\0"}) {
    WriteBytes(path, text);
    EXPECT_THAT(OpenError(path), HasSubstr(path));
    EXPECT_EQ(blame_, Blame::kData) << text;
  }
}

TEST_F(IpcTableTest, StopsWhenAsked) {
  const auto batch = EveryType();
  const auto table = Open(batch->schema(), {batch});
  arrow::StopSource stop;
  stop.RequestStop();
  auto source = *table->Scan(AllColumns(*table), &context_);
  EXPECT_TRUE(source->NextUnit(stop.token()).status().IsCancelled());
}

}  // namespace
}  // namespace windrow::source
