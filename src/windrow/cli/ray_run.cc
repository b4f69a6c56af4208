// SPDX-License-Identifier: Apache-2.0
#include "windrow/cli/ray_run.h"

#include <fcntl.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <variant>

#include "windrow/plan/job_spec_writer.h"

namespace windrow::cli {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;
using Secrets = std::map<std::string, std::string>;

/// What the shell says when there is no such command.
constexpr int kNotFound = 127;

/// A command that was built and not installed is in a folder of its source tree.
std::string FindPython() {
  const char* wanted = getenv("WINDROW_PYTHON");
  if (wanted != nullptr && *wanted != '\0') return wanted;
  std::error_code error;
  const auto command = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto built = command.parent_path() / "../../.venv/bin/python";
  if (!error && std::filesystem::exists(built, error)) return built.string();
  return "python3";
}

void Put(Writer& json, const char* key, std::string_view value) {
  json.Key(key);
  json.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
}

void PutSecrets(Writer& json, const Secrets& secrets) {
  json.StartObject();
  for (const auto& [name, value] : secrets) Put(json, name.c_str(), value);
  json.EndObject();
}

/// The request of the package's runner.py. It goes through a pipe, secrets and all.
std::string RequestOf(const plan::JobSpec& job, const EngineOptions& options,
                      bool is_quiet) {
  rapidjson::StringBuffer text;
  Writer json(text);
  json.StartObject();
  Put(json, "document", plan::WriteJobSpec(job));
  Put(json, "name", job.document_name);
  json.Key("secrets");
  json.StartArray();
  for (const plan::SourceSpec& source : job.sources) {
    const auto* scan = std::get_if<plan::ScanSpec>(&source.kind);
    PutSecrets(json, scan == nullptr ? Secrets() : scan->secrets);
  }
  for (const plan::SinkSpec& sink : job.sinks) {
    const auto* write = std::get_if<plan::WriteSpec>(&sink);
    PutSecrets(json, write == nullptr ? Secrets() : write->secrets);
  }
  json.EndArray();
  Put(json, "on", options.on);
  Put(json, "report", options.report);
  Put(json, "metrics", options.metrics);
  Put(json, "progress", options.progress);
  json.Key("resume");
  json.Bool(options.resume);
  json.Key("is_quiet");
  json.Bool(is_quiet);
  json.Key("options");
  json.StartObject();
  for (const auto& [name, value] : {std::pair{"memory", &options.memory},
                                    {"temp_dir", &options.temp_dir},
                                    {"s3_endpoint", &options.s3_endpoint},
                                    {"token_file", &options.token_file},
                                    {"tls_ca", &options.tls_ca}}) {
    if (!value->empty()) Put(json, name, *value);
  }
  if (options.slots > 0) {
    json.Key("slots");
    json.Int(options.slots);
  }
  json.Key("set");
  json.StartArray();
  for (const std::string& setting : options.set) json.String(setting.c_str());
  json.EndArray();
  json.EndObject();
  json.EndObject();
  return text.GetString();
}

/// In the child: becomes the runner, which ends with its parent. Signals for the process
/// group, such as a terminal's, reach the parent only, which passes one on. They wait
/// until the runner lets them in.
[[noreturn]] void Become(const std::string& python, int request) {
  dup2(request, STDIN_FILENO);
  setpgid(0, 0);
  sigset_t later;
  sigemptyset(&later);
  sigaddset(&later, SIGINT);
  sigaddset(&later, SIGTERM);
  sigprocmask(SIG_BLOCK, &later, nullptr);
  prctl(PR_SET_PDEATHSIG, SIGINT);
  execlp(python.c_str(), python.c_str(), "-m", "windrow.runner", nullptr);
  _exit(kNotFound);
}

/// A request that a child may not have read to its end is no failure of its own.
void WriteAll(int pipe, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(pipe, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

int AwaitEnd(pid_t child, const arrow::StopToken& stop) {
  constexpr std::chrono::milliseconds kMoment(20);
  bool was_told = false;
  int state = 0;
  while (waitpid(child, &state, WNOHANG) == 0) {
    if (stop.IsStopRequested() && !was_told) {
      kill(child, SIGINT);
      was_told = true;
    }
    std::this_thread::sleep_for(kMoment);
  }
  return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

Status StatusOf(int exit_code, const std::string& python) {
  // The runner has said on stderr what went wrong.
  switch (exit_code) {
    case 0:
      return Status::OK();
    case 2:
      return Fail(Blame::kUser, "");
    case 3:
      return Fail(Blame::kData, "");
    case 4:
      return Fail(Blame::kStorage, "");
    case 5:
      return Fail(Blame::kResource, "");
    case kNotFound:
      return UserError("--on ray: found no ", python,
                       " to run the package's runner; expected WINDROW_PYTHON to name "
                       "the Python that has Windrow and Ray");
    case 130:
      return Fail(Blame::kCancelled, "");
    case 128 + SIGTERM:
      return Fail(Blame::kCancelled, "cancelled");
    case 128 + SIGKILL:
      return ResourceError(
          "--on ray: the process that drives the run was killed, perhaps for lack of "
          "memory; --resume lets the next run go on from there");
    default:
      return Fail(Blame::kInternal, "");
  }
}

}  // namespace

Status RunOnRay(const plan::JobSpec& job, const EngineOptions& options,
                const arrow::StopToken& stop, bool is_quiet) {
  const std::string python = FindPython();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return ResourceError("--on ray: no pipe: ", strerror(errno));
  }
  const pid_t child = fork();
  if (child == 0) Become(python, ends[0]);
  close(ends[0]);
  if (child < 0) {
    close(ends[1]);
    return ResourceError("--on ray: no process: ", strerror(errno));
  }
  WriteAll(ends[1], RequestOf(job, options, is_quiet));
  close(ends[1]);
  return StatusOf(AwaitEnd(child, stop), python);
}

}  // namespace windrow::cli
