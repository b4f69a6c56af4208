// SPDX-License-Identifier: Apache-2.0
#include "windrow/flight/batch_hash.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "windrow/flight/stream_mark.h"

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

uint64_t HashSent(int64_t rows, const arrow::ipc::IpcPayload& payload) {
  return Chained(Chained(0, &rows, sizeof(rows)), payload);
}

Result<bool> SentDictionaries::Update(int64_t id,
                                      const std::shared_ptr<arrow::Array>& dictionary) {
  Sent& sent = sent_[id];
  if (sent.dictionary == dictionary) return false;
  if (sent.dictionary != nullptr && sent.dictionary->Equals(*dictionary)) return false;
  arrow::ipc::IpcPayload payload;
  ARROW_RETURN_NOT_OK(arrow::ipc::GetDictionaryPayload(
      id, dictionary, arrow::ipc::IpcWriteOptions::Defaults(), &payload));
  sent = {dictionary, Chained(0, payload)};
  return true;
}

uint64_t SentDictionaries::Add(uint64_t hash,
                               const arrow::ipc::DictionaryVector& dictionaries) const {
  for (const auto& [id, dictionary] : dictionaries) {
    hash = NextChecksum(hash, sent_.at(id).hash);
  }
  return hash;
}

Result<uint64_t> ReceivedHasher::Hash(const arrow::RecordBatch& batch) {
  const int64_t rows = batch.num_rows();
  uint64_t hash = Chained(0, &rows, sizeof(rows));
  for (const auto& column : batch.column_data()) hash = Chained(hash, *column);
  if (mapper_.num_dicts() == 0) return hash;
  ARROW_ASSIGN_OR_RAISE(const auto dictionaries,
                        arrow::ipc::CollectDictionaries(batch, mapper_));
  for (const auto& [id, dictionary] : dictionaries) {
    Received& received = received_[id];
    if (received.dictionary != dictionary->data()) {
      received = {dictionary->data(), Chained(0, *dictionary->data())};
    }
    hash = NextChecksum(hash, received.hash);
  }
  return hash;
}

}  // namespace windrow::flight
