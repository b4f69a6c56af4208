// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/job_spec_writer.h"

#include <arrow/type.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "windrow/plan/expression_text.h"
#include "windrow/plan/sort_key_text.h"
#include "windrow/plan/type_widening.h"
#include "windrow/plan/yaml_tree.h"

namespace windrow::plan {
namespace {

YamlNode Text(std::string_view text) {
  return {.kind = YamlNode::Kind::kScalar,
          .style = YamlNode::Style::kQuoted,
          .text = EscapeDollars(text)};
}

YamlNode Literal(std::string text) {
  return {.kind = YamlNode::Kind::kScalar, .text = std::move(text)};
}
YamlNode Number(int64_t number) { return Literal(std::to_string(number)); }
/// The shortest text that reads back as `number`.
YamlNode Decimal(double number) {
  char text[32];
  return Literal({text, std::to_chars(text, text + sizeof(text), number).ptr});
}
YamlNode Bool(bool value) { return Literal(value ? "true" : "false"); }

YamlNode List() { return {.kind = YamlNode::Kind::kSequence}; }
YamlNode Map() { return {.kind = YamlNode::Kind::kMap}; }

void Put(YamlNode& map, std::string_view key, YamlNode value) {
  map.entries.push_back({PlacedText(std::string(key)), std::move(value)});
}

YamlNode WriteColumnTypes(const std::vector<ColumnType>& types) {
  YamlNode map = Map();
  for (const ColumnType& type : types) {
    Put(map, type.column.value, Text(type.type.value));
  }
  return map;
}

YamlNode WriteSource(const ScanSpec& scan) {
  YamlNode map = Map();
  if (scan.paths.size() == 1) {
    Put(map, "scan", Text(scan.paths[0].value));
  } else {
    YamlNode paths = List();
    for (const PlacedText& path : scan.paths) paths.items.push_back(Text(path.value));
    Put(map, "scan", std::move(paths));
  }
  if (scan.format.has_value()) Put(map, "format", Text(FormatName(*scan.format)));
  if (!scan.schema.empty()) Put(map, "schema", WriteColumnTypes(scan.schema));
  if (scan.allow_empty) Put(map, "allow_empty", Bool(true));
  if (scan.table.has_value()) Put(map, "table", Text(scan.table->value));
  if (scan.query.has_value()) Put(map, "query", Text(scan.query->value));
  return map;
}

YamlNode WriteSource(const GenerateSpec& generate) {
  YamlNode map = Map();
  Put(map, "generate", Text(generate.dataset.value));
  Put(map, "rows", Number(generate.rows.value));
  if (generate.seed.has_value()) Put(map, "seed", Number(*generate.seed));
  for (const auto& [key, option] : generate.options) Put(map, key, Text(option.value));
  return map;
}

/// Numbers and booleans go without quotes, as they were meant.
YamlNode WriteCell(const ValueCell& cell, const arrow::DataType* type) {
  if (!cell.value.has_value()) return {};
  const bool is_plain =
      type != nullptr && (IsNumber(*type) || type->id() == arrow::Type::BOOL);
  return is_plain ? Literal(*cell.value) : Text(*cell.value);
}

YamlNode WriteSource(const ValuesSpec& values) {
  YamlNode columns = Map();
  std::vector<std::shared_ptr<arrow::DataType>> types;
  for (const ValuesColumn& column : values.columns) {
    Put(columns, column.name.value, Text(column.type.value));
    types.push_back(ParseTypeText(column.type.value).ValueOr(nullptr));
  }
  YamlNode rows = List();
  for (const auto& row : values.rows) {
    YamlNode cells = List();
    for (size_t c = 0; c < row.value.size(); ++c) {
      const auto* type = c < types.size() ? types[c].get() : nullptr;
      cells.items.push_back(WriteCell(row.value[c], type));
    }
    rows.items.push_back(std::move(cells));
  }
  YamlNode body = Map();
  Put(body, "columns", std::move(columns));
  Put(body, "rows", std::move(rows));
  YamlNode map = Map();
  Put(map, "values", std::move(body));
  return map;
}

YamlNode NamesOf(const std::vector<PlacedText>& names) {
  YamlNode list = List();
  for (const PlacedText& name : names) list.items.push_back(Text(name.value));
  return list;
}

YamlNode WriteStep(const FilterSpec& filter) {
  YamlNode map = Map();
  Put(map, "filter", Text(filter.predicate.value));
  return map;
}

YamlNode WriteItems(const std::vector<SelectItem>& items) {
  YamlNode list = List();
  for (const SelectItem& item : items) {
    if (!item.expression.has_value()) {
      list.items.push_back(Text(item.name.value));
      continue;
    }
    YamlNode named = Map();
    Put(named, item.name.value, Text(item.expression->value));
    list.items.push_back(std::move(named));
  }
  return list;
}

YamlNode WriteNamed(const std::vector<NamedExpression>& columns) {
  YamlNode map = Map();
  for (const NamedExpression& column : columns) {
    Put(map, column.name.value, Text(column.expression.value));
  }
  return map;
}

YamlNode WriteStep(const SelectSpec& select) {
  YamlNode map = Map();
  Put(map, "select", WriteItems(select.columns));
  return map;
}

YamlNode WriteStep(const WithColumnsSpec& with_columns) {
  YamlNode map = Map();
  Put(map, "with_columns", WriteNamed(with_columns.columns));
  return map;
}

bool HasOneName(const JoinKey& key) { return key.left == key.right; }

YamlNode WriteJoinKeys(const std::vector<JoinKey>& keys) {
  if (keys.size() == 1 && HasOneName(keys[0])) return Text(keys[0].left.value);
  std::set<std::string_view> left_names;
  for (const JoinKey& key : keys) left_names.insert(key.left.value);
  const bool is_list = left_names.size() < keys.size() ||
                       std::all_of(keys.begin(), keys.end(), HasOneName);
  YamlNode list = List();
  YamlNode map = Map();
  for (const JoinKey& key : keys) {
    YamlNode pair = Map();
    Put(pair, key.left.value, Text(key.right.value));
    list.items.push_back(HasOneName(key) ? Text(key.left.value) : pair);
    map.entries.push_back(std::move(pair.entries[0]));
  }
  return is_list ? list : map;
}

YamlNode WriteStep(const JoinSpec& join) {
  YamlNode body = Map();
  Put(body, "left", Text(join.left.value));
  Put(body, "right", Text(join.right.value));
  Put(body, "on", WriteJoinKeys(join.on));
  if (join.where.has_value()) Put(body, "where", Text(join.where->value));
  Put(body, "how", Text(JoinHowName(join.how)));
  if (join.columns.has_value()) Put(body, "columns", NamesOf(*join.columns));
  if (join.suffix.has_value()) Put(body, "suffix", Text(join.suffix->value));
  if (join.nulls_equal) Put(body, "nulls_equal", Bool(true));
  YamlNode map = Map();
  Put(map, "join", std::move(body));
  return map;
}

YamlNode WriteSortKey(const SortKey& key) {
  if (IsBareSortColumn(key.column.value)) return Text(FormatSortKey(key));
  YamlNode map = Map();
  Put(map, "column", Text(key.column.value));
  if (key.descending) Put(map, "descending", Bool(true));
  if (key.nulls_first) Put(map, "nulls", Text("first"));
  return map;
}

YamlNode WriteSortKeys(const std::vector<SortKey>& keys) {
  YamlNode list = List();
  for (const SortKey& key : keys) list.items.push_back(WriteSortKey(key));
  return list;
}

YamlNode WriteStep(const SortSpec& sort) {
  YamlNode map = Map();
  Put(map, "sort", WriteSortKeys(sort.keys));
  if (sort.limit.has_value()) Put(map, "limit", Number(sort.limit->value));
  return map;
}

YamlNode WriteStep(const LimitSpec& limit) {
  YamlNode map = Map();
  Put(map, "limit", Number(limit.rows.value));
  return map;
}

YamlNode WriteStep(const CollectSpec& collect) {
  YamlNode body = Map();
  Put(body, "by", NamesOf(collect.by));
  if (!collect.order.empty()) Put(body, "order", WriteSortKeys(collect.order));
  if (collect.columns.has_value()) Put(body, "columns", NamesOf(*collect.columns));
  if (collect.max_rows.has_value())
    Put(body, "max_rows", Number(collect.max_rows->value));
  YamlNode map = Map();
  Put(map, "collect", std::move(body));
  return map;
}

YamlNode WriteStep(const UnionSpec& all) {
  YamlNode map = Map();
  Put(map, "union", NamesOf(all.inputs));
  return map;
}

YamlNode WriteStep(const AggregateSpec& aggregate) {
  YamlNode body = Map();
  Put(body, "by", WriteItems(aggregate.by));
  Put(body, "columns", WriteNamed(aggregate.columns));
  YamlNode map = Map();
  Put(map, "aggregate", std::move(body));
  return map;
}

YamlNode WriteStep(const ProbeMeasurementsSpec& probes) {
  YamlNode body = Map();
  Put(body, "null_src", Text(NullSourceName(probes.null_source)));
  YamlNode map = Map();
  Put(map, "probe_measurements", std::move(body));
  return map;
}

YamlNode WriteStep(const ProbeRecordsSpec& probes) {
  YamlNode body = Map();
  Put(body, "max_row_bytes", Number(probes.max_row_bytes.value));
  Put(body, "split", Text(ProbeSplitName(probes.split)));
  Put(body, "train_ratio", Decimal(probes.train_ratio.value));
  if (probes.shards.has_value()) Put(body, "shards", Number(probes.shards->value));
  YamlNode map = Map();
  Put(map, "probe_records", std::move(body));
  return map;
}

YamlNode WriteSink(const WriteSpec& write) {
  YamlNode map = Map();
  Put(map, "write", Text(write.path.value));
  Put(map, "from", Text(write.from.value));
  if (write.format.has_value()) Put(map, "format", Text(FormatName(*write.format)));
  if (write.compression.has_value()) {
    Put(map, "compression", Text(write.compression->value));
  }
  if (!write.preserve_order) Put(map, "preserve_order", Bool(false));
  if (write.row_group_rows.has_value()) {
    Put(map, "row_group_rows", Number(write.row_group_rows->value));
  }
  if (write.group_size.has_value()) {
    Put(map, "group_size", Number(write.group_size->value));
  }
  if (write.partition_by.has_value()) {
    YamlNode values = List();
    for (const PlacedText& value : write.partition_by->values)
      values.items.push_back(Text(value.value));
    YamlNode partition = Map();
    Put(partition, write.partition_by->column.value, std::move(values));
    Put(map, "partition_by", std::move(partition));
  }
  if (write.manifest.has_value()) Put(map, "manifest", Text(write.manifest->value));
  if (!write.types.empty()) Put(map, "types", WriteColumnTypes(write.types));
  if (write.table.has_value()) Put(map, "table", Text(write.table->value));
  if (write.replace_where.has_value()) {
    Put(map, "replace_where", Text(write.replace_where->value));
  }
  if (write.parallel.has_value()) Put(map, "parallel", Number(write.parallel->value));
  return map;
}

YamlNode WriteSink(const ResultSpec& collect) {
  YamlNode map = Map();
  Put(map, "collect", Text(collect.name.value));
  Put(map, "from", Text(collect.from.value));
  return map;
}

}  // namespace

std::string WriteJobSpec(const JobSpec& job) {
  YamlNode sources = Map();
  for (const SourceSpec& source : job.sources) {
    Put(sources, source.name.value,
        std::visit([](const auto& kind) { return WriteSource(kind); }, source.kind));
  }
  YamlNode steps = Map();
  for (const StepSpec& step : job.steps) {
    YamlNode map =
        std::visit([](const auto& kind) { return WriteStep(kind); }, step.kind);
    const auto inputs = InputsOf(step.kind);
    const bool is_union = std::holds_alternative<UnionSpec>(step.kind);
    if (inputs.size() == 1 && !is_union) Put(map, "from", Text(inputs[0]->value));
    Put(steps, step.name.value, std::move(map));
  }
  YamlNode sinks = List();
  for (const SinkSpec& sink : job.sinks) {
    sinks.items.push_back(
        std::visit([](const auto& kind) { return WriteSink(kind); }, sink));
  }
  YamlNode document = Map();
  Put(document, "windrow", Number(1));
  Put(document, "sources", std::move(sources));
  if (!job.steps.empty()) Put(document, "steps", std::move(steps));
  Put(document, "sinks", std::move(sinks));
  return FormatYaml(document);
}

}  // namespace windrow::plan
