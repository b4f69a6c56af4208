// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/exec/switches.h"
#include "windrow/flight/server_address.h"
#include "windrow/service/served_tables.h"

namespace windrow::service {

class TableServer;

/// Of a message, as far as a server or a request may set it. More than 2 GiB is more than
/// gRPC carries; above 16 MiB it only gets slower.
inline constexpr int64_t kLeastMessageBytes = 4 << 10;
inline constexpr int64_t kMostMessageBytes = 256 << 20;

/// Codec of a server that chooses one by the link.
inline constexpr char kAutoCodec[] = "auto";

/// How a server serves. Sizes are bytes, times seconds.
struct ServiceOptions {
  flight::ServerAddress listen;  ///< port 0: any free one
  /// Address under which clients reach it, for endpoints; nothing: as they reached it.
  std::vector<flight::ServerAddress> replicas;  ///< that have the same tables and token
  std::string token;                            ///< that every call must have; "": none
  std::string tls_cert;                         ///< PEM; for a listen address with is_tls
  std::string tls_key;                          ///< PEM
  int64_t message_bytes = 4 << 20;
  std::string codec = kAutoCodec;  ///< or none, lz4, zstd:N; auto goes by the link's rate
  int64_t endpoint_bytes = 32 << 20;  ///< a table's endpoints are about so long
  int most_streams = 64;              ///< at once; others wait
  int64_t wait_seconds = 30;          ///< for a stream's turn
  int64_t most_filter_bytes = 64 << 20;
  int64_t ticket_seconds = 3600;
  int slots = 0;             ///< of each run; 0: one per core
  int64_t memory_bytes = 0;  ///< of all runs; 0: exec::DefaultBudgetBytes()
  std::string temp_dir;
  exec::Switches switches;
};

/// A Flight server of some tables: ListFlights, GetFlightInfo, GetSchema, DoGet,
/// DoExchange; the actions health, metrics, filter, probe and cancel. A descriptor is a
/// path of one name, or a command: a table's name or a flight::ScanRequest. A ticket is
/// one of its own, a name or a ScanRequest; the last two deliver everything in one
/// stream.
class FlightService {
 public:
  /// Listens, and serves from Serve on. UserError for an address that others can reach
  /// when there is no token, and for replicas without one, since it signs the tickets.
  static Result<std::unique_ptr<FlightService>> Start(ServiceOptions options,
                                                      ServedTables tables);
  ~FlightService();

  /// Where it listens, with the port it has.
  flight::ServerAddress address() const;
  /// Serves until `stop` is requested; then streams under way are broken off.
  Status Serve(const arrow::StopToken& stop);

 private:
  explicit FlightService(std::unique_ptr<TableServer> server);
  std::unique_ptr<TableServer> server_;
};

}  // namespace windrow::service
