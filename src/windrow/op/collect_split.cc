// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/collect_split.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <numeric>

#include "windrow/base/check.h"
#include "windrow/exec/task_slots.h"

namespace windrow::op {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using column::RowOrder;

constexpr size_t kSplittersMax = 63;
/// Blocks read for the sample.
constexpr size_t kSampleBlocksMax = 16;
/// Parts that lie within parts; each level makes them about 60 times smaller.
constexpr int kDepthMax = 8;

/// The columns rows are ordered by: the rank of the group, then the order columns.
Result<std::vector<ArrayPtr>> OrderColumns(const CollectPiece& piece,
                                           const GroupOrder& order, bool as_dictionaries,
                                           arrow::MemoryPool* pool) {
  const auto& codes = static_cast<const arrow::UInt32Array&>(*piece.columns[0]);
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer,
                        arrow::AllocateBuffer(piece.rows * sizeof(uint32_t), pool));
  auto* ranks = reinterpret_cast<uint32_t*>(buffer->mutable_data());
  for (int64_t row = 0; row < piece.rows; ++row) {
    ranks[row] = (*order.rank_of_code)[codes.Value(row)];
  }
  ARROW_ASSIGN_OR_RAISE(const auto payload,
                        order.coding->Payload(piece, as_dictionaries));
  std::vector<ArrayPtr> columns = {
      std::make_shared<arrow::UInt32Array>(piece.rows, std::move(buffer))};
  for (const int column : order.columns) columns.push_back(payload[column]);
  return columns;
}

Result<RowOrder> OrderOf(const std::vector<ArrayPtr>& columns, const GroupOrder& order,
                         arrow::MemoryPool* pool) {
  std::vector<column::OrderKey> keys(1);
  keys.insert(keys.end(), order.keys.begin(), order.keys.end());
  return RowOrder::Make(keys, columns, pool);
}

/// Splits one part, once.
class PartSplitter {
 public:
  PartSplitter(const GroupOrder& order, int64_t bytes_max, exec::RunContext* context,
               exec::StepMetrics* metrics)
      : order_(order), bytes_max_(bytes_max), context_(context), metrics_(metrics) {}

  Result<std::vector<CollectPart>> Split(const CollectPart& part) {
    const std::vector<CollectPart> chunks = CutIntoChunks(part);
    ARROW_RETURN_NOT_OK(ChooseSplitters(chunks));
    // Chunk by chunk, so that rows stay in input order within a bucket.
    std::vector<CollectPart> buckets(2 * static_cast<size_t>(num_splitters_) + 1);
    for (const CollectPart& chunk : chunks) {
      ARROW_RETURN_NOT_OK(context_->stop.Poll());
      ARROW_RETURN_NOT_OK(SplitChunk(chunk, &buckets));
    }
    std::vector<CollectPart> parts;
    for (size_t bucket = 0; bucket < buckets.size(); ++bucket) {
      if (buckets[bucket].rows == 0) continue;
      buckets[bucket].is_ordered = bucket % 2 == 1;
      buckets[bucket].is_continued = true;
      parts.push_back(std::move(buckets[bucket]));
    }
    return parts;
  }

 private:
  /// Pieces of the part that may be in memory at a time.
  std::vector<CollectPart> CutIntoChunks(const CollectPart& part) const {
    const int64_t chunk_bytes = std::max<int64_t>(1, bytes_max_ / 4);
    std::vector<CollectPart> chunks(1);
    const auto make_room = [&](int64_t bytes) {
      if (chunks.back().rows > 0 && chunks.back().bytes + bytes > chunk_bytes) {
        chunks.emplace_back();
      }
    };
    for (const CollectPart::Stored& stored : part.stored) {
      make_room(stored.bytes);
      chunks.back().Add(stored);
    }
    for (const CollectPiece& held : part.held) {
      make_room(held.bytes());
      chunks.back().Add(held);
    }
    return chunks;
  }

