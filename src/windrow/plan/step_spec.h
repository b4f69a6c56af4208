// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "windrow/plan/placed.h"

namespace windrow::plan {

// In every step and sink, `from` names a source or another step. It is empty only while
// reading: a document may leave it out, a JobSpec may not.

enum class JoinHow { kInner, kLeft, kSemi, kAnti };

/// Keeps rows for which the expression is true (neither false nor null).
struct FilterSpec {
  PlacedText predicate;
  PlacedText from;
  bool operator==(const FilterSpec&) const = default;
};

/// A column of the output. Without an expression it is the input's column of that name.
struct SelectItem {
  PlacedText name;
  std::optional<PlacedText> expression;
  bool operator==(const SelectItem&) const = default;
};

/// The output has these columns, in this order, and no others. None keeps the rows
/// without columns. Names differ.
struct SelectSpec {
  std::vector<SelectItem> columns;
  PlacedText from;
  bool operator==(const SelectSpec&) const = default;
};

struct NamedExpression {
  PlacedText name;
  PlacedText expression;
  bool operator==(const NamedExpression&) const = default;
};

/// The input's columns, with these replaced or appended. Expressions see the input only.
struct WithColumnsSpec {
  std::vector<NamedExpression> columns;
  PlacedText from;
  bool operator==(const WithColumnsSpec&) const = default;
};

struct JoinKey {
  PlacedText left;
  PlacedText right;
  bool operator==(const JoinKey&) const = default;
};

/// Equality join; without keys every pair of rows. `where` leaves pairs out before it is
/// decided which left rows have a partner. `suffix` is appended to the right side's
/// columns whose names the left side has too; without one, such columns are an error when
/// the plan is made.
struct JoinSpec {
  PlacedText left;
  PlacedText right;
  std::vector<JoinKey> on;
  std::optional<PlacedText> where;
  JoinHow how = JoinHow::kInner;
  std::optional<PlacedText> suffix;
  /// The right side's columns that come out, in the right side's order; absent: all.
  std::optional<std::vector<PlacedText>> columns;
  bool nulls_equal = false;
  bool operator==(const JoinSpec&) const = default;
};

struct SortKey {
  PlacedText column;
  bool descending = false;
  bool nulls_first = false;
  bool operator==(const SortKey&) const = default;
};

/// Orders rows by the keys, first key first. With a limit, keeps the first `limit` rows.
struct SortSpec {
  std::vector<SortKey> keys;
  std::optional<Placed<int64_t>> limit;
  PlacedText from;
  bool operator==(const SortSpec&) const = default;
};

/// Keeps the first `rows` rows, 0 or more.
struct LimitSpec {
  Placed<int64_t> rows;
  PlacedText from;
  bool operator==(const LimitSpec&) const = default;
};

/// One row for each distinct key: the key columns, then a list for each of `columns` with
/// the values of the key's rows, in order. Rows come in ascending order of their keys.
struct CollectSpec {
  std::vector<PlacedText> by;
  std::vector<SortKey> order;  ///< of the rows of a key; then input order
  /// What is collected; absent: all columns but the keys.
  std::optional<std::vector<PlacedText>> columns;
  /// A key with more rows than this comes out as several rows.
  std::optional<Placed<int64_t>> max_rows;
  PlacedText from;
  bool operator==(const CollectSpec&) const = default;
};

/// The rows of all inputs, one input after the other. Columns go together by name.
struct UnionSpec {
  std::vector<PlacedText> inputs;  ///< at least one
  bool operator==(const UnionSpec&) const = default;
};

/// One row for each distinct key: the keys, then what aggregates give for the key's rows.
/// Rows come in the order in which their keys first appear. Without keys, one row.
struct AggregateSpec {
  std::vector<SelectItem> by;
  std::vector<NamedExpression> columns;  ///< expressions over aggregates and keys
  PlacedText from;
  bool operator==(const AggregateSpec&) const = default;
};

/// What becomes of a measurement without a source address.
enum class NullSource { kDrop, kError, kEmpty };
/// Whether a probe's id decides on train or test, or its place in the order of addresses.
enum class ProbeSplit { kHash, kSorted };

/// Brings event_time, src_addr, dst_addr, ip_version and rtt to the types that records of
/// probes have, and leaves every other column out.
struct ProbeMeasurementsSpec {
  NullSource null_source = NullSource::kDrop;
  PlacedText from;
  bool operator==(const ProbeMeasurementsSpec&) const = default;
};

/// Makes records of probes: src_addr with lists of measurements, as a collect by src_addr
/// gives them. Output: file, the name of the file a record goes to, and record, bytes.
struct ProbeRecordsSpec {
  Placed<int64_t> max_row_bytes = 8 << 20;  ///< of a record of several measurements
  ProbeSplit split = ProbeSplit::kHash;
  Placed<double> train_ratio = 0.9;
  std::optional<Placed<int64_t>> shards;  ///< numbered files of train, and of test
  PlacedText from;
  bool operator==(const ProbeRecordsSpec&) const = default;
};

using StepKind = std::variant<FilterSpec, SelectSpec, WithColumnsSpec, JoinSpec, SortSpec,
                              LimitSpec, CollectSpec, AggregateSpec,
                              ProbeMeasurementsSpec, ProbeRecordsSpec, UnionSpec>;

struct StepSpec {
  PlacedText name;
  StepKind kind;
  bool operator==(const StepSpec&) const = default;
};

/// The key that names the kind in a document: "filter", "with_columns", ...
std::string_view KindName(const StepKind& kind);

/// What the step reads: `from`, left and right, or all inputs. Borrowed from `kind`.
std::vector<const PlacedText*> InputsOf(const StepKind& kind);

std::string_view JoinHowName(JoinHow how);

/// Whether `on` may be empty: each row then has all the other side's rows for partners.
bool MayJoinWithoutKeys(const JoinSpec& join);

std::string_view NullSourceName(NullSource null_source);
std::string_view ProbeSplitName(ProbeSplit split);

}  // namespace windrow::plan
