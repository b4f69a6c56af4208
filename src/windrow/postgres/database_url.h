// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "windrow/base/status.h"

namespace windrow::postgres {

/// A database as postgresql://USER@HOST:PORT/NAME?PARAMETERS, its secrets kept apart so
/// that `text` can be shown to anyone.
struct DatabaseUrl {
  std::string text;  ///< without secrets, else as written
  /// Values of "password" and "sslpassword", decoded; empty map for none.
  std::map<std::string, std::string> secrets;
};

/// Whether `path` starts with postgresql:// or postgres://.
bool IsDatabaseUrl(std::string_view path);

/// Takes the secrets out of a URL. A UserError for a URL whose parts cannot be told from
/// each other, such as one with a bare '@' in the password; its message never quotes it.
Result<DatabaseUrl> ReadDatabaseUrl(std::string_view url);

/// The same URL without Windrow's own parameter `schema`, and its decoded value ("" for
/// none).
struct SchemaOfUrl {
  std::string text;
  std::string schema;
};
SchemaOfUrl SplitSchema(std::string_view url);

}  // namespace windrow::postgres
