// SPDX-License-Identifier: Apache-2.0
#include "windrow/python/run_reader.h"

#include "windrow/python/gil.h"

namespace windrow::python {
namespace {

/// Whether Ctrl-C was pressed. It stays pressed: the exception is raised by Python, once
/// the library that reads has returned to it.
bool IsInterrupted() {
  const WithGil locked;
  if (PyOS_InterruptOccurred() == 0) return false;
  PyErr_SetInterrupt();
  return true;
}

}  // namespace

Status RunReader::ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) {
  ARROW_ASSIGN_OR_RAISE(*batch, run_->Next(IsInterrupted));
  return Status::OK();
}

}  // namespace windrow::python
