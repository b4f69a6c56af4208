// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <nanobind/nanobind.h>

#include <memory>
#include <vector>

#include "windrow/base/status.h"

namespace windrow::python {

// The Arrow PyCapsule interface. Nothing is copied. Call with the interpreter's lock
// held; what Python raises comes through as it is.

/// By __arrow_c_schema__.
std::shared_ptr<arrow::Schema> ImportSchema(const nanobind::object& object);

/// A reader of the stream that __arrow_c_stream__ of `object` gives.
std::shared_ptr<arrow::RecordBatchReader> ImportStream(const nanobind::object& object);

/// The rows of an object with __arrow_c_array__ or __arrow_c_stream__, such as a batch or
/// a table.
std::vector<std::shared_ptr<arrow::RecordBatch>> ImportBatches(
    const nanobind::object& object);

nanobind::object ExportSchema(const arrow::Schema& schema);
nanobind::object ExportStream(std::shared_ptr<arrow::RecordBatchReader> reader);

}  // namespace windrow::python
