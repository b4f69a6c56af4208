// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/base/status.h"

namespace windrow::exec {

/// What can be turned off or sized by --set NAME=VALUE. The answer never depends on it.
struct Switches {
  bool identity_keys = true;
  bool dense_keys = true;
  bool swap_sides = true;
  bool late_payload = true;
  bool send_keys = true;
  bool push_filters = true;
  bool prune_scans = true;
  bool sorted_keys = true;
  bool prefetch = true;
  bool partial_aggregation = true;
  bool dictionary_keys = true;
  bool label_memo = true;
  bool broadcast = true;
  bool split_partitions = true;
  bool sync_outputs = false;
  bool binary_copy = true;
  int64_t morsel_rows = 64 * 1024;
  int64_t morsel_bytes = 8 << 20;
  int64_t window_bytes = 0;         ///< 0: an eighth of the memory budget
  int64_t split_rows = 256 * 1024;  ///< least rows of a source that a task reads
  int64_t piece_bytes = 32 << 20;   ///< of a partition of an exchange, about
};

/// One line of `windrow help switches`.
struct SwitchInfo {
  std::string name;
  std::string default_value;
  std::string meaning;   ///< what it does when on, or what the size is
  std::string fallback;  ///< what happens instead when off; empty for sizes
};

/// Every switch there is.
std::vector<SwitchInfo> ListSwitches();

/// Sets one switch from "NAME=VALUE". On/off switches take on, off, true, false, 1, 0;
/// sizes take a number of rows or bytes with a unit. UserError, with the near name,
/// otherwise.
Status SetSwitch(std::string_view assignment, Switches* switches);

}  // namespace windrow::exec
