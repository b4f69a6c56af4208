// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "windrow/base/status.h"

namespace windrow::flight {

/// Where a Flight server listens or is reached.
struct ServerAddress {
  std::string host;  ///< a name, an IPv4 or an IPv6 address, without brackets
  int port = 0;      ///< 0, for a server that listens: one the system chooses
  bool is_tls = false;

  /// "grpc://HOST:PORT" or "grpc+tls://HOST:PORT"; an IPv6 host stands in brackets.
  std::string uri() const;
  /// Whether only processes of this machine can reach it: 127.0.0.0/8, ::1, localhost.
  bool is_loopback() const;
  bool operator==(const ServerAddress&) const = default;
};

/// A table of a server.
struct TableAddress {
  ServerAddress server;
  std::string table;
};

/// Whether `path` begins as one, "grpc://" or "grpc+tls://" ("grpc+tcp://" is grpc://).
bool IsFlightUri(std::string_view path);
/// Of "grpc://HOST:PORT". UserError says what is missing or too much.
Result<ServerAddress> ParseServerAddress(std::string_view uri);
/// Of "grpc://HOST:PORT/TABLE". The table's name is all behind the slash, as it stands,
/// without '?' and '#'. UserError says what is missing or too much.
Result<TableAddress> ParseTableAddress(std::string_view uri);

}  // namespace windrow::flight
