// SPDX-License-Identifier: Apache-2.0
#include "windrow/flight/server_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "windrow/flight/flat_json.h"

namespace windrow::flight {
namespace {

constexpr int kPortMax = 65535;
constexpr size_t kHostBytesMax = 255;

struct Scheme {
  std::string_view prefix;
  bool is_tls;
};
constexpr Scheme kSchemes[] = {
    {"grpc://", false}, {"grpc+tcp://", false}, {"grpc+tls://", true}};

const Scheme* SchemeOf(std::string_view uri) {
  const auto* const found =
      std::find_if(std::begin(kSchemes), std::end(kSchemes),
                   [&](const Scheme& scheme) { return uri.starts_with(scheme.prefix); });
  return found == std::end(kSchemes) ? nullptr : found;
}

std::optional<in_addr> AsIpv4(const std::string& host) {
  in_addr address{};
  if (inet_pton(AF_INET, host.c_str(), &address) != 1) return std::nullopt;
  return address;
}

std::optional<in6_addr> AsIpv6(const std::string& host) {
  in6_addr address{};
  if (inet_pton(AF_INET6, host.c_str(), &address) != 1) return std::nullopt;
  return address;
}

bool IsHostLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         c == '.' || c == '-' || c == '_';
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Takes HOST or [HOST] from the front of `rest`.
Result<std::string> TakeHost(std::string_view* rest) {
  std::string host;
  if (rest->starts_with('[')) {
    const size_t end = rest->find(']');
    if (end == std::string_view::npos) return UserError("']' is missing");
    host = rest->substr(1, end - 1);
    // A NUL would end the text for inet_pton, not for us.
    if (host.find('\0') != std::string::npos || !AsIpv6(host).has_value()) {
      return UserError("found ", Shown(host), " in brackets, expected an IPv6 address");
    }
    rest->remove_prefix(end + 1);
    return host;
  }
  const size_t end = std::min(rest->find(':'), rest->size());
  host = rest->substr(0, end);
  if (host.empty()) return UserError("the host is missing");
  if (host.size() > kHostBytesMax ||
      !std::all_of(host.begin(), host.end(), IsHostLetter)) {
    return UserError("found host ", Shown(host),
                     ", expected a name, an IPv4 address or an IPv6 address in brackets");
  }
  rest->remove_prefix(end);
  return host;
}

Result<ServerAddress> ReadServer(const Scheme& scheme, std::string_view rest) {
  ServerAddress read;
  read.is_tls = scheme.is_tls;
  if (rest.find('@') != std::string_view::npos) {
    // Not quoted: what stands there may be a secret.
    return UserError("a user before '@' is too much; give the token by --token-file");
  }
  ARROW_ASSIGN_OR_RAISE(read.host, TakeHost(&rest));
  if (rest.empty() || rest == ":") return UserError("the port is missing");
  if (rest.find(':', 1) != std::string_view::npos) {
    return UserError("more than one ':'; an IPv6 address stands in brackets");
  }
  const char* const end = rest.data() + rest.size();
  const auto port = std::from_chars(rest.data() + 1, end, read.port);
  const bool is_number = rest[0] == ':' && rest[1] >= '0' && rest[1] <= '9' &&
                         port.ec == std::errc() && port.ptr == end;
  if (!is_number || read.port > kPortMax) {
    return UserError("found ", Shown(rest),
                     " behind the host, expected ':' and a port, 0 to ", kPortMax);
  }
  return read;
}

/// What is wrong with `uri`, which has the form `form`.
Status Wrong(std::string_view uri, const Status& status, std::string_view form) {
  const size_t at = uri.find('@');
  const std::string shown = Shown(at == std::string_view::npos ? uri : uri.substr(at));
  return At(shown, status.WithMessage(status.message(), "; the form is ", form));
}

Result<const Scheme*> FindScheme(std::string_view uri) {
  const Scheme* const scheme = SchemeOf(uri);
  if (scheme == nullptr) return UserError("no grpc:// or grpc+tls://");
  return scheme;
}

Result<ServerAddress> ReadServerAddress(std::string_view uri) {
  ARROW_ASSIGN_OR_RAISE(const Scheme* const scheme, FindScheme(uri));
  uri.remove_prefix(scheme->prefix.size());
  const size_t end = std::min(uri.find_first_of("/?#"), uri.size());
  ARROW_ASSIGN_OR_RAISE(ServerAddress read, ReadServer(*scheme, uri.substr(0, end)));
  if (end < uri.size()) {
    return UserError(Shown(uri.substr(end)), " behind the port is too much");
  }
  return read;
}

Result<TableAddress> ReadTableAddress(std::string_view uri) {
  ARROW_ASSIGN_OR_RAISE(const Scheme* const scheme, FindScheme(uri));
  uri.remove_prefix(scheme->prefix.size());
  const size_t end = std::min(uri.find_first_of("/?#"), uri.size());
  TableAddress read;
  ARROW_ASSIGN_OR_RAISE(read.server, ReadServer(*scheme, uri.substr(0, end)));
  if (read.server.port == 0) return UserError("found port 0, expected 1 or more");
  if (!uri.substr(end).starts_with('/') || end + 1 == uri.size()) {
    return UserError("the table is missing");
  }
  read.table = uri.substr(end + 1);
  const size_t extra = read.table.find_first_of(std::string_view("?#\0", 3));
  if (extra != std::string::npos) {
    return UserError(Shown(std::string_view(read.table).substr(extra)),
                     " behind the table is too much");
  }
  return read;
}

}  // namespace

std::string ServerAddress::uri() const {
  const bool has_colon = host.find(':') != std::string::npos;
  return std::string(is_tls ? "grpc+tls://" : "grpc://") + (has_colon ? "[" : "") + host +
         (has_colon ? "]:" : ":") + std::to_string(port);
}

bool ServerAddress::is_loopback() const {
  if (const auto ipv4 = AsIpv4(host)) return ntohl(ipv4->s_addr) >> 24 == 127;
  if (const auto ipv6 = AsIpv6(host)) {
    return std::memcmp(&*ipv6, &in6addr_loopback, sizeof(*ipv6)) == 0;
  }
  return std::equal(host.begin(), host.end(), std::begin("localhost"),
                    std::end("localhost") - 1,
                    [](char a, char b) { return Lower(a) == b; });
}

bool IsFlightUri(std::string_view path) { return SchemeOf(path) != nullptr; }

Result<ServerAddress> ParseServerAddress(std::string_view uri) {
  Result<ServerAddress> read = ReadServerAddress(uri);
  if (!read.ok()) return Wrong(uri, read.status(), "grpc://HOST:PORT");
  return read;
}

Result<TableAddress> ParseTableAddress(std::string_view uri) {
  Result<TableAddress> read = ReadTableAddress(uri);
  if (!read.ok()) return Wrong(uri, read.status(), "grpc://HOST:PORT/TABLE");
  return read;
}

}  // namespace windrow::flight
