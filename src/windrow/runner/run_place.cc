// SPDX-License-Identifier: Apache-2.0
#include "windrow/runner/run_place.h"

#include <charconv>
#include <string_view>

namespace windrow::runner {
namespace {

constexpr int kMostNodes = 1000;

/// The number of nodes behind the colon; 0 when it is none.
int NodesIn(std::string_view text) {
  int nodes = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), nodes);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  return is_number && nodes >= 1 && nodes <= kMostNodes ? nodes : 0;
}

}  // namespace

Result<RunPlace> PlaceOf(const std::string& on) {
  if (on == "local") return RunPlace{};
  if (on.starts_with("local:")) {
    const int nodes = NodesIn(std::string_view(on).substr(6));
    if (nodes > 0) return RunPlace{RunPlace::Kind::kFragments, nodes};
  } else if (on.starts_with("ray://") && on.size() > 6) {
    return RunPlace{RunPlace::Kind::kRay, 1};
  } else if (on.starts_with("ray:")) {
    const std::string_view rest = std::string_view(on).substr(4);
    if (rest == "auto" || NodesIn(rest) > 0) return RunPlace{RunPlace::Kind::kRay, 1};
  }
  return UserError("--on ", on,
                   ": expected local, local:N, ray:N, ray:auto or ray://HOST:PORT");
}

}  // namespace windrow::runner
