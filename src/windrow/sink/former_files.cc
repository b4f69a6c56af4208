// SPDX-License-Identifier: Apache-2.0
#include "windrow/sink/former_files.h"

#include <rapidjson/document.h>
#include <rapidjson/istreamwrapper.h>

#include <fstream>

namespace windrow::sink {

std::set<std::string> FilesOfManifest(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  rapidjson::IStreamWrapper stream(file);
  rapidjson::Document manifest;
  manifest.ParseStream<rapidjson::kParseIterativeFlag>(stream);
  std::set<std::string> names;
  if (manifest.HasParseError() || !manifest.IsObject()) return names;
  // Others write files of that name too.
  if (!manifest.HasMember("windrow") || !manifest.HasMember("files")) return names;
  const rapidjson::Value& files = manifest["files"];
  if (!files.IsArray()) return names;
  for (const rapidjson::Value& entry : files.GetArray()) {
    if (!entry.IsObject() || !entry.HasMember("path")) continue;
    const rapidjson::Value& name = entry["path"];
    if (name.IsString()) names.emplace(name.GetString(), name.GetStringLength());
  }
  return names;
}

}  // namespace windrow::sink
