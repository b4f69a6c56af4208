// SPDX-License-Identifier: Apache-2.0
#include "contestant.h"

#include <arrow/io/file.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <sys/resource.h>

#include <chrono>
#include <iostream>

#include "windrow/base/json_text.h"

namespace windrow::bench {
namespace {

struct Usage {
  double wall = 0;
  double cpu = 0;
  int64_t minor_faults = 0;
};

Usage UsageNow() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  const std::chrono::duration<double> wall =
      std::chrono::steady_clock::now().time_since_epoch();
  return {wall.count(), seconds(usage.ru_utime) + seconds(usage.ru_stime),
          usage.ru_minflt};
}

Status RunTimed(Work* work) {
  const Usage before = UsageNow();
  ARROW_ASSIGN_OR_RAISE(const int64_t rows, work->Run());
  const Usage after = UsageNow();
  work->Drop();
  std::cout << "{\"wall\": " << after.wall - before.wall
            << ", \"cpu\": " << after.cpu - before.cpu << ", \"rows\": " << rows
            << ", \"minor_faults\": " << after.minor_faults - before.minor_faults << "}"
            << std::endl;
  return Status::OK();
}

Status Answer(Work* work, const std::string& verb, const std::string& argument) {
  if (verb == "run") return RunTimed(work);
  if (verb == "answer") {
    ARROW_RETURN_NOT_OK(work->WriteAnswer(argument));
  } else if (verb != "prepare") {
    return UserError("unknown verb ", verb);
  }
  std::cout << "{}" << std::endl;
  return Status::OK();
}

}  // namespace

Status ServeVerbs(Work* work) {
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    const size_t space = line.find(' ');
    const std::string argument = space == std::string::npos ? "" : line.substr(space + 1);
    const Status status = Answer(work, line.substr(0, space), argument);
    if (!status.ok()) {
      std::cout << "{\"error\": " << JsonText(status.message()) << "}" << std::endl;
    }
  }
  return Status::OK();
}

Result<std::unique_ptr<AnswerFile>> AnswerFile::Open(
    const std::string& path, const std::shared_ptr<arrow::Schema>& schema) {
  auto file = std::make_unique<AnswerFile>();
  ARROW_ASSIGN_OR_RAISE(file->file_, arrow::io::FileOutputStream::Open(path));
  ARROW_ASSIGN_OR_RAISE(file->writer_, arrow::ipc::MakeFileWriter(file->file_, schema));
  return file;
}

Status AnswerFile::Write(const arrow::RecordBatch& batch) {
  return writer_->WriteRecordBatch(batch);
}

Status AnswerFile::Close() {
  ARROW_RETURN_NOT_OK(writer_->Close());
  return file_->Close();
}

}  // namespace windrow::bench
