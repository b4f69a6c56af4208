// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "windrow/exec/metrics.h"
#include "windrow/plan/prepare.h"

namespace windrow::cli {

/// Shows on stderr how far a run is, from its construction to its destruction. `auto` is
/// a line that is drawn over on a terminal, and plain elsewhere; `plain` is a new line
/// every few seconds; `none` nothing. Short runs show nothing.
class ProgressLine {
 public:
  ProgressLine(const std::string& mode, const plan::PreparedJob& job,
               const exec::RunMetrics& metrics);
  ~ProgressLine();

 private:
  std::string Text() const;
  void Loop();

  const exec::RunMetrics& metrics_;
  int64_t total_rows_ = 0;  ///< of all sources, as far as known
  bool redraws_ = false;
  bool shown_ = false;
  std::mutex mutex_;
  std::condition_variable ending_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace windrow::cli
