// SPDX-License-Identifier: Apache-2.0
#include "windrow/cli/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <iostream>

#include "windrow/base/byte_size.h"

namespace windrow::cli {
namespace {

constexpr std::chrono::milliseconds kRedrawEvery{200};
constexpr std::chrono::milliseconds kPlainLineEvery{5000};

}  // namespace

ProgressLine::ProgressLine(const std::string& mode, const plan::PreparedJob& job,
                           const exec::RunMetrics& metrics)
    : metrics_(metrics), redraws_(mode == "auto" && isatty(STDERR_FILENO) == 1) {
  if (mode == "none") return;
  for (const auto& [name, table] : job.tables)
    total_rows_ += table->num_rows().value_or(0);
  thread_ = std::thread([this] { Loop(); });
}

ProgressLine::~ProgressLine() {
  {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
  }
  ending_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (shown_ && redraws_) std::cerr << "\r\033[K" << std::flush;
}

void ProgressLine::Loop() {
  std::unique_lock lock(mutex_);
  while (!ending_.wait_for(lock, redraws_ ? kRedrawEvery : kPlainLineEvery,
                           [&] { return ended_; })) {
    shown_ = true;
    if (redraws_) {
      std::cerr << '\r' << Text() << "\033[K" << std::flush;
    } else {
      std::cerr << Text() << '\n';
    }
  }
}

std::string ProgressLine::Text() const {
  int64_t rows_read = 0;
  int64_t rows_written = 0;
  int64_t bytes_written = 0;
  metrics_.ForEach([&](const exec::StepMetrics& step) {
    if (step.kind == "scan") rows_read += step.rows_out;
    if (step.kind != "write" && step.kind != "result") return;
    rows_written += step.rows_out;
    bytes_written += step.bytes;
  });
  std::string text = fmt::format("{} rows read", rows_read);
  if (total_rows_ > 0) text += fmt::format(" of {}", total_rows_);
  return text +
         fmt::format(", {} written, {}", rows_written, FormatByteSize(bytes_written));
}

}  // namespace windrow::cli
