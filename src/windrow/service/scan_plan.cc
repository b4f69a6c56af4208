// SPDX-License-Identifier: Apache-2.0
#include "windrow/service/scan_plan.h"

#include <arrow/type.h>

#include <algorithm>

namespace windrow::service {
namespace {

/// Bytes of the asked columns, taking all columns for equally wide.
int64_t BytesOf(const exec::Table& table, const flight::ScanRequest& request) {
  const int64_t all = table.stored_bytes().value_or(0);
  const int columns = table.schema()->num_fields();
  if (!request.columns.has_value() || columns == 0) return all;
  return all / columns * std::ssize(*request.columns);
}

}  // namespace

std::vector<exec::ChunkRange> PlanEndpoints(const exec::Table& table,
                                            const flight::ScanRequest& request,
                                            int64_t endpoint_bytes) {
  constexpr int64_t kMostEndpoints = 1024;
  const std::vector<int64_t> offsets = table.chunk_offsets();
  if (offsets.empty()) return {{0, 0}};
  const auto chunks = static_cast<int64_t>(offsets.size()) - 1;
  const int64_t rows = offsets.back();
  if (request.limit.has_value() || rows == 0) return {{0, chunks}};
  int64_t count = BytesOf(table, request) / std::max<int64_t>(1, endpoint_bytes) + 1;
  count = std::min({count, kMostEndpoints, chunks});
  if (request.endpoints.has_value()) {
    count = std::clamp<int64_t>(*request.endpoints, 1, chunks);
  }
  // Each ends at the first chunk that brings it to its share of the rows.
  std::vector<exec::ChunkRange> ranges;
  int64_t begin = 0;
  for (int64_t i = 1; i <= count && begin < chunks; ++i) {
    const int64_t share = rows / count * i + rows % count * i / count;
    const auto end = std::lower_bound(offsets.begin() + begin + 1, offsets.end(), share);
    const int64_t last = i == count ? chunks : end - offsets.begin();
    ranges.push_back({begin, last});
    begin = last;
  }
  return ranges;
}

}  // namespace windrow::service
