// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>

#include "windrow/base/status.h"
#include "windrow/format/probe_record.h"

namespace windrow::format {

/// What a record says, and its measurements.
struct ProbeRecordContent {
  int64_t src_id = 0;
  int32_t n_measurements = 0;
  double time_span_seconds = 0;
  int64_t first_timestamp = 0;
  int64_t last_timestamp = 0;
  int64_t measurement_bytes = 0;  ///< of the inner stream
  std::shared_ptr<arrow::RecordBatch> measurements;
};

/// Reads a record with Arrow's reader. A DataError says what is not as it must be: two
/// complete streams with the exact schemas, a batch each, one row in the outer one and at
/// least one in the inner one, no null outside the measurements and in no src_addr, and
/// every offset and text valid.
Result<ProbeRecordContent> ReadProbeRecord(const std::shared_ptr<arrow::Buffer>& record,
                                           arrow::MemoryPool* pool);

/// The columns of a batch of MeasurementSchema. Borrowed from it.
ProbeColumns ColumnsOf(const arrow::RecordBatch& measurements);

}  // namespace windrow::format
