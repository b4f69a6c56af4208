// SPDX-License-Identifier: Apache-2.0
#include <arrow/array/concatenate.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/initialize.h>
#include <arrow/memory_pool.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <iostream>
#include <numeric>
#include <random>

#include "windrow/column/gather.h"
#include "windrow/source/ipc_table.h"
#include "windrow/source/ipc_test_files.h"

namespace windrow::source {
namespace {

using arrow::Compression;
using testing::HasSubstr;

std::shared_ptr<arrow::RecordBatch> Mixed(int64_t rows) {
  EXPECT_TRUE(arrow::compute::Initialize().ok());
  arrow::Int64Builder numbers;
  arrow::StringBuilder strings;
  for (int64_t i = 0; i < rows; ++i) {
    EXPECT_TRUE((i % 5 == 0 ? numbers.AppendNull() : numbers.Append(i * i)).ok());
    EXPECT_TRUE(
        (i % 3 == 0 ? strings.AppendNull() : strings.Append(std::string(i % 19, 'x')))
            .ok());
  }
  const auto words = *strings.Finish();
  const auto integers = *numbers.Finish();
  const auto nested =
      *arrow::StructArray::Make({words, integers}, std::vector<std::string>{"s", "i"});
  const auto view = *arrow::compute::Cast(*words, arrow::utf8_view());
  const auto codes = arrow::compute::DictionaryEncode(words)->make_array();
  const auto nothing = *arrow::MakeArrayOfNull(arrow::large_utf8(), rows);
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("i", arrow::int64()), arrow::field("s", arrow::utf8()),
                     arrow::field("st", nested->type()), arrow::field("v", view->type()),
                     arrow::field("d", codes->type()), arrow::field("n", nothing->type()),
                     arrow::field("i2", arrow::int64())}),
      rows, {integers, words, nested, view, codes, nothing, integers});
}

const std::vector<IpcForm> kForms = {
    {},
    {true},
    {false, Compression::LZ4_FRAME},
    {true, Compression::ZSTD},
};

class IpcDamageTest : public testing::Test {
 protected:
  /// Reads all there is, both ways, and looks at every value. Damage must end in a
  /// Status.
  Status ReadAll(const std::string& path, int64_t* rows = nullptr) {
    ARROW_ASSIGN_OR_RAISE(auto table, OpenIpcTable(path));
    for (int i = 0; i < table->schema()->num_fields(); ++i) table->column_stats(i);
    const Status scanned = ReadScan(*table, rows);
    ARROW_ASSIGN_OR_RAISE(auto store, table->row_store(&context_));
    Status first = scanned;
    const int chunks = static_cast<int>(store->chunk_offsets().size()) - 1;
    for (int chunk = 0; chunk < std::min(chunks, 20); ++chunk) {
      for (int i = 0; i < table->schema()->num_fields(); ++i) {
        auto loaded = store->LoadColumn(chunk, i);
        if (!loaded.ok()) first = first.ok() ? loaded.status() : first;
        if (!loaded.ok()) continue;
        // Offsets inside a resident column are checked by who reads them: a gather.
        auto used = store->IsResident(i) ? GatherAll(*loaded) : loaded;
        if (!used.ok()) first = first.ok() ? used.status() : first;
        if (!used.ok()) continue;
        EXPECT_TRUE((*used)->Validate().ok()) << (*used)->Validate();
      }
    }
    return first;
  }

  Result<std::shared_ptr<arrow::Array>> GatherAll(
      const std::shared_ptr<arrow::Array>& array) {
    std::vector<int64_t> numbers(static_cast<size_t>(array->length()));
    std::iota(numbers.begin(), numbers.end(), int64_t{0});
    ARROW_ASSIGN_OR_RAISE(
        const auto order,
        column::MakeGatherOrder(numbers, {0, array->length()}, context_.pool));
    const arrow::ArrayVector chunks(order.ranges.size(), array);
    return column::Gather(array->type(), chunks, order, context_.pool);
  }

  Status ReadScan(const exec::Table& table, int64_t* rows) {
    ARROW_ASSIGN_OR_RAISE(auto source, table.Scan(AllColumns(table), &context_));
    // A damaged row count may promise more batches than a test can wait for.
    for (int unit_count = 0; unit_count < 50; ++unit_count) {
      ARROW_ASSIGN_OR_RAISE(auto unit, source->NextUnit(context_.stop));
      if (unit == nullptr) return Status::OK();
      for (int count = 0; count < 50; ++count) {
        ARROW_ASSIGN_OR_RAISE(auto batch, unit->Next());
        if (batch == nullptr) break;
        if (rows != nullptr) *rows += batch->num_rows();
        EXPECT_TRUE(batch->Validate().ok()) << batch->Validate();
        for (const auto& column : batch->columns()) {
          ARROW_RETURN_NOT_OK(arrow::Concatenate({column, column}, &pool_).status());
        }
      }
    }
    return Status::OK();
  }

  // As in a run: what damaged sizes ask for is refused before the system is asked.
  arrow::CappedMemoryPool pool_{arrow::default_memory_pool(), 64 << 20};
  exec::RunContext context_{&pool_, nullptr, arrow::StopToken::Unstoppable()};
  TestFolder folder_;
};

