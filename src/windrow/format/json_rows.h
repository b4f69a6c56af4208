// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

#include "windrow/base/status.h"

namespace windrow::format {

// Rows as JSON objects, one a line, with the columns in the schema's order:
//
//   null, boolean        as themselves
//   integers, decimals   their digits, without an exponent
//   floats               the shortest number that reads back to them
//   text                 a string; bytes as base64
//   dates, times         "2025-10-01", "12:00:00.5"
//   timestamps           "2025-10-01T12:00:00", with Z when they have a zone
//   lists                arrays
//   structs, maps        objects; a map's keys are text or integers

/// Whether a column of `type` can be written. A UserError names the type.
Status CheckJsonType(const arrow::DataType& type);

/// The lines of `batch`, each ended by a newline. A text column c with `is_json[c]`, or
/// the texts of a list with it, holds JSON and is written as what it stands for, on one
/// line. Every column's type passed CheckJsonType. NaN, infinities, text that is not
/// UTF-8 and times out of range are DataErrors that name the column. Thread-safe.
Result<std::shared_ptr<arrow::Buffer>> JsonLines(const arrow::RecordBatch& batch,
                                                 const std::vector<bool>& is_json,
                                                 arrow::MemoryPool* pool);

}  // namespace windrow::format
