// SPDX-License-Identifier: Apache-2.0
#include "windrow/python/capsule.h"

#include <arrow/c/abi.h>
#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>

#include "windrow/python/gil.h"
#include "windrow/python/raise.h"

namespace windrow::python {
namespace {

namespace nb = nanobind;

constexpr char kSchema[] = "arrow_schema";
constexpr char kArray[] = "arrow_array";
constexpr char kStream[] = "arrow_array_stream";

template <typename T>
T* Inside(nb::handle capsule, const char* name) {
  void* inside = PyCapsule_GetPointer(capsule.ptr(), name);
  if (inside == nullptr) nb::raise_python_error();
  return static_cast<T*>(inside);
}

/// A capsule that owns a structure of the C interface, and releases what it holds.
template <typename T>
nb::object Enclose(T* owned, const char* name) {
  PyObject* capsule = PyCapsule_New(owned, name, [](PyObject* self) {
    auto* held = static_cast<T*>(PyCapsule_GetPointer(self, PyCapsule_GetName(self)));
    if (held->release != nullptr) {
      const WithoutGil unlocked;
      held->release(held);
    }
    delete held;
  });
  if (capsule == nullptr) {
    delete owned;
    nb::raise_python_error();
  }
  return nb::steal(capsule);
}

}  // namespace

std::shared_ptr<arrow::Schema> ImportSchema(const nb::object& object) {
  const nb::object capsule = object.attr("__arrow_c_schema__")();
  return ValueOrRaise(arrow::ImportSchema(Inside<ArrowSchema>(capsule, kSchema)));
}

std::shared_ptr<arrow::RecordBatchReader> ImportStream(const nb::object& object) {
  const nb::object capsule = PyCapsule_IsValid(object.ptr(), kStream) != 0
                                 ? object
                                 : object.attr("__arrow_c_stream__")();
  auto* stream = Inside<ArrowArrayStream>(capsule, kStream);
  const WithoutGil unlocked;
  return ValueOrRaise(arrow::ImportRecordBatchReader(stream));
}

std::vector<std::shared_ptr<arrow::RecordBatch>> ImportBatches(const nb::object& object) {
  if (nb::hasattr(object, "__arrow_c_array__")) {
    const nb::object pair = object.attr("__arrow_c_array__")();
    auto* schema = Inside<ArrowSchema>(pair[0], kSchema);
    auto* array = Inside<ArrowArray>(pair[1], kArray);
    return {ValueOrRaise(arrow::ImportRecordBatch(array, schema))};
  }
  const auto reader = ImportStream(object);
  const WithoutGil unlocked;
  return ValueOrRaise(reader->ToRecordBatches());
}

nb::object ExportSchema(const arrow::Schema& schema) {
  auto owned = std::make_unique<ArrowSchema>();
  RaiseIfFailed(arrow::ExportSchema(schema, owned.get()));
  return Enclose(owned.release(), kSchema);
}

nb::object ExportStream(std::shared_ptr<arrow::RecordBatchReader> reader) {
  auto owned = std::make_unique<ArrowArrayStream>();
  RaiseIfFailed(arrow::ExportRecordBatchReader(std::move(reader), owned.get()));
  return Enclose(owned.release(), kStream);
}

}  // namespace windrow::python
