// SPDX-License-Identifier: Apache-2.0
#include "windrow/runner/run_report.h"

#include <cmath>
#include <type_traits>

#include "windrow/exec/metrics.h"
#include "windrow/runner/json_fields.h"

namespace windrow::runner {
namespace {

using runner::Put;

double Seconds(int64_t nanos) { return static_cast<double>(nanos) * 1e-9; }

void Put(JsonWriter& json, const char* key,
         const std::map<std::string, int64_t>& values) {
  json.Key(key);
  json.StartObject();
  for (const auto& [name, value] : values) Put(json, name.c_str(), value);
  json.EndObject();
}

/// On one line, as they are many. Thousandths are plenty for seconds.
template <typename T>
void Put(JsonWriter& json, const char* key, const std::vector<T>& values) {
  json.Key(key);
  json.SetFormatOptions(rapidjson::kFormatSingleLineArray);
  json.StartArray();
  for (const T value : values) {
    if constexpr (std::is_floating_point_v<T>) {
      json.Double(std::round(value * 1000) / 1000);
    } else {
      json.Int64(value);
    }
  }
  json.EndArray();
  json.SetFormatOptions(rapidjson::kFormatDefault);
}

void PutStep(JsonWriter& json, const RunReport::Step& step) {
  json.StartObject();
  Put(json, "name", step.name);
  Put(json, "kind", step.kind);
  Put(json, "rows_in", step.rows_in);
  Put(json, "rows_out", step.rows_out);
  Put(json, "started_seconds", step.started_seconds);
  Put(json, "wall_seconds", step.wall_seconds);
  Put(json, "cpu_seconds", step.cpu_seconds);
  Put(json, "spill_bytes", step.spill_bytes);
  Put(json, "predicted_rows", step.predicted_rows);
  Put(json, "predicted_bytes", step.predicted_bytes);
  Put(json, "counts", step.counts);
  Put(json, "strategy", step.strategy);
  Put(json, "reason", step.reason);
  json.EndObject();
}

}  // namespace

void AddSteps(const exec::RunMetrics& metrics, int64_t start_nanos, RunReport* report) {
  metrics.ForEach([&](const exec::StepMetrics& step) {
    const bool is_scan = step.kind == "scan";
    if (is_scan) {
      report->rows_in[step.name] += step.rows_out;
      report->bytes_read += step.bytes;
      report->bytes_on_wire += step.wire_bytes;
    } else if (step.kind == "write" || step.kind == "result") {
      report->rows_out[step.name] += step.rows_out;
      report->bytes_written += step.bytes;
    }
    report->spill_bytes += step.spill_bytes;
    for (const auto& [reason, rows] : step.rejected())
      report->rows_rejected[reason] += rows;
    report->steps.push_back(
        {step.name, step.kind, is_scan ? step.rows_out.load() : step.rows_in.load(),
         step.rows_out, Seconds(step.first_nanos().value_or(start_nanos) - start_nanos),
         Seconds(step.wall_nanos()), Seconds(step.cpu_nanos), step.spill_bytes,
         step.predicted_rows, step.predicted_bytes, step.counts(), step.strategy(),
         step.reason()});
  });
}

std::string ToJson(const RunReport& report) {
  rapidjson::StringBuffer text;
  JsonWriter json(text);
  json.SetIndent(' ', 2);
  json.StartObject();
  Put(json, "version", report.version);
  Put(json, "job", report.job);
  Put(json, "started_at", report.started_at);
  Put(json, "wall_seconds", report.wall_seconds);
  Put(json, "cpu_seconds", report.cpu_seconds);
  Put(json, "peak_memory_bytes", report.peak_memory_bytes);
  Put(json, "peak_rss_bytes", report.peak_rss_bytes);
  Put(json, "memory_budget_bytes", report.memory_budget_bytes);
  Put(json, "slots", int64_t{report.slots});
  Put(json, "runner", report.runner);
  Put(json, "rows_in", report.rows_in);
  Put(json, "rows_out", report.rows_out);
  Put(json, "rows_rejected", report.rows_rejected);
  Put(json, "bytes_read", report.bytes_read);
  Put(json, "bytes_written", report.bytes_written);
  Put(json, "bytes_on_wire", report.bytes_on_wire);
  Put(json, "spill_bytes", report.spill_bytes);
  json.Key("steps");
  json.StartArray();
  for (const RunReport::Step& step : report.steps) PutStep(json, step);
  json.EndArray();
  json.Key("timeline");
  json.StartObject();
  Put(json, "seconds", report.timeline.seconds);
  Put(json, "memory_bytes", report.timeline.memory_bytes);
  Put(json, "budget_bytes", report.timeline.budget_bytes);
  Put(json, "spill_bytes", report.timeline.spill_bytes);
  Put(json, "cpu_seconds", report.timeline.cpu_seconds);
  json.EndObject();
  json.EndObject();
  return std::string(text.GetString()) + "\n";
}

}  // namespace windrow::runner
