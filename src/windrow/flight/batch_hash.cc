// SPDX-License-Identifier: Apache-2.0
#include "windrow/flight/batch_hash.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace windrow::flight {
namespace {

/// XXH3 takes the length in as well, so an empty buffer counts.
uint64_t Chained(uint64_t so_far, const void* data, int64_t size) {
  return XXH3_64bits_withSeed(data, static_cast<size_t>(size), so_far);
}

uint64_t Chained(uint64_t so_far, const std::shared_ptr<arrow::Buffer>& buffer) {
  if (buffer == nullptr) return Chained(so_far, nullptr, 0);
  return Chained(so_far, buffer->data(), buffer->size());
}

uint64_t Chained(uint64_t so_far, const arrow::ipc::IpcPayload& payload) {
  for (const auto& buffer : payload.body_buffers) so_far = Chained(so_far, buffer);
  return so_far;
}

/// The place for a validity bitmap that `type` has in memory but not in a message.
bool SendsNoValidity(arrow::Type::type type) {
  return type == arrow::Type::NA || type == arrow::Type::SPARSE_UNION ||
         type == arrow::Type::DENSE_UNION || type == arrow::Type::RUN_END_ENCODED;
}

/// In the order of a message: an array's own buffers, then its children.
uint64_t Chained(uint64_t so_far, const arrow::ArrayData& array) {
  const size_t first = SendsNoValidity(array.type->storage_id()) ? 1 : 0;
  for (size_t i = first; i < array.buffers.size(); ++i) {
    so_far = Chained(so_far, array.buffers[i]);
  }
  for (const auto& child : array.child_data) so_far = Chained(so_far, *child);
  return so_far;
}

}  // namespace

template <typename HashValues>
Result<uint64_t> BatchHasher::WithDictionaries(uint64_t hash,
                                               const arrow::RecordBatch& batch,
                                               const HashValues& hash_values) {
  if (mapper_.num_dicts() == 0) return hash;
  ARROW_ASSIGN_OR_RAISE(const auto found,
                        arrow::ipc::CollectDictionaries(batch, mapper_));
  for (const auto& [id, values] : found) {
    uint64_t of_values = 0;
    bool is_known = false;
    {
      const std::scoped_lock lock(mutex_);
      const auto& [last, last_hash] = last_[id];
      is_known = last == values->data();
      of_values = last_hash;
    }
    if (!is_known) {
      ARROW_ASSIGN_OR_RAISE(of_values, hash_values(id, values));
      const std::scoped_lock lock(mutex_);
      last_[id] = {values->data(), of_values};
    }
    hash = Chained(hash, &of_values, sizeof(of_values));
  }
  return hash;
}

Result<uint64_t> BatchHasher::OfSent(const arrow::RecordBatch& batch,
                                     const arrow::ipc::IpcPayload& payload) {
  const int64_t rows = batch.num_rows();
  const auto hash_values =
      [](int64_t id, const std::shared_ptr<arrow::Array>& values) -> Result<uint64_t> {
    arrow::ipc::IpcPayload message;
    ARROW_RETURN_NOT_OK(arrow::ipc::GetDictionaryPayload(
        id, values, arrow::ipc::IpcWriteOptions::Defaults(), &message));
    return Chained(0, message);
  };
  return WithDictionaries(Chained(Chained(0, &rows, sizeof(rows)), payload), batch,
                          hash_values);
}

Result<uint64_t> BatchHasher::OfReceived(const arrow::RecordBatch& batch) {
  const int64_t rows = batch.num_rows();
  uint64_t hash = Chained(0, &rows, sizeof(rows));
  for (int i = 0; i < batch.num_columns(); ++i) {
    hash = Chained(hash, *batch.column_data(i));
  }
  return WithDictionaries(
      hash, batch,
      [](int64_t, const std::shared_ptr<arrow::Array>& values) -> Result<uint64_t> {
        return Chained(0, *values->data());
      });
}

}  // namespace windrow::flight
