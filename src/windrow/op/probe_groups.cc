// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/probe_groups.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/checked_cast.h>

#include <algorithm>

#include "windrow/base/check.h"
#include "windrow/column/measurement_columns.h"

namespace windrow::op {
namespace {

using arrow::internal::checked_cast;
using format::kDstAddr;
using format::kEventTime;
using format::kIpVersion;
using format::kNumProbeColumns;
using format::kRtt;
using format::kSrcAddr;

/// Where each list begins in the child array, and how long it is.
template <typename ListArray>
void ReadBounds(const arrow::Array& array, std::vector<int64_t>* begins,
                std::vector<int64_t>* lengths) {
  const auto& lists = checked_cast<const ListArray&>(array);
  for (int64_t row = 0; row < lists.length(); ++row) {
    begins->push_back(lists.value_offset(row));
    lengths->push_back(lists.value_length(row));
  }
}

/// Whether a row that is not null has the code of a null.
bool PointsToNull(const format::ProbeColumns& rows, int64_t length,
                  const format::ProbeColumns::Validity& texts) {
  for (int64_t row = 0; row < length; ++row) {
    if (!rows.validity[kDstAddr].IsNull(row) && texts.IsNull(rows.dst_codes[row])) {
      return true;
    }
  }
  return false;
}

/// -1 when every row is null.
int64_t LargestCode(const format::ProbeColumns& rows, int64_t length) {
  int64_t largest = -1;
  if (rows.validity[kDstAddr].bits == nullptr) {
    for (int64_t row = 0; row < length; ++row) {
      largest = std::max<int64_t>(largest, rows.dst_codes[row]);
    }
    return largest;
  }
  for (int64_t row = 0; row < length; ++row) {
    if (rows.validity[kDstAddr].IsNull(row)) continue;
    largest = std::max<int64_t>(largest, rows.dst_codes[row]);
  }
  return largest;
}

}  // namespace

Result<std::shared_ptr<const ProbeGroups>> ProbeGroups::Make(
    std::shared_ptr<arrow::RecordBatch> batch,
    const std::array<int, kNumProbeColumns>& columns) {
  std::shared_ptr<ProbeGroups> groups(new ProbeGroups(batch));
  for (int column = 0; column < kNumProbeColumns; ++column) {
    const arrow::Array& values = *batch->column(columns[column]);
    WINDROW_CHECK(column::IsMeasurementList(column, *values.type()));
    if (values.null_count() > 0) {
      return DataError("column '", batch->column_name(columns[column]),
                       "': ", values.null_count(), " nulls; expected none");
    }
    ARROW_RETURN_NOT_OK(
        column == kSrcAddr
            ? groups->ReadSources(values)
            : groups->ReadList(static_cast<format::ProbeColumn>(column), values));
  }
  ARROW_RETURN_NOT_OK(groups->CountMeasurements());
  return groups;
}

Status ProbeGroups::ReadSources(const arrow::Array& sources) {
  sources_.reserve(static_cast<size_t>(sources.length()));
  if (sources.type_id() == arrow::Type::STRING) {
    const auto& texts = checked_cast<const arrow::StringArray&>(sources);
    for (int64_t row = 0; row < texts.length(); ++row) {
      sources_.push_back(texts.GetView(row));
    }
    return Status::OK();
  }
  const auto& coded = checked_cast<const arrow::DictionaryArray&>(sources);
  const auto& texts = checked_cast<const arrow::StringArray&>(*coded.dictionary());
  const auto& codes = checked_cast<const arrow::Int32Array&>(*coded.indices());
  for (int64_t row = 0; row < codes.length(); ++row) {
    const int32_t code = codes.Value(row);
    if (code < 0 || code >= texts.length() || texts.IsNull(code)) {
      return DataError("column 'src_addr': code ", code, " of a dictionary of ",
                       texts.length(), " texts");
    }
    sources_.push_back(texts.GetView(code));
  }
  return Status::OK();
}

Status ProbeGroups::ReadList(format::ProbeColumn column, const arrow::Array& lists) {
  std::vector<int64_t> lengths;
  const arrow::Array* child;
  if (lists.type_id() == arrow::Type::LIST) {
    ReadBounds<arrow::ListArray>(lists, &begins_[column], &lengths);
    child = checked_cast<const arrow::ListArray&>(lists).values().get();
  } else {
    ReadBounds<arrow::LargeListArray>(lists, &begins_[column], &lengths);
    child = checked_cast<const arrow::LargeListArray&>(lists).values().get();
  }
  for (size_t row = 0; row < lengths.size(); ++row) {
    const int64_t begin = begins_[column][row];
    if (begin < 0 || lengths[row] < 0 || begin > child->length() - lengths[row]) {
      return DataError("column '", format::MeasurementSchema()->field(column)->name(),
                       "': a list from ", begin, " of length ", lengths[row], " in ",
                       child->length(), " values");
    }
  }
  if (lengths_.empty()) lengths_ = lengths;
  if (lengths != lengths_) {
    return DataError("column '", format::MeasurementSchema()->field(column)->name(),
                     "': lists of other lengths than in 'event_time'");
  }
  const arrow::ArrayData& data = *child->data();
  if (data.GetNullCount() > 0) {
    columns_.validity[column] = {data.buffers[0]->data(), data.offset};
  }
  if (column == kEventTime) columns_.event_time = data.GetValues<int64_t>(1);
  if (column == kIpVersion) columns_.ip_version = data.GetValues<int8_t>(1);
  if (column == kRtt) columns_.rtt = data.GetValues<float>(1);
  return column == kDstAddr ? ReadDestinations(*child) : Status::OK();
}

Status ProbeGroups::ReadDestinations(const arrow::Array& texts) {
  const arrow::ArrayData* plain = texts.data().get();
  if (texts.type_id() == arrow::Type::DICTIONARY) {
    columns_.dst_codes = plain->GetValues<uint32_t>(1);
    plain = plain->dictionary.get();
    num_texts_ = plain->length;
    if (plain->GetNullCount() > 0) {
      null_texts_ = {plain->buffers[0]->data(), plain->offset};
    }
  }
  static constexpr int32_t kNoOffsets[1] = {0};
  static constexpr uint8_t kNoText[1] = {0};
  const auto* offsets = plain->GetValues<int32_t>(1);
  columns_.dst_offsets = offsets != nullptr ? offsets : kNoOffsets;
  columns_.dst_text = kNoText;
  if (plain->buffers[2] != nullptr && plain->buffers[2]->data() != nullptr) {
    columns_.dst_text = plain->buffers[2]->data();
    columns_.dst_text_bytes = plain->buffers[2]->size();
  }
  return Status::OK();
}

Status ProbeGroups::CountMeasurements() {
  counts_.reserve(sources_.size());
  for (int64_t group = 0; group < size(); ++group) {
    const format::ProbeColumns rows = measurements(group);
    const int64_t length = lengths_[group];
    if (rows.dst_codes != nullptr) {
      const int64_t largest = LargestCode(rows, length);
      if (largest >= num_texts_) {
        return DataError("column 'dst_addr': code ", largest, " of a dictionary of ",
                         num_texts_, " texts");
      }
      if (null_texts_.bits != nullptr && PointsToNull(rows, length, null_texts_)) {
        return DataError("column 'dst_addr': the code of a null; expected a null code");
      }
    }
    counts_.push_back(
        format::CountRows(rows, static_cast<int64_t>(src_addr(group).size()), 0, length));
  }
  return Status::OK();
}

format::ProbeColumns ProbeGroups::measurements(int64_t group) const {
  format::ProbeColumns rows = columns_;
  rows.event_time += begins_[kEventTime][group];
  if (rows.dst_codes != nullptr) {
    rows.dst_codes += begins_[kDstAddr][group];
  } else {
    rows.dst_offsets += begins_[kDstAddr][group];
  }
  rows.ip_version += begins_[kIpVersion][group];
  rows.rtt += begins_[kRtt][group];
  for (int column = 0; column < kNumProbeColumns; ++column) {
    if (rows.validity[column].bits == nullptr) continue;
    rows.validity[column].offset += begins_[column][group];
  }
  return rows;
}

}  // namespace windrow::op
