// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace windrow::op {

/// What a check of files of probe records found wrong: of each kind of problem how often,
/// and where first. Single-threaded.
class ProbeFindings {
 public:
  /// `record` is counted from 0 within `file`; negative where the file as a whole is
  /// meant.
  void Add(std::string_view kind, std::string_view file, int64_t record,
           std::string_view detail);

  bool empty() const { return kinds_.empty(); }
  /// A line for each kind: "FILE: record 12: KIND: DETAIL (and 3 more)".
  std::vector<std::string> Lines() const;

 private:
  struct Kind {
    std::string first;
    int64_t count = 0;
  };
  std::map<std::string, Kind, std::less<>> kinds_;
};

}  // namespace windrow::op
