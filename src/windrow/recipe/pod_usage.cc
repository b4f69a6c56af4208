// SPDX-License-Identifier: Apache-2.0
#include "windrow/recipe/pod_usage.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <initializer_list>
#include <map>
#include <utility>

#include "windrow/base/json_text.h"
#include "windrow/base/near_name.h"
#include "windrow/plan/database_spec.h"
#include "windrow/plan/expression.h"
#include "windrow/plan/job_spec_reader.h"
#include "windrow/recipe/pod_usage_text.h"

namespace windrow::recipe {
namespace {

using Date = std::chrono::year_month_day;

constexpr char kSummaryTable[] = "reporting_ocpusagelineitem_daily_summary";
/// Virtual machines are known by it, so it is kept whenever any key is.
constexpr char kMachineKey[] = "vm_kubevirt_io_name";

/// A column of the summary, as its table declares it.
struct SummaryColumn {
  const char* name;
  const char* type;
  const char* expression = nullptr;  ///< null: the column of this name
  bool of_volumes = false;           ///< only rows of volumes have it
};

constexpr SummaryColumn kSummaryColumns[] = {
    {"report_period_id", "integer", "cast(${report_period_id} as integer)"},
    {"cluster_id", "varchar(50)", "${cluster_id}"},
    {"cluster_alias", "varchar(256)", "${cluster_alias}"},
    {"data_source", "varchar(64)"},
    {"usage_start", "date"},
    {"usage_end", "date", "usage_start"},
    {"namespace", "varchar(253)"},
    {"node", "varchar(253)"},
    {"resource_id", "varchar(253)"},
    {"pod_labels", "jsonb"},
    {"pod_usage_cpu_core_hours", "numeric(33,15)"},
    {"pod_request_cpu_core_hours", "numeric(33,15)"},
    {"pod_effective_usage_cpu_core_hours", "numeric(33,15)"},
    {"pod_limit_cpu_core_hours", "numeric(33,15)"},
    {"pod_usage_memory_gigabyte_hours", "numeric(33,15)"},
    {"pod_request_memory_gigabyte_hours", "numeric(33,15)"},
    {"pod_effective_usage_memory_gigabyte_hours", "numeric(33,15)"},
    {"pod_limit_memory_gigabyte_hours", "numeric(33,15)"},
    {"node_capacity_cpu_cores", "numeric(33,15)"},
    {"node_capacity_cpu_core_hours", "numeric(33,15)"},
    {"node_capacity_memory_gigabytes", "numeric(33,15)"},
    {"node_capacity_memory_gigabyte_hours", "numeric(33,15)"},
    {"cluster_capacity_cpu_core_hours", "numeric(33,15)"},
    {"cluster_capacity_memory_gigabyte_hours", "numeric(33,15)"},
    {"persistentvolumeclaim", "varchar(253)", nullptr, true},
    {"persistentvolume", "varchar(253)", nullptr, true},
    {"storageclass", "varchar(253)", nullptr, true},
    {"volume_labels", "jsonb", nullptr, true},
    {"all_labels", "jsonb", "coalesce(pod_labels, '{}')"},
    {"persistentvolumeclaim_capacity_gigabyte", "numeric(33,15)", nullptr, true},
    {"persistentvolumeclaim_capacity_gigabyte_months", "numeric(33,15)", nullptr, true},
    {"volume_request_storage_gigabyte_months", "numeric(33,15)", nullptr, true},
    {"persistentvolumeclaim_usage_gigabyte_months", "numeric(33,15)", nullptr, true},
    {"source_uuid", "uuid", "${source}"},
    {"infrastructure_usage_cost", "jsonb"},
    {"cost_category_id", "integer"},
};

/// Text as JSON, which a YAML document may hold anywhere. A dollar is doubled, since the
/// document's reader takes it for the start of a variable.
std::string Json(std::string_view text) {
  std::string json;
  for (const char c : JsonText(text)) {
    json += c;
    if (c == '$') json += c;
  }
  return json;
}

std::string JsonOrNull(const std::optional<std::string>& text) {
  return text.has_value() ? Json(*text) : "null";
}

/// Text as a literal of SQL.
std::string SqlLiteral(const std::string& text) {
  return plan::ToText(*plan::Expr::Literal(plan::LiteralKind::kString, text));
}

Result<Date> ParseDate(const char* option, const std::string& text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int used = 0;
  const bool is_date =
      text.size() == 10 &&
      std::sscanf(text.c_str(), "%4d-%2u-%2u%n", &year, &month, &day, &used) == 3 &&
      used == 10;
  const Date date{std::chrono::year(year), std::chrono::month(month),
                  std::chrono::day(day)};
  if (!is_date || !date.ok()) {
    return UserError(option, " ", text, ": expected a day, YYYY-MM-DD");
  }
  return date;
}

std::string DateText(const Date& date) {
  char text[32];
  std::snprintf(text, sizeof(text), "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

bool IsUuid(std::string_view text) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (text.size() != kForm.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool fits = kForm[i] == '-'
                          ? text[i] == '-'
                          : std::isxdigit(static_cast<unsigned char>(text[i])) != 0;
    if (!fits) return false;
  }
  return true;
}

Status CheckOptions(const PodUsageOptions& options) {
  if (options.layout != "koku" && options.layout != "hourly") {
    return UserError("--layout ", options.layout, ": expected koku or hourly",
                     DidYouMean(options.layout, {"koku", "hourly"}));
  }
  if (!IsUuid(options.source)) {
    return UserError("--source ", options.source, ": expected a UUID");
  }
  for (const auto& [option, text] :
       {std::pair("--account", &options.account), std::pair("--input", &options.input)}) {
    if (text->empty()) return UserError(option, ": expected a text");
  }
  const bool is_file = options.to.ends_with(".ndjson") ||
                       options.to.ends_with(".parquet") || options.to.ends_with(".arrow");
  if (!is_file && !plan::IsDatabase(options.to)) {
    return UserError("--to ", options.to,
                     ": expected OUT.parquet, OUT.ndjson or postgresql://...");
  }
  if (options.parallel.has_value() && !plan::IsDatabase(options.to)) {
    return UserError("--parallel ", *options.parallel,
                     ": expected only with --to postgresql://...");
  }
  return Status::OK();
}

/// Rows of a table that stands in the document.
template <typename Row, typename Cells>
std::string ValuesSource(const char* columns, const std::vector<Row>& rows, Cells cells) {
  std::string text = std::string("{values: {columns: ") + columns + ", rows: [";
  for (const Row& row : rows) {
    text += &row == rows.data() ? "[" : ", [";
    for (const std::string& cell : cells(row)) {
      if (text.back() != '[') text += ", ";
      text += cell;
    }
    text += "]";
  }
  return text + "]}}\n";
}

std::string ReferenceSources(const PodUsageReference& reference) {
  using Cells = std::vector<std::string>;
  return "  categories: " +
         ValuesSource(
             "{pattern: varchar, cost_category_id: integer}", reference.categories,
             [](const PodUsageReference::Category& row) {
               return Cells{JsonOrNull(row.pattern),
                            row.id.has_value() ? std::to_string(*row.id) : "null"};
             }) +
         "  nodes: " +
         ValuesSource("{node: varchar, resource_id: varchar, node_role: varchar}",
                      reference.nodes, [](const PodUsageReference::Node& row) {
                        return Cells{JsonOrNull(row.node), JsonOrNull(row.resource_id),
                                     JsonOrNull(row.role)};
                      });
}

/// ", 'app', 'env'": the further arguments of label_filter.
std::string KeyArguments(const PodUsageReference& reference) {
  if (reference.enabled_keys.empty()) return "";
  std::string text = std::string(", '") + kMachineKey + "'";
  for (const std::string& key : reference.enabled_keys) text += ", " + SqlLiteral(key);
  return text;
}

std::string SummaryColumns(const PodUsageOptions& options,
                           const PodUsageReference& reference) {
  std::string list;
  const auto add = [&](std::string_view name, const std::string& expression) {
    list += (list.empty() ? "[{" : ", {") + std::string(name) + ": " +
            (expression.empty() ? std::string(name) : "\"" + expression + "\"") + "}";
  };
  if (plan::IsDatabase(options.to)) add("uuid", "uuid()");
  for (const SummaryColumn& column : kSummaryColumns) {
    const std::string type = column.type;
    if (column.of_volumes && !reference.has_volumes) {
      add(column.name,
          "cast(null as " +
              std::string(type.starts_with("numeric") ? "double" : "varchar") + ")");
    } else if (std::string_view(column.name) == "all_labels" && reference.has_volumes) {
      add(column.name, "coalesce(pod_labels, volume_labels, '{}')");
    } else {
      add(column.name, column.expression == nullptr ? "" : column.expression);
    }
  }
  return list + "]";
}

std::string Sink(const PodUsageOptions& options, const Date& start, const Date& end) {
  std::string text = "{write: " + Json(options.to);
  if (!plan::IsDatabase(options.to)) {
    text += ", types: {";
    for (const SummaryColumn& column : kSummaryColumns) {
      text += std::string(&column == kSummaryColumns ? "" : ", ") + column.name + ": \"" +
              column.type + "\"";
    }
    return text + "}}";
  }
  const std::string replaced =
      "source_uuid = " + SqlLiteral(options.source) + " and usage_start between date '" +
      DateText(start) + "' and date '" + DateText(end) +
      "' and (infrastructure_raw_cost is null or infrastructure_raw_cost = 0)";
  text += std::string(", table: ") + kSummaryTable + ", replace_where: " + Json(replaced);
  if (options.parallel.has_value()) {
    text += ", parallel: " + std::to_string(*options.parallel);
  }
  return text + "}";
}

/// An item of a select.
std::string Item(const std::string& name, const std::string& expression) {
  return "{" + name + ": \"" + expression + "\"}";
}

/// The columns that a row of a pod comes down to. The effective usage that a daily row
/// stores counts, else the larger of usage and request, null when one of them is. An hour
/// always has the larger one.
std::string PodColumns(bool is_hourly) {
  std::string columns =
      "[{day: cast(interval_start as date)}, namespace, node, pod, resource_id, "
      "pod_labels";
  for (const auto& [name, stored] : {std::pair("cpu", "cpu_core_seconds"),
                                     std::pair("memory", "memory_byte_seconds")}) {
    const std::string prefix = std::string(name) + "_";
    std::string usage = std::string("pod_usage_") + stored;
    std::string request = std::string("pod_request_") + stored;
    columns += ", " + Item(prefix + "usage", usage);
    columns += ", " + Item(prefix + "request", request);
    columns += ", " + Item(prefix + "limit", std::string("pod_limit_") + stored);
    if (is_hourly) {
      usage = "coalesce(" + usage + ", 0)";
      request = "coalesce(" + request + ", 0)";
    }
    std::string larger = "case when " + usage + " >= " + request + " then " + usage +
                         " when " + usage + " < " + request + " then " + request + " end";
    if (!is_hourly) {
      larger =
          std::string("coalesce(pod_effective_usage_") + stored + ", " + larger + ")";
    }
    columns += ", " + Item(prefix + "effective", larger);
  }
  return columns +
         ", {node_cores: node_capacity_cpu_cores}, "
         "{node_memory: node_capacity_memory_bytes}]";
}

/// How groups of those add up; lines of a map.
std::string PodSums() {
  std::string lines = "        resource_id: max(resource_id)";
  for (const char* name :
       {"cpu_usage", "cpu_request", "cpu_effective", "cpu_limit", "memory_usage",
        "memory_request", "memory_effective", "memory_limit"}) {
    lines += std::string("\n        ") + name + ": sum(" + name + ")";
  }
  for (const char* name : {"node_cores", "node_memory"}) {
    lines += std::string("\n        ") + name + ": max(" + name + ")";
  }
  return lines;
}

/// The columns that a row of a volume comes down to. In hourly rows null stands for an
/// empty text and for zero.
std::string VolumeColumns(bool is_hourly) {
  std::string columns = "[{day: cast(interval_start as date)}";
  const auto add = [&](const std::string& name, const std::string& value,
                       const char* null_value) {
    columns += ", " + Item(name, is_hourly ? "coalesce(" + value + ", " + null_value + ")"
                                           : value);
  };
  for (const char* name : {"namespace", "pod", "persistentvolumeclaim",
                           "persistentvolume", "storageclass", "csi_volume_handle"}) {
    add(name, name, "''");
  }
  for (const auto& [name, stored] :
       {std::pair("volume_set", "persistentvolume_labels"),
        std::pair("claim_set", "persistentvolumeclaim_labels")}) {
    columns +=
        ", " + Item(name, "label_filter(${labels}(" + std::string(stored) + ")${keys})");
  }
  for (const auto& [name, stored] :
       {std::pair("capacity", "persistentvolumeclaim_capacity_bytes"),
        std::pair("capacity_seconds", "persistentvolumeclaim_capacity_byte_seconds"),
        std::pair("request_seconds", "volume_request_storage_byte_seconds"),
        std::pair("usage_seconds", "persistentvolumeclaim_usage_byte_seconds")}) {
    add(name, stored, "0");
  }
  return columns + "]";
}

std::string Schema(std::initializer_list<const char*> texts,
                   std::initializer_list<const char*> labels,
                   std::initializer_list<const char*> numbers) {
  std::string schema = "{interval_start: timestamp(3)";
  for (const char* name : texts) schema += std::string(", ") + name + ": varchar";
  for (const char* name : labels) schema += std::string(", ") + name + ": labels";
  for (const char* name : numbers) schema += std::string(", ") + name + ": double";
  return schema + "}";
}

std::string PodSchema() {
  return Schema(
      {"namespace", "node", "pod", "resource_id"}, {"pod_labels"},
      {"pod_usage_cpu_core_seconds", "pod_request_cpu_core_seconds",
       "pod_effective_usage_cpu_core_seconds", "pod_limit_cpu_core_seconds",
       "pod_usage_memory_byte_seconds", "pod_request_memory_byte_seconds",
       "pod_effective_usage_memory_byte_seconds", "pod_limit_memory_byte_seconds",
       "node_capacity_cpu_cores", "node_capacity_cpu_core_seconds",
       "node_capacity_memory_bytes", "node_capacity_memory_byte_seconds"});
}

std::string VolumeSchema() {
  return Schema({"namespace", "pod", "persistentvolumeclaim", "persistentvolume",
                 "storageclass", "csi_volume_handle"},
                {"persistentvolume_labels", "persistentvolumeclaim_labels"},
                {"persistentvolumeclaim_capacity_bytes",
                 "persistentvolumeclaim_capacity_byte_seconds",
                 "volume_request_storage_byte_seconds",
                 "persistentvolumeclaim_usage_byte_seconds"});
}

/// `text` with each %{NAME} replaced.
std::string FillParts(std::string text, const std::map<std::string, std::string>& parts) {
  for (const auto& [name, part] : parts) {
    const std::string mark = "%{" + name + "}";
    for (size_t at = text.find(mark); at != std::string::npos;
         at = text.find(mark, at + part.size())) {
      text.replace(at, mark.size(), part);
    }
  }
  return text;
}

std::string WithoutEndingSlashes(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

Result<plan::JobSpec> PodUsageJob(const PodUsageOptions& options,
                                  const PodUsageReference& reference) {
  ARROW_RETURN_NOT_OK(CheckOptions(options));
  ARROW_ASSIGN_OR_RAISE(const Date start, ParseDate("--start", options.start));
  ARROW_ASSIGN_OR_RAISE(const Date end, ParseDate("--end", options.end));
  if (end < start) {
    return UserError("--end ", options.end, ": expected --start ", options.start,
                     " or a later day");
  }
  const bool is_koku = options.layout == "koku";
  const Date after = Date(std::chrono::sys_days(end) + std::chrono::days(1));
  char month[64];
  std::snprintf(month, sizeof(month), "/year=%04d/month=%02u",
                static_cast<int>(start.year()), static_cast<unsigned>(start.month()));
  const std::string partition = "source=" + options.source + month;

  std::string text = is_koku ? kPodUsageKoku : kPodUsageHourly;
  text += kPodUsagePods;
  if (reference.has_volumes) text += kPodUsageVolumes;
  text += kPodUsageUnallocated;
  text += kPodUsageSummary;
  text = FillParts(
      std::move(text),
      {{"pod_schema", PodSchema()},
       {"volume_schema", VolumeSchema()},
       {"reference", ReferenceSources(reference)},
       {"pod_columns", PodColumns(!is_koku)},
       {"pod_sums", PodSums()},
       {"volume_columns", VolumeColumns(!is_koku)},
       {"namespaces",
        reference.has_volumes ? "pod_namespaces, volume_namespaces" : "pod_namespaces"},
       {"rows",
        reference.has_volumes ? "pods, volumes, unallocated" : "pods, unallocated"},
       {"summary_columns", SummaryColumns(options, reference)},
       {"sink", Sink(options, start, end)}});
  const std::map<std::string, std::string> variables = {
      {"input", WithoutEndingSlashes(options.input)},
      {"account", options.account},
      {"month", is_koku ? partition : "data/" + options.account + "/OCP/" + partition},
      {"window", "interval_start >= timestamp '" + DateText(start) +
                     "' and interval_start < timestamp '" + DateText(after) + "'"},
      {"node", is_koku ? "node" : "coalesce(node, '')"},
      {"namespace", is_koku ? "namespace" : "coalesce(namespace, '')"},
      {"labels", is_koku ? "labels" : "pipe_labels"},
      {"keys", KeyArguments(reference)},
      {"per_gib", "9.313225746154785e-10"},  // 2^-30
      {"report_period_id", std::to_string(options.report_period_id)},
      {"cluster_id", SqlLiteral(options.cluster_id)},
      {"cluster_alias", SqlLiteral(options.cluster_alias)},
      {"source", SqlLiteral(options.source)}};
  return plan::ReadJobSpec(text, "pod-usage", variables);
}

Result<plan::JobSpec> PodUsageReferenceJob(const std::string& url) {
  std::string text = "windrow: 1\nsources:\n";
  const std::string scan = "{scan: " + Json(url) + ", query: ";
  text += "  keys: " + scan +
          "\"select key::text from reporting_enabledtagkeys where enabled and "
          "provider_type = 'OCP' order by key\"}\n";
  text += "  categories: " + scan +
          "\"select namespace::text, cost_category_id::integer from "
          "reporting_ocp_cost_category_namespace order by 1, 2\"}\n";
  text += "  nodes: " + scan +
          "\"select node::text, resource_id::text, node_role::text from "
          "reporting_ocp_nodes order by 1, 2, 3\"}\n";
  text += "sinks:\n";
  for (const char* name : {"keys", "categories", "nodes"}) {
    text += std::string("  - {collect: ") + name + ", from: " + name + "}\n";
  }
  return plan::ReadJobSpec(text, "pod-usage reference", {});
}

}  // namespace windrow::recipe
