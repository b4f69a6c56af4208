// SPDX-License-Identifier: Apache-2.0
#include "windrow/cli/load_report_command.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/compute/api.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/checked_cast.h>
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <utility>
#include <vector>

#include "windrow/base/byte_size.h"
#include "windrow/base/version.h"
#include "windrow/cli/load_measure.h"
#include "windrow/cli/run_job.h"
#include "windrow/column/key_batch.h"
#include "windrow/column/key_type.h"
#include "windrow/column/partition_hash.h"
#include "windrow/plan/key_load.h"
#include "windrow/runner/load_report.h"

namespace windrow::cli {
namespace {

using arrow::internal::checked_cast;
using runner::LoadReport;
using ArrayPtr = std::shared_ptr<arrow::Array>;
using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

constexpr size_t kShownKeys = 20;

/// The keys of one side and how many rows have each.
struct KeyCounts {
  ArrayPtr keys;
  std::vector<int64_t> rows;
  int64_t null_rows = 0;
};

/// Both sides' keys as values of one type, all of the left before those of the right.
struct AllKeys {
  ArrayPtr keys;
  column::KeyBatch batch;
  std::shared_ptr<arrow::UInt64Array> order;  ///< positions, ascending by key
};

Result<ArrayPtr> ColumnOf(const Batches& batches, int column,
                          const std::shared_ptr<arrow::DataType>& type) {
  arrow::ArrayVector parts;
  for (const auto& batch : batches) parts.push_back(batch->column(column));
  if (parts.empty()) return arrow::MakeEmptyArray(type);
  return arrow::Concatenate(parts);
}

/// Of a result with the columns key and rows.
Result<KeyCounts> CountsOf(const Batches& batches) {
  KeyCounts counts;
  ARROW_ASSIGN_OR_RAISE(counts.keys, ColumnOf(batches, 0, arrow::null()));
  ARROW_ASSIGN_OR_RAISE(const auto rows, ColumnOf(batches, 1, arrow::int64()));
  const auto& numbers = checked_cast<const arrow::Int64Array&>(*rows);
  for (int64_t i = 0; i < numbers.length(); ++i) {
    counts.rows.push_back(numbers.Value(i));
    if (counts.keys->IsNull(i)) counts.null_rows += numbers.Value(i);
  }
  return counts;
}

double RowBytes(const Batches& sample) {
  int64_t rows = 0;
  int64_t bytes = 0;
  for (const auto& batch : sample) {
    rows += batch->num_rows();
    bytes += arrow::util::ReferencedBufferSize(*batch).ValueOr(0);
  }
  return rows == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(rows);
}

Result<AllKeys> Merge(const KeyCounts& left, const KeyCounts& right) {
  ARROW_ASSIGN_OR_RAISE(const auto type,
                        column::CommonKeyType(*left.keys->type(), *right.keys->type()));
  arrow::ArrayVector parts;
  for (const ArrayPtr& keys : {left.keys, right.keys}) {
    ARROW_ASSIGN_OR_RAISE(parts.emplace_back(), arrow::compute::Cast(*keys, type));
  }
  ARROW_ASSIGN_OR_RAISE(const auto keys, arrow::Concatenate(parts));
  ARROW_ASSIGN_OR_RAISE(auto batch, column::KeyBatch::Make({{type}, false}, {keys},
                                                           arrow::default_memory_pool()));
  ARROW_ASSIGN_OR_RAISE(const auto order, arrow::compute::SortIndices(*keys));
  return AllKeys{keys, std::move(batch),
                 std::static_pointer_cast<arrow::UInt64Array>(order)};
}

/// One entry a key, and `positions` of them in `all`.
plan::JoinLoad LoadOf(const AllKeys& all, bool is_word, const KeyCounts& left,
                      const KeyCounts& right, std::vector<int64_t>* positions) {
  const auto is_same = [&](int64_t a, int64_t b) {
    return is_word ? all.batch.words()[a] == all.batch.words()[b]
                   : all.batch.bytes(a) == all.batch.bytes(b);
  };
  const int64_t num_left = left.keys->length();
  plan::JoinLoad load;
  for (int64_t i = 0; i < all.order->length(); ++i) {
    const auto position = static_cast<int64_t>(all.order->Value(i));
    if (!all.batch.is_valid(position)) continue;
    if (positions->empty() || !is_same(positions->back(), position)) {
      positions->push_back(position);
      load.keys.push_back({column::PartitionHash(all.batch.words()[position]), 0, 0});
    }
    plan::KeyRows& key = load.keys.back();
    if (position < num_left) {
      key.left += left.rows[position];
    } else {
      key.right += right.rows[position - num_left];
    }
  }
  return load;
}

Status AddHottest(const plan::JoinLoad& load, const AllKeys& all,
                  const std::vector<int64_t>& positions, LoadReport* report) {
  const auto bytes = [&](size_t i) {
    return static_cast<double>(load.keys[i].left) * load.left_row_bytes +
           static_cast<double>(load.keys[i].right) * load.right_row_bytes;
  };
  std::vector<size_t> order(load.keys.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const size_t shown = std::min(kShownKeys, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(shown),
                    order.end(), [&](size_t a, size_t b) {
                      return bytes(a) != bytes(b) ? bytes(a) > bytes(b) : a < b;
                    });
  const double sum = load.left_bytes() + load.right_bytes();
  for (size_t i = 0; i < shown; ++i) {
    const plan::KeyRows& key = load.keys[order[i]];
    ARROW_ASSIGN_OR_RAISE(const auto value, all.keys->GetScalar(positions[order[i]]));
    std::string text = value->ToString();
    if (arrow::is_base_binary_like(value->type->id())) {
      text = checked_cast<const arrow::BaseBinaryScalar&>(*value).value->ToString();
    }
    report->hottest.push_back(
        {std::move(text), key.left, key.right, sum > 0 ? bytes(order[i]) / sum : 0});
  }
  return Status::OK();
}

Result<double> RateOf(const char* option, const std::string& text) {
  const Result<int64_t> bytes = ParseByteSize(text);
  if (!bytes.ok()) return At(option, bytes.status());
  if (*bytes <= 0) return UserError(option, ' ', text, ": expected more than 0");
  return static_cast<double>(*bytes);
}

Result<LoadReport> MakeReport(const LoadReportCommand& command,
                              const plan::Collected& results) {
  LoadReport report;
  report.version = kVersion;
  report.nodes = command.nodes;
  ARROW_ASSIGN_OR_RAISE(report.rates.network,
                        RateOf("--network-rate", command.network_rate));
  ARROW_ASSIGN_OR_RAISE(report.rates.disk, RateOf("--disk-rate", command.disk_rate));
  ARROW_ASSIGN_OR_RAISE(report.rates.node_memory,
                        RateOf("--node-memory", command.node_memory));
  ARROW_ASSIGN_OR_RAISE(const KeyCounts left, CountsOf(*results.at("left_keys")));
  ARROW_ASSIGN_OR_RAISE(const KeyCounts right, CountsOf(*results.at("right_keys")));
  ARROW_ASSIGN_OR_RAISE(const AllKeys all, Merge(left, right));
  std::vector<int64_t> positions;
  plan::JoinLoad load =
      LoadOf(all, column::IsWordKey(*all.keys->type()), left, right, &positions);
  load.left_row_bytes = RowBytes(*results.at("left_sample"));
  load.right_row_bytes = RowBytes(*results.at("right_sample"));
  ARROW_ASSIGN_OR_RAISE(const auto columns, recipe::KeyColumnsOf(command.tables.on));
  report.left = {command.tables.left, columns.first, load.left_rows() + left.null_rows,
                 left.null_rows, load.left_row_bytes};
  report.right = {command.tables.right, columns.second,
                  load.right_rows() + right.null_rows, right.null_rows,
                  load.right_row_bytes};
  ARROW_RETURN_NOT_OK(AddHottest(load, all, positions, &report));
  runner::Predict(load, &report);
  return report;
}

Result<std::shared_ptr<arrow::Schema>> SchemaOf(const plan::Collected& results,
                                                const std::string& name) {
  const Batches& rows = *results.at(name);
  if (rows.empty()) return UserError("--measure: found a table without rows");
  return rows[0]->schema();
}

}  // namespace

Status RunLoadReport(const LoadReportCommand& command, const EngineOptions& engine,
                     const arrow::StopToken& stop) {
  if (!command.output.empty() && !command.output.ends_with(".html")) {
    return UserError("--output ", command.output, ": expected a name ending in .html");
  }
  ARROW_ASSIGN_OR_RAISE(const plan::JobSpec job, recipe::KeyCountsJob(command.tables));
  ARROW_ASSIGN_OR_RAISE(const plan::Collected results, CollectJob(job, engine, stop));
  ARROW_ASSIGN_OR_RAISE(LoadReport report, MakeReport(command, results));
  if (command.measure) {
    ARROW_ASSIGN_OR_RAISE(const auto left, SchemaOf(results, "left_sample"));
    ARROW_ASSIGN_OR_RAISE(const auto right, SchemaOf(results, "right_sample"));
    ARROW_ASSIGN_OR_RAISE(report.measured,
                          MeasureLoad(command.tables, *left, *right, report.left.rows,
                                      report.nodes, engine, stop));
  }
  std::cout << runner::Advice(report) << '\n';
  for (const plan::MoveCost& cost : report.costs) {
    std::cout << fmt::format(
        "{:<22} {:>9} moved, {:>7.2f} s, fullest node {:.2f} times the mean{}{}\n",
        cost.name, FormatByteSize(static_cast<int64_t>(cost.moved_bytes)), cost.seconds,
        cost.max_over_mean,
        cost.is_possible ? "" : "; left out: ", cost.is_possible ? "" : cost.reason);
  }
  for (const LoadReport::Measured& run : report.measured) {
    std::cout << fmt::format(
        "{:<22} {:>9} moved, {:>7.2f} s, fullest node {:.2f} times the mean, measured\n",
        run.name, FormatByteSize(static_cast<int64_t>(run.moved_bytes)), run.seconds,
        run.max_over_mean());
  }
  if (!command.json.empty()) {
    ARROW_RETURN_NOT_OK(WriteWhole(command.json, runner::ToJson(report)));
  }
  if (command.output.empty()) return Status::OK();
  return WriteWhole(command.output, runner::ToHtml(report));
}

}  // namespace windrow::cli
