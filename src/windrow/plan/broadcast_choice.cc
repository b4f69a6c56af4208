// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/broadcast_choice.h"

#include <sstream>

#include "windrow/base/byte_size.h"
#include "windrow/plan/moved_bytes.h"

namespace windrow::plan {
namespace {

std::string Text(double bytes) { return FormatByteSize(static_cast<int64_t>(bytes)); }

/// What there is to move of a side, where a filter may leave rows out.
SideSize Filtered(SideSize side, bool may_filter) {
  if (!may_filter || !side.filtered_bytes.has_value() || side.bytes <= 0) return side;
  side.rows *= *side.filtered_bytes / side.bytes;
  side.bytes = *side.filtered_bytes;
  return side;
}

std::string Text(const SideSize& side, const char* name) {
  return std::string(name) + (side.doubt > 1 ? " about " : " ") + Text(side.bytes);
}

/// Why `sent` does not go to all nodes though that moves no more than a shuffle; empty
/// where nothing speaks against it.
std::string ObjectionTo(const SideSize& sent, const SideSize& stays, const char* name,
                        const JoinSizes& join) {
  const double most = sent.bytes * sent.doubt;
  const double table = TableBytes(sent.rows, sent.bytes) * sent.doubt;
  const double allowed = join.node_memory * kTableShare;
  if (table > allowed) {
    return std::string("; the ") + name + " side " +
           (sent.doubt > 1 ? "might" : "would") + " take " + Text(table) +
           " of each node, more than " + Text(allowed);
  }
  if (MovedToAll(most, join.nodes) >
      MovedByKey(most + stays.bytes / stays.doubt, join.nodes)) {
    return "; too close to call by estimates";
  }
  return "";
}

}  // namespace

double BroadcastChoice::moved_bytes() const {
  if (way == MoveWay::kShuffle) return shuffle_bytes;
  return way == MoveWay::kBroadcastRight ? right_bytes : left_bytes;
}

bool MayBroadcastLeft(JoinHow how) { return how == JoinHow::kInner; }

BroadcastChoice ChooseBroadcast(const JoinSizes& join) {
  const SideSize left =
      Filtered(join.left, join.how == JoinHow::kInner || join.how == JoinHow::kSemi);
  const SideSize right = Filtered(join.right, true);
  BroadcastChoice choice;
  choice.shuffle_bytes = MovedByKey(left.bytes + right.bytes, join.nodes);
  choice.right_bytes = MovedToAll(right.bytes, join.nodes);
  choice.left_bytes = MovedToAll(left.bytes, join.nodes);
  // Never both: only the smaller side can move less than a shuffle of the two.
  const bool sends_left = join.may_send_left && MayBroadcastLeft(join.how) &&
                          choice.left_bytes < choice.right_bytes;
  const MoveWay broadcast =
      sends_left ? MoveWay::kBroadcastLeft : MoveWay::kBroadcastRight;
  const double moved = sends_left ? choice.left_bytes : choice.right_bytes;
  std::ostringstream reason;
  reason << Text(right, "right") << ", " << Text(left, "left") << ", " << join.nodes
         << " nodes: broadcast moves " << Text(moved) << ", shuffle "
         << Text(choice.shuffle_bytes);
  if (!join.has_keys) {
    choice.way = broadcast;
    reason << "; without keys every pair of rows is looked at";
  } else if (moved <= choice.shuffle_bytes) {
    const std::string objection = sends_left ? ObjectionTo(left, right, "left", join)
                                             : ObjectionTo(right, left, "right", join);
    if (objection.empty()) choice.way = broadcast;
    reason << objection;
  } else if (!MayBroadcastLeft(join.how) && choice.left_bytes < choice.shuffle_bytes) {
    reason << "; the left side is smaller, but its rows come out once each";
  }
  choice.reason = reason.str();
  return choice;
}

}  // namespace windrow::plan
