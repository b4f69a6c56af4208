// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "windrow/exec/run_context.h"
#include "windrow/op/collect_piece.h"
#include "windrow/op/dictionary_map.h"

namespace windrow::op {

/// Turns batches into pieces and what was coded back into values. Thread-safe.
class CollectCoding {
 public:
  /// `keys` and `payload` are columns of `schema`. Without `codes_payload`, payload is
  /// kept as values, and pieces can be turned back before the last one was coded.
  CollectCoding(std::shared_ptr<arrow::Schema> schema, std::vector<int> keys,
                std::vector<int> payload, bool codes_payload, exec::RunContext* context);

  ~CollectCoding();

  /// With `tags`, those of the rows' keys too.
  Result<CollectPiece> Code(const arrow::RecordBatch& batch,
                            column::PoolVector<uint32_t>* tags);

  DictionaryMap& keys() { return keys_; }
  const DictionaryMap& keys() const { return keys_; }

  /// After the last Code: makes the dictionaries of coded payload final.
  Status Finish();
  /// The payload columns of `piece` as their values, or as dictionary arrays of them
  /// where they are coded and `as_dictionaries`.
  Result<std::vector<std::shared_ptr<arrow::Array>>> Payload(const CollectPiece& piece,
                                                             bool as_dictionaries) const;
  /// `piece` in the layout without any coded column.
  Result<CollectPiece> Plain(const CollectPiece& piece) const;
  /// The key columns, a row for each code of a group.
  Result<std::vector<std::shared_ptr<arrow::Array>>> KeyColumns(
      std::span<const uint32_t> codes, arrow::MemoryPool* pool) const;

 private:
  struct TextColumn;

  std::shared_ptr<const CollectLayout> LayoutOf(const std::vector<bool>& is_coded);
  Result<std::shared_ptr<arrow::Array>> KeyOf(const arrow::RecordBatch& batch) const;
  Result<std::shared_ptr<arrow::Array>> CodePayload(
      size_t index, const std::shared_ptr<arrow::Array>& column, bool* is_coded);

  std::shared_ptr<arrow::Schema> schema_;
  std::vector<int> key_columns_;
  std::vector<int> payload_columns_;
  std::vector<std::shared_ptr<arrow::DataType>> key_types_;
  bool codes_payload_;
  exec::RunContext* context_;
  DictionaryMap keys_;
  std::vector<std::unique_ptr<TextColumn>> texts_;  ///< per payload column; null: no text
  std::mutex layouts_mutex_;
  std::map<std::vector<bool>, std::shared_ptr<const CollectLayout>> layouts_;
  std::shared_ptr<const CollectLayout> plain_layout_;
};

}  // namespace windrow::op
