// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "windrow/column/aggregate_type.h"
#include "windrow/exec/table.h"
#include "windrow/plan/expression.h"
#include "windrow/plan/job_spec.h"

namespace windrow::plan {

struct ExchangeSpec;
struct LogicalNode;
using NodePtr = std::shared_ptr<const LogicalNode>;

/// Reads columns of an opened table.
struct ScanNode {
  std::shared_ptr<exec::Table> table;
  std::vector<int> columns;  ///< of the table
};

struct FilterNode {
  NodePtr input;
  ExprPtr predicate;
};

/// Computes every output column from the input's. A select, or a with_columns written
/// out.
struct ProjectNode {
  struct Column {
    std::string name;
    ExprPtr expression;
  };
  NodePtr input;
  std::vector<Column> columns;
};

/// Which column of which side an output column of a join is.
struct JoinColumn {
  bool is_right = false;
  std::string input;   ///< name on its side
  std::string output;  ///< name in the result
};

struct JoinNode {
  NodePtr left;
  NodePtr right;
  std::vector<std::string> left_keys;
  std::vector<std::string> right_keys;
  JoinHow how = JoinHow::kInner;
  bool nulls_equal = false;
  std::vector<JoinColumn> columns;  ///< left ones first
  ExprPtr condition;                ///< of pairs with equal keys; may be null
  /// What the condition reads, left ones first; `output` is the name it has there.
  std::vector<JoinColumn> condition_columns;

  /// The right side is kept whole, to look at pairs one window after the other.
  bool looks_at_pairs() const { return condition != nullptr || left_keys.empty(); }
};

/// The columns of a join's sides under the names `columns` give them.
std::shared_ptr<arrow::Schema> PairSchema(const std::vector<JoinColumn>& columns,
                                          const arrow::Schema& left,
                                          const arrow::Schema& right);

struct SortNode {
  struct Key {
    std::string column;
    bool descending = false;
    bool nulls_first = false;
  };
  NodePtr input;
  std::vector<Key> keys;
  std::optional<int64_t> limit;
};

struct LimitNode {
  NodePtr input;
  int64_t rows = 0;
};

struct CollectNode {
  NodePtr input;
  std::vector<std::string> keys;
  std::vector<SortNode::Key> order;
  std::vector<std::string> columns;  ///< that become lists
  std::optional<int64_t> max_rows;
};

/// All inputs have the same columns: names, types and order.
struct UnionNode {
  std::vector<NodePtr> inputs;
};

/// Keys and arguments are columns of the input.
struct AggregateNode {
  struct Column {
    std::string name;
    column::Aggregate function;
    std::string argument;  ///< "" for column::Aggregate::kCountRows
  };
  NodePtr input;
  std::vector<std::string> keys;
  std::vector<Column> columns;
};

/// Adds an int64 column `column` that counts the rows as they come, from `first_row`.
struct NumberRowsNode {
  NodePtr input;
  std::string column;
  int64_t first_row = 0;
};

struct ProbeMeasurementsNode {
  NodePtr input;
  NullSource null_source = NullSource::kDrop;
};

struct ProbeRecordsNode {
  NodePtr input;
  int64_t max_row_bytes = 0;
  ProbeSplit split = ProbeSplit::kHash;
  double train_ratio = 0;
  std::optional<int64_t> shards;
};

/// A step of a job with names and types resolved. Immutable; shared between the plans of
/// several sinks.
struct LogicalNode {
  std::string step;  ///< name in the job document
  std::shared_ptr<arrow::Schema> schema;
  std::variant<ScanNode, FilterNode, ProjectNode, JoinNode, SortNode, LimitNode,
               CollectNode, AggregateNode, ProbeMeasurementsNode, ProbeRecordsNode,
               UnionNode, NumberRowsNode>
      op;
  /// Rows by estimate: exact for a scan of known length, a guess above filters and joins.
  std::optional<int64_t> estimated_rows;

  template <typename Op>
  const Op* As() const {
    return std::get_if<Op>(&op);
  }
};

/// A node of this kind; schema and estimate follow from the inputs. The schema of a
/// project needs its expressions bound, hence the Result.
Result<NodePtr> MakeNode(std::string step, decltype(LogicalNode::op) op);

/// The inputs of a node, left before right.
std::vector<NodePtr> InputsOf(const LogicalNode& node);

/// The same node over other inputs, in the order of InputsOf.
Result<NodePtr> WithInputs(const LogicalNode& node, std::vector<NodePtr> inputs);

/// A plan and where its rows go: a sink, an exchange, or without either a buffer, from
/// which later plans of the job read them under the name of the root's step.
struct LogicalPlan {
  NodePtr root;
  std::optional<SinkSpec> sink;
  std::shared_ptr<const ExchangeSpec> exchange;
};

}  // namespace windrow::plan
