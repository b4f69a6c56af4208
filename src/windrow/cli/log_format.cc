// SPDX-License-Identifier: Apache-2.0
#include "windrow/cli/log_format.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <iostream>
#include <memory>
#include <string_view>

#include "windrow/base/json_text.h"
#include "windrow/cli/terminal_text.h"

namespace windrow::cli {
namespace {

/// The message as a JSON text.
class JsonMessage : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    const std::string json =
        JsonText(std::string_view(message.payload.data(), message.payload.size()));
    out.append(json.data(), json.data() + json.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JsonMessage>();
  }
};

constexpr char kJsonLine[] =
    R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%*})";

}  // namespace

void StartLog(const std::string& level, const std::string& format) {
  if (format == "json") {
    auto formatter = std::make_unique<spdlog::pattern_formatter>(
        spdlog::pattern_time_type::utc, spdlog::details::os::default_eol);
    formatter->add_flag<JsonMessage>('*').set_pattern(kJsonLine);
    auto logger = spdlog::stderr_logger_mt("windrow");
    logger->set_formatter(std::move(formatter));
    spdlog::set_default_logger(std::move(logger));
  } else {
    spdlog::set_default_logger(spdlog::stderr_color_mt("windrow"));
  }
  spdlog::set_level(spdlog::level::from_str(level));
}

void LogFailure(const Status& status, const std::string& format) {
  if (status.message().empty()) return;  // another process has told it
  if (format != "json") {
    std::cerr << ErrorPrefix(MayColour(2)) << status.message() << '\n';
    return;
  }
  spdlog::error("{} (exit code {})", status.message(), ExitCode(status));
}

}  // namespace windrow::cli
