// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <nanobind/nanobind.h>

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "windrow/exec/table.h"
#include "windrow/python/gil.h"
#include "windrow/python/raise.h"

namespace windrow::python {

/// What a Python object raised while a run read from it. Thread-safe.
class StreamFailure {
 public:
  ~StreamFailure();
  /// Keeps the first one. Call with the interpreter's lock held.
  void Set(nanobind::python_error error);
  /// Raises what was kept, if anything was. Call with the lock held.
  void RaiseIfSet();

 private:
  std::optional<nanobind::python_error> error_;  ///< guarded by the interpreter's lock
};

/// Runs `body` with the interpreter's lock; what Python raises in it goes to `failure`.
template <typename Body>
Status CallPython(const std::shared_ptr<StreamFailure>& failure, const Body& body) {
  if (!nanobind::is_alive()) return Fail(Blame::kCancelled, "Python ends");
  const WithGil locked;
  try {
    return body();
  } catch (nanobind::python_error& error) {
    Status status = UserError("the stream raised ", error.what());
    failure->Set(std::move(error));
    return status;
  } catch (const StatusError& error) {
    return error.status();
  }
}

/// Rows that come out of a Python object bit by bit: an iterator of batches, which can be
/// read once, or an object with __arrow_c_stream__, which is asked for a new stream by
/// each scan. Methods are called with the interpreter's lock held.
class PythonStream {
 public:
  /// Finds the schema: `object` says it, or the first batch has it.
  explicit PythonStream(nanobind::object object);

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  bool is_iterator() const;

  /// The object, for the collector of cycles; nothing while a run reads from it.
  PyObject* own_object() const;
  /// Lets go of it; part of breaking a cycle.
  void Clear();

  /// A table for one run. What is raised while it is read goes to `failure`.
  std::shared_ptr<exec::Table> OpenTable(std::shared_ptr<StreamFailure> failure) const;

 private:
  struct State;
  class Reader;

  std::shared_ptr<State> state_;
  std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace windrow::python