TEST_F(IpcDamageTest, ACutFileIsAnErrorAtEveryLength) {
  const auto batch = Mixed(50);
  const std::string path = folder_.Path("cut.arrow");
  for (const IpcForm& form : kForms) {
    const std::string whole = IpcBytes(batch->schema(), {batch, batch, batch}, form);
    for (size_t length = 0; length < whole.size(); length += length < 64 ? 1 : 37) {
      WriteBytes(path, std::string_view(whole).substr(0, length));
      int64_t rows = 0;
      const Status status = ReadAll(path, &rows);
      if (status.ok()) {
        ASSERT_TRUE(form.stream) << length;
        EXPECT_EQ(rows % 50, 0) << "only whole batches";
      } else {
        EXPECT_EQ(BlameOf(status), Blame::kData) << status;
        EXPECT_THAT(status.message(), HasSubstr(path));
      }
    }
    WriteBytes(path, whole);
    EXPECT_EQ(ReadAll(path), Status::OK());
  }
}

TEST_F(IpcDamageTest, AStreamNeedsNoEndMarker) {
  const auto batch = Mixed(50);
  const std::string whole = IpcBytes(batch->schema(), {batch, batch}, {true});
  const std::string path = folder_.Path("stream.arrow");
  WriteBytes(path, std::string_view(whole).substr(0, whole.size() - 8));
  int64_t rows = 0;
  EXPECT_EQ(ReadAll(path, &rows), Status::OK());
  EXPECT_EQ(rows, 100);
  WriteBytes(path, std::string_view(whole).substr(0, whole.size() - 9));
  EXPECT_THAT(ReadAll(path).message(),
              HasSubstr("stream.arrow: record batch 1: message at"));
  WriteBytes(path, whole + whole);
  EXPECT_THAT(ReadAll(path).message(), HasSubstr("bytes follow the end of the stream"));
}

TEST_F(IpcDamageTest, FlippedBytesNeverCrash) {
  const char* given = std::getenv("WINDROW_TEST_SEED");
  const uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "WINDROW_TEST_SEED=" << seed << std::endl;
  std::mt19937_64 random(seed);
  const auto batch = Mixed(6);  // so small that most bytes are metadata
  const std::string path = folder_.Path("flipped.arrow");
  int errors = 0;
  for (const IpcForm& form : kForms) {
    const std::string whole = IpcBytes(batch->schema(), {batch, batch}, form);
    for (int round = 0; round < 400; ++round) {
      std::string flipped = whole;
      for (uint64_t flips = 1 + random() % 3; flips > 0; --flips) {
        const uint64_t bits = random();
        flipped[random() % flipped.size()] ^= static_cast<char>(1u << (bits % 8));
        if (bits & 0x100)
          flipped[random() % flipped.size()] = static_cast<char>(bits >> 16);
      }
      WriteBytes(path, flipped);
      const Status status = ReadAll(path);
      errors += !status.ok();
    }
  }
  EXPECT_GT(errors, 100);
}

TEST_F(IpcDamageTest, NamesTheBatchAndColumnOfACorruptBuffer) {
  arrow::Int64Builder numbers;
  for (int64_t i = 0; i < 5000; ++i) ASSERT_TRUE(numbers.Append(i * i * i).ok());
  const auto batch = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("cubes", arrow::int64())}), 5000, {*numbers.Finish()});
  const std::string path = folder_.Path("corrupt.arrow");
  for (const auto codec : {Compression::LZ4_FRAME, Compression::ZSTD}) {
    std::string bytes = IpcBytes(batch->schema(), {batch}, {false, codec});
    const size_t frame =
        bytes.find(codec == Compression::ZSTD ? "\x28\xb5\x2f\xfd" : "\x04\x22\x4d\x18");
    ASSERT_NE(frame, std::string::npos);
    std::string broken = bytes;
    broken[frame + 1] ^= 0x55;
    WriteBytes(path, broken);
    const Status status = ReadAll(path);
    EXPECT_EQ(BlameOf(status), Blame::kData);
    EXPECT_THAT(status.message(),
                HasSubstr(path + ": record batch 0, column 'cubes': corrupt "));
    broken = bytes;
    broken[frame - 2] = 0x7f;  // the stated size
    WriteBytes(path, broken);
    EXPECT_THAT(ReadAll(path).message(), HasSubstr("bytes of content"));
  }
}

TEST_F(IpcDamageTest, OffsetsThatDoNotAscendAreAnError) {
  const auto batch = Mixed(50)->SelectColumns({1}).ValueOrDie();
  const std::string bytes = IpcBytes(batch->schema(), {batch}, {});
  const auto& offsets = batch->column_data(0)->buffers[1];
  const std::string stored(reinterpret_cast<const char*>(offsets->data()), 51 * 4);
  const size_t at = bytes.find(stored);
  ASSERT_NE(at, std::string::npos);
  const std::string path = folder_.Path("offsets.arrow");
  for (const size_t entry : {0, 20, 50}) {
    std::string broken = bytes;
    broken[at + entry * 4 + 2] = 1;
    WriteBytes(path, broken);
    const Status status = ReadAll(path);
    EXPECT_EQ(BlameOf(status), Blame::kData);
    EXPECT_THAT(status.message(), HasSubstr("record batch 0, column 's': offsets"));
  }
}

}  // namespace
}  // namespace windrow::source
