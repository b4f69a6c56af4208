// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>

#include <iosfwd>
#include <string>
#include <vector>

#include "windrow/base/status.h"

namespace windrow::cli {

/// The options of `serve`, as typed.
struct ServeOptions {
  std::vector<std::string> tables;  ///< NAME=PATH
  std::string listen = "grpc://127.0.0.1:8815";
  std::string token_file;
  std::string tls_cert;
  std::string tls_key;
  std::vector<std::string> replicas;
  std::string message_bytes = "4MiB";
  std::string codec = "auto";
  int streams = 64;
  int wait_seconds = 30;      ///< for a stream's turn
  int ticket_seconds = 3600;  ///< that tickets are good for
  std::string filter_bytes = "64MiB";
  std::string memory = "1GiB";
  int slots = 0;
  std::string temp_dir;
  std::string s3_endpoint;
};

/// Serves until `stop` is requested. Says on `out` where, once clients can connect.
Status ServeTables(const ServeOptions& options, const arrow::StopToken& stop,
                   std::ostream& out);

}  // namespace windrow::cli
