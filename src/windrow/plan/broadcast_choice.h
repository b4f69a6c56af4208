// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "windrow/plan/logical_plan.h"

namespace windrow::plan {

/// One side of a join, its columns that the join reads.
struct SideSize {
  double rows = 0;
  double bytes = 0;
  /// By which factor it may be larger or smaller: 1 for what was counted.
  double doubt = 1;
  /// Bytes of the rows that a filter of the other side's keys leaves, where it is known.
  std::optional<double> filtered_bytes = std::nullopt;
};

struct JoinSizes {
  JoinHow how = JoinHow::kInner;
  bool has_keys = true;  ///< else each left row meets each right row
  SideSize left;
  SideSize right;
  int nodes = 1;
  double node_memory = 16e9;  ///< bytes of one node
  /// False where the right side is on its way already.
  bool may_send_left = true;
};

enum class MoveWay {
  kShuffle,         ///< both sides to the nodes of their keys
  kBroadcastRight,  ///< the right side to every node, where left rows stay
  kBroadcastLeft
};

struct BroadcastChoice {
  MoveWay way = MoveWay::kShuffle;
  /// Bytes that go to another node, by estimate.
  double shuffle_bytes = 0;
  double right_bytes = 0;  ///< for kBroadcastRight
  double left_bytes = 0;
  std::string reason;  ///< for people

  double moved_bytes() const;  ///< of the way that was chosen
};

/// Whether the left side may be sent to all nodes: only if no row of it has to come out
/// once, whichever rows it joins. The right side always may, as no join keeps its rows.
bool MayBroadcastLeft(JoinHow how);

/// The way that moves fewest bytes; of two alike a broadcast, the right side's first. A
/// side is sent to all nodes only if its table fits there, and if it is the better way
/// still when that side is as much larger and the other as much smaller as they may be.
/// Without keys there is nothing to shuffle by.
BroadcastChoice ChooseBroadcast(const JoinSizes& join);

}  // namespace windrow::plan
