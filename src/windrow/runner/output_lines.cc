// SPDX-License-Identifier: Apache-2.0
#include "windrow/runner/output_lines.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <utility>

#include "windrow/base/byte_size.h"

namespace windrow::runner {

std::vector<std::string> OutputLines(const LocalRunner& runner, const RunReport& report) {
  std::vector<std::string> lines;
  runner.metrics().ForEach([&](const exec::StepMetrics& step) {
    if (step.kind != "write" && step.kind != "result") return;
    const auto& schema = runner.sink_schemas().at(step.name);
    std::string line = fmt::format("{}: {} rows, {} columns", step.name,
                                   step.rows_out.load(), schema->num_fields());
    if (step.kind == "write") line += ", " + FormatByteSize(step.bytes);
    lines.push_back(std::move(line) + fmt::format(", {:.3f} s", report.wall_seconds));
  });
  return lines;
}

}  // namespace windrow::runner
