// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "windrow/format/probe_record.h"
#include "windrow/op/probe_groups.h"

namespace windrow::op {

/// A record that is to be written: which rows of which batches.
struct ProbeRecordPlan {
  struct Piece {
    std::shared_ptr<const ProbeGroups> groups;
    int64_t group;
    int64_t begin;  ///< rows of the group
    int64_t end;
  };

  int64_t src_id = 0;
  int32_t file = 0;
  format::ProbeRecordCounts counts;
  std::vector<Piece> pieces;  ///< at least one

  std::string_view src_addr() const {
    return pieces.front().groups->src_addr(pieces.front().group);
  }
  /// Writes the record to `bytes`; see format::ProbeRecordWriter.
  void Write(uint8_t* bytes) const;
};

/// Cuts the rows of one group after the other into records: a group that fits becomes
/// one, a longer one as many rows as fit, again and again, at least one row each. A group
/// may come in pieces; the cuts are those of the whole. Single-threaded.
class ProbeCuts {
 public:
  /// `max_bytes`: of the inner stream.
  explicit ProbeCuts(int64_t max_bytes) : max_bytes_(max_bytes) {}

  /// Starts a group; the one before must have been ended.
  void Begin(int64_t src_id, int32_t file);
  /// Adds all rows of `group`, which belong to the group begun.
  void Add(std::shared_ptr<const ProbeGroups> groups, int64_t group);
  /// Ends the group and returns how many records it became.
  int64_t End();

  /// Records complete so far, in order; taken out by the caller.
  std::deque<ProbeRecordPlan>& records() { return records_; }

 private:
  void CloseRecord();

  int64_t max_bytes_;
  ProbeRecordPlan open_;
  int64_t group_records_ = 0;
  std::deque<ProbeRecordPlan> records_;
};

}  // namespace windrow::op
