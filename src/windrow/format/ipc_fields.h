// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <vector>

namespace windrow::format {

/// What comes before a top-level column in the depth-first lists of a record batch.
struct IpcFieldPlace {
  int64_t nodes = 0;
  int64_t buffers = 0;  ///< without those counted below
  int64_t v5_bare = 0;  ///< one more buffer each, for validity, in metadata version 4
  int64_t views = 0;    ///< each has as many more buffers as the batch says
};

/// Places of the columns of `schema` in order, and last the place after all of them.
std::vector<IpcFieldPlace> PlaceIpcFields(const arrow::Schema& schema);

}  // namespace windrow::format
