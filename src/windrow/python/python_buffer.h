// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <nanobind/nanobind.h>

#include <memory>

namespace windrow::python {

/// The bytes of an object with the buffer protocol, without a copy; lets go of the object
/// on whatever thread the last reader is. Call with the interpreter's lock held.
std::shared_ptr<arrow::Buffer> BufferOf(const nanobind::object& object);

/// Bytes of the engine for Python, which reads them by the buffer protocol. `owner` has
/// their memory.
struct Bytes {
  std::shared_ptr<const void> owner;
  std::shared_ptr<arrow::Buffer> buffer;
};

/// Adds the class of Bytes.
void DefineBytes(nanobind::module_& module);

}  // namespace windrow::python
