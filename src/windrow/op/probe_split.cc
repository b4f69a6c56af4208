// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/probe_split.h"

#include <cmath>
#include <cstdio>

#include "windrow/base/check.h"

namespace windrow::op {
namespace {

/// Ids are numbers of this many bits.
constexpr int kSrcIdBits = 60;

std::string FileName(const char* side, int64_t shard, int64_t shards) {
  char name[64];
  std::snprintf(name, sizeof(name), "%s-%05lld-of-%05lld", side,
                static_cast<long long>(shard), static_cast<long long>(shards));
  return name;
}

}  // namespace

ProbeSplit::ProbeSplit(const Options& options) : options_(options) {
  WINDROW_CHECK(options.train_ratio >= 0 && options.train_ratio <= 1);
  const int64_t shards = options.shards.value_or(1);
  WINDROW_CHECK(shards >= 1);
  // Scaling by a power of two is exact, so this is the least id with
  // id / 2^60 >= train_ratio.
  first_test_id_ =
      static_cast<int64_t>(std::ceil(std::ldexp(options.train_ratio, kSrcIdBits)));
  for (const char* side : {"train", "test"}) {
    for (int64_t shard = 0; shard < shards; ++shard) {
      file_names_.push_back(options.shards.has_value() ? FileName(side, shard, shards)
                                                       : side);
    }
  }
}

bool ProbeSplit::IsTest(int64_t src_id, int64_t index, int64_t num_probes) const {
  if (options_.rule == Rule::kHash) return src_id >= first_test_id_;
  const auto num_train =
      static_cast<int64_t>(static_cast<double>(num_probes) * options_.train_ratio);
  return index >= num_train;
}

}  // namespace windrow::op
