// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "windrow/exec/table.h"

namespace windrow::source {

/// Opens one local ArrayRecord file and reads its footer: a table of one column `record`
/// of type binary without nulls. Fails with kStorage when the file cannot be read and
/// kData when it is damaged or no ArrayRecord file, naming path and byte.
Result<std::shared_ptr<exec::Table>> OpenArrayRecordTable(const std::string& path);

/// Whether `path` looks like one, by its signature or its last block. False when it
/// cannot be read.
bool IsArrayRecordFile(const std::string& path);

}  // namespace windrow::source
