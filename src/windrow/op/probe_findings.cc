// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/probe_findings.h"

namespace windrow::op {

void ProbeFindings::Add(std::string_view kind, std::string_view file, int64_t record,
                        std::string_view detail) {
  Kind& found = kinds_[std::string(kind)];
  if (++found.count > 1) return;
  found.first = std::string(file) + ": ";
  if (record >= 0) found.first += "record " + std::to_string(record) + ": ";
  found.first += std::string(kind) + ": " + std::string(detail);
}

std::vector<std::string> ProbeFindings::Lines() const {
  std::vector<std::string> lines;
  for (const auto& [name, kind] : kinds_) {
    lines.push_back(kind.first);
    if (kind.count > 1)
      lines.back() += " (and " + std::to_string(kind.count - 1) + " more)";
  }
  return lines;
}

}  // namespace windrow::op
