// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string_view>

#include "windrow/base/status.h"
#include "windrow/column/sql_type.h"

namespace windrow::column {

// A scan may declare its columns' types. What a file stores instead is read as that type
// where nothing is lost or guessed, which is less than store assignment does:
//
//   double precision, real                  integers they hold exactly, narrower floats
//   smallint, integer, bigint               integers in range
//   numeric(p,s)                            integers and decimals, rounded half up
//   text, varchar                           strings; integers give their digits
//   labels (SqlType::takes_labels)          the same, and what HoldsLabels
//   timestamp, timestamptz                  timestamps, rounded half up, as UTC
//   date                                    dates
//   boolean                                 boolean
//   bytea                                   binary of any kind

/// Whether a scan can declare a column as `type`. A UserError names the types it can.
Status CheckDeclarable(const SqlType& type);

/// The type such a column is read as: the storage type, but timestamp[ms] for timestamps
/// of at most three digits, which is how files have them.
std::shared_ptr<arrow::DataType> DeclaredArrowType(const SqlType& type);

/// Whether a stored column can be read as `type`. A DataError names both types.
Status CheckReadable(const arrow::DataType& stored, const SqlType& type);

/// Whether a column stored so is read as `type` as it is.
bool IsReadAsStored(const arrow::DataType& stored, const SqlType& type);

/// `values`, of a type that CheckReadable takes or a dictionary of it, as an array of
/// DeclaredArrowType. A DataError names `column`, the value and `type`.
Result<std::shared_ptr<arrow::Array>> ReadAs(const std::shared_ptr<arrow::Array>& values,
                                             const SqlType& type, std::string_view column,
                                             arrow::MemoryPool* pool);

}  // namespace windrow::column
