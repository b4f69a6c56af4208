// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>

#include "windrow/base/status.h"

namespace windrow::column {

/// Whether labels are stored so: a map of text to text or other plain values, or a struct
/// of such fields, each name once. Plain values are texts, dictionaries of texts,
/// booleans, numbers and the null type.
bool HoldsLabels(const arrow::DataType& type);

/// The label sets of a column that HoldsLabels, as their canonical texts. A value becomes
/// what its JSON would: integers their digits, other numbers DoubleText. Null rows give
/// null, null fields of a struct no entry, null values of a map a null. DataError for a
/// key that comes twice and for invalid UTF-8.
Result<std::shared_ptr<arrow::Array>> NestedLabels(const arrow::Array& column,
                                                   arrow::MemoryPool* pool);

}  // namespace windrow::column
