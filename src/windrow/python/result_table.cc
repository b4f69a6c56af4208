// SPDX-License-Identifier: Apache-2.0
#include "windrow/python/result_table.h"

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <utility>

#include "windrow/python/capsule.h"
#include "windrow/python/gil.h"
#include "windrow/python/raise.h"

namespace windrow::python {

ResultTable::ResultTable(std::shared_ptr<arrow::Schema> schema,
                         std::vector<std::shared_ptr<arrow::RecordBatch>> batches)
    : schema_(std::move(schema)), batches_(std::move(batches)) {
  for (const auto& batch : batches_) num_rows_ += batch->num_rows();
}

ResultTable ResultTable::FromPython(const nanobind::object& object) {
  if (nanobind::hasattr(object, "__arrow_c_array__")) {
    auto batches = ImportBatches(object);
    auto schema = batches.front()->schema();
    return ResultTable(std::move(schema), std::move(batches));
  }
  const auto reader = ImportStream(object);
  const WithoutGil unlocked;
  auto schema = reader->schema();
  return ResultTable(std::move(schema), ValueOrRaise(reader->ToRecordBatches()));
}

int64_t ResultTable::num_bytes() const {
  const auto table = arrow::Table::FromRecordBatches(schema_, batches_);
  if (!table.ok()) return 0;
  return arrow::util::ReferencedBufferSize(**table).ValueOr(0);
}

ResultTable ResultTable::Slice(int64_t offset, int64_t rows) const {
  std::vector<std::shared_ptr<arrow::RecordBatch>> slices;
  for (const auto& batch : batches_) {
    if (rows <= 0) break;
    const int64_t skipped = std::min(offset, batch->num_rows());
    offset -= skipped;
    const int64_t taken = std::min(rows, batch->num_rows() - skipped);
    if (taken == 0) continue;
    slices.push_back(batch->Slice(skipped, taken));
    rows -= taken;
  }
  return ResultTable(schema_, std::move(slices));
}

nanobind::object ResultTable::ToCapsule() const {
  return ExportStream(ValueOrRaise(arrow::RecordBatchReader::Make(batches_, schema_)));
}

}  // namespace windrow::python
