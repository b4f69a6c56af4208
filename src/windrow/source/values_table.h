// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "windrow/exec/table.h"

namespace windrow::source {

/// A table of rows that are in memory already.
std::shared_ptr<exec::Table> MakeValuesTable(std::shared_ptr<arrow::RecordBatch> rows);

}  // namespace windrow::source
