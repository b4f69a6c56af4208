// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "windrow/exec/table.h"
#include "windrow/plan/exchange_spec.h"
#include "windrow/plan/logical_plan.h"

// A plan that runs on several nodes is cut at exchanges into fragments. A fragment is
// plain data and runs as tasks: the same plan over different rows. What a task writes
// depends on its fragment, its own data and the pieces it reads, and on nothing else, so
// a task that was lost is run again and writes the same.
namespace windrow::plan {

/// What one task wrote for one partition of its fragment's exchange.
struct Piece {
  int fragment = 0;
  int task = 0;
  int partition = 0;
  auto operator<=>(const Piece&) const = default;
};

/// The pieces that one input of a task consists of, in the order of its rows.
struct PieceInput {
  std::string name;  ///< of the scan in the fragment's plan
  std::vector<Piece> pieces;
};

/// Some chunks of a source.
struct ScanSplit {
  std::string source;
  exec::ChunkRange chunks;
  int64_t table_rows = 0;  ///< of the whole table, which a task must find, too
};

struct FragmentTask {
  std::optional<ScanSplit> split;  ///< none: sources are read whole
  std::vector<PieceInput> inputs;
  /// Where the task's rows are counted from, so that all tasks' counts ascend.
  int64_t first_row = 0;
  int64_t bytes = 0;  ///< of its input, by estimate
};

struct Fragment {
  int id = 0;
  NodePtr root;
  std::vector<std::string> sources;  ///< of the job that it scans, by name
  /// Columns of its inputs, by the name of the scan.
  std::map<std::string, std::shared_ptr<arrow::Schema>> inputs;
  ExchangeSpec exchange;
  /// A plan that is not cut: its only task may use every slot of a node.
  bool is_whole = false;
  /// It scans what only the driver has: rows in memory, or a database.
  bool on_driver = false;
  std::vector<FragmentTask> tasks;
};

struct PieceSize {
  int64_t rows = 0;
  int64_t bytes = 0;
};

/// What the planner learns from a task that ran.
struct TaskResult {
  int fragment = 0;
  int task = 0;
  std::vector<PieceSize> pieces;    ///< by partition
  std::vector<std::string> sample;  ///< see exec::ExchangedRows
  std::string steps;                ///< its steps' counters, which the planner ignores
};

}  // namespace windrow::plan
