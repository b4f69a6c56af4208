// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "windrow/base/status.h"
#include "windrow/plan/job_spec.h"
#include "windrow/plan/problem_list.h"

namespace windrow::plan {

/// The type of a column of inline values; a problem, and null, when its text names none.
std::shared_ptr<arrow::DataType> InlineType(const ValuesColumn& column,
                                            ProblemList& problems);

/// Adds a problem for an unknown type, a name that comes twice, a row with another number
/// of cells than there are columns, and a cell that is no value of its column's type.
void CheckValues(const ValuesSpec& values, ProblemList& problems);

/// The rows of a spec that CheckValues found nothing wrong with.
Result<std::shared_ptr<arrow::RecordBatch>> MakeInlineBatch(const ValuesSpec& values);

}  // namespace windrow::plan
