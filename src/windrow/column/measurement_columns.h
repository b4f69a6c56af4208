// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <array>
#include <memory>

#include "windrow/base/status.h"

namespace windrow::column {

/// Columns of a network measurement, by their place.
enum MeasurementColumn {
  kEventTime,
  kSrcAddr,
  kDstAddr,
  kIpVersion,
  kRtt,
  kNumMeasurementColumns
};

/// "event_time", "src_addr", …
const char* MeasurementColumnName(int column);

/// The schema in which measurements of a table of schema `input` come out: event_time
/// timestamp[us] without zone, src_addr and dst_addr utf8 or dictionary<int32, utf8>,
/// ip_version int8, rtt float. Every other column is left out. A UserError names the
/// column that is missing or of a type that cannot be brought to these.
Result<std::shared_ptr<arrow::Schema>> MeasurementSchemaOf(const arrow::Schema& input);

/// Brings the values of a column to its type, without a copy where they have it already:
/// - event_time: any unit, an instant in UTC if it has a zone; nanoseconds are cut
/// - src_addr, dst_addr: dictionaries stay dictionaries, but for one that holds a null
/// - ip_version: any integer; one that int8 cannot hold is a DataError
/// - rtt: a double becomes the nearest float, which may be an infinity
/// A DataError names the column.
Result<std::shared_ptr<arrow::Array>> ToMeasurementColumn(
    int column, const std::shared_ptr<arrow::Array>& values, arrow::MemoryPool* pool);

/// The columns of groups of measurements, as a collect of them by src_addr gives: their
/// places in `schema`, in the order of MeasurementColumn. A UserError names the column
/// that is missing or of another type than
/// - src_addr: string or dictionary<int32, string>
/// - event_time: list<timestamp[us]>
/// - dst_addr: list<string>, or of dictionary<int32 or uint32, string>
/// - ip_version: list<int8>
/// - rtt: list<float>
/// where a list may be a large one.
Result<std::array<int, kNumMeasurementColumns>> FindMeasurementLists(
    const arrow::Schema& schema);
/// Whether FindMeasurementLists takes `type` for `column`.
bool IsMeasurementList(int column, const arrow::DataType& type);

}  // namespace windrow::column
