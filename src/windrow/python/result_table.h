// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <nanobind/nanobind.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace windrow::python {

/// Rows in memory, as batches of one schema. Immutable; shared by reference.
class ResultTable {
 public:
  ResultTable(std::shared_ptr<arrow::Schema> schema,
              std::vector<std::shared_ptr<arrow::RecordBatch>> batches);
  /// By the PyCapsule interface, without a copy. Call with the interpreter's lock held.
  static ResultTable FromPython(const nanobind::object& object);

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches() const {
    return batches_;
  }
  int64_t num_rows() const { return num_rows_; }
  /// Of the values, buffers that columns share counted once.
  int64_t num_bytes() const;
  ResultTable Slice(int64_t offset, int64_t rows) const;
  nanobind::object ToCapsule() const;

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;
  int64_t num_rows_ = 0;
};

}  // namespace windrow::python
