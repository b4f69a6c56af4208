// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/runner/local_runner.h"
#include "windrow/service/scan_job.h"

namespace windrow::service {

/// What a codec did to a sample of some rows.
struct CodecSample {
  std::string codec;
  double ratio = 1;  ///< compressed to uncompressed bytes
  double rate = 0;   ///< uncompressed bytes a second that one thread compresses
  bool operator==(const CodecSample&) const = default;
};

/// The codec with which rows come fastest over a link of `link_rate` bytes a second,
/// where `slots` threads compress, and decompress twice as fast: the least of what the
/// link, the one end and the other can do. "none" when that is not at least a tenth
/// faster, or the link's rate is 0 for unknown. Ratios near 1 mean that none pays.
std::string ChooseCodec(const std::vector<CodecSample>& samples, double link_rate,
                        int slots);

/// The codec without its level, as batches that are stored compressed name it.
std::string_view CodecFamily(std::string_view codec);

/// What rows do that files hold compressed by the codec `family`, by what the sample with
/// that codec did: they need not be compressed, only decompressed.
CodecSample StoredSample(const std::vector<CodecSample>& samples,
                         const std::string& family);

/// Samples of tables, taken when first asked for. Thread-safe.
class CodecSamples {
 public:
  /// Of the first rows that `request` asks for: lz4 and zstd:1.
  Result<std::vector<CodecSample>> Of(const flight::ScanRequest& request,
                                      const ServedTable& served,
                                      const runner::RunOptions& run);

 private:
  std::mutex mutex_;
  std::map<std::string, std::vector<CodecSample>> samples_;  ///< by table and columns
};

}  // namespace windrow::service
