// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>

namespace windrow::cli {

/// Every engine switch: its default, its meaning and what it falls back to.
void PrintSwitches(std::ostream& out);

/// Every data set that can be generated, with its options.
void PrintDatasets(std::ostream& out);

}  // namespace windrow::cli
