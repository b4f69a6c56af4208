// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "windrow/exec/operator.h"
#include "windrow/fs/atomic_folder.h"

namespace windrow::exec {
struct RunContext;
}

namespace windrow::sink {

struct PartitionedSinkOptions {
  struct File {
    std::string value;  ///< of the routing column
    std::string name;   ///< in the folder
  };

  std::string folder;
  std::string column;       ///< of strings, or of a dictionary of strings
  std::vector<File> files;  ///< values and names differ
  std::string manifest;     ///< name of a file that the caller adds; "" for none
};

/// Routes each row to the file for its value in one column, which is not written, and
/// publishes the files together as a folder. Every file is made, also one without rows. A
/// null or a value without a file is a DataError. Rows keep their order within a file.
///
/// Life cycle of exec::Sink. After Finish the files lie complete under their names in
/// staging(), and another may be added to them. Errors carry the folder's path.
class PartitionedSink final : public exec::Sink {
 public:
  /// Opens the sink of one file, for rows of `schema`, at `path`.
  using FileSink = std::function<Result<std::unique_ptr<exec::Sink>>(
      const std::string& path, const std::shared_ptr<arrow::Schema>& schema)>;

  struct FileRows {
    std::string name;
    int64_t rows = 0;
  };

  static Result<std::unique_ptr<PartitionedSink>> Make(
      PartitionedSinkOptions options, const std::shared_ptr<arrow::Schema>& schema,
      const FileSink& open_file, exec::RunContext* context);

  Result<std::unique_ptr<exec::Prepared>> Encode(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Write(std::unique_ptr<exec::Prepared> encoded) override;
  Status Finish() override;
  Status Commit() override { return folder_->Commit(); }
  void Abort() override;
  int64_t bytes_written() const override;

  /// Without the routing column.
  const std::shared_ptr<arrow::Schema>& file_schema() const { return file_schema_; }
  const std::string& staging() const { return folder_->staging(); }
  const std::string& manifest() const { return options_.manifest; }
  /// `status` with the user's folder wherever its message names staging().
  Status Locate(const Status& status) const { return folder_->Locate(status); }
  /// Rows written so far, in the order of the options.
  std::vector<FileRows> files() const;

 private:
  struct Routed;
  static constexpr int32_t kNoFile = -1;

  PartitionedSink(PartitionedSinkOptions options,
                  std::unique_ptr<fs::AtomicFolder> folder, exec::RunContext* context);
  Result<std::vector<int32_t>> FileOfEachRow(const arrow::Array& column) const;
  /// kNoFile where a value has none, or is null.
  std::vector<int32_t> FileOfEachString(const arrow::Array& strings) const;
  template <typename Strings>
  std::vector<int32_t> Look(const Strings& values) const;
  Status Unroutable(const arrow::Array& column, int64_t row) const;
  Result<std::shared_ptr<arrow::RecordBatch>> RowsOf(
      const arrow::RecordBatch& batch, const std::vector<int32_t>& file_of_row,
      int32_t file, int64_t count) const;

  PartitionedSinkOptions options_;
  std::unique_ptr<fs::AtomicFolder> folder_;
  exec::RunContext* context_;
  int column_ = 0;
  std::shared_ptr<arrow::Schema> file_schema_;
  std::unordered_map<std::string_view, int32_t> file_of_value_;
  std::vector<std::unique_ptr<exec::Sink>> sinks_;  ///< one for each file
  std::vector<int64_t> rows_;                       ///< of each file
};

}  // namespace windrow::sink
