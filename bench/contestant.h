// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/io/type_fwd.h>
#include <arrow/ipc/type_fwd.h>
#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>

#include "windrow/base/status.h"

namespace windrow::bench {

/// What a contestant of the paired benchmark does again and again. Single-threaded.
class Work {
 public:
  virtual ~Work() = default;
  /// All that a user waits for; timed. Returns the rows of the result.
  virtual Result<int64_t> Run() = 0;
  /// Forgets the result of the last Run; not timed.
  virtual void Drop() {}
  /// Does it once more and writes the result as an Arrow IPC file; not timed.
  virtual Status WriteAnswer(const std::string& path) = 0;
};

/// Reads verbs from stdin and answers each with a line of JSON on stdout until `quit` or
/// the end of stdin; see harness.py.
Status ServeVerbs(Work* work);

/// Writes an Arrow IPC file, batch by batch.
class AnswerFile {
 public:
  static Result<std::unique_ptr<AnswerFile>> Open(
      const std::string& path, const std::shared_ptr<arrow::Schema>& schema);
  Status Write(const arrow::RecordBatch& batch);
  Status Close();

 private:
  std::shared_ptr<arrow::io::OutputStream> file_;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
};

}  // namespace windrow::bench