  Status ChooseSplitters(const std::vector<CollectPart>& chunks) {
    const size_t step = std::max<size_t>(1, chunks.size() / kSampleBlocksMax);
    std::vector<std::vector<ArrayPtr>> sampled;
    for (size_t c = 0; c < chunks.size(); c += step) {
      CollectPart one;
      if (!chunks[c].stored.empty()) {
        one.Add(chunks[c].stored[0]);
      } else {
        one.Add(chunks[c].held[0]);
      }
      ARROW_ASSIGN_OR_RAISE(const CollectPiece piece,
                            LoadPart(one, *order_.coding, context_->pool));
      const int64_t stride = std::max<int64_t>(1, piece.rows / kSplittersMax);
      std::vector<int32_t> rows;
      for (int64_t row = stride / 2; row < piece.rows; row += stride)
        rows.push_back(static_cast<int32_t>(row));
      CollectPiece sample{piece.layout, {}, static_cast<int64_t>(rows.size()), {}};
      ARROW_ASSIGN_OR_RAISE(sample.columns,
                            TakeRows(piece.columns, rows, context_->pool));
      // As values, since text is coded in some blocks only.
      ARROW_ASSIGN_OR_RAISE(auto columns,
                            OrderColumns(sample, order_, false, context_->pool));
      sampled.push_back(std::move(columns));
    }
    return SplittersFrom(sampled);
  }

  Status SplittersFrom(const std::vector<std::vector<ArrayPtr>>& sampled) {
    std::vector<ArrayPtr> columns;
    for (size_t c = 0; c < sampled[0].size(); ++c) {
      arrow::ArrayVector parts;
      for (const auto& sample : sampled) parts.push_back(sample[c]);
      ARROW_ASSIGN_OR_RAISE(ArrayPtr column, arrow::Concatenate(parts, context_->pool));
      columns.push_back(std::move(column));
    }
    ARROW_ASSIGN_OR_RAISE(const RowOrder sample,
                          OrderOf(columns, order_, context_->pool));
    std::vector<int32_t> rows(static_cast<size_t>(columns[0]->length()));
    std::iota(rows.begin(), rows.end(), 0);
    std::sort(rows.begin(), rows.end(),
              [&](int32_t a, int32_t b) { return sample.Compare(a, b) < 0; });
    std::vector<int32_t> chosen;
    for (size_t s = 0; s < kSplittersMax; ++s) {
      const int32_t row = rows[(s + 1) * rows.size() / (kSplittersMax + 1)];
      if (chosen.empty() || sample.Compare(chosen.back(), row) < 0) chosen.push_back(row);
    }
    num_splitters_ = static_cast<int64_t>(chosen.size());
    ARROW_ASSIGN_OR_RAISE(columns, TakeRows(columns, chosen, context_->pool));
    ARROW_ASSIGN_OR_RAISE(auto splitters, OrderOf(columns, order_, context_->pool));
    splitters_ = std::make_unique<RowOrder>(std::move(splitters));
    return Status::OK();
  }

