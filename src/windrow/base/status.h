// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <sstream>
#include <string>
#include <string_view>
#include <utility>

namespace windrow {

using arrow::Result;
using arrow::Status;

/// Who has to act on a failure. Decides the exit code of the command and the exception
/// class in Python. Travels with a Status as its detail.
enum class Blame {
  kInternal,   ///< a defect in Windrow
  kUser,       ///< the command line or the job document
  kData,       ///< the content of an input
  kStorage,    ///< a disk, network or database refused
  kResource,   ///< memory or disk space ran out
  kCancelled,  ///< the user stopped the run
};

/// Makes a failed Status. `message` is one line: where, what was found, what was
/// expected.
Status Fail(Blame blame, std::string message);

namespace internal {
template <typename... Args>
std::string Words(Args&&... args) {
  std::ostringstream words;
  (words << ... << std::forward<Args>(args));
  return words.str();
}
}  // namespace internal

template <typename... Args>
Status UserError(Args&&... args) {
  return Fail(Blame::kUser, internal::Words(std::forward<Args>(args)...));
}
template <typename... Args>
Status DataError(Args&&... args) {
  return Fail(Blame::kData, internal::Words(std::forward<Args>(args)...));
}
template <typename... Args>
Status StorageError(Args&&... args) {
  return Fail(Blame::kStorage, internal::Words(std::forward<Args>(args)...));
}
template <typename... Args>
Status ResourceError(Args&&... args) {
  return Fail(Blame::kResource, internal::Words(std::forward<Args>(args)...));
}
template <typename... Args>
Status InternalError(Args&&... args) {
  return Fail(Blame::kInternal, internal::Words(std::forward<Args>(args)...));
}

/// The blame carried by `status`. A Status made elsewhere (Arrow, Parquet) is classed by
/// its code: out of memory is kResource, an I/O error kStorage or, for a full disk,
/// kResource, a cancellation kCancelled, anything else kInternal.
Blame BlameOf(const Status& status);

/// `status` with "place: " before its message. Keeps its blame.
Status At(std::string_view place, const Status& status);

/// Like At, and gives `blame` to a Status that came from Arrow with no better blame than
/// kInternal. Used where bytes of an input are decoded: what Arrow rejects there is bad
/// data.
Status AtInput(std::string_view place, const Status& status);

/// Exit code of the command for `status` (0 when ok); see the command line's reference.
int ExitCode(const Status& status);

}  // namespace windrow
