// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/ipc/dictionary.h>
#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <memory>

#include "windrow/base/status.h"

namespace arrow::ipc {
struct IpcPayload;
}

namespace windrow::flight {

// Both ends of a stream hash its batches and find the same: of the number of rows and of
// the bytes and length of every buffer as Arrow IPC sends it uncompressed, then of the
// dictionaries (XXH3).

/// Of a SendableBatch's rows and its payload made without compression; its dictionaries
/// are still to be added.
uint64_t HashSent(int64_t rows, const arrow::ipc::IpcPayload& payload);

/// The dictionaries that a sender has sent last. Used by one thread.
class SentDictionaries {
 public:
  /// Whether a dictionary must be sent: false where the receiver has an equal one.
  Result<bool> Update(int64_t id, const std::shared_ptr<arrow::Array>& dictionary);
  /// `hash`, of HashSent, with the dictionaries of a batch, after Update of each.
  uint64_t Add(uint64_t hash, const arrow::ipc::DictionaryVector& dictionaries) const;

 private:
  struct Sent {
    std::shared_ptr<arrow::Array> dictionary;
    uint64_t hash = 0;
  };
  std::map<int64_t, Sent> sent_;  ///< by id
};

/// Hashes the batches that come out of a stream, compressed or not. Used by one thread.
class ReceivedHasher {
 public:
  explicit ReceivedHasher(const arrow::Schema& schema) : mapper_(schema) {}
  Result<uint64_t> Hash(const arrow::RecordBatch& batch);

 private:
  struct Received {
    std::shared_ptr<arrow::ArrayData> dictionary;
    uint64_t hash = 0;
  };
  arrow::ipc::DictionaryFieldMapper mapper_;
  std::map<int64_t, Received> received_;  ///< by id: many batches share one
};

}  // namespace windrow::flight
