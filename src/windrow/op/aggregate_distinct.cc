// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/aggregate_distinct.h"

#include <arrow/type.h>

#include "windrow/base/check.h"
#include "windrow/op/aggregate_state_parts.h"

namespace windrow::op {

using ArrayPtr = std::shared_ptr<arrow::Array>;

DistinctState::DistinctState(int code_bits, arrow::MemoryPool* pool)
    : pool_(pool), counts_(pool), pairs_(code_bits <= 32 ? 1 : 2, pool) {}

Status DistinctState::Resize(int64_t groups, bool) {
  return Extend<int64_t>(&counts_, groups, 0);
}

Status DistinctState::Update(const AggregateValues& values, const uint32_t* rows,
                             int64_t count, const uint32_t* groups) {
  column::PoolVector<uint64_t> pairs(pool_);
  ARROW_RETURN_NOT_OK(pairs.Resize(count * pairs_.words()));
  int64_t found = 0;
  ForEachValid(values, rows, count, groups, [&](int64_t row, uint32_t group) {
    const uint64_t code = values.codes[row];
    if (is_packed()) {
      pairs[found++] = uint64_t{group} << 32 | code;
    } else {
      pairs[2 * found] = group;
      pairs[2 * found++ + 1] = code;
    }
  });
  column::PoolVector<uint64_t> hashes(pool_);
  column::PoolVector<uint32_t> numbers(pool_);
  ARROW_RETURN_NOT_OK(hashes.Resize(found));
  ARROW_RETURN_NOT_OK(numbers.Resize(found));
  column::GroupTable::Hash(pairs.data(), pairs_.words(), found, hashes.data());
  const int64_t known = pairs_.size();
  ARROW_RETURN_NOT_OK(
      pairs_.FindOrAdd(pairs.data(), hashes.data(), nullptr, found, numbers.data()));
  for (int64_t pair = known; pair < pairs_.size(); ++pair) ++counts_[group_of(pair)];
  return Status::OK();
}

Status DistinctState::Merge(const AggregateState&, const uint32_t*, int64_t,
                            const uint32_t*) {
  return InternalError("distinct values are not merged by group");
}

uint32_t DistinctState::group_of(int64_t pair) const {
  const uint64_t word = *pairs_.key(pair);
  return static_cast<uint32_t>(is_packed() ? word >> 32 : word);
}

uint64_t DistinctState::code_of(int64_t pair) const {
  const uint64_t* key = pairs_.key(pair);
  return is_packed() ? key[0] & UINT32_MAX : key[1];
}

Result<std::vector<ArrayPtr>> DistinctState::Save(std::span<const uint32_t>,
                                                  arrow::MemoryPool*) const {
  return std::vector<ArrayPtr>{};
}

Status DistinctState::Load(const std::vector<ArrayPtr>&) { return Status::OK(); }

Result<ArrayPtr> DistinctState::Finish(std::span<const uint32_t> groups,
                                       arrow::MemoryPool* pool) const {
  return Gathered<int64_t>(
      arrow::int64(), groups, [&](uint32_t group) { return counts_[group]; },
      [](uint32_t) { return true; }, pool);
}

std::unique_ptr<AggregateState> MakeDistinctState(int code_bits,
                                                  arrow::MemoryPool* pool) {
  return std::make_unique<DistinctState>(code_bits, pool);
}

}  // namespace windrow::op
