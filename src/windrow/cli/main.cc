// SPDX-License-Identifier: Apache-2.0
#include <arrow/compute/initialize.h>
#include <arrow/util/cancel.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "windrow/base/status.h"
#include "windrow/cli/command_line.h"
#include "windrow/fs/object_store.h"

namespace {

/// Ctrl-C and SIGTERM stop the run's token; a closed pipe is an error of the write.
arrow::Result<arrow::StopToken> TokenOfSignals() {
  signal(SIGPIPE, SIG_IGN);
  ARROW_ASSIGN_OR_RAISE(arrow::StopSource * source, arrow::SetSignalStopSource());
  ARROW_RETURN_NOT_OK(arrow::RegisterCancellingSignalHandler({SIGINT, SIGTERM}));
  return source->token();
}

}  // namespace

int main(int argc, char** argv) {
  // What gRPC logs of a failed call, the call's own error says.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  const arrow::Result<arrow::StopToken> stop = TokenOfSignals();
  const arrow::Status status = stop.ok() ? arrow::compute::Initialize() : stop.status();
  if (!status.ok()) {
    std::cerr << "windrow: " << status.message() << '\n';
    return windrow::ExitCode(status);
  }
  const int exit_code = windrow::cli::RunCommandLine(argc, argv, *stop);
  if (windrow::fs::CloseObjectStores()) return exit_code;
  // A thread still waits for a server that does not answer.
  std::cout.flush();
  std::fflush(nullptr);
  std::_Exit(exit_code);
}
