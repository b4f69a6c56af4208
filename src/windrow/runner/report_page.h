// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "windrow/runner/run_report.h"

namespace windrow::runner {

/// The run report as a page for people: what was done when, memory against the budget,
/// busy threads, spilled bytes, and what each step did beside what was predicted. It
/// needs no other file and no script.
std::string ToHtml(const RunReport& report);

}  // namespace windrow::runner
