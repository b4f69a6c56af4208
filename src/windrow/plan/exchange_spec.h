// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "windrow/plan/logical_plan.h"

namespace windrow::plan {

/// Which partition of an exchange each row goes to.
struct ExchangeSpec {
  enum class Kind {
    kHash,   ///< by the hash of `keys`
    kRange,  ///< by the place of the sort keys between `bounds`
    kSingle  ///< all rows to one partition
  };
  /// What becomes of rows whose key matches nothing: a join's null keys.
  enum class NullKeys { kEqual, kDrop, kSpread };

  Kind kind = Kind::kSingle;
  int partitions = 1;
  std::vector<std::string> keys;                        ///< of kHash
  std::vector<std::shared_ptr<arrow::DataType>> types;  ///< in which those are compared
  NullKeys null_keys = NullKeys::kEqual;
  std::vector<SortNode::Key> sort_keys;  ///< of kRange, or of the sample
  std::vector<std::string> bounds;       ///< partitions - 1, ascending, encoded
  bool takes_sample = false;             ///< of sort_keys
  /// The task's number: where rows without a key are spread from.
  int first_partition = 0;
};

}  // namespace windrow::plan
