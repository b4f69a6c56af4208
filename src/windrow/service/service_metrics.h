// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace windrow::service {

/// Counters of a server since it started. Thread-safe.
struct ServiceMetrics {
  std::atomic<int64_t> streams = 0;   ///< begun
  std::atomic<int64_t> refused = 0;   ///< calls that failed before their first message
  std::atomic<int64_t> messages = 0;  ///< sent
  std::atomic<int64_t> bytes = 0;     ///< of their bodies
  /// Those of `bytes` that were sent as the files hold them compressed.
  std::atomic<int64_t> stored_bytes = 0;
  std::atomic<int64_t> filters = 0;  ///< received
};

/// As Prometheus reads them; see runner/prometheus_text.h for the style of names.
std::string ToPrometheus(const ServiceMetrics& metrics, int streams_under_way);

}  // namespace windrow::service
