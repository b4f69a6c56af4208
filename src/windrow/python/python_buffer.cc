// SPDX-License-Identifier: Apache-2.0
#include "windrow/python/python_buffer.h"

#include <arrow/buffer.h>

#include <utility>

#include "windrow/python/gil.h"

namespace windrow::python {
namespace {

namespace nb = nanobind;

class PythonBuffer final : public arrow::Buffer {
 public:
  explicit PythonBuffer(const Py_buffer& view)
      : arrow::Buffer(static_cast<const uint8_t*>(view.buf), view.len), view_(view) {}
  ~PythonBuffer() override {
    if (!nb::is_alive()) return;
    const WithGil locked;
    PyBuffer_Release(&view_);
  }

 private:
  Py_buffer view_;
};

int GetBuffer(PyObject* self, Py_buffer* view, int flags) {
  const arrow::Buffer& buffer = *nb::inst_ptr<Bytes>(self)->buffer;
  return PyBuffer_FillInfo(view, self, const_cast<uint8_t*>(buffer.data()), buffer.size(),
                           /*readonly=*/1, flags);
}

PyType_Slot bytes_slots[] = {
    {Py_bf_getbuffer, reinterpret_cast<void*>(GetBuffer)},
    {0, nullptr},
};

}  // namespace

std::shared_ptr<arrow::Buffer> BufferOf(const nb::object& object) {
  Py_buffer view;
  if (PyObject_GetBuffer(object.ptr(), &view, PyBUF_SIMPLE) != 0) {
    nb::raise_python_error();
  }
  return std::make_shared<PythonBuffer>(view);
}

void DefineBytes(nb::module_& module) {
  nb::class_<Bytes>(module, "Bytes", nb::type_slots(bytes_slots))
      .def("__len__", [](const Bytes& self) { return self.buffer->size(); });
}

}  // namespace windrow::python
