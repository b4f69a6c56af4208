// SPDX-License-Identifier: Apache-2.0
#include "windrow/cli/probe_rows_manifest.h"

#include <rapidjson/document.h>

#include <fstream>
#include <sstream>
#include <variant>

#include "windrow/plan/job_spec_reader.h"
#include "windrow/recipe/probe_rows.h"

namespace windrow::cli {
namespace {

using Value = rapidjson::Value;

const Value* Find(const Value& object, const char* key) {
  if (!object.IsObject()) return nullptr;
  const auto member = object.FindMember(key);
  return member == object.MemberEnd() ? nullptr : &member->value;
}

std::optional<int64_t> Number(const Value& object, const char* key) {
  const Value* value = Find(object, key);
  if (value == nullptr || !value->IsInt64()) return std::nullopt;
  return value->GetInt64();
}

std::string Text(const Value& object, const char* key) {
  const Value* value = Find(object, key);
  if (value == nullptr || !value->IsString()) return "";
  return {value->GetString(), value->GetStringLength()};
}

/// The first write of the records of a probe_records step.
Status FindRecords(ProbeRowsManifest* manifest, std::string* step_name) {
  for (const plan::SinkSpec& sink : manifest->job.sinks) {
    const auto* write = std::get_if<plan::WriteSpec>(&sink);
    if (write == nullptr || !write->partition_by.has_value()) continue;
    for (const plan::StepSpec& step : manifest->job.steps) {
      const auto* records = std::get_if<plan::ProbeRecordsSpec>(&step.kind);
      if (records == nullptr || step.name != write->from) continue;
      manifest->records = *records;
      manifest->write = *write;
      *step_name = step.name.value;
      return Status::OK();
    }
  }
  return DataError("no sink of probe_records with partition_by in its job");
}

void ReadRows(const Value& root, ProbeRowsManifest* manifest) {
  if (const Value* sources = Find(root, "sources"); sources && sources->IsObject()) {
    int64_t rows = 0;
    bool is_known = sources->MemberCount() > 0;
    for (const auto& source : sources->GetObject()) {
      const auto of_source = Number(source.value, "rows");
      is_known &= of_source.has_value();
      rows += of_source.value_or(0);
    }
    if (is_known) manifest->input_rows = rows;
  }
  if (const Value* rejected = Find(root, "rows_rejected");
      rejected && rejected->IsObject()) {
    for (const auto& reason : rejected->GetObject()) {
      if (reason.value.IsInt64()) manifest->rejected_rows += reason.value.GetInt64();
    }
  }
}

Status Fill(const Value& root, ProbeRowsManifest* manifest) {
  ARROW_ASSIGN_OR_RAISE(manifest->job, plan::ReadJobSpec(Text(root, "job"), "job", {}));
  std::string step_name;
  ARROW_RETURN_NOT_OK(FindRecords(manifest, &step_name));
  ReadRows(root, manifest);
  const Value* counts = Find(root, "counts");
  const Value* of_step = counts ? Find(*counts, step_name.c_str()) : nullptr;
  if (of_step != nullptr && of_step->IsObject()) {
    for (const auto& count : of_step->GetObject()) {
      if (count.value.IsInt64()) {
        manifest->counts[count.name.GetString()] = count.value.GetInt64();
      }
    }
  }
  const Value* files = Find(root, "files");
  if (files == nullptr || !files->IsArray()) return DataError("no list of files");
  for (const Value& file : files->GetArray()) {
    manifest->files[Text(file, "path")] = {Number(file, "rows").value_or(-1),
                                           Number(file, "bytes").value_or(-1),
                                           Text(file, "xxh3")};
  }
  return Status::OK();
}

}  // namespace

Result<ProbeRowsManifest> ReadProbeRowsManifest(const std::string& folder) {
  const std::string path = folder + "/" + recipe::kProbeRowsManifest;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file.is_open()) {
    return UserError(path, ": cannot be read; expected a folder that probe-rows wrote");
  }
  rapidjson::Document root;
  root.Parse(text.str().c_str());
  if (root.HasParseError()) {
    return DataError(path, ": no JSON from byte ", root.GetErrorOffset(), " on");
  }
  ProbeRowsManifest manifest;
  const Status filled = Fill(root, &manifest);
  if (!filled.ok()) return DataError(path, ": ", filled.message());
  return manifest;
}

}  // namespace windrow::cli
