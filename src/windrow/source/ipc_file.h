// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/format/ipc_layout.h"
#include "windrow/source/mapped_file.h"

namespace windrow::source {

/// A mapped IPC file or stream with its metadata: what the table, its scans and its row
/// stores share. Immutable but for a cache; thread-safe.
class IpcFile {
 public:
  /// Errors name `path`.
  static Result<std::shared_ptr<const IpcFile>> Open(const std::string& path);
  /// The same for one that is mapped already.
  static Result<std::shared_ptr<const IpcFile>> Open(const std::string& path,
                                                     std::shared_ptr<MappedFile> mapped);

  const MappedFile& mapped() const { return *mapped_; }
  const format::IpcLayout& layout() const { return layout_; }
  const format::IpcBatch& batch(int batch) const { return layout_.batches()[batch]; }
  int num_batches() const { return static_cast<int>(layout_.batches().size()); }
  int num_columns() const { return stored_schema_->num_fields(); }

  /// As stored, and as handed out: views and run-end-encoded columns come out flat.
  const std::shared_ptr<arrow::Schema>& stored_schema() const { return stored_schema_; }
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  bool IsCast(int column) const {
    return schema_->field(column) != stored_schema_->field(column);
  }
  /// True when the column's arrays are made here from the stored buffers (ipc_column.h),
  /// false when Arrow decodes it (ipc_decoder.h).
  bool IsPlain(int column) const { return plain_[column]; }
  /// True when the column is read in place: neither decompressed nor cast.
  bool IsResident(int column) const { return resident_[column]; }

  /// num_batches + 1 row numbers, ascending.
  const std::vector<int64_t>& batch_offsets() const { return batch_offsets_; }

  Result<format::IpcNode> Node(int batch, int column) const {
    return layout_.Node(batch, places_[column].nodes);
  }
  Result<format::IpcBufferRange> Buffers(int batch, int column) const {
    return layout_.ColumnBuffers(batch, places_[column], places_[column + 1]);
  }
  /// Appends the spans that reading the column from the batch touches: none when it is
  /// all null. Spans may be empty.
  Status AppendSpans(int batch, int column, std::vector<format::IpcSpan>* spans) const;
  /// Sum of AppendSpans; 0 where the metadata is damaged (reading then tells).
  int64_t StoredBytes(int batch, int column) const;

  /// At least `size` zero bytes, shared by all-null columns.
  Result<std::shared_ptr<arrow::Buffer>> Zeros(int64_t size) const;

  /// "PATH: record batch 3, column 'x'" for messages.
  std::string Where(int batch, int column) const;

  const std::string& path() const { return path_; }

 private:
  IpcFile() = default;
  Status ReadSchema();
  void ClassifyColumns();

  std::string path_;
  std::shared_ptr<MappedFile> mapped_;
  format::IpcLayout layout_;
  std::shared_ptr<arrow::Schema> stored_schema_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<format::IpcFieldPlace> places_;
  std::vector<bool> plain_;
  std::vector<bool> resident_;
  std::vector<int64_t> batch_offsets_;
  mutable std::mutex zeros_mutex_;
  mutable std::shared_ptr<arrow::Buffer> zeros_;
};

}  // namespace windrow::source
