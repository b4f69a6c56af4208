// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <arrow/util/cancel.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "windrow/base/status.h"

namespace arrow::compute {
class Expression;
}
namespace arrow::ipc {
struct IpcPayload;
}

namespace windrow::exec {

struct RunContext;

/// What is known about one column before reading it.
struct ColumnStats {
  std::shared_ptr<arrow::Scalar> min;  ///< null when unknown
  std::shared_ptr<arrow::Scalar> max;  ///< null when unknown
  std::optional<int64_t> null_count;
};

/// Name of the int64 column a scan adds when asked for row numbers. Not a legal user
/// name.
inline constexpr char kRowNumberColumn[] = "__row_number";

/// A contiguous range of a table's chunks: [begin, end).
struct ChunkRange {
  int64_t begin = 0;
  int64_t end = 0;
};

/// The keys that the other side of a join has.
struct ScanKeys {
  int column;  ///< of the table's schema
  /// Distinct, no nulls, ascending; int64 for integers of any width, large_binary for
  /// strings and binaries, else of its type.
  std::shared_ptr<arrow::Array> values;
};

/// What a scan of a table reads.
struct ScanOptions {
  /// Indices into the table's schema, in the order they come out. May be empty: batches
  /// then have rows but no columns.
  std::vector<int> columns;
  /// Bound to the table's whole schema; null for no filter. A hint: the scan may skip
  /// parts that cannot match, and still delivers rows that do not.
  std::shared_ptr<const arrow::compute::Expression> pruning_predicate;
  /// The same as SQL text, for a table that is read by another process.
  std::string pruning_text;
  /// Rows with other keys, or none, may be left out. A hint as well; null for no keys.
  std::shared_ptr<const ScanKeys> keys;
  /// Only the rows of these chunks; nothing: of all. For tables with chunk_offsets.
  std::optional<ChunkRange> chunks;
  /// Appends kRowNumberColumn: the row's number in the table, or in the asked chunks of
  /// it, counted from 0 over all rows, pruned ones included.
  bool row_numbers = false;
  /// Positions in `columns`, ascending, whose values may come as dictionary arrays (int32
  /// codes, values of the schema's type) where that is how they are stored: cheaper for a
  /// reader that works with codes. The arrays of one unit then share one dictionary, the
  /// same ArrayData in data()->dictionary, so that a reader can map it once. A hint:
  /// elsewhere a column comes as it would without. A column whose own type is a
  /// dictionary keeps that type, and where its storage is not by codes each batch may
  /// have a dictionary of its own.
  std::vector<int> dictionary_columns;
  /// Those of `dictionary_columns`, ascending, whose values the reader looks up one by
  /// one: they may come as dictionary arrays also where they are stored as values. Each
  /// array then has a dictionary of its own.
  std::vector<int> hashed_columns;

