// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

namespace windrow::exec {

/// A column of a chunk of a RowStore.
struct RowPiece {
  int chunk;
  int column;
  auto operator<=>(const RowPiece&) const = default;
};

/// What a RowStore also is when its rows lie far away. Thread-safe.
class ExpectedRows {
 public:
  virtual ~ExpectedRows() = default;
  /// Says what will be loaded next, each piece once and in about this order: it is
  /// fetched ahead as far as there is memory. Takes the place of what was said before.
  virtual void Expect(std::vector<RowPiece> pieces) const = 0;
};

}  // namespace windrow::exec
