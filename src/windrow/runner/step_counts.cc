// SPDX-License-Identifier: Apache-2.0
#include "windrow/runner/step_counts.h"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <map>
#include <optional>
#include <string>

namespace windrow::runner {
namespace {

using Json = rapidjson::Value;
using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void Put(Writer& json, const char* key, const std::string& value) {
  json.Key(key);
  json.String(value.c_str(), static_cast<rapidjson::SizeType>(value.size()));
}

void Put(Writer& json, const char* key, int64_t value) {
  json.Key(key);
  json.Int64(value);
}

void Put(Writer& json, const char* key, const std::map<std::string, int64_t>& values) {
  json.Key(key);
  json.StartObject();
  for (const auto& [name, value] : values) Put(json, name.c_str(), value);
  json.EndObject();
}

void Add(std::optional<int64_t>* sum, const Json& json, const char* key) {
  if (json.HasMember(key)) *sum = sum->value_or(0) + json[key].GetInt64();
}

std::string TextOf(const Json& json) {
  return {json.GetString(), json.GetStringLength()};
}

}  // namespace

std::string WriteStepCounts(const exec::RunMetrics& metrics) {
  rapidjson::StringBuffer text;
  Writer json(text);
  json.StartArray();
  metrics.ForEach([&](const exec::StepMetrics& step) {
    json.StartObject();
    Put(json, "name", step.name);
    Put(json, "kind", step.kind);
    Put(json, "rows_in", step.rows_in);
    Put(json, "rows_out", step.rows_out);
    Put(json, "bytes", step.bytes);
    Put(json, "wire_bytes", step.wire_bytes);
    Put(json, "cpu_nanos", step.cpu_nanos);
    Put(json, "wall_nanos", step.wall_nanos());
    Put(json, "spill_bytes", step.spill_bytes);
    if (step.predicted_rows.has_value()) {
      Put(json, "predicted_rows", *step.predicted_rows);
    }
    if (step.predicted_bytes.has_value()) {
      Put(json, "predicted_bytes", *step.predicted_bytes);
    }
    Put(json, "counts", step.counts());
    Put(json, "rejected", step.rejected());
    Put(json, "strategy", step.strategy());
    Put(json, "reason", step.reason());
    json.EndObject();
  });
  json.EndArray();
  return text.GetString();
}

Status AddStepCounts(std::string_view text, exec::RunMetrics* metrics) {
  rapidjson::Document json;
  json.Parse(text.data(), text.size());
  if (json.HasParseError() || !json.IsArray()) {
    return InternalError("found no counters of steps in what a task gave");
  }
  const int64_t now = exec::WallNanos();
  for (const Json& from : json.GetArray()) {
    exec::StepMetrics& step =
        *metrics->FindOrAdd(TextOf(from["name"]), TextOf(from["kind"]));
    step.rows_in += from["rows_in"].GetInt64();
    step.rows_out += from["rows_out"].GetInt64();
    step.bytes += from["bytes"].GetInt64();
    step.wire_bytes += from["wire_bytes"].GetInt64();
    step.cpu_nanos += from["cpu_nanos"].GetInt64();
    step.spill_bytes += from["spill_bytes"].GetInt64();
    step.Touch(now - from["wall_nanos"].GetInt64(), now);
    Add(&step.predicted_rows, from, "predicted_rows");
    Add(&step.predicted_bytes, from, "predicted_bytes");
    for (const auto& count : from["counts"].GetObject()) {
      step.Count(TextOf(count.name), count.value.GetInt64());
    }
    for (const auto& rejected : from["rejected"].GetObject()) {
      step.Reject(TextOf(rejected.name), rejected.value.GetInt64());
    }
    step.SetStrategy(TextOf(from["strategy"]), TextOf(from["reason"]));
  }
  return Status::OK();
}

}  // namespace windrow::runner
