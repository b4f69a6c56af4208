// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace windrow::plan {

/// What of a run's switches concerns expressions. Results never depend on it.
struct BindSettings {
  bool label_memo = true;  ///< see exec::Switches
};

}  // namespace windrow::plan
