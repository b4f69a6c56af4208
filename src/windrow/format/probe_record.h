// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "windrow/format/ipc_layout.h"

namespace windrow::format {

// A probe record holds measurements of one source address: an Arrow IPC stream of one
// batch of one row (the outer stream), which carries the measurements as a second stream
// of one batch (the inner stream) in a binary column. Both follow the Arrow columnar
// format 1.5: metadata V5, 8-byte alignment, no dictionaries, no compression.

/// src_id int64, measurements binary, n_measurements int32, time_span_seconds double,
/// first_timestamp and last_timestamp timestamp[us].
const std::shared_ptr<arrow::Schema>& ProbeRecordSchema();

/// Columns of the inner stream, by their place.
enum ProbeColumn { kEventTime, kSrcAddr, kDstAddr, kIpVersion, kRtt, kNumProbeColumns };

/// event_time timestamp[us], src_addr utf8, dst_addr utf8, ip_version int8, rtt float.
const std::shared_ptr<arrow::Schema>& MeasurementSchema();

/// The number that stands for a source address: the first 60 bits of its MD5. In
/// [0, 2^60).
int64_t SrcIdOf(std::string_view src_addr);

/// What the size of a record follows from: sums over its rows.
struct ProbeRecordCounts {
  int64_t rows = 0;
  int64_t src_bytes = 0;
  int64_t dst_bytes = 0;
  std::array<int64_t, kNumProbeColumns> nulls{};  ///< per column; src_addr has none

  ProbeRecordCounts& operator+=(const ProbeRecordCounts& other);
  ProbeRecordCounts& operator-=(const ProbeRecordCounts& other);
};

/// Bytes of the inner stream. Does not shrink when rows are added.
int64_t MeasurementBytes(const ProbeRecordCounts& counts);
/// Bytes of the whole record, a multiple of 8.
int64_t ProbeRecordBytes(const ProbeRecordCounts& counts);

/// Measurements of one source address as they lie in Arrow arrays. Row r of every column
/// stands at index r of its pointer. Borrowed.
struct ProbeColumns {
  struct Validity {
    const uint8_t* bits = nullptr;  ///< null: every row is valid
    int64_t offset = 0;             ///< bit of row 0

    bool IsNull(int64_t row) const {
      const int64_t bit = offset + row;
      return bits != nullptr && ((bits[bit >> 3] >> (bit & 7)) & 1) == 0;
    }
  };

  const int64_t* event_time = nullptr;  ///< microseconds since 1970, UTC
  /// Row r's text is text number dst_codes[r], or number r without codes. Text t are the
  /// bytes [dst_offsets[t], dst_offsets[t + 1]) of dst_text.
  const uint32_t* dst_codes = nullptr;
  const int32_t* dst_offsets = nullptr;
  const uint8_t* dst_text = nullptr;
  int64_t dst_text_bytes = 0;  ///< how many bytes of dst_text may be read
  const int8_t* ip_version = nullptr;
  const float* rtt = nullptr;
  std::array<Validity, kNumProbeColumns> validity;

  /// Bytes of row r's destination; 0 for null.
  int64_t DstBytes(int64_t row) const {
    if (validity[kDstAddr].IsNull(row)) return 0;
    const int64_t text = dst_codes != nullptr ? dst_codes[row] : row;
    return dst_offsets[text + 1] - dst_offsets[text];
  }
};

/// The counts of rows [begin, end), whose source address has `src_length` bytes.
ProbeRecordCounts CountRows(const ProbeColumns& columns, int64_t src_length,
                            int64_t begin, int64_t end);

/// Writes one record in place. Every byte is set, and values under a null are zero, so
/// equal rows give equal bytes. Single-threaded.
class ProbeRecordWriter {
 public:
  /// `bytes` has ProbeRecordBytes(counts) bytes, aligned to 8. `counts.src_bytes` is
  /// `counts.rows` times the length of `src_addr`, and `src_id` is its SrcIdOf. The
  /// inner stream must be under 2 GiB.
  ProbeRecordWriter(const ProbeRecordCounts& counts, std::string_view src_addr,
                    int64_t src_id, uint8_t* bytes);

  /// Adds rows [begin, end), in record order, which is ascending time.
  void Append(const ProbeColumns& columns, int64_t begin, int64_t end);
  /// To be called when all `counts.rows` rows are there. First and last timestamp are
  /// those of the first and last row with a time; 0 if there is none.
  void Finish();

 private:
  uint8_t* WriteOuter(int64_t inner_bytes, int64_t src_id, uint8_t* bytes);
  void WriteSources(std::string_view src_addr);
  void AppendValidity(const ProbeColumns::Validity& validity, int buffer, int64_t rows,
                      int64_t begin);
  template <typename T>
  void AppendValues(const T* values, const ProbeColumns::Validity& validity, int buffer,
                    int64_t begin, int64_t end);
  void AppendDestinations(const ProbeColumns& columns, int64_t begin, int64_t end);
  void AppendTimeBounds(const ProbeColumns& columns, int64_t begin, int64_t end);
  template <typename T>
  T* BufferAt(int buffer) {
    return reinterpret_cast<T*>(body_ + buffers_[buffer].offset);
  }

  const ProbeRecordCounts counts_;
  uint8_t* outer_body_ = nullptr;
  uint8_t* times_ = nullptr;  ///< in the outer body
  uint8_t* body_ = nullptr;   ///< of the inner batch
  std::array<IpcSpan, 12> buffers_;
  int64_t rows_ = 0;  ///< appended so far
  bool has_time_ = false;
  int64_t first_time_ = 0;
  int64_t last_time_ = 0;
};

}  // namespace windrow::format
