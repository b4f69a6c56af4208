// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include <cstdint>
#include <optional>
#include <string>

namespace windrow::runner {

// Fields of the JSON objects that reports are.

using JsonWriter = rapidjson::PrettyWriter<rapidjson::StringBuffer>;

inline void Put(JsonWriter& json, const char* key, const std::string& value) {
  json.Key(key);
  json.String(value.c_str(), static_cast<rapidjson::SizeType>(value.size()));
}

inline void Put(JsonWriter& json, const char* key, int64_t value) {
  json.Key(key);
  json.Int64(value);
}

inline void Put(JsonWriter& json, const char* key, double value) {
  json.Key(key);
  json.Double(value);
}

inline void Put(JsonWriter& json, const char* key, bool value) {
  json.Key(key);
  json.Bool(value);
}

inline void Put(JsonWriter& json, const char* key, const std::optional<int64_t>& value) {
  if (value.has_value()) return Put(json, key, *value);
  json.Key(key);
  json.Null();
}

}  // namespace windrow::runner
