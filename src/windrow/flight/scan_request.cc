// SPDX-License-Identifier: Apache-2.0
#include "windrow/flight/scan_request.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <limits>

#include "windrow/flight/flat_json.h"

namespace windrow::flight {
namespace {

constexpr int64_t kVersion = 1;
constexpr char kPlace[] = "the scan request";

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void Put(Writer& json, const std::string& text) {
  json.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void PutIfSet(Writer& json, const char* key, const std::string& text) {
  if (text.empty()) return;
  json.Key(key);
  Put(json, text);
}

Status CheckNames(const ScanRequest& request) {
  if (request.table.empty()) return UserError("key 'table': found no name");
  if (request.key_column.empty() && !request.key_filter.empty()) {
    return UserError("key 'key_filter' without 'key_column'");
  }
  return Status::OK();
}

Result<ScanRequest> ReadJson(std::string_view text) {
  ScanRequest read;
  int64_t version = 0;
  std::optional<int64_t> endpoints;
  ARROW_RETURN_NOT_OK(ReadFlatJson(text, {{"windrow_scan", &version, true},
                                          {"table", &read.table, true},
                                          {"columns", &read.columns},
                                          {"where", &read.where},
                                          {"limit", &read.limit},
                                          {"key_column", &read.key_column},
                                          {"key_filter", &read.key_filter},
                                          {"codec", &read.codec},
                                          {"link_rate", &read.link_rate},
                                          {"message_bytes", &read.message_bytes},
                                          {"endpoints", &endpoints}}));
  if (version != kVersion) {
    return UserError("key 'windrow_scan': found version ", version, ", expected ",
                     kVersion);
  }
  if (endpoints.has_value()) {
    if (*endpoints < 1 || *endpoints > std::numeric_limits<int>::max()) {
      return UserError("key 'endpoints': found ", *endpoints, ", expected 1 to ",
                       std::numeric_limits<int>::max());
    }
    read.endpoints = static_cast<int>(*endpoints);
  }
  ARROW_RETURN_NOT_OK(CheckNames(read));
  return read;
}

Result<ScanRequest> ReadName(std::string_view name) {
  const char* const fault = FaultOfText(name);
  if (fault != nullptr) return UserError("found ", fault, ", expected a table's name");
  ScanRequest read{.table = std::string(name)};
  ARROW_RETURN_NOT_OK(CheckNames(read));
  return read;
}

}  // namespace

std::string WriteScanRequest(const ScanRequest& request) {
  rapidjson::StringBuffer text;
  Writer json(text);
  json.StartObject();
  json.Key("windrow_scan");
  json.Int64(kVersion);
  json.Key("table");
  Put(json, request.table);
  if (request.columns.has_value()) {
    json.Key("columns");
    json.StartArray();
    for (const std::string& column : *request.columns) Put(json, column);
    json.EndArray();
  }
  PutIfSet(json, "where", request.where);
  if (request.limit.has_value()) {
    json.Key("limit");
    json.Int64(*request.limit);
  }
  PutIfSet(json, "key_column", request.key_column);
  PutIfSet(json, "key_filter", request.key_filter);
  PutIfSet(json, "codec", request.codec);
  if (request.link_rate != 0) {
    json.Key("link_rate");
    json.Int64(request.link_rate);
  }
  if (request.message_bytes != 0) {
    json.Key("message_bytes");
    json.Int64(request.message_bytes);
  }
  if (request.endpoints.has_value()) {
    json.Key("endpoints");
    json.Int64(*request.endpoints);
  }
  json.EndObject();
  return {text.GetString(), text.GetSize()};
}

Result<ScanRequest> ReadScanRequest(std::string_view text) {
  if (text.size() > kScanRequestBytesMax) {
    return UserError(kPlace, ": ", text.size(), " bytes, expected ", kScanRequestBytesMax,
                     " at most");
  }
  Result<ScanRequest> read = text.starts_with('{') ? ReadJson(text) : ReadName(text);
  if (!read.ok()) return At(kPlace, read.status());
  return read;
}

}  // namespace windrow::flight
