// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/probe_cuts.h"

#include <utility>

#include "windrow/base/check.h"

namespace windrow::op {
namespace {

using format::ProbeRecordCounts;

ProbeRecordCounts Sum(ProbeRecordCounts a, const ProbeRecordCounts& b) { return a += b; }

/// The longest run of rows from `begin` on that fits behind `before`, and its counts.
/// Rows [begin, end) together do not fit. Looks at each row about once.
ProbeRecordCounts Fitting(const format::ProbeColumns& rows, int64_t src_length,
                          int64_t begin, int64_t end, const ProbeRecordCounts& before,
                          int64_t max_bytes) {
  ProbeRecordCounts fitting;
  int64_t too_many = end - begin;
  while (too_many - fitting.rows > 1) {
    const int64_t middle = fitting.rows + (too_many - fitting.rows) / 2;
    const ProbeRecordCounts tried =
        Sum(fitting,
            format::CountRows(rows, src_length, begin + fitting.rows, begin + middle));
    if (format::MeasurementBytes(Sum(before, tried)) <= max_bytes) {
      fitting = tried;
    } else {
      too_many = middle;
    }
  }
  if (fitting.rows == 0 && before.rows == 0) {
    return format::CountRows(rows, src_length, begin, begin + 1);
  }
  return fitting;
}

}  // namespace

void ProbeRecordPlan::Write(uint8_t* bytes) const {
  format::ProbeRecordWriter writer(counts, src_addr(), src_id, bytes);
  for (const Piece& piece : pieces) {
    writer.Append(piece.groups->measurements(piece.group), piece.begin, piece.end);
  }
  writer.Finish();
}

void ProbeCuts::Begin(int64_t src_id, int32_t file) {
  WINDROW_CHECK(open_.pieces.empty());
  open_.src_id = src_id;
  open_.file = file;
  group_records_ = 0;
}

void ProbeCuts::Add(std::shared_ptr<const ProbeGroups> groups, int64_t group) {
  ProbeRecordCounts left = groups->counts(group);
  const int64_t end = left.rows;
  const auto src_length = static_cast<int64_t>(groups->src_addr(group).size());
  for (int64_t begin = 0; begin < end;) {
    const bool fits = format::MeasurementBytes(Sum(open_.counts, left)) <= max_bytes_;
    const ProbeRecordCounts taken = fits
                                        ? left
                                        : Fitting(groups->measurements(group), src_length,
                                                  begin, end, open_.counts, max_bytes_);
    if (taken.rows > 0) {
      open_.pieces.push_back({groups, group, begin, begin + taken.rows});
      open_.counts += taken;
      left -= taken;
      begin += taken.rows;
    }
    if (begin < end) CloseRecord();
  }
}

int64_t ProbeCuts::End() {
  if (!open_.pieces.empty()) CloseRecord();
  return group_records_;
}

void ProbeCuts::CloseRecord() {
  records_.push_back(std::move(open_));
  open_ = {};
  open_.src_id = records_.back().src_id;
  open_.file = records_.back().file;
  ++group_records_;
}

}  // namespace windrow::op