  bool MayBeDictionary(size_t position) const {
    return std::binary_search(dictionary_columns.begin(), dictionary_columns.end(),
                              static_cast<int>(position));
  }
  bool IsHashed(size_t position) const {
    return std::binary_search(hashed_columns.begin(), hashed_columns.end(),
                              static_cast<int>(position));
  }
};

/// The batch of `columns` that a scan with `schema` delivers: its schema is `schema`, but
/// with the columns' own types where they come as dictionaries.
std::shared_ptr<arrow::RecordBatch> MakeScanBatch(
    const std::shared_ptr<arrow::Schema>& schema, int64_t rows,
    std::vector<std::shared_ptr<arrow::Array>> columns);

/// A unit of scheduling being decoded, such as a row group. Used by one thread at a time.
class UnitReader {
 public:
  virtual ~UnitReader() = default;
  /// Decodes the next batch of at most the run's morsel rows and bytes; null at the end.
  /// Runs on a worker and does not wait for a device.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> Next() = 0;
  /// Where its rows come from, for messages about them: "FILE: row group 3"; "" when that
  /// says nothing to a user. Any thread, at any time.
  virtual std::string place() const { return {}; }
};

/// One scan under way. Units come in the table's row order; batches of different units
/// are decoded at the same time.
class Source {
 public:
  virtual ~Source() = default;
  /// Schema of the batches: the asked columns, then the row number if asked. A batch's
  /// own schema differs where a column comes as a dictionary.
  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;
  /// Fetches what the next unit needs and hands it over; null at the end. Called from one
  /// I/O thread, may wait for a device, returns early when `stop` is requested.
  virtual Result<std::unique_ptr<UnitReader>> NextUnit(const arrow::StopToken& stop) = 0;
  /// Memory the next unit will hold until its last batch is out, by estimate; 0 when
  /// there is none or it is little. Called from the thread that calls NextUnit.
  virtual int64_t next_unit_bytes() const { return 0; }
  /// Bytes fetched from storage so far, as stored (compressed). Thread-safe.
  virtual int64_t bytes_read() const = 0;
  /// Those of bytes_read that came from another process. Thread-safe.
  virtual int64_t bytes_on_wire() const { return 0; }
};

/// Rows that stay addressable by number after a scan, so that a join can leave payload
/// columns unread until it knows which rows match. Row r lives in the chunk c with
/// chunk_offsets[c] <= r < chunk_offsets[c + 1]. Thread-safe.
class RowStore {
 public:
  virtual ~RowStore() = default;
  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;
  /// num_chunks + 1 ascending row numbers; the first is 0, the last the number of rows.
  virtual const std::vector<int64_t>& chunk_offsets() const = 0;
  /// True when LoadColumn costs no decoding and no copy, so arrays of all chunks may be
  /// held.
  virtual bool IsResident(int column) const = 0;
  /// The whole column of one chunk. Its type is that of the schema, or a dictionary of
  /// it. Offsets inside a resident string column are as stored, unchecked: check those
  /// you use.
  virtual Result<std::shared_ptr<arrow::Array>> LoadColumn(int chunk,
                                                           int column) const = 0;
  /// The given rows of one chunk, counted from its first; they must ascend and may
  /// repeat. Its type is that of the schema, or a dictionary of it. This version loads
  /// the whole column and keeps the rows; a store that can leave the others undecoded
  /// overrides it.
  virtual Result<std::shared_ptr<arrow::Array>> LoadRows(int chunk, int column,
                                                         std::span<const uint32_t> rows,
                                                         arrow::MemoryPool* pool) const;
  /// Bytes LoadColumn and LoadRows calls have fetched from storage so far.
  virtual int64_t bytes_read() const = 0;
};

/// Batches of some columns as files hold them compressed, to be sent on without being
/// compressed again: one for each of the table's chunks. Thread-safe.
class StoredBatches {
 public:
  virtual ~StoredBatches() = default;
  /// "lz4" or "zstd".
  virtual std::string codec() const = 0;
  /// Of the longest message's body.
  virtual int64_t most_bytes() const = 0;
  /// Fills `message` with the chunk's and returns the rows that a reader of it finds,
  /// fully validated, in memory of `pool`. The message is in memory of the table's own.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> Load(
      int64_t chunk, arrow::MemoryPool* pool, arrow::ipc::IpcPayload* message) const = 0;
};

/// An opened input: metadata only. Immutable and thread-safe.
class Table {
 public:
  virtual ~Table() = default;
  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;
  /// Exact when the format records it, null otherwise.
  virtual std::optional<int64_t> num_rows() const = 0;
  /// Size as stored, in bytes; null when unknown.
  virtual std::optional<int64_t> stored_bytes() const = 0;
  /// Statistics over all rows, from metadata alone.
  virtual ColumnStats column_stats(int column) const = 0;
  /// Those of its row_store, from metadata alone; empty when it has none or they are not
  /// known yet. ScanOptions::chunks then must not be asked for.
  virtual std::vector<int64_t> chunk_offsets() const { return {}; }
  /// Short text for explain, such as "ipc, 153 batches, uncompressed".
  virtual std::string description() const = 0;
  virtual Result<std::unique_ptr<Source>> Scan(const ScanOptions& options,
                                               RunContext* context) const = 0;
  /// What a scan of it is called among a run's steps: "scan" for a source of the job.
  virtual const char* scan_kind() const { return "scan"; }
  /// Whether every scan gives the same rows in the same order and row_store finds them.
  virtual bool is_repeatable() const { return true; }
  /// Whether only the first scan finds the rows. What several readers need of it is then
  /// kept.
  virtual bool is_read_once() const { return false; }
  /// Whether a scan with ScanOptions::keys of this column leaves rows out, so that moving
  /// the keys is worth it.
  virtual bool takes_keys(int /*column*/) const { return false; }
  /// Null where a chunk is not stored as such a batch. Lives as long as the table.
  virtual std::shared_ptr<const StoredBatches> stored_batches(
      const std::vector<int>& /*columns*/) const {
    return nullptr;
  }
  /// Null when rows cannot be addressed again (a stream). Lives as long as the table.
  virtual Result<std::shared_ptr<RowStore>> row_store(RunContext* context) const = 0;
};

}  // namespace windrow::exec
