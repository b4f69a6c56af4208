// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <vector>

#include "windrow/op/join_keys.h"

namespace windrow::testing {

/// Rows that belong together; a right row of -1 stands for none.
struct RowPairs {
  std::vector<int64_t> left;
  std::vector<int64_t> right;
};

/// The join by comparing each left row with each right row, value by value: left rows in
/// order, the partners of each in right order. Values are equal when they print the same,
/// so keys may differ in width and dictionary, but not in kind. Semi and anti pair with
/// -1.
RowPairs ReferenceJoin(op::JoinKind kind, const arrow::ArrayVector& left_keys,
                       const arrow::ArrayVector& right_keys, bool nulls_equal);

}  // namespace windrow::testing
