// SPDX-License-Identifier: Apache-2.0
#include "windrow/runner/prometheus_text.h"

#include <fmt/format.h>

#include <ctime>
#include <map>
#include <string_view>

namespace windrow::runner {
namespace {

std::string LabelValue(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == '"') escaped += '\\';
    if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

class MetricsText {
 public:
  explicit MetricsText(std::string_view job) : job_(LabelValue(job)) {}

  template <typename Number>
  void Add(std::string_view name, std::string_view help, Number value) {
    Begin(name, help);
    text_ += fmt::format("windrow_{}{{job=\"{}\"}} {}\n", name, job_, value);
  }

  void Add(std::string_view name, std::string_view help, std::string_view label,
           const std::map<std::string, int64_t>& values) {
    Begin(name, help);
    for (const auto& [key, value] : values) {
      text_ += fmt::format("windrow_{}{{job=\"{}\",{}=\"{}\"}} {}\n", name, job_, label,
                           LabelValue(key), value);
    }
  }

  std::string Take() { return std::move(text_); }

 private:
  void Begin(std::string_view name, std::string_view help) {
    text_ +=
        fmt::format("# HELP windrow_{} {}\n# TYPE windrow_{} gauge\n", name, help, name);
  }

  std::string job_;
  std::string text_;
};

}  // namespace

std::string ToPrometheus(const RunReport& report, int exit_code) {
  MetricsText text(report.job);
  text.Add("last_run_exit_code", "Exit code of the last run; 0 is success.", exit_code);
  text.Add("last_run_timestamp_seconds", "When the last run ended, in Unix time.",
           static_cast<int64_t>(std::time(nullptr)));
  text.Add("last_run_duration_seconds", "Wall time of the last run.",
           report.wall_seconds);
  text.Add("last_run_cpu_seconds", "CPU time of the last run.", report.cpu_seconds);
  text.Add("last_run_peak_memory_bytes", "Most memory held, without mapped files.",
           report.peak_memory_bytes);
  text.Add("last_run_memory_budget_bytes", "Memory the run was allowed.",
           report.memory_budget_bytes);
  text.Add("last_run_spill_bytes", "Bytes put aside on disk.", report.spill_bytes);
  text.Add("last_run_read_bytes", "Bytes read from storage.", report.bytes_read);
  text.Add("last_run_wire_bytes", "Bytes read from other processes.",
           report.bytes_on_wire);
  text.Add("last_run_written_bytes", "Bytes written.", report.bytes_written);
  text.Add("last_run_rows_in", "Rows read, by source.", "source", report.rows_in);
  text.Add("last_run_rows_out", "Rows written, by sink.", "sink", report.rows_out);
  text.Add("last_run_rows_rejected", "Rows left out, by reason.", "reason",
           report.rows_rejected);
  return text.Take();
}

}  // namespace windrow::runner
