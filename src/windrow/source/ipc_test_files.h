// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/util/compression.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "windrow/exec/run_context.h"
#include "windrow/exec/table.h"

// What the tests of the IPC table share: files to read.
namespace windrow::source {

/// A folder of its own for each test, removed at its end.
class TestFolder {
 public:
  TestFolder() {
    std::string name =
        (std::filesystem::temp_directory_path() / "windrow-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  std::string Path(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

struct IpcForm {
  bool stream = false;
  std::optional<arrow::Compression::type> codec;
  arrow::ipc::MetadataVersion version = arrow::ipc::MetadataVersion::V5;
};

inline std::string IpcBytes(const std::shared_ptr<arrow::Schema>& schema,
                            const arrow::RecordBatchVector& batches,
                            const IpcForm& form) {
  auto sink = *arrow::io::BufferOutputStream::Create();
  arrow::ipc::IpcWriteOptions options;
  options.use_threads = false;
  options.metadata_version = form.version;
  options.emit_dictionary_deltas = form.stream;
  if (form.codec) options.codec = *arrow::util::Codec::Create(*form.codec);
  auto writer = form.stream ? *arrow::ipc::MakeStreamWriter(sink, schema, options)
                            : *arrow::ipc::MakeFileWriter(sink, schema, options);
  for (const auto& batch : batches) EXPECT_TRUE(writer->WriteRecordBatch(*batch).ok());
  EXPECT_TRUE(writer->Close().ok());
  return (*sink->Finish())->ToString();
}

inline void WriteBytes(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// Every batch of a scan of all columns, or the first error.
inline Result<arrow::RecordBatchVector> ScanAll(const exec::Table& table,
                                                exec::RunContext* context,
                                                exec::ScanOptions options) {
  ARROW_ASSIGN_OR_RAISE(auto source, table.Scan(options, context));
  arrow::RecordBatchVector batches;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(auto unit, source->NextUnit(context->stop));
    if (unit == nullptr) return batches;
    while (true) {
      ARROW_ASSIGN_OR_RAISE(auto batch, unit->Next());
      if (batch == nullptr) break;
      batches.push_back(std::move(batch));
    }
  }
}

inline exec::ScanOptions AllColumns(const exec::Table& table) {
  exec::ScanOptions options;
  for (int i = 0; i < table.schema()->num_fields(); ++i) options.columns.push_back(i);
  return options;
}

}  // namespace windrow::source
