// SPDX-License-Identifier: Apache-2.0
#include "windrow/fs/s3_settings.h"

#include <unistd.h>

#include <cstdlib>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace windrow::fs {
namespace {

/// The first of the variables that is set and not empty.
std::string FirstOf(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "";
}

/// The wheel's libraries look for certificates where the system they were built on has
/// them.
std::string SystemCaFile() {
  for (const char* file :
       {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"}) {
    if (access(file, R_OK) == 0) return file;
  }
  return "";
}

/// The text is not shown: people write passwords into URLs.
Status ReadEndpoint(std::string_view url, S3Settings* settings) {
  for (const char* scheme : {"http", "https"}) {
    const std::string start = std::string(scheme) + "://";
    if (!url.starts_with(start)) continue;
    std::string_view host = url.substr(start.size());
    if (host.ends_with('/')) host.remove_suffix(1);
    if (host.empty() || host.find_first_of("/@?# ") != std::string_view::npos) break;
    settings->scheme = scheme;
    settings->host = host;
    return Status::OK();
  }
  return UserError(
      "the S3 endpoint (--s3-endpoint, AWS_ENDPOINT_URL): expected http://HOST:PORT or "
      "https://HOST, without a path and without credentials");
}

}  // namespace

Result<S3Settings> S3Settings::FromEnvironment(const std::string& endpoint) {
  S3Settings settings;
  const std::string url =
      endpoint.empty() ? FirstOf({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}) : endpoint;
  if (!url.empty()) ARROW_RETURN_NOT_OK(ReadEndpoint(url, &settings));
  const std::string region = FirstOf({"AWS_REGION", "AWS_DEFAULT_REGION"});
  if (!region.empty()) settings.region = region;
  settings.access_key = FirstOf({"AWS_ACCESS_KEY_ID"});
  settings.secret_key = FirstOf({"AWS_SECRET_ACCESS_KEY"});
  settings.session_token = FirstOf({"AWS_SESSION_TOKEN"});
  if (settings.access_key.empty() != settings.secret_key.empty()) {
    return StorageError(
        "S3: only ",
        settings.access_key.empty() ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID",
        " is set; expected AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
  }
  settings.ca_file = FirstOf({"AWS_CA_BUNDLE", "SSL_CERT_FILE"});
  if (settings.ca_file.empty()) settings.ca_file = SystemCaFile();
  return settings;
}

std::string S3Settings::Redact(std::string text) const {
  for (const std::string* secret : {&secret_key, &session_token, &access_key}) {
    if (secret->empty()) continue;
    for (size_t at = text.find(*secret); at != std::string::npos;
         at = text.find(*secret, at + 3)) {
      text.replace(at, secret->size(), "...");
    }
  }
  return text;
}

}  // namespace windrow::fs
