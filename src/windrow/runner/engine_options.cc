// SPDX-License-Identifier: Apache-2.0
#include "windrow/runner/engine_options.h"

#include <filesystem>
#include <optional>

#include "windrow/base/byte_size.h"
#include "windrow/base/text_file.h"
#include "windrow/runner/run_place.h"

namespace windrow::runner {

Result<exec::Switches> SwitchesOf(const EngineOptions& options) {
  exec::Switches switches;
  for (const std::string& assignment : options.set) {
    ARROW_RETURN_NOT_OK(exec::SetSwitch(assignment, &switches));
  }
  return switches;
}

fs::ObjectAccess ObjectAccessOf(const EngineOptions& options,
                                const exec::Switches& switches,
                                const arrow::StopToken& stop) {
  fs::ObjectAccess access;
  access.s3_endpoint = options.s3_endpoint;
  access.stop = stop;
  access.prefetch = switches.prefetch;
  access.temp_dir = options.temp_dir;
  return access;
}

Result<plan::Access> AccessOf(const EngineOptions& options,
                              const exec::Switches& switches,
                              const arrow::StopToken& stop) {
  plan::Access access;
  access.objects = ObjectAccessOf(options, switches, stop);
  ARROW_ASSIGN_OR_RAISE(access.servers, flight::ServerAccess::FromEnvironment());
  access.servers.stop = stop;
  if (!options.token_file.empty()) {
    ARROW_ASSIGN_OR_RAISE(access.servers.token, ReadToken(options.token_file));
  }
  if (!options.tls_ca.empty()) {
    const std::optional<std::string> roots = ReadTextFile(options.tls_ca);
    if (!roots.has_value() || roots->find("BEGIN CERTIFICATE") == std::string::npos) {
      return UserError("--tls-ca ", options.tls_ca,
                       roots.has_value() ? ": found no certificate" : ": cannot be read",
                       "; expected a file of PEM certificates");
    }
    access.servers.tls_roots = *roots;
  }
  return access;
}

Result<RunOptions> RunOptionsOf(const EngineOptions& options) {
  RunOptions run;
  ARROW_ASSIGN_OR_RAISE(run.switches, SwitchesOf(options));
  ARROW_RETURN_NOT_OK(PlaceOf(options.on).status());
  run.slots = options.slots;
  if (!options.memory.empty()) {
    const Result<int64_t> bytes = ParseByteSize(options.memory);
    if (!bytes.ok()) return At("--memory", bytes.status());
    run.memory_bytes = *bytes;
    if (run.memory_bytes < kLeastMemoryBytes) {
      return UserError("--memory ", options.memory, ": expected at least ",
                       FormatByteSize(kLeastMemoryBytes));
    }
  }
  if (!options.temp_dir.empty() && !std::filesystem::is_directory(options.temp_dir)) {
    return UserError("--temp-dir ", options.temp_dir, ": expected a folder");
  }
  run.temp_dir = options.temp_dir;
  return run;
}

}  // namespace windrow::runner
