// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/type_fwd.h>

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/base/status.h"

namespace windrow::sink {

/// A codec and its level, for one output.
struct Compression {
  static constexpr int kDefaultLevel = std::numeric_limits<int>::min();

  arrow::Compression::type type = arrow::Compression::UNCOMPRESSED;
  int level = kDefaultLevel;
};

/// Reads "none", "lz4", "zstd" or "zstd:9" for an Arrow IPC output.
Result<Compression> ParseIpcCompression(std::string_view text);

/// Reads "snappy", "none", "lz4", "zstd:N", "gzip:N" or "brotli:N" for a Parquet output.
Result<Compression> ParseParquetCompression(std::string_view text);

}  // namespace windrow::sink
