// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace windrow::op {

/// Which file the records of a probe go to. Depends on nothing but the probe's src_id, or
/// with kSorted on its place among all probes; so all its parts share a file, and with
/// kHash it stays in its file when other probes come and go.
class ProbeSplit {
 public:
  enum class Rule {
    kHash,   ///< test from the share `train_ratio` of all ids on
    kSorted  ///< test from the share `train_ratio` of all probes on, in byte order
  };
  struct Options {
    Rule rule = Rule::kHash;
    double train_ratio = 0.9;  ///< in [0, 1]
    /// Files a side has, at least 1, their number in the name; without it, one.
    std::optional<int64_t> shards;
  };

  explicit ProbeSplit(const Options& options);

  /// The train files, then the test files: "train", "test", or "train-00000-of-00004", …
  const std::vector<std::string>& file_names() const { return file_names_; }
  bool needs_num_probes() const { return options_.rule == Rule::kSorted; }

  /// `index` is the probe's place in byte order, counted from 0; both it and `num_probes`
  /// matter only where needs_num_probes.
  bool IsTest(int64_t src_id, int64_t index, int64_t num_probes) const;
  /// Index into file_names.
  int32_t FileOf(int64_t src_id, bool is_test) const {
    const int64_t shards = options_.shards.value_or(1);
    return static_cast<int32_t>(src_id % shards + (is_test ? shards : 0));
  }

 private:
  Options options_;
  int64_t first_test_id_;  ///< with kHash
  std::vector<std::string> file_names_;
};

}  // namespace windrow::op
