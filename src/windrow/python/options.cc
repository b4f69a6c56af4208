// SPDX-License-Identifier: Apache-2.0
#include "windrow/python/options.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <map>
#include <string>
#include <vector>

namespace windrow::python {

namespace nb = nanobind;

runner::EngineOptions OptionsOf(const nb::dict& given) {
  runner::EngineOptions options;
  const std::map<std::string, std::string*> texts = {
      {"memory", &options.memory},
      {"temp_dir", &options.temp_dir},
      {"on", &options.on},
      {"s3_endpoint", &options.s3_endpoint},
      {"token_file", &options.token_file},
      {"tls_ca", &options.tls_ca},
  };
  for (const auto& [key, value] : given) {
    const auto name = nb::cast<std::string>(key);
    if (const auto text = texts.find(name); text != texts.end()) {
      *text->second = nb::cast<std::string>(value);
    } else if (name == "slots") {
      options.slots = nb::cast<int>(value);
    } else if (name == "set") {
      options.set = nb::cast<std::vector<std::string>>(value);
    } else {
      throw nb::type_error(("unknown option " + name).c_str());
    }
  }
  return options;
}

}  // namespace windrow::python
