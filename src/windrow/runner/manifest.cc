// SPDX-License-Identifier: Apache-2.0
#include "windrow/runner/manifest.h"

#include <arrow/buffer.h>
#include <arrow/io/file.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "windrow/base/version.h"
#include "windrow/exec/task_slots.h"
#include "windrow/fs/atomic_output.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace windrow::runner {
namespace {

using Writer = rapidjson::PrettyWriter<rapidjson::StringBuffer>;

void Put(Writer& json, const std::string& key, const std::string& value) {
  json.Key(key.c_str(), static_cast<rapidjson::SizeType>(key.size()));
  json.String(value.c_str(), static_cast<rapidjson::SizeType>(value.size()));
}

void Put(Writer& json, const std::string& key, std::optional<int64_t> value) {
  json.Key(key.c_str(), static_cast<rapidjson::SizeType>(key.size()));
  value.has_value() ? json.Int64(*value) : json.Null();
}

void Put(Writer& json, const std::string& key,
         const std::map<std::string, int64_t>& values) {
  json.Key(key.c_str(), static_cast<rapidjson::SizeType>(key.size()));
  json.StartObject();
  for (const auto& [name, value] : values) Put(json, name, std::optional(value));
  json.EndObject();
}

void PutSources(Writer& json, const plan::PreparedJob& job) {
  json.Key("sources");
  json.StartObject();
  for (const auto& [name, table] : job.tables) {
    if (table->scan_kind() != std::string_view("scan")) continue;
    json.Key(name.c_str());
    json.StartObject();
    Put(json, "rows", table->num_rows());
    json.EndObject();
  }
  json.EndObject();
  json.Key("inputs");
  json.StartArray();
  for (const plan::InputFile& input : job.inputs) {
    json.StartObject();
    Put(json, "path", input.path);
    Put(json, "bytes", std::optional(input.size_bytes));
    Put(json, "source", input.source);
    json.EndObject();
  }
  json.EndArray();
}

/// What steps counted and rejected, by name: their order in a run may differ.
void PutCounts(Writer& json, const exec::RunMetrics& metrics) {
  std::map<std::string, int64_t> rejected;
  std::map<std::string, std::map<std::string, int64_t>> counts;
  metrics.ForEach([&](const exec::StepMetrics& step) {
    for (const auto& [reason, rows] : step.rejected()) rejected[reason] += rows;
    for (const auto& [name, count] : step.counts()) counts[step.name][name] += count;
  });
  Put(json, "rows_rejected", rejected);
  json.Key("counts");
  json.StartObject();
  for (const auto& [step, of_step] : counts) Put(json, step, of_step);
  json.EndObject();
}

void PutFiles(Writer& json, const plan::WrittenFolder& folder,
              const std::vector<FileContent>& contents) {
  json.Key("files");
  json.StartArray();
  for (size_t f = 0; f < contents.size(); ++f) {
    json.StartObject();
    Put(json, "path", folder.files[f].name);
    Put(json, "rows", std::optional(folder.files[f].rows));
    Put(json, "bytes", std::optional(contents[f].bytes));
    Put(json, "xxh3", contents[f].xxh3);
    json.EndObject();
  }
  json.EndArray();
}

Status AddManifest(const plan::PreparedJob& job, const exec::RunMetrics& metrics,
                   const plan::WrittenFolder& folder, exec::RunContext* context) {
  std::vector<FileContent> contents(folder.files.size());
  ARROW_RETURN_NOT_OK(context->slots->ParallelFor(
      static_cast<int64_t>(contents.size()), [&](int64_t file) -> Status {
        const std::string path = folder.staging + "/" + folder.files[file].name;
        ARROW_ASSIGN_OR_RAISE(contents[file], ReadFileContent(path, context));
        return Status::OK();
      }));
  rapidjson::StringBuffer text;
  Writer json(text);
  json.SetIndent(' ', 2);
  json.StartObject();
  Put(json, "windrow", std::string(kVersion));
  Put(json, "job", job.document);
  PutSources(json, job);
  PutCounts(json, metrics);
  PutFiles(json, folder, contents);
  json.EndObject();
  text.Put('\n');
  ARROW_ASSIGN_OR_RAISE(const auto output,
                        fs::AtomicOutput::Open(folder.staging + "/" + folder.manifest,
                                               context->sync_outputs));
  ARROW_RETURN_NOT_OK(
      output->stream()->Write(text.GetString(), static_cast<int64_t>(text.GetSize())));
  return output->Commit();
}

}  // namespace

Result<FileContent> ReadFileContent(const std::string& path, exec::RunContext* context) {
  constexpr int64_t kPieceBytes = 4 << 20;
  ARROW_ASSIGN_OR_RAISE(const auto file,
                        arrow::io::ReadableFile::Open(path, context->pool));
  ARROW_ASSIGN_OR_RAISE(const auto piece,
                        arrow::AllocateBuffer(kPieceBytes, context->pool));
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(
      XXH3_createState(), XXH3_freeState);
  XXH3_64bits_reset(state.get());
  FileContent content;
  while (true) {
    ARROW_RETURN_NOT_OK(context->stop.Poll());
    ARROW_ASSIGN_OR_RAISE(const int64_t read,
                          file->Read(kPieceBytes, piece->mutable_data()));
    if (read == 0) break;
    XXH3_64bits_update(state.get(), piece->data(), static_cast<size_t>(read));
    content.bytes += read;
  }
  std::array<char, 17> hash;
  std::snprintf(hash.data(), hash.size(), "%016llx",
                static_cast<unsigned long long>(XXH3_64bits_digest(state.get())));
  content.xxh3 = hash.data();
  return content;
}

Status AddManifests(const plan::PreparedJob& job, const exec::RunMetrics& metrics,
                    const std::vector<plan::WrittenFolder>& folders,
                    exec::RunContext* context) {
  for (const plan::WrittenFolder& folder : folders) {
    if (folder.manifest.empty()) continue;
    ARROW_RETURN_NOT_OK(folder.locate(AddManifest(job, metrics, folder, context)));
  }
  return Status::OK();
}

}  // namespace windrow::runner
