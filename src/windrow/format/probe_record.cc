// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/probe_record.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>
#include <md5.h>

#include <algorithm>
#include <cstring>

#include "windrow/base/check.h"
#include "windrow/format/ipc_template.h"

namespace windrow::format {
namespace {

/// Buffers of the inner batch that are no validity.
enum InnerBuffer {
  kTimes = 1,
  kSrcOffsets = 3,
  kSrcText = 4,
  kDstOffsets = 6,
  kDstText = 7,
  kVersions = 9,
  kRtts = 11
};
/// The validity buffer of each column.
constexpr std::array<int, kNumProbeColumns> kValidity = {0, 2, 5, 8, 10};

constexpr int kNumOuterColumns = 6;
/// Buffers of the outer batch that are no validity.
enum OuterBuffer {
  kSrcIds = 1,
  kInnerOffsets = 3,
  kInnerStreams = 4,
  kRowCounts = 6,
  kTimeSpans = 8  ///< first and last times follow
};

constexpr int64_t Padded(int64_t bytes) { return (bytes + 7) & ~int64_t{7}; }
constexpr int64_t BitmapBytes(int64_t rows) { return (rows + 7) / 8; }

/// Lays buffers out one after the other and returns the bytes they take.
template <size_t N>
int64_t PlaceInOrder(const std::array<int64_t, N>& lengths,
                     std::array<IpcSpan, N>* spans) {
  int64_t end = 0;
  for (size_t i = 0; i < N; ++i) {
    (*spans)[i] = {end, lengths[i]};
    end += Padded(lengths[i]);
  }
  return end;
}

int64_t PlaceInner(const ProbeRecordCounts& counts, std::array<IpcSpan, 12>* spans) {
  const int64_t rows = counts.rows;
  const int64_t offsets = 4 * (rows + 1);
  std::array<int64_t, 12> lengths = {};
  lengths[kTimes] = 8 * rows;
  lengths[kSrcOffsets] = offsets;
  lengths[kSrcText] = counts.src_bytes;
  lengths[kDstOffsets] = offsets;
  lengths[kDstText] = counts.dst_bytes;
  lengths[kVersions] = rows;
  lengths[kRtts] = 4 * rows;
  for (int column = 0; column < kNumProbeColumns; ++column) {
    if (counts.nulls[column] > 0) lengths[kValidity[column]] = BitmapBytes(rows);
  }
  return PlaceInOrder(lengths, spans);
}

struct OuterPlaces {
  explicit OuterPlaces(int64_t inner_bytes)
      : body_bytes(PlaceInOrder<13>({0, 8, 0, 8, inner_bytes, 0, 4, 0, 8, 0, 8, 0, 8},
                                    &spans)) {}
  std::array<IpcSpan, 13> spans;
  int64_t body_bytes;
};

/// One row of empty values.
std::shared_ptr<arrow::RecordBatch> SampleOf(
    const std::shared_ptr<arrow::Schema>& schema) {
  arrow::ArrayVector columns;
  for (const auto& field : schema->fields()) {
    const auto builder = arrow::MakeBuilder(field->type()).ValueOrDie();
    WINDROW_CHECK(builder->AppendEmptyValue().ok());
    columns.push_back(builder->Finish().ValueOrDie());
  }
  return arrow::RecordBatch::Make(schema, 1, std::move(columns));
}

const IpcStreamTemplate& InnerTemplate() {
  static const IpcStreamTemplate kTemplate(*SampleOf(MeasurementSchema()));
  return kTemplate;
}

const IpcStreamTemplate& OuterTemplate() {
  static const IpcStreamTemplate kTemplate(*SampleOf(ProbeRecordSchema()));
  return kTemplate;
}

int64_t StreamBytes(const IpcStreamTemplate& stream, int64_t body_bytes) {
  return stream.head_bytes() + body_bytes + stream.tail_bytes();
}

void ZeroPadding(uint8_t* body, const IpcSpan& span) {
  std::memset(body + span.offset + span.length, 0,
              static_cast<size_t>(Padded(span.length) - span.length));
}

template <typename T>
void Put(const T& value, uint8_t* bytes) {
  std::memcpy(bytes, &value, sizeof(value));
}

/// Copies `length` bytes in steps of 16 where the room on both sides allows, which is
/// several times faster than a call for texts of address length.
inline void CopyText(const uint8_t* from, int64_t from_room, int64_t length, uint8_t* to,
                     int64_t to_room) {
  if (length <= 48 && from_room >= 48 && to_room >= 48) {
    std::memcpy(to, from, 16);
    if (length > 16) {
      std::memcpy(to + 16, from + 16, 32);
    }
    return;
  }
  if (length > 0) std::memcpy(to, from, static_cast<size_t>(length));
}

}  // namespace

const std::shared_ptr<arrow::Schema>& ProbeRecordSchema() {
  static const auto kSchema = arrow::schema(
      {arrow::field("src_id", arrow::int64()),
       arrow::field("measurements", arrow::binary()),
       arrow::field("n_measurements", arrow::int32()),
       arrow::field("time_span_seconds", arrow::float64()),
       arrow::field("first_timestamp", arrow::timestamp(arrow::TimeUnit::MICRO)),
       arrow::field("last_timestamp", arrow::timestamp(arrow::TimeUnit::MICRO))});
  return kSchema;
}

const std::shared_ptr<arrow::Schema>& MeasurementSchema() {
  static const auto kSchema = arrow::schema(
      {arrow::field("event_time", arrow::timestamp(arrow::TimeUnit::MICRO)),
       arrow::field("src_addr", arrow::utf8()), arrow::field("dst_addr", arrow::utf8()),
       arrow::field("ip_version", arrow::int8()), arrow::field("rtt", arrow::float32())});
  return kSchema;
}

int64_t SrcIdOf(std::string_view src_addr) {
  MD5_CTX context;
  MD5Init(&context);
  MD5Update(&context, reinterpret_cast<const uint8_t*>(src_addr.data()), src_addr.size());
  uint8_t digest[MD5_DIGEST_LENGTH];
  MD5Final(digest, &context);
  uint64_t first = 0;
  for (int i = 0; i < 8; ++i) first = first << 8 | digest[i];
  return static_cast<int64_t>(first >> 4);
}

ProbeRecordCounts& ProbeRecordCounts::operator+=(const ProbeRecordCounts& other) {
  rows += other.rows;
  src_bytes += other.src_bytes;
  dst_bytes += other.dst_bytes;
  for (size_t i = 0; i < nulls.size(); ++i) nulls[i] += other.nulls[i];
  return *this;
}

ProbeRecordCounts& ProbeRecordCounts::operator-=(const ProbeRecordCounts& other) {
  rows -= other.rows;
  src_bytes -= other.src_bytes;
  dst_bytes -= other.dst_bytes;
  for (size_t i = 0; i < nulls.size(); ++i) nulls[i] -= other.nulls[i];
  return *this;
}

int64_t MeasurementBytes(const ProbeRecordCounts& counts) {
  std::array<IpcSpan, 12> spans;
  return StreamBytes(InnerTemplate(), PlaceInner(counts, &spans));
}

int64_t ProbeRecordBytes(const ProbeRecordCounts& counts) {
  return StreamBytes(OuterTemplate(), OuterPlaces(MeasurementBytes(counts)).body_bytes);
}

ProbeRecordCounts CountRows(const ProbeColumns& columns, int64_t src_length,
                            int64_t begin, int64_t end) {
  ProbeRecordCounts counts;
  counts.rows = end - begin;
  counts.src_bytes = counts.rows * src_length;
  for (int column = 0; column < kNumProbeColumns; ++column) {
    const auto& validity = columns.validity[column];
    if (validity.bits == nullptr || column == kSrcAddr) continue;
    counts.nulls[column] =
        counts.rows - arrow::internal::CountSetBits(validity.bits,
                                                    validity.offset + begin, counts.rows);
  }
  if (counts.nulls[kDstAddr] > 0) {
    for (int64_t row = begin; row < end; ++row) counts.dst_bytes += columns.DstBytes(row);
  } else if (columns.dst_codes == nullptr) {
    counts.dst_bytes = columns.dst_offsets[end] - columns.dst_offsets[begin];
  } else {
    for (int64_t row = begin; row < end; ++row) {
      const int32_t* text = columns.dst_offsets + columns.dst_codes[row];
      counts.dst_bytes += text[1] - text[0];
    }
  }
  return counts;
}

ProbeRecordWriter::ProbeRecordWriter(const ProbeRecordCounts& counts,
                                     std::string_view src_addr, int64_t src_id,
                                     uint8_t* bytes)
    : counts_(counts) {
  WINDROW_CHECK(counts.rows > 0);
  WINDROW_CHECK(counts.src_bytes == counts.rows * static_cast<int64_t>(src_addr.size()));
  WINDROW_CHECK(reinterpret_cast<uintptr_t>(bytes) % 8 == 0);
  const int64_t body_bytes = PlaceInner(counts, &buffers_);
  uint8_t* inner = WriteOuter(StreamBytes(InnerTemplate(), body_bytes), src_id, bytes);
  std::array<IpcNode, kNumProbeColumns> arrays;
  for (size_t i = 0; i < arrays.size(); ++i) arrays[i] = {counts.rows, counts.nulls[i]};
  InnerTemplate().WriteHead(counts.rows, body_bytes, arrays, buffers_, inner);
  body_ = inner + InnerTemplate().head_bytes();
  InnerTemplate().WriteTail(body_ + body_bytes);
  for (const IpcSpan& buffer : buffers_) ZeroPadding(body_, buffer);
  WriteSources(src_addr);
  BufferAt<int32_t>(kDstOffsets)[0] = 0;
}

/// Writes the outer stream but for the times, and returns the place of the inner one.
uint8_t* ProbeRecordWriter::WriteOuter(int64_t inner_bytes, int64_t src_id,
                                       uint8_t* bytes) {
  WINDROW_CHECK(inner_bytes <= INT32_MAX);
  const OuterPlaces places(inner_bytes);
  std::array<IpcNode, kNumOuterColumns> arrays;
  arrays.fill({1, 0});
  OuterTemplate().WriteHead(1, places.body_bytes, arrays, places.spans, bytes);
  outer_body_ = bytes + OuterTemplate().head_bytes();
  OuterTemplate().WriteTail(outer_body_ + places.body_bytes);
  Put(src_id, outer_body_ + places.spans[kSrcIds].offset);
  Put(std::array<int32_t, 2>{0, static_cast<int32_t>(inner_bytes)},
      outer_body_ + places.spans[kInnerOffsets].offset);
  // In eight bytes, which also sets the padding.
  Put(counts_.rows, outer_body_ + places.spans[kRowCounts].offset);
  times_ = outer_body_ + places.spans[kTimeSpans].offset;
  return outer_body_ + places.spans[kInnerStreams].offset;
}

void ProbeRecordWriter::WriteSources(std::string_view src_addr) {
  const int64_t rows = counts_.rows;
  const auto length = static_cast<int32_t>(src_addr.size());
  auto* offsets = BufferAt<int32_t>(kSrcOffsets);
  for (int64_t row = 0; row <= rows; ++row) {
    offsets[row] = static_cast<int32_t>(row) * length;
  }
  auto* text = BufferAt<uint8_t>(kSrcText);
  int64_t filled = std::min<int64_t>(length, counts_.src_bytes);
  if (filled > 0) std::memcpy(text, src_addr.data(), src_addr.size());
  while (filled < counts_.src_bytes) {
    const int64_t more = std::min(filled, counts_.src_bytes - filled);
    std::memcpy(text + filled, text, static_cast<size_t>(more));
    filled += more;
  }
}

void ProbeRecordWriter::Append(const ProbeColumns& columns, int64_t begin, int64_t end) {
  WINDROW_CHECK(begin <= end && rows_ + (end - begin) <= counts_.rows);
  for (int column = 0; column < kNumProbeColumns; ++column) {
    if (counts_.nulls[column] > 0) {
      AppendValidity(columns.validity[column], kValidity[column], end - begin, begin);
    }
  }
  AppendValues(columns.event_time, columns.validity[kEventTime], kTimes, begin, end);
  AppendValues(columns.ip_version, columns.validity[kIpVersion], kVersions, begin, end);
  AppendValues(columns.rtt, columns.validity[kRtt], kRtts, begin, end);
  AppendDestinations(columns, begin, end);
  AppendTimeBounds(columns, begin, end);
  rows_ += end - begin;
}

void ProbeRecordWriter::AppendValidity(const ProbeColumns::Validity& validity, int buffer,
                                       int64_t rows, int64_t begin) {
  auto* bits = BufferAt<uint8_t>(buffer);
  if (rows_ == 0) std::memset(bits, 0, static_cast<size_t>(buffers_[buffer].length));
  if (validity.bits == nullptr) {
    arrow::bit_util::SetBitsTo(bits, rows_, rows, true);
  } else {
    arrow::internal::CopyBitmap(validity.bits, validity.offset + begin, rows, bits,
                                rows_);
  }
}

template <typename T>
void ProbeRecordWriter::AppendValues(const T* values,
                                     const ProbeColumns::Validity& validity, int buffer,
                                     int64_t begin, int64_t end) {
  T* out = BufferAt<T>(buffer) + rows_;
  std::memcpy(out, values + begin, static_cast<size_t>(end - begin) * sizeof(T));
  if (validity.bits == nullptr) return;
  for (int64_t row = begin; row < end; ++row) {
    if (validity.IsNull(row)) out[row - begin] = T{};
  }
}

void ProbeRecordWriter::AppendDestinations(const ProbeColumns& columns, int64_t begin,
                                           int64_t end) {
  int32_t* offsets = BufferAt<int32_t>(kDstOffsets) + rows_;
  uint8_t* text = BufferAt<uint8_t>(kDstText);
  const int64_t text_bytes = counts_.dst_bytes;
  const bool has_nulls = counts_.nulls[kDstAddr] > 0;
  int64_t written = offsets[0];
  if (columns.dst_codes == nullptr && !has_nulls) {
    const int32_t first = columns.dst_offsets[begin];
    const int64_t shift = written - first;
    for (int64_t row = begin; row < end; ++row) {
      offsets[row - begin + 1] =
          static_cast<int32_t>(columns.dst_offsets[row + 1] + shift);
    }
    const int64_t length = columns.dst_offsets[end] - first;
    WINDROW_CHECK(length >= 0 && written + length <= text_bytes);
    if (length > 0) {
      std::memcpy(text + written, columns.dst_text + first, static_cast<size_t>(length));
    }
    return;
  }
  for (int64_t row = begin; row < end; ++row) {
    if (!has_nulls || !columns.validity[kDstAddr].IsNull(row)) {
      const int64_t number = columns.dst_codes != nullptr ? columns.dst_codes[row] : row;
      const int32_t first = columns.dst_offsets[number];
      const int64_t length = columns.dst_offsets[number + 1] - first;
      WINDROW_CHECK(written + length <= text_bytes);
      CopyText(columns.dst_text + first, columns.dst_text_bytes - first, length,
               text + written, text_bytes - written);
      written += length;
    }
    offsets[row - begin + 1] = static_cast<int32_t>(written);
  }
}

void ProbeRecordWriter::AppendTimeBounds(const ProbeColumns& columns, int64_t begin,
                                         int64_t end) {
  const auto& validity = columns.validity[kEventTime];
  while (begin < end && validity.IsNull(begin)) ++begin;
  while (begin < end && validity.IsNull(end - 1)) --end;
  if (begin == end) return;
  if (!has_time_) first_time_ = columns.event_time[begin];
  has_time_ = true;
  last_time_ = columns.event_time[end - 1];
}

void ProbeRecordWriter::Finish() {
  WINDROW_CHECK(rows_ == counts_.rows);
  WINDROW_CHECK(BufferAt<int32_t>(kDstOffsets)[rows_] == counts_.dst_bytes);
  // The three columns of eight bytes lie one after the other.
  const auto span = static_cast<int64_t>(static_cast<uint64_t>(last_time_) -
                                         static_cast<uint64_t>(first_time_));
  Put(static_cast<double>(span) / 1e6, times_);
  Put(first_time_, times_ + 8);
  Put(last_time_, times_ + 16);
}

}  // namespace windrow::format
