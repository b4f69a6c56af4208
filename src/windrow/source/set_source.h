// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "windrow/exec/run_context.h"
#include "windrow/exec/table.h"

namespace windrow::source {

/// What the scan of one part must add to its batches to make them the set's.
struct PartColumns {
  std::shared_ptr<arrow::Schema> schema;  ///< of the scan
  std::vector<int> inputs;                ///< column of the part's batch, or -1
  /// By output column, where inputs is -1.
  std::vector<std::shared_ptr<arrow::Scalar>> constants;
  int64_t first_row = 0;
  bool row_numbers = false;
};

/// The scan of one part of a set, not begun.
struct PartScan {
  const exec::Table* table;
  exec::ScanOptions options;
  std::shared_ptr<const PartColumns> columns;
  bool is_remote = false;  ///< an object in a store: worth fetching ahead
};

class RemoteSource;

/// What is special about objects in a store.
struct ReadAhead {
  bool is_on = true;
  /// Whether the objects are still what they were: called after the last unit, and when
  /// one cannot be decoded. May be null. Thread-safe.
  std::function<Status()> check;
};

/// Scans the parts one after the other; a local part is opened for reading when its turn
/// comes. Of remote ones, units that take up to half of what units may hold (256 MiB at
/// most) are fetched ahead, over parts and their units, so that many requests are under
/// way at once.
class SetSource : public exec::Source {
 public:
  SetSource(std::shared_ptr<arrow::Schema> schema, std::vector<PartScan> scans,
            ReadAhead ahead, exec::RunContext* context);

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::unique_ptr<exec::UnitReader>> NextUnit(
      const arrow::StopToken& stop) override;
  int64_t next_unit_bytes() const override;
  int64_t bytes_read() const override;

 private:
  /// A unit that was begun, and the part it is of.
  struct Ahead {
    size_t part;
    int64_t bytes;
  };

  Status OpenNext();
  Status LookAhead();
  Result<std::unique_ptr<exec::UnitReader>> NextOfCurrent(const arrow::StopToken& stop);

  std::shared_ptr<arrow::Schema> schema_;
  std::vector<PartScan> scans_;
  std::function<Status()> check_;
  exec::RunContext* context_;
  /// Of the parts begun, in their order. Kept after they end, since their last units may
  /// still be read.
  std::vector<std::unique_ptr<exec::Source>> sources_;
  RemoteSource* last_remote_ = nullptr;  ///< the last of them, when it is one
  size_t current_ = 0;                   ///< the part that is being read
  int64_t most_ahead_bytes_;
  std::deque<Ahead> ahead_;
  int64_t ahead_bytes_ = 0;
  int64_t last_unit_bytes_ = 0;
  int64_t bytes_of_finished_ = 0;
};

}  // namespace windrow::source
