// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/parquet_pruning.h"

#include <arrow/compute/api_scalar.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/compute/expression.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <parquet/arrow/reader.h>
#include <parquet/metadata.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

namespace windrow::source {
namespace {

namespace cp = arrow::compute;

/// The type statistics of a column are given in, or null when they are not used.
std::shared_ptr<arrow::DataType> BoundsType(std::shared_ptr<arrow::DataType> type) {
  if (type->id() == arrow::Type::DICTIONARY) {
    type = static_cast<const arrow::DictionaryType&>(*type).value_type();
  }
  switch (type->id()) {
    case arrow::Type::BOOL:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DURATION:
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return type;
    default:
      return arrow::is_integer(type->id()) ? type : nullptr;
  }
}

bool IsNan(const arrow::Scalar& scalar) {
  if (scalar.type->id() == arrow::Type::DOUBLE) {
    return std::isnan(static_cast<const arrow::DoubleScalar&>(scalar).value);
  }
  if (scalar.type->id() == arrow::Type::FLOAT) {
    return std::isnan(static_cast<const arrow::FloatScalar&>(scalar).value);
  }
  return false;
}

/// Whether `comparison` holds; an answer that cannot be computed is no.
bool Holds(const char* comparison, const arrow::Scalar& left,
           const arrow::Scalar& right) {
  auto answer = cp::CallFunction(comparison, {left.GetSharedPtr(), right.GetSharedPtr()});
  if (!answer.ok()) return false;
  const auto& scalar = static_cast<const arrow::BooleanScalar&>(*answer->scalar());
  return scalar.is_valid && scalar.value;
}

void SetMinMax(const parquet::Statistics& statistics,
               const std::shared_ptr<arrow::DataType>& type, ChunkBounds* bounds) {
  // The order of decimals of varying length was left open for years.
  if (arrow::is_decimal(type->id()) &&
      statistics.physical_type() == parquet::Type::BYTE_ARRAY) {
    return;
  }
  std::shared_ptr<arrow::Scalar> min;
  std::shared_ptr<arrow::Scalar> max;
  if (!parquet::arrow::StatisticsAsScalars(statistics, &min, &max).ok()) return;
  auto cast_min = cp::Cast(min, type, cp::CastOptions::Safe());
  auto cast_max = cp::Cast(max, type, cp::CastOptions::Safe());
  if (!cast_min.ok() || !cast_max.ok()) return;
  min = cast_min->scalar();
  max = cast_max->scalar();
  if (!min->is_valid || !max->is_valid || IsNan(*min) || IsNan(*max)) return;
  if (!Holds("less_equal", *min, *max)) return;
  bounds->min = std::move(min);
  bounds->max = std::move(max);
  bounds->exact = statistics.is_min_value_exact().value_or(true) &&
                  statistics.is_max_value_exact().value_or(true);
}

bool IsAnyOf(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Collects the fields of `expression` that NaN could satisfy in a way bounds do not
/// show.
void CollectNanSensitive(const cp::Expression& expression,
                         std::vector<arrow::FieldRef>* fields) {
  const cp::Expression::Call* call = expression.call();
  if (call != nullptr &&
      IsAnyOf(call->function_name, {"and", "and_kleene", "or", "or_kleene"})) {
    for (const auto& argument : call->arguments) CollectNanSensitive(argument, fields);
    return;
  }
  if (call != nullptr && call->arguments.size() == 2 &&
      IsAnyOf(call->function_name,
              {"equal", "less", "less_equal", "greater", "greater_equal"})) {
    const cp::Expression& left = call->arguments[0];
    const cp::Expression& right = call->arguments[1];
    if (left.field_ref() != nullptr && right.literal() != nullptr) return;
    if (right.field_ref() != nullptr && left.literal() != nullptr) return;
  }
  const auto mentioned = cp::FieldsInExpression(expression);
  fields->insert(fields->end(), mentioned.begin(), mentioned.end());
}

}  // namespace

ChunkBounds BoundsOf(const ParquetFile& file, int row_group, int column) {
  ChunkBounds bounds;
  const int leaf = file.FlatLeaf(column);
  if (leaf < 0) return bounds;
  const Status status = CatchParquet([&] {
    const auto group = file.metadata->RowGroup(row_group);
    const auto chunk = group->ColumnChunk(leaf);
    if (!chunk->is_stats_set()) return Status::OK();
    const auto statistics = chunk->statistics();
    if (statistics == nullptr) return Status::OK();
    if (statistics->HasNullCount()) bounds.null_count = statistics->null_count();
    const auto type = BoundsType(file.schema->field(column)->type());
    if (type != nullptr && statistics->HasMinMax()) SetMinMax(*statistics, type, &bounds);
    return Status::OK();
  });
  // Statistics are a hint; what is wrong with them must not stop a scan that ignores
  // them.
  return status.ok() ? bounds : ChunkBounds();
}

exec::ColumnStats StatsOf(const ParquetFile& file, int column) {
  exec::ColumnStats stats;
  stats.null_count = 0;
  bool bounded = true;
  for (int i = 0; i < file.num_row_groups(); ++i) {
    if (file.num_rows(i) == 0) continue;
    const ChunkBounds bounds = BoundsOf(file, i, column);
    if (!bounds.null_count.has_value()) {
      stats.null_count.reset();
    } else if (stats.null_count.has_value()) {
      *stats.null_count += *bounds.null_count;
    }
    if (bounds.null_count == file.num_rows(i)) continue;
    bounded = bounded && bounds.min != nullptr && bounds.exact;
    if (!bounded) continue;
    if (stats.min == nullptr || Holds("less", *bounds.min, *stats.min)) {
      stats.min = bounds.min;
    }
    if (stats.max == nullptr || Holds("greater", *bounds.max, *stats.max)) {
      stats.max = bounds.max;
    }
  }
  if (!bounded) stats.min = stats.max = nullptr;
  return stats;
}

RowGroupPruner::RowGroupPruner(std::shared_ptr<const ParquetFile> file,
                               std::shared_ptr<const cp::Expression> predicate)
    : file_(std::move(file)), predicate_(std::move(predicate)) {
  if (predicate_ == nullptr) return;
  std::vector<arrow::FieldRef> nan_sensitive;
  CollectNanSensitive(*predicate_, &nan_sensitive);
  std::set<int> sensitive;
  const auto column_of = [&](const arrow::FieldRef& ref) {
    const auto path = ref.FindOneOrNone(*file_->schema);
    return path.ok() && path->indices().size() == 1 ? path->indices()[0] : -1;
  };
  for (const auto& ref : nan_sensitive) sensitive.insert(column_of(ref));
  for (const auto& ref : cp::FieldsInExpression(*predicate_)) {
    const int column = column_of(ref);
    if (column < 0) continue;
    const auto type = file_->schema->field(column)->type()->id();
    const bool hides_nan = arrow::is_floating(type) && sensitive.count(column) > 0;
    // The predicate compares a dictionary's decoded values, which are no field.
    const bool is_dictionary = type == arrow::Type::DICTIONARY;
    mentions_.push_back({.ref = ref,
                         .column = column,
                         .with_bounds = !hides_nan && !is_dictionary,
                         .with_validity = !hides_nan});
  }
}

// What `bounds` guarantee for every row of the row group; nothing when null.
std::optional<cp::Expression> RowGroupPruner::GuaranteeOf(const Mention& mention,
                                                          const ChunkBounds& bounds,
                                                          int64_t num_rows) {
  const cp::Expression field = cp::field_ref(mention.ref);
  if (bounds.null_count == num_rows) return cp::is_null(field);
  const bool has_no_nulls = bounds.null_count == 0;
  if (!mention.with_bounds || bounds.min == nullptr) {
    if (has_no_nulls && mention.with_validity) return cp::is_valid(field);
    return std::nullopt;
  }
  // Simplification knows "equal" only alone, and ranges with "or is null" too.
  if (has_no_nulls && bounds.min->Equals(*bounds.max)) {
    return cp::equal(field, cp::literal(bounds.min));
  }
  const auto lower = cp::greater_equal(field, cp::literal(bounds.min));
  const auto upper = cp::less_equal(field, cp::literal(bounds.max));
  if (has_no_nulls) return cp::and_(lower, upper);
  return cp::and_(cp::or_(lower, cp::is_null(field)), cp::or_(upper, cp::is_null(field)));
}

bool RowGroupPruner::MayMatch(int row_group) const {
  if (predicate_ == nullptr) return true;
  std::vector<cp::Expression> guarantees;
  for (const Mention& mention : mentions_) {
    auto guarantee = GuaranteeOf(mention, BoundsOf(*file_, row_group, mention.column),
                                 file_->num_rows(row_group));
    if (guarantee.has_value()) guarantees.push_back(std::move(*guarantee));
  }
  if (guarantees.empty()) return predicate_->IsSatisfiable();
  auto bound = cp::and_(std::move(guarantees)).Bind(*file_->schema);
  if (!bound.ok()) return true;
  auto simplified = cp::SimplifyWithGuarantee(*predicate_, *bound);
  return !simplified.ok() || simplified->IsSatisfiable();
}

}  // namespace windrow::source
