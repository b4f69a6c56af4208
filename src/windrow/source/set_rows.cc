// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/set_rows.h"

#include <arrow/array/util.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>

#include "windrow/source/remote_source.h"

namespace windrow::source {
SetRows::SetRows(std::shared_ptr<arrow::Schema> schema, std::vector<PartRows> parts,
                 bool prefetch, exec::RunContext* context)
    : schema_(std::move(schema)),
      parts_(std::move(parts)),
      pool_(context->pool),
      most_ahead_bytes_(MostAheadBytes(prefetch, *context)) {
  for (size_t p = 0; p < parts_.size(); ++p) {
    remote_.push_back(dynamic_cast<const RemoteRows*>(parts_[p].store.get()));
    const std::vector<int64_t>& offsets = parts_[p].store->chunk_offsets();
    const int64_t first_row = offsets_.back();
    for (size_t chunk = 0; chunk + 1 < offsets.size(); ++chunk) {
      chunks_.push_back({p, static_cast<int>(chunk)});
      offsets_.push_back(first_row + offsets[chunk + 1]);
    }
  }
}

bool SetRows::IsResident(int column) const {
  return std::all_of(parts_.begin(), parts_.end(), [&](const PartRows& part) {
    return column < part.store->schema()->num_fields() && part.store->IsResident(column);
  });
}

Result<std::shared_ptr<arrow::Array>> SetRows::LoadColumn(int chunk, int column) const {
  const auto [part, part_chunk] = chunks_.at(static_cast<size_t>(chunk));
  const exec::RowStore& store = *parts_[part].store;
  const int file_columns = store.schema()->num_fields();
  if (column < file_columns) {
    auto loaded = store.LoadColumn(part_chunk, column);
    NoteLoaded(chunk, column);
    return loaded;
  }
  const int64_t rows = offsets_[chunk + 1] - offsets_[chunk];
  return arrow::MakeArrayFromScalar(*(*parts_[part].values)[column - file_columns], rows,
                                    pool_);
}

Result<std::shared_ptr<arrow::Array>> SetRows::LoadRows(int chunk, int column,
                                                        std::span<const uint32_t> rows,
                                                        arrow::MemoryPool* pool) const {
  const auto [part, part_chunk] = chunks_.at(static_cast<size_t>(chunk));
  const exec::RowStore& store = *parts_[part].store;
  const int file_columns = store.schema()->num_fields();
  if (column < file_columns) {
    auto loaded = store.LoadRows(part_chunk, column, rows, pool);
    NoteLoaded(chunk, column);
    return loaded;
  }
  return arrow::MakeArrayFromScalar(*(*parts_[part].values)[column - file_columns],
                                    static_cast<int64_t>(rows.size()), pool);
}

int64_t SetRows::bytes_read() const {
  int64_t bytes = 0;
  for (const PartRows& part : parts_) bytes += part.store->bytes_read();
  return bytes;
}

const RemoteRows* SetRows::RemoteOf(exec::RowPiece piece) const {
  const size_t part = chunks_.at(static_cast<size_t>(piece.chunk)).part;
  const bool is_stored = piece.column < parts_[part].store->schema()->num_fields();
  return is_stored ? remote_[part] : nullptr;
}

void SetRows::Expect(std::vector<exec::RowPiece> pieces) const {
  const std::scoped_lock lock(mutex_);
  while (!ahead_.empty()) Release(ahead_.begin()->first);
  loaded_.clear();
  expected_.assign(pieces.begin(), pieces.end());
  LookAhead();
}

/// With the mutex held. What cannot be begun is read when it is loaded, which tells why.
void SetRows::LookAhead() const {
  while (!expected_.empty() && ahead_bytes_ < most_ahead_bytes_) {
    const exec::RowPiece piece = expected_.front();
    const RemoteRows* remote = RemoteOf(piece);
    if (remote != nullptr && !loaded_.contains(piece)) {
      const auto begun = remote->BeginPiece(chunks_[piece.chunk].chunk, piece.column);
      if (begun.ok() && begun->state == BegunUnit::State::kNoMemory) return;
      if (begun.ok() && begun->state == BegunUnit::State::kBegun) {
        ahead_[piece] = begun->bytes;
        ahead_bytes_ += begun->bytes;
      }
    }
    expected_.pop_front();
  }
}

/// With the mutex held.
void SetRows::Release(exec::RowPiece piece) const {
  const auto found = ahead_.find(piece);
  if (found == ahead_.end()) return;
  RemoteOf(piece)->ReleasePiece(chunks_[piece.chunk].chunk, piece.column);
  ahead_bytes_ -= found->second;
  ahead_.erase(found);
}

void SetRows::NoteLoaded(int chunk, int column) const {
  const exec::RowPiece piece{chunk, column};
  if (RemoteOf(piece) == nullptr) return;
  const std::scoped_lock lock(mutex_);
  loaded_.insert(piece);
  Release(piece);
  LookAhead();
}

}  // namespace windrow::source
