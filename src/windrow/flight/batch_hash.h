// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/ipc/dictionary.h>
#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "windrow/base/status.h"

namespace arrow::ipc {
struct IpcPayload;
}

namespace windrow::flight {

/// Hashes the batches of one stream: the number of rows and, of its columns and their
/// dictionaries, the bytes and length of every buffer as Arrow IPC sends it uncompressed
/// (XXH3). Both ends of a stream find the same. Thread-safe.
class BatchHasher {
 public:
  explicit BatchHasher(const arrow::Schema& schema) : mapper_(schema) {}

  /// The sender's: of a SendableBatch and its payload made without compression.
  Result<uint64_t> OfSent(const arrow::RecordBatch& batch,
                          const arrow::ipc::IpcPayload& payload);
  /// The receiver's: of the batch that came out of such a payload, compressed or not.
  Result<uint64_t> OfReceived(const arrow::RecordBatch& batch);

 private:
  template <typename HashValues>
  Result<uint64_t> WithDictionaries(uint64_t hash, const arrow::RecordBatch& batch,
                                    const HashValues& hash_values);

  const arrow::ipc::DictionaryFieldMapper mapper_;
  std::mutex mutex_;  ///< guards what follows
  /// By id, the last dictionary and its hash: many batches share one.
  std::map<int64_t, std::pair<std::shared_ptr<arrow::ArrayData>, uint64_t>> last_;
};

}  // namespace windrow::flight
