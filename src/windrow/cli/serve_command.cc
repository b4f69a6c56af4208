// SPDX-License-Identifier: Apache-2.0
#include "windrow/cli/serve_command.h"

#include <optional>
#include <ostream>

#include "windrow/base/byte_size.h"
#include "windrow/base/text_file.h"
#include "windrow/exec/switches.h"
#include "windrow/runner/local_runner.h"
#include "windrow/service/flight_service.h"

namespace windrow::cli {
namespace {

Result<int64_t> ReadSize(const std::string& option, const std::string& text,
                         int64_t least, int64_t most) {
  const Result<int64_t> bytes = ParseByteSize(text);
  if (!bytes.ok()) return At(option, bytes.status());
  if (*bytes >= least && *bytes <= most) return bytes;
  return UserError(option, " ", text, ": expected ", FormatByteSize(least), " to ",
                   FormatByteSize(most));
}

Result<std::string> ReadPem(const std::string& option, const std::string& path) {
  if (path.empty()) return std::string();
  std::optional<std::string> text = ReadTextFile(path);
  if (text.has_value()) return *std::move(text);
  return UserError(option, " ", path, ": cannot be read; expected a PEM file");
}

Result<service::ServiceOptions> ServiceOptionsOf(const ServeOptions& options) {
  constexpr int64_t kKiB = 1024;
  constexpr int64_t kMiB = 1024 * kKiB;
  service::ServiceOptions service;
  const auto listen = flight::ParseServerAddress(options.listen);
  if (!listen.ok()) return At("--listen", listen.status());
  service.listen = *listen;
  for (const std::string& replica : options.replicas) {
    const auto address = flight::ParseServerAddress(replica);
    if (!address.ok()) return At("--replica", address.status());
    service.replicas.push_back(*address);
  }
  if (!options.token_file.empty()) {
    ARROW_ASSIGN_OR_RAISE(service.token, ReadToken(options.token_file));
  }
  ARROW_ASSIGN_OR_RAISE(service.tls_cert, ReadPem("--tls-cert", options.tls_cert));
  ARROW_ASSIGN_OR_RAISE(service.tls_key, ReadPem("--tls-key", options.tls_key));
  ARROW_ASSIGN_OR_RAISE(
      service.message_bytes,
      ReadSize("--message-bytes", options.message_bytes, service::kLeastMessageBytes,
               service::kMostMessageBytes));
  ARROW_ASSIGN_OR_RAISE(
      service.most_filter_bytes,
      ReadSize("--filter-bytes", options.filter_bytes, kKiB, 1024 * kMiB));
  ARROW_ASSIGN_OR_RAISE(
      service.memory_bytes,
      ReadSize("--memory", options.memory, runner::kLeastMemoryBytes, int64_t{1} << 50));
  service.codec = options.codec;
  service.most_streams = options.streams;
  service.wait_seconds = options.wait_seconds;
  service.ticket_seconds = options.ticket_seconds;
  service.slots = options.slots;
  service.temp_dir = options.temp_dir;
  return service;
}

}  // namespace

Status ServeTables(const ServeOptions& options, const arrow::StopToken& stop,
                   std::ostream& out) {
  ARROW_ASSIGN_OR_RAISE(service::ServiceOptions service, ServiceOptionsOf(options));
  fs::ObjectAccess access;
  access.s3_endpoint = options.s3_endpoint;
  access.stop = stop;
  access.temp_dir = options.temp_dir;
  ARROW_ASSIGN_OR_RAISE(auto tables, service::ServedTables::Open(options.tables, access));
  ARROW_ASSIGN_OR_RAISE(const auto server, service::FlightService::Start(
                                               std::move(service), std::move(tables)));
  out << "serving " << options.tables.size()
      << (options.tables.size() == 1 ? " table at " : " tables at ")
      << server->address().uri() << std::endl;
  return server->Serve(stop);
}

}  // namespace windrow::cli
