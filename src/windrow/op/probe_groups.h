// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/format/probe_record.h"

namespace windrow::op {

/// A batch of which each row is a source address and lists of its measurements, all of
/// one length in a row. Immutable and thread-safe.
class ProbeGroups {
 public:
  /// `columns` are those of column::FindMeasurementLists; a text column may be coded
  /// where the schema it looked at says plain, and the other way round.
  /// A DataError for null lists or sources, lists of different lengths in a row, and
  /// codes outside their dictionary.
  static Result<std::shared_ptr<const ProbeGroups>> Make(
      std::shared_ptr<arrow::RecordBatch> batch,
      const std::array<int, format::kNumProbeColumns>& columns);

  int64_t size() const { return static_cast<int64_t>(sources_.size()); }
  std::string_view src_addr(int64_t group) const { return sources_[group]; }
  const format::ProbeRecordCounts& counts(int64_t group) const { return counts_[group]; }
  /// The group's measurements; row 0 is its first.
  format::ProbeColumns measurements(int64_t group) const;

 private:
  explicit ProbeGroups(std::shared_ptr<arrow::RecordBatch> batch)
      : batch_(std::move(batch)) {}
  Status ReadSources(const arrow::Array& sources);
  Status ReadList(format::ProbeColumn column, const arrow::Array& lists);
  Status ReadDestinations(const arrow::Array& texts);
  Status CountMeasurements();

  std::shared_ptr<arrow::RecordBatch> batch_;
  std::vector<std::string_view> sources_;
  format::ProbeColumns columns_;  ///< row 0 of each is its child array's first
  /// Of each group, and of each list column, where the list begins in the child array.
  std::array<std::vector<int64_t>, format::kNumProbeColumns> begins_;
  std::vector<int64_t> lengths_;
  // Of the dictionary of destinations:
  int64_t num_texts_ = 0;
  format::ProbeColumns::Validity null_texts_;
  std::vector<format::ProbeRecordCounts> counts_;
};

}  // namespace windrow::op
