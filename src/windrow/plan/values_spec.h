// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "windrow/plan/placed.h"

namespace windrow::plan {

/// A cell of inline rows, null without text.
using ValueCell = Placed<std::optional<std::string>>;

/// `type` is SQL's name of it, as in a cast.
struct ValuesColumn {
  PlacedText name;
  PlacedText type;
  bool operator==(const ValuesColumn&) const = default;
};

/// Rows written into the job. Each has a cell for each column.
struct ValuesSpec {
  std::vector<ValuesColumn> columns;  ///< at least one
  std::vector<Placed<std::vector<ValueCell>>> rows;
  bool operator==(const ValuesSpec&) const = default;
};

}  // namespace windrow::plan
