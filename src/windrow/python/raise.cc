// SPDX-License-Identifier: Apache-2.0
#include "windrow/python/raise.h"

#include <chrono>

#include "windrow/python/gil.h"

namespace windrow::python {
namespace {

namespace nb = nanobind;

const char* NameOf(Blame blame) {
  switch (blame) {
    case Blame::kInternal:
      return "internal";
    case Blame::kUser:
      return "user";
    case Blame::kData:
      return "data";
    case Blame::kStorage:
      return "storage";
    case Blame::kResource:
      return "resource";
    case Blame::kCancelled:
      return "cancelled";
  }
  return "internal";
}

void Translate(const std::exception_ptr& thrown, void*) {
  try {
    std::rethrow_exception(thrown);
  } catch (const StatusError& error) {
    const nb::object made =
        nb::module_::import_("windrow.errors")
            .attr("make_error")(NameOf(BlameOf(error.status())), error.what());
    PyErr_SetObject(made.type().ptr(), made.ptr());
  }
}

}  // namespace

void RegisterErrors() { nb::register_exception_translator(Translate); }

void AwaitOrInterrupt(const std::function<bool()>& wait_a_moment,
                      const std::function<void()>& stop) {
  constexpr std::chrono::seconds kPatience(1);
  const auto wait = [&] {
    const WithoutGil unlocked;
    return wait_a_moment();
  };
  while (!wait()) {
    if (PyErr_CheckSignals() == 0) continue;
    const nb::python_error interrupt;
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    {
      const WithoutGil unlocked;
      stop();
    }
    while (!wait() && std::chrono::steady_clock::now() < deadline) {
    }
    throw interrupt;
  }
}

}  // namespace windrow::python
