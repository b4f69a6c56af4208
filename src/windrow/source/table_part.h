// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "windrow/exec/table.h"

namespace windrow::source {

/// Some chunks of a table as a table of their own; its row numbers count from the first
/// of them. `table` has chunk_offsets, and `chunks` is a range of them. Statistics are
/// those of the whole table.
std::shared_ptr<exec::Table> MakeTablePart(std::shared_ptr<exec::Table> table,
                                           exec::ChunkRange chunks);

}  // namespace windrow::source
