// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "windrow/exec/run_context.h"
#include "windrow/exec/table.h"
#include "windrow/exec/task_slots.h"
#include "windrow/source/parquet_table.h"

namespace windrow::source {

/// Writes a table to a Parquet file of its own, which goes away with it.
class TestFile {
 public:
  explicit TestFile(const std::string& name)
      : path_(std::filesystem::temp_directory_path() /
              (name + "_" + std::to_string(::getpid()) + ".parquet")) {}
  ~TestFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

  void Write(const arrow::Table& table, int64_t row_group_rows,
             std::shared_ptr<parquet::WriterProperties> properties =
                 parquet::default_writer_properties(),
             bool store_schema = true) const {
    auto arrow_properties = parquet::ArrowWriterProperties::Builder();
    if (store_schema) arrow_properties.store_schema();
    auto out = arrow::io::FileOutputStream::Open(path_).ValueOrDie();
    ASSERT_TRUE(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), out,
                                           row_group_rows, properties,
                                           arrow_properties.build())
                    .ok());
    ASSERT_TRUE(out->Close().ok());
  }

 private:
  std::string path_;
};

/// A run with two slots.
struct TestRun {
  TestRun() {
    context.pool = arrow::default_memory_pool();
    context.slots = &slots;
    context.stop = arrow::StopToken::Unstoppable();
  }
  exec::TaskSlots slots{2};
  exec::RunContext context;
};

inline std::vector<int> AllColumns(const exec::Table& table) {
  std::vector<int> columns(table.schema()->num_fields());
  for (size_t i = 0; i < columns.size(); ++i) columns[i] = static_cast<int>(i);
  return columns;
}

/// All batches of a scan, and how many units they came in.
struct Scanned {
  std::shared_ptr<arrow::Table> table;
  int units = 0;
  int batches = 0;
  int64_t most_rows = 0;
  int64_t bytes_read = 0;
};

inline Result<Scanned> ScanAll(const exec::Table& table, const exec::ScanOptions& options,
                               exec::RunContext* context) {
  Scanned scanned;
  ARROW_ASSIGN_OR_RAISE(auto source, table.Scan(options, context));
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(auto unit, source->NextUnit(arrow::StopToken::Unstoppable()));
    if (unit == nullptr) break;
    ++scanned.units;
    while (true) {
      ARROW_ASSIGN_OR_RAISE(auto batch, unit->Next());
      if (batch == nullptr) break;
      ARROW_RETURN_NOT_OK(batch->ValidateFull());
      scanned.most_rows = std::max(scanned.most_rows, batch->num_rows());
      batches.push_back(std::move(batch));
    }
  }
  scanned.batches = static_cast<int>(batches.size());
  scanned.bytes_read = source->bytes_read();
  return arrow::Table::FromRecordBatches(source->schema(), batches)
      .Map([&](std::shared_ptr<arrow::Table> all) {
        scanned.table = std::move(all);
        return scanned;
      });
}

}  // namespace windrow::source
