// SPDX-License-Identifier: Apache-2.0
#include "windrow/postgres/database_url.h"

#include <algorithm>
#include <cctype>
#include <functional>

namespace windrow::postgres {
namespace {

constexpr std::string_view kSchemes[] = {"postgresql://", "postgres://"};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// %XX decoded; what is no such code stays.
std::string Decoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool has_code = text[i] == '%' && i + 2 < text.size() &&
                          HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0;
    if (!has_code) {
      decoded += text[i];
      continue;
    }
    decoded += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
    i += 2;
  }
  return decoded;
}

/// `url` without the parameters that `takes` takes, given their decoded name and value.
std::string WithoutParameters(
    std::string_view url,
    const std::function<bool(const std::string&, const std::string&)>& takes) {
  const size_t question = url.find('?');
  std::string kept(url.substr(0, question));
  if (question == std::string_view::npos) return kept;
  char separator = '?';
  std::string_view rest = url.substr(question + 1);
  while (true) {
    const size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view parameter = rest.substr(0, end);
    const size_t equals = std::min(parameter.find('='), parameter.size());
    const std::string name = Decoded(parameter.substr(0, equals));
    const std::string value =
        Decoded(parameter.substr(std::min(equals + 1, parameter.size())));
    if (!takes(name, value) && !parameter.empty()) {
      kept += separator;
      kept += parameter;
      separator = '&';
    }
    if (end == rest.size()) return kept;
    rest.remove_prefix(end + 1);
  }
}

/// Whether each part of host:port,host:port has a port of digits, if any.
bool HasNumericPorts(std::string_view hosts) {
  while (!hosts.empty()) {
    const size_t end = std::min(hosts.find(','), hosts.size());
    std::string_view host = hosts.substr(0, end);
    hosts.remove_prefix(std::min(end + 1, hosts.size()));
    if (const size_t bracket = host.find(']'); bracket != std::string_view::npos) {
      host.remove_prefix(bracket);
    }
    const size_t colon = host.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view port = host.substr(colon + 1);
    if (!std::all_of(port.begin(), port.end(),
                     [](char c) { return c >= '0' && c <= '9'; }))
      return false;
  }
  return true;
}

}  // namespace

bool IsDatabaseUrl(std::string_view path) {
  return std::any_of(std::begin(kSchemes), std::end(kSchemes),
                     [&](std::string_view scheme) { return path.starts_with(scheme); });
}

Result<DatabaseUrl> ReadDatabaseUrl(std::string_view url) {
  const size_t start = url.find("://") + 3;
  const std::string scheme(url.substr(0, start));
  const Status unclear = UserError(
      scheme, "...: the parts of the URL cannot be told apart; expected ", scheme,
      "USER:PASSWORD@HOST:PORT/DATABASE with / @ : ? and % inside a part written as %2F "
      "%40 %3A %3F and %25");
  std::string_view rest = url.substr(start);
  DatabaseUrl read;
  read.text = scheme;
  // As libpq reads it: a user ends with the first '@' that stands before a '/'.
  const size_t at = rest.find('@');
  if (at != std::string_view::npos && at < rest.find('/')) {
    const std::string_view user = rest.substr(0, at);
    const size_t colon = std::min(user.find(':'), user.size());
    if (colon < user.size()) read.secrets["password"] = Decoded(user.substr(colon + 1));
    read.text += user.substr(0, colon);
    read.text += '@';
    rest.remove_prefix(at + 1);
  }
  const std::string_view place = rest.substr(0, rest.find('?'));
  if (place.find('@') != std::string_view::npos ||
      !HasNumericPorts(place.substr(0, place.find('/')))) {
    return unclear;
  }
  read.text += rest;
  read.text = WithoutParameters(read.text,
                                [&](const std::string& name, const std::string& value) {
                                  if (name != "password" && name != "sslpassword")
                                    return false;
                                  read.secrets[name] = value;
                                  return true;
                                });
  return read;
}

SchemaOfUrl SplitSchema(std::string_view url) {
  SchemaOfUrl split;
  split.text =
      WithoutParameters(url, [&](const std::string& name, const std::string& value) {
        if (name != "schema") return false;
        split.schema = value;
        return true;
      });
  return split;
}

}  // namespace windrow::postgres
