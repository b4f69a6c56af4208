// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "windrow/base/status.h"

namespace windrow::column {

/// The type in which values of two join key columns are compared:
///
/// | left and right                  | compared as                          |
/// |---------------------------------|--------------------------------------|
/// | integers of any width and sign  | int64; uint64 when both are          |
/// | boolean                         | boolean                              |
/// | float, double                   | double; -0.0 = 0.0 and NaN = NaN     |
/// | date32, date64                  | the finer of the two                 |
/// | timestamps, naive or zoned      | the finer unit, as instants          |
/// | times, durations                | the finer unit                       |
/// | strings and binaries, all forms | bytes                                |
/// | null and anything               | the other type; nothing matches      |
///
/// A dictionary counts as its values. Anything else does not compare: UserError naming
/// both types and, for a naive against a zoned timestamp, the reason.
Result<std::shared_ptr<arrow::DataType>> CommonKeyType(const arrow::DataType& left,
                                                       const arrow::DataType& right);

/// True when a value of this common type is one 64-bit word, false when it is bytes.
bool IsWordKey(const arrow::DataType& common_type);

}  // namespace windrow::column
