// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/collect_groups.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <span>

#include "windrow/base/check.h"

namespace windrow::op {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using column::PoolVector;
using column::RowOrder;

std::span<const uint32_t> CodesOf(const CollectPiece& piece) {
  const auto& codes = static_cast<const arrow::UInt32Array&>(*piece.columns[0]);
  return {codes.raw_values(), static_cast<size_t>(piece.rows)};
}

/// Row numbers by group, in the order of the ranks and stable; fills the groups.
Status OrderByGroup(std::span<const uint32_t> codes,
                    const PoolVector<uint32_t>& rank_of_code, arrow::MemoryPool* pool,
                    PoolVector<int32_t>* order, SortedGroups* groups) {
  const auto rows = static_cast<int64_t>(codes.size());
  ARROW_RETURN_NOT_OK(order->Resize(rows));
  uint32_t least = UINT32_MAX;
  uint32_t most = 0;
  for (const uint32_t code : codes) {
    least = std::min(least, rank_of_code[code]);
    most = std::max(most, rank_of_code[code]);
  }
  const int64_t span = rows == 0 ? 0 : int64_t{most} - least + 1;
  if (span <= 4 * rows) {
    PoolVector<int32_t> starts(pool);
    ARROW_RETURN_NOT_OK(starts.Assign(span + 1, 0));
    std::vector<uint32_t> code_of(static_cast<size_t>(span));
    for (const uint32_t code : codes) {
      const uint32_t place = rank_of_code[code] - least;
      ++starts[place + 1];
      code_of[place] = code;
    }
    for (int64_t i = 0; i < span; ++i) {
      starts[i + 1] += starts[i];
      if (starts[i + 1] == starts[i]) continue;
      groups->codes.push_back(code_of[static_cast<size_t>(i)]);
      groups->ends.push_back(starts[i + 1]);
    }
    for (int32_t row = 0; row < rows; ++row) {
      (*order)[starts[rank_of_code[codes[row]] - least]++] = row;
    }
    return Status::OK();
  }
  for (int32_t row = 0; row < rows; ++row) (*order)[row] = row;
  std::stable_sort(order->begin(), order->end(), [&](int32_t a, int32_t b) {
    return rank_of_code[codes[a]] < rank_of_code[codes[b]];
  });
  for (int64_t i = 0; i < rows; ++i) {
    const uint32_t code = codes[(*order)[i]];
    if (groups->codes.empty() || groups->codes.back() != code) {
      groups->codes.push_back(code);
      groups->ends.push_back(i);
    }
    groups->ends.back() = i + 1;
  }
  return Status::OK();
}

bool IsInOrder(std::span<const int32_t> rows, const RowOrder& order) {
  const uint64_t* prefix = order.prefixes().data();
  for (size_t i = 1; i < rows.size(); ++i) {
    const uint64_t before = prefix[rows[i - 1]];
    const uint64_t here = prefix[rows[i]];
    if (before > here) return false;
    if (before == here && !order.prefix_decides() &&
        order.Compare(rows[i - 1], rows[i]) > 0) {
      return false;
    }
  }
  return true;
}

/// Sorts the rows of one group, which come in input order.
void SortGroup(std::span<int32_t> rows, const RowOrder& order) {
  struct Entry {
    uint64_t prefix;
    int32_t row;
  };
  thread_local std::vector<Entry> entries;
  entries.clear();
  for (const int32_t row : rows) entries.push_back({order.prefixes()[row], row});
  std::sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    if (!order.prefix_decides()) {
      const int compared = order.Compare(a.row, b.row);
      if (compared != 0) return compared < 0;
    }
    return a.row < b.row;
  });
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = entries[i].row;
}

bool IsIdentity(std::span<const int32_t> order) {
  for (size_t i = 0; i < order.size(); ++i) {
    if (order[i] != static_cast<int32_t>(i)) return false;
  }
  return true;
}

}  // namespace

Result<CollectPiece> LoadPart(const CollectPart& part, const CollectCoding& coding,
                              arrow::MemoryPool* pool) {
  std::vector<CollectPiece> pieces;
  for (const CollectPart::Stored& stored : part.stored) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, stored.file->Read(stored.block, pool));
    pieces.push_back({stored.layout, batch->columns(), batch->num_rows(), {}});
  }
  pieces.insert(pieces.end(), part.held.begin(), part.held.end());
  const bool is_mixed = std::any_of(
      pieces.begin(), pieces.end(),
      [&](const CollectPiece& piece) { return piece.layout != pieces[0].layout; });
  if (is_mixed) {
    for (CollectPiece& piece : pieces) {
      ARROW_ASSIGN_OR_RAISE(piece, coding.Plain(piece));
    }
  }
  return ConcatenatePieces(pieces, pool);
}

