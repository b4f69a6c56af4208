// SPDX-License-Identifier: Apache-2.0
#include "windrow/flight/call_error.h"

#include <arrow/flight/types.h>

#include <array>
#include <string>
#include <utility>

namespace windrow::flight {
namespace {

namespace wire = arrow::flight;
using Code = wire::FlightStatusCode;

constexpr std::string_view kBlamePrefix = "windrow:";

struct BlameWord {
  Blame blame;
  std::string_view word;
};

constexpr std::array<BlameWord, 6> kBlames = {{{Blame::kInternal, "internal"},
                                               {Blame::kUser, "user"},
                                               {Blame::kData, "data"},
                                               {Blame::kStorage, "storage"},
                                               {Blame::kResource, "resource"},
                                               {Blame::kCancelled, "cancelled"}}};

Code CodeOf(Blame blame) {
  switch (blame) {
    case Blame::kCancelled:
      return Code::Cancelled;
    case Blame::kStorage:
    case Blame::kResource:
      return Code::Unavailable;
    case Blame::kInternal:
    case Blame::kUser:
    case Blame::kData:
      break;
  }
  return Code::Failed;
}

std::string ExtraInfoOf(const Status& status) {
  const auto detail = wire::FlightStatusDetail::UnwrapStatus(status);
  return detail == nullptr ? "" : detail->extra_info();
}

/// gRPC and Flight add words of their own before and after the server's.
std::string FirstLine(const std::string& text) {
  constexpr std::string_view kIntroduction = "error, with message: ";
  std::string line = text.substr(0, text.find('\n'));
  const size_t introduction = line.find(kIntroduction);
  if (line.starts_with("Flight returned ") && introduction != std::string::npos) {
    line = line.substr(introduction + kIntroduction.size());
  }
  for (const std::string_view added :
       {". Detail:", ". gRPC client debug context:", ". Client context:"}) {
    line = line.substr(0, line.find(added));
  }
  return line;
}

}  // namespace

Status ToCallError(const Status& status) {
  if (status.ok()) return status;
  if (wire::FlightStatusDetail::UnwrapStatus(status) != nullptr) return status;
  const Blame blame = BlameOf(status);
  std::string extra(kBlamePrefix);
  for (const BlameWord& known : kBlames) {
    if (known.blame == blame) extra += known.word;
  }
  return wire::MakeFlightError(CodeOf(blame), status.message(), std::move(extra));
}

Status FromCallError(std::string_view place, const Status& status) {
  if (status.ok()) return status;
  std::string message(place);
  message += ": " + FirstLine(status.message());
  if (status.IsCancelled()) return Fail(Blame::kCancelled, std::move(message));
  const std::string extra = ExtraInfoOf(status);
  for (const BlameWord& known : kBlames) {
    if (extra == std::string(kBlamePrefix) + std::string(known.word)) {
      return Fail(known.blame, std::move(message));
    }
  }
  if (status.IsInvalid() || status.IsKeyError() || status.IsTypeError() ||
      status.IsNotImplemented()) {
    return Fail(Blame::kUser, std::move(message));
  }
  return Fail(Blame::kStorage, std::move(message));
}

bool IsWindrowError(const Status& status) {
  return ExtraInfoOf(status).starts_with(kBlamePrefix);
}

bool MayPass(const Status& call_error) {
  return BlameOf(call_error) == Blame::kStorage ||
         BlameOf(call_error) == Blame::kResource;
}

}  // namespace windrow::flight
