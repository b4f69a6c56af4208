// SPDX-License-Identifier: Apache-2.0
#include "windrow/base/status.h"

#include <arrow/util/io_util.h>

#include <cerrno>
#include <memory>

namespace windrow {
namespace {

constexpr char kDetailTypeId[] = "windrow::Blame";

class BlameDetail : public arrow::StatusDetail {
 public:
  explicit BlameDetail(Blame blame) : blame_(blame) {}
  const char* type_id() const override { return kDetailTypeId; }
  /// Empty so that a printed Status stays the one line its author wrote.
  std::string ToString() const override { return ""; }
  Blame blame() const { return blame_; }

 private:
  Blame blame_;
};

arrow::StatusCode CodeOf(Blame blame) {
  switch (blame) {
    case Blame::kInternal:
      return arrow::StatusCode::UnknownError;
    case Blame::kUser:
    case Blame::kData:
      return arrow::StatusCode::Invalid;
    case Blame::kStorage:
      return arrow::StatusCode::IOError;
    case Blame::kResource:
      return arrow::StatusCode::OutOfMemory;
    case Blame::kCancelled:
      return arrow::StatusCode::Cancelled;
  }
  return arrow::StatusCode::UnknownError;
}

}  // namespace

Status Fail(Blame blame, std::string message) {
  return Status(CodeOf(blame), std::move(message), std::make_shared<BlameDetail>(blame));
}

Blame BlameOf(const Status& status) {
  if (const auto& detail = status.detail();
      detail != nullptr && detail->type_id() == kDetailTypeId) {
    return static_cast<const BlameDetail&>(*detail).blame();
  }
  const int error_number = arrow::internal::ErrnoFromStatus(status);
  if (error_number == ENOSPC || error_number == EDQUOT) return Blame::kResource;
  if (status.IsOutOfMemory() || status.IsCapacityError()) return Blame::kResource;
  if (status.IsCancelled()) return Blame::kCancelled;
  if (status.IsIOError()) return Blame::kStorage;
  return Blame::kInternal;
}

Status At(std::string_view place, const Status& status) {
  if (status.ok()) return status;
  return Fail(BlameOf(status), std::string(place) + ": " + status.message());
}

Status AtInput(std::string_view place, const Status& status) {
  if (status.ok()) return status;
  Blame blame = BlameOf(status);
  const bool from_system = arrow::internal::ErrnoFromStatus(status) != 0;
  const bool decoded = status.detail() == nullptr && !from_system;
  if (decoded && (blame == Blame::kInternal || blame == Blame::kStorage)) {
    blame = Blame::kData;
  }
  return Fail(blame, std::string(place) + ": " + status.message());
}

int ExitCode(const Status& status) {
  if (status.ok()) return 0;
  switch (BlameOf(status)) {
    case Blame::kInternal:
      return 1;
    case Blame::kUser:
      return 2;
    case Blame::kData:
      return 3;
    case Blame::kStorage:
      return 4;
    case Blame::kResource:
      return 5;
    case Blame::kCancelled:
      return 130;
  }
  return 1;
}

}  // namespace windrow
