// SPDX-License-Identifier: Apache-2.0
#include "windrow/cli/help_topics.h"

#include <string>

#include "windrow/exec/switches.h"
#include "windrow/source/generated_table.h"

namespace windrow::cli {

void PrintSwitches(std::ostream& out) {
  for (const exec::SwitchInfo& info : exec::ListSwitches()) {
    out << info.name << '=' << info.default_value << "\n    " << info.meaning << '\n';
    if (!info.fallback.empty()) out << "    off: " << info.fallback << '\n';
  }
}

void PrintDatasets(std::ostream& out) {
  for (const source::DatasetInfo& info : source::GeneratedDatasets()) {
    out << info.name << '\n';
    for (const std::string& option : info.options) out << "    " << option << '\n';
  }
}

}  // namespace windrow::cli
