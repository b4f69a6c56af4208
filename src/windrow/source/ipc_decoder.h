// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/array/array_base.h>
#include <arrow/compute/type_fwd.h>

#include <memory>
#include <mutex>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/source/ipc_file.h"

namespace windrow::source {

/// The type a stored column is handed out as: views become string or binary and
/// run-end-encoded columns their value type, because many kernels lack them; a dictionary
/// keeps its indices. Children of nested types stay as they are. Returns `type` itself
/// when nothing changes.
std::shared_ptr<arrow::DataType> IpcOutputType(
    const std::shared_ptr<arrow::DataType>& type);

/// `array`, which has been validated, as its IpcOutputType `type`.
Result<std::shared_ptr<arrow::Array>> FlattenIpcArray(
    std::shared_ptr<arrow::Array> array, const std::shared_ptr<arrow::DataType>& type,
    arrow::compute::ExecContext* context);

/// Reads columns that need Arrow's own decoder (dictionary, nested, extension, views),
/// all of them for one batch at a time. Arrays are fully validated and cast to the file's
/// schema(). A dictionary column has the dictionary in force at its batch. Thread-safe:
/// each thread at work has a decoder of its own, which keeps the dictionaries it has
/// read.
class IpcDecoder {
 public:
  /// `columns` ascend and are not empty. `pool` outlives the arrays.
  IpcDecoder(std::shared_ptr<const IpcFile> file, std::vector<int> columns,
             arrow::MemoryPool* pool);
  ~IpcDecoder();

  const std::vector<int>& columns() const { return columns_; }
  /// The whole columns of one batch, in the order of columns(). Errors name file and
  /// batch.
  Result<arrow::ArrayVector> Load(int batch) const;

 private:
  class Reader;
  Result<std::unique_ptr<Reader>> TakeReader(int num_dictionaries) const;
  Result<std::shared_ptr<arrow::Array>> Finish(int batch, int column,
                                               std::shared_ptr<arrow::Array> array) const;

  std::shared_ptr<const IpcFile> file_;
  std::vector<int> columns_;
  arrow::MemoryPool* pool_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Reader>> idle_;
};

}  // namespace windrow::source
