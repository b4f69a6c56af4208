// SPDX-License-Identifier: Apache-2.0
#include "windrow/service/flight_service.h"

#include <arrow/flight/server.h>
#include <arrow/flight/types.h>

#include <chrono>
#include <utility>

#include "windrow/exec/process_memory.h"
#include "windrow/flight/allocator.h"
#include "windrow/service/message_sink.h"
#include "windrow/service/table_server.h"

namespace windrow::service {
namespace {

namespace wire = arrow::flight;

Status CheckOptions(const ServiceOptions& options) {
  const flight::ServerAddress& listen = options.listen;
  if (options.token.empty() && !listen.is_loopback()) {
    return UserError("--listen ", listen.uri(),
                     ": others can reach this address; expected --token-file with it, or "
                     "a loopback address");
  }
  if (options.token.empty() && !options.replicas.empty()) {
    return UserError("--replica ", options.replicas[0].uri(),
                     ": expected --token-file with it, since servers with the same token "
                     "accept each other's tickets");
  }
  if (listen.is_tls && (options.tls_cert.empty() || options.tls_key.empty())) {
    return UserError("--listen ", listen.uri(), ": expected --tls-cert and --tls-key");
  }
  if (!listen.is_tls && !options.tls_cert.empty()) {
    return UserError("--listen ", listen.uri(),
                     ": found --tls-cert; expected grpc+tls://HOST:PORT with it");
  }
  return Status::OK();
}

}  // namespace

FlightService::FlightService(std::unique_ptr<TableServer> server)
    : server_(std::move(server)) {}

FlightService::~FlightService() = default;

Result<std::unique_ptr<FlightService>> FlightService::Start(ServiceOptions options,
                                                            ServedTables tables) {
  ARROW_RETURN_NOT_OK(CheckOptions(options));
  flight::KeepMessageMemory();
  if (options.codec != kAutoCodec) ARROW_RETURN_NOT_OK(CodecOf(options.codec).status());
  ARROW_ASSIGN_OR_RAISE(const flight::TicketKey key,
                        options.token.empty()
                            ? flight::TicketKey::Random()
                            : flight::TicketKey::OfToken(options.token));
  const flight::ServerAddress listen = options.listen;
  auto location = listen.is_tls ? wire::Location::ForGrpcTls(listen.host, listen.port)
                                : wire::Location::ForGrpcTcp(listen.host, listen.port);
  if (!location.ok()) return UserError("--listen: ", location.status().message());
  wire::FlightServerOptions wire_options(*location);
  if (listen.is_tls) {
    wire_options.tls_certificates.push_back({options.tls_cert, options.tls_key});
  }
  if (!options.token.empty()) {
    wire_options.middleware.emplace_back("token", RequireToken(options.token));
  }
  if (options.memory_bytes == 0) options.memory_bytes = exec::DefaultBudgetBytes();
  auto server = std::make_unique<TableServer>(std::move(options), std::move(tables), key);
  const Status started = server->Init(wire_options);
  if (!started.ok()) {
    return StorageError("--listen ", listen.uri(), ": ", started.message());
  }
  return std::unique_ptr<FlightService>(new FlightService(std::move(server)));
}

flight::ServerAddress FlightService::address() const { return server_->address(); }

Status FlightService::Serve(const arrow::StopToken& stop) {
  while (!stop.IsStopRequested()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  server_->CancelStreams();
  const auto deadline = std::chrono::system_clock::now() + std::chrono::seconds(2);
  return server_->Shutdown(&deadline);
}

}  // namespace windrow::service
