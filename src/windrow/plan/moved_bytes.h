// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace windrow::plan {

// What bringing rows together costs on nodes that each have an equal share of them.

/// Bytes that go to another node when each row goes to one node: all but those that are
/// there already.
inline double MovedByKey(double bytes, int nodes) { return bytes * (nodes - 1) / nodes; }

/// The same when every row goes to all nodes.
inline double MovedToAll(double bytes, int nodes) { return bytes * (nodes - 1); }

/// Bytes in the memory of a table that a join builds of rows: a slot of 16 bytes at a
/// fill of 0.7, and a third more than the rows for their layout.
inline double TableBytes(double rows, double bytes) {
  return bytes * 1.3 + rows * 16 / 0.7;
}

/// A table of rows that went to all nodes may take this share of a node's memory.
inline constexpr double kTableShare = 0.25;

}  // namespace windrow::plan
