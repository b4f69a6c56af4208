// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace windrow::plan {

/// What of a run's switches concerns expressions. Results never depend on it.
struct BindSettings {
  int64_t label_memo_bytes = 8 << 20;  ///< see exec::RunContext
};

}  // namespace windrow::plan
