// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "windrow/plan/exchange_spec.h"
#include "windrow/plan/expression.h"
#include "windrow/plan/job_spec.h"
#include "windrow/plan/logical_plan.h"

// A physical plan is a sequence of stages, each plain data: names, texts and numbers. A
// stage ends where rows change hands: at the building side of a join, or at a sink.
// Columns are named, never numbered, so a stage means the same wherever it is run.
namespace windrow::plan {

struct StageOp;

/// What a stage reads: columns of a source, or of a step whose rows were kept.
struct StageInput {
  std::string source;                ///< name in the job
  std::vector<std::string> columns;  ///< in the source's order
  ExprPtr pruning;                   ///< rows not matching may be left out; may be null
  bool row_numbers = false;          ///< adds exec::kRowNumberColumn
  /// Columns of text that may come as dictionaries.
  std::vector<std::string> dictionary_columns;
  std::vector<std::string> hashed_columns;  ///< of them, those that are looked up
  /// Rows with other keys than the built side of this join may be left out; -1: none.
  int keys_of_join = -1;
  std::string key_column;  ///< of the source, if so
  /// Filters and projects of this input alone, where a stage has several.
  std::vector<StageOp> ops;
};

struct FilterOp {
  ExprPtr predicate;
};

struct ProjectOp {
  std::vector<ProjectNode::Column> columns;
};

/// Keys of one side of a join and where its payload is.
struct JoinSide {
  std::vector<std::string> keys;  ///< columns of the side's stage
  /// Payload stays in this source and is gathered from there by row number; empty: the
  /// side's batches are retained.
  std::string late_source;
};

/// Streams the left side against the built right side.
struct ProbeOp {
  int join;
  JoinHow how;
  std::vector<std::string> keys;
  std::vector<JoinColumn> columns;  ///< inputs: stage column, or column of the built side
  ExprPtr condition;                ///< may be null
  std::vector<JoinColumn> condition_columns;
};

/// Streams the right side's keys against the built left side.
struct SwappedProbeOp {
  int join;
  JoinHow how;
  std::vector<std::string> keys;
  /// Its payload is gathered from this source by row number; empty: the batches that
  /// come are retained.
  std::string right_source;
  std::vector<JoinColumn> columns;  ///< inputs: columns of the sides' payload
};

struct SortOp {
  std::vector<SortNode::Key> keys;
  std::optional<int64_t> limit;
};

struct LimitOp {
  int64_t rows;
};

/// What a look at the keys of a collect's input found.
struct KeyOrder {
  bool is_sorted = false;
  int64_t groups = -1;  ///< distinct keys, when sorted; -1 when rows are left out later
};

struct CollectOp {
  std::vector<std::string> keys;
  std::vector<SortNode::Key> order;
  std::vector<std::string> columns;
  std::optional<int64_t> max_rows;
  KeyOrder key_order;
  int64_t rows_expected = 0;  ///< 0: unknown
  /// The step after it takes lists of text as lists of dictionary arrays too.
  bool dictionary_lists = false;
};

struct AggregateOp {
  std::vector<std::string> keys;
  std::vector<AggregateNode::Column> columns;
  bool partial = true;  ///< batches may be aggregated on their own first
};

struct NumberRowsOp {
  std::string column;
  int64_t first_row;
};

struct ProbeMeasurementsOp {
  NullSource null_source;
};

/// With ProbeSplit::kSorted the step before it is a CollectOp that knows its groups.
struct ProbeRecordsOp {
  int64_t max_row_bytes;
  ProbeSplit split;
  double train_ratio;
  std::optional<int64_t> shards;
};

struct StageOp {
  std::string step;
  std::variant<FilterOp, ProjectOp, ProbeOp, SwappedProbeOp, SortOp, LimitOp, CollectOp,
               AggregateOp, ProbeMeasurementsOp, ProbeRecordsOp, NumberRowsOp>
      kind;
};

/// How the keys of a join compare; shared by its building and probing stage.
struct JoinKeys {
  std::vector<std::shared_ptr<arrow::DataType>> types;
  bool nulls_equal = false;
};

JoinKeys KeysOf(const JoinNode& join);

/// Ends a stage by building a join side.
struct BuildOutput {
  int join;
  std::string step;
  std::string built;  ///< name of the side that is built
  JoinKeys keys;
  JoinSide side;
};

/// Ends a stage by keeping its rows for later stages, which read them by this name.
struct KeepOutput {
  std::string step;
};

/// Ends a stage at a sink.
struct SinkOutput {
  SinkSpec sink;
};

/// Ends a stage by handing its rows to the tasks of another fragment.
struct ExchangeOutput {
  std::string step;
  ExchangeSpec exchange;
};

struct PipelineStage {
  std::vector<StageInput> inputs;  ///< one after the other
  std::string union_step;          ///< the step that names several inputs
  std::vector<StageOp> ops;
  std::variant<BuildOutput, KeepOutput, SinkOutput, ExchangeOutput> output;
  std::optional<int64_t> estimated_rows;  ///< of the output
};

/// Looks whether a source's key column counts up by one, in which case the join needs no
/// table. Its result decides what comes next.
struct KeyCheckStage {
  int join;
  std::string step;
  JoinKeys keys;
  std::string source;
  std::string key_column;
};

/// Looks whether a source's rows come in ascending order of some columns, in which case a
/// collect by them need not keep its input. Stops at the first row that does not.
struct KeyOrderStage {
  std::string step;
  std::string source;
  std::vector<std::string> key_columns;
};

struct Stage {
  int id;
  std::variant<KeyCheckStage, KeyOrderStage, PipelineStage> kind;
};

/// What the planner learns from a stage that ran.
struct StageResult {
  int stage_id = 0;
  bool keys_count_up = false;        ///< of a key check
  bool payload_is_resident = false;  ///< of a key check: gathering needs no decoding
  KeyOrder key_order;                ///< of a look at the order of keys
};

}  // namespace windrow::plan