Result<SortedGroups> SortGroups(const CollectPiece& piece, const GroupOrder& order,
                                bool is_ordered, bool as_dictionaries,
                                arrow::MemoryPool* pool) {
  SortedGroups groups;
  PoolVector<int32_t> rows(pool);
  ARROW_RETURN_NOT_OK(
      OrderByGroup(CodesOf(piece), *order.rank_of_code, pool, &rows, &groups));
  // Codes sort like text where they are looked up; so text is decoded after the sort.
  ARROW_ASSIGN_OR_RAISE(auto payload, order.coding->Payload(piece, true));
  if (!is_ordered && !order.keys.empty()) {
    std::vector<ArrayPtr> columns;
    for (const int column : order.columns) columns.push_back(payload[column]);
    ARROW_ASSIGN_OR_RAISE(const RowOrder row_order,
                          RowOrder::Make(order.keys, columns, pool));
    int64_t begin = 0;
    for (const int64_t end : groups.ends) {
      const std::span<int32_t> group(rows.data() + begin, rows.data() + end);
      if (!IsInOrder(group, row_order)) SortGroup(group, row_order);
      begin = end;
    }
  }
  CollectPiece sorted{piece.layout, piece.columns, piece.rows, {}};
  if (!IsIdentity(rows.view())) {
    ARROW_ASSIGN_OR_RAISE(sorted.columns, TakeRows(piece.columns, rows.view(), pool));
  }
  ARROW_ASSIGN_OR_RAISE(groups.columns, order.coding->Payload(sorted, as_dictionaries));
  return groups;
}

Result<SortedGroups> JoinGroups(const SortedGroups& first, const SortedGroups& second,
                                arrow::MemoryPool* pool) {
  if (first.ends.empty()) return second;
  if (second.ends.empty()) return first;
  SortedGroups joined = first;
  const int64_t rows = first.rows();
  for (size_t g = 0; g < second.codes.size(); ++g) {
    if (second.codes[g] == joined.codes.back()) {
      joined.ends.back() = rows + second.ends[g];
    } else {
      joined.codes.push_back(second.codes[g]);
      joined.ends.push_back(rows + second.ends[g]);
    }
  }
  for (size_t c = 0; c < joined.columns.size(); ++c) {
    ARROW_ASSIGN_OR_RAISE(
        joined.columns[c],
        arrow::Concatenate({first.columns[c], second.columns[c]}, pool));
  }
  return joined;
}

SortedGroups SplitOffLast(std::optional<int64_t> max_rows, SortedGroups* groups) {
  SortedGroups last;
  if (groups->ends.empty()) return last;
  const int64_t end = groups->rows();
  const size_t count = groups->ends.size();
  int64_t begin = count > 1 ? groups->ends[count - 2] : 0;
  last.codes = {groups->codes.back()};
  // A whole part is left to wait as well, as nothing may follow it.
  const int64_t whole = max_rows.has_value() ? (end - begin - 1) / *max_rows : 0;
  begin += whole * max_rows.value_or(0);
  if (whole == 0) {
    groups->codes.pop_back();
    groups->ends.pop_back();
  } else {
    groups->ends.back() = begin;
  }
  last.ends = {end - begin};
  for (ArrayPtr& column : groups->columns) {
    last.columns.push_back(column->Slice(begin));
    column = column->Slice(0, begin);
  }
  return last;
}

namespace {

/// List rows of one output batch.
struct ListRows {
  std::vector<uint32_t> codes;
  std::vector<int64_t> ends;
};

/// A batch is closed when its lists hold this many rows.
constexpr int64_t kListBatchRows = 256 * 1024;

std::vector<ListRows> CutIntoBatches(const SortedGroups& groups,
                                     std::optional<int64_t> max_rows) {
  std::vector<ListRows> batches(1);
  int64_t begin = 0;
  int64_t batch_begin = 0;
  for (size_t g = 0; g < groups.codes.size(); ++g) {
    while (begin < groups.ends[g]) {
      const int64_t end =
          std::min(groups.ends[g], begin + max_rows.value_or(groups.ends[g]));
      if (end - batch_begin > kListBatchRows && !batches.back().ends.empty()) {
        batches.emplace_back();
        batch_begin = begin;
      }
      batches.back().codes.push_back(groups.codes[g]);
      batches.back().ends.push_back(end);
      begin = end;
    }
  }
  if (batches.back().ends.empty()) batches.pop_back();
  return batches;
}

}  // namespace

Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> MakeListBatches(
    const SortedGroups& groups, std::optional<int64_t> max_rows,
    const std::vector<int>& output_columns, const CollectCoding& coding,
    const std::shared_ptr<arrow::Schema>& schema, arrow::MemoryPool* pool) {
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  int64_t begin = 0;
  for (const ListRows& rows : CutIntoBatches(groups, max_rows)) {
    const auto count = static_cast<int64_t>(rows.codes.size());
    const int64_t length = rows.ends.back() - begin;
    if (length > INT32_MAX) {
      return ResourceError("collect: a group of ", length,
                           " rows; expected at most 2147483647 in a list, set max_rows");
    }
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> offsets,
                          arrow::AllocateBuffer((count + 1) * sizeof(int32_t), pool));
    auto* offset = reinterpret_cast<int32_t*>(offsets->mutable_data());
    offset[0] = 0;
    for (int64_t i = 0; i < count; ++i) {
      offset[i + 1] = static_cast<int32_t>(rows.ends[static_cast<size_t>(i)] - begin);
    }
    ARROW_ASSIGN_OR_RAISE(auto columns, coding.KeyColumns(rows.codes, pool));
    for (const int column : output_columns) {
      const ArrayPtr values = groups.columns[column]->Slice(begin, length);
      const auto& field = static_cast<const arrow::ListType&>(
                              *schema->field(static_cast<int>(columns.size()))->type())
                              .value_field();
      columns.push_back(std::make_shared<arrow::ListArray>(
          arrow::list(field->WithType(values->type())), count, offsets, values));
    }
    batches.push_back(arrow::RecordBatch::Make(schema, count, std::move(columns)));
    begin = rows.ends.back();
  }
  return batches;
}

}  // namespace windrow::op
