// SPDX-License-Identifier: Apache-2.0
#include "support/reference_join.h"

#include <arrow/array.h>
#include <arrow/scalar.h>

#include <optional>
#include <string>

#include "support/random_columns.h"

namespace windrow::testing {
namespace {

using Row = std::vector<std::optional<std::string>>;

std::vector<Row> RowsOf(const arrow::ArrayVector& keys) {
  std::vector<Row> rows(static_cast<size_t>(keys[0]->length()));
  for (const auto& key : keys) {
    const auto plain = Decoded(key);
    for (size_t row = 0; row < rows.size(); ++row) {
      const auto value = plain->GetScalar(static_cast<int64_t>(row)).ValueOrDie();
      rows[row].push_back(value->is_valid ? std::optional(value->ToString())
                                          : std::nullopt);
    }
  }
  return rows;
}

bool AreEqual(const Row& left, const Row& right, bool nulls_equal) {
  for (size_t i = 0; i < left.size(); ++i) {
    if (left[i] != right[i]) return false;
    if (!left[i].has_value() && !nulls_equal) return false;
  }
  return true;
}

}  // namespace

RowPairs ReferenceJoin(op::JoinKind kind, const arrow::ArrayVector& left_keys,
                       const arrow::ArrayVector& right_keys, bool nulls_equal) {
  const std::vector<Row> left = RowsOf(left_keys);
  const std::vector<Row> right = RowsOf(right_keys);
  RowPairs pairs;
  auto add = [&](size_t l, int64_t r) {
    pairs.left.push_back(static_cast<int64_t>(l));
    pairs.right.push_back(r);
  };
  for (size_t l = 0; l < left.size(); ++l) {
    std::vector<int64_t> partners;
    for (size_t r = 0; r < right.size(); ++r) {
      if (AreEqual(left[l], right[r], nulls_equal))
        partners.push_back(static_cast<int64_t>(r));
    }
    switch (kind) {
      case op::JoinKind::kInner:
        for (const int64_t r : partners) add(l, r);
        break;
      case op::JoinKind::kLeft:
        for (const int64_t r : partners) add(l, r);
        if (partners.empty()) add(l, -1);
        break;
      case op::JoinKind::kSemi:
        if (!partners.empty()) add(l, -1);
        break;
      case op::JoinKind::kAnti:
        if (partners.empty()) add(l, -1);
        break;
    }
  }
  return pairs;
}

}  // namespace windrow::testing
