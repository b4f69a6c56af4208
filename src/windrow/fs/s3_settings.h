// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "windrow/base/status.h"

namespace windrow::fs {

/// How S3 is reached, from the command line and the environment. Holds secrets: never
/// printed.
struct S3Settings {
  std::string scheme = "https";
  std::string host;  ///< with its port; empty: AWS
  std::string region = "us-east-1";
  std::string access_key;  ///< empty: profile, web identity or the instance's role
  std::string secret_key;
  std::string session_token;
  std::string ca_file;  ///< of trusted certificates; empty: the library's own place

  /// `endpoint` before AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL; AWS_REGION before
  /// AWS_DEFAULT_REGION; AWS_CA_BUNDLE and SSL_CERT_FILE before the system's bundle.
  /// UserError when the endpoint is no URL of a server, StorageError when only half of a
  /// key is there.
  static Result<S3Settings> FromEnvironment(const std::string& endpoint);

  /// `text` without any of the secrets.
  std::string Redact(std::string text) const;
};

}  // namespace windrow::fs