  /// 2 i for a row between splitters i - 1 and i, 2 i + 1 for one equal to splitter i.
  uint32_t BucketOf(const RowOrder& rows, int64_t row) const {
    int64_t low = 0;
    int64_t high = num_splitters_;
    while (low < high) {
      const int64_t middle = (low + high) / 2;
      const int compared = RowOrder::CompareRows(*splitters_, middle, rows, row);
      if (compared == 0) return static_cast<uint32_t>(2 * middle + 1);
      if (compared < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return static_cast<uint32_t>(2 * low);
  }

  Status SplitChunk(const CollectPart& chunk, std::vector<CollectPart>* buckets) {
    arrow::MemoryPool* pool = context_->pool;
    ARROW_ASSIGN_OR_RAISE(CollectPiece piece, LoadPart(chunk, *order_.coding, pool));
    std::vector<uint32_t> tags(static_cast<size_t>(piece.rows));
    {
      ARROW_ASSIGN_OR_RAISE(const auto columns, OrderColumns(piece, order_, true, pool));
      ARROW_ASSIGN_OR_RAISE(const RowOrder rows, OrderOf(columns, order_, pool));
      constexpr int64_t kRowsAtOnce = 16 * 1024;
      ARROW_RETURN_NOT_OK(context_->slots->ParallelFor(
          (piece.rows + kRowsAtOnce - 1) / kRowsAtOnce, [&](int64_t i) {
            const int64_t end = std::min(piece.rows, (i + 1) * kRowsAtOnce);
            for (int64_t row = i * kRowsAtOnce; row < end; ++row) {
              tags[static_cast<size_t>(row)] = BucketOf(rows, row);
            }
            return Status::OK();
          }));
    }
    const auto count = static_cast<uint32_t>(buckets->size());
    ARROW_RETURN_NOT_OK(PartitionPiece(tags, count, pool, &piece));
    if (file_ == nullptr || layout_ != piece.layout) {
      layout_ = piece.layout;
      ARROW_ASSIGN_OR_RAISE(file_,
                            exec::SpillFile::Make(layout_->schema, context_, metrics_));
    }
    return context_->slots->ParallelFor(count, [&](int64_t b) -> Status {
      const uint32_t begin = piece.starts[b];
      const uint32_t end = piece.starts[b + 1];
      if (begin == end) return Status::OK();
      const CollectPiece slice = piece.Slice(begin, end - begin);
      const auto batch =
          arrow::RecordBatch::Make(layout_->schema, slice.rows, slice.columns);
      ARROW_ASSIGN_OR_RAISE(const auto block, file_->Append(*batch));
      (*buckets)[static_cast<size_t>(b)].Add({layout_, file_, block, slice.bytes()});
      return Status::OK();
    });
  }

  const GroupOrder& order_;
  int64_t bytes_max_;
  exec::RunContext* context_;
  exec::StepMetrics* metrics_;
  std::unique_ptr<RowOrder> splitters_;
  int64_t num_splitters_ = 0;
  std::shared_ptr<const CollectLayout> layout_;
  std::shared_ptr<exec::SpillFile> file_;
};

/// An ordered part as parts of at most `bytes_max`, a block at least.
void CutOrdered(const CollectPart& part, int64_t bytes_max,
                std::vector<CollectPart>* parts) {
  CollectPart next;
  next.is_ordered = next.is_continued = true;
  const CollectPart empty = next;
  for (const CollectPart::Stored& stored : part.stored) {
    if (next.rows > 0 && next.bytes + stored.bytes > bytes_max) {
      parts->push_back(std::exchange(next, empty));
    }
    next.Add(stored);
  }
  parts->push_back(std::move(next));
}

Status SplitInto(const CollectPart& part, const GroupOrder& order, int64_t bytes_max,
                 int depth, exec::RunContext* context, exec::StepMetrics* metrics,
                 std::vector<CollectPart>* parts) {
  std::vector<CollectPart> split;
  ARROW_RETURN_NOT_OK(
      PartSplitter(order, bytes_max, context, metrics).Split(part).Value(&split));
  for (CollectPart& piece : split) {
    if (piece.bytes <= bytes_max) {
      parts->push_back(std::move(piece));
    } else if (piece.is_ordered) {
      CutOrdered(piece, bytes_max, parts);
    } else if (depth < kDepthMax) {
      ARROW_RETURN_NOT_OK(
          SplitInto(piece, order, bytes_max, depth + 1, context, metrics, parts));
    } else {
      parts->push_back(std::move(piece));
    }
  }
  return Status::OK();
}

}  // namespace

Result<std::vector<CollectPart>> SplitPart(CollectPart part, const GroupOrder& order,
                                           int64_t bytes_max, exec::RunContext* context,
                                           exec::StepMetrics* metrics) {
  std::vector<CollectPart> parts;
  const bool is_continued = part.is_continued;
  ARROW_RETURN_NOT_OK(SplitInto(part, order, bytes_max, 1, context, metrics, &parts));
  if (!parts.empty()) parts.back().is_continued = is_continued;
  return parts;
}

}  // namespace windrow::op
