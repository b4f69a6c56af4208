// SPDX-License-Identifier: Apache-2.0
#include "windrow/python/batch_sink.h"

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <chrono>
#include <thread>
#include <utility>

#include "windrow/exec/task_slots.h"

namespace windrow::python {
namespace {

struct PassedBatch : exec::Prepared {
  std::shared_ptr<arrow::RecordBatch> batch;
  int64_t bytes = 0;
};

}  // namespace

Result<std::unique_ptr<exec::Prepared>> BatchSink::Encode(
    std::shared_ptr<arrow::RecordBatch> batch) {
  auto passed = std::make_unique<PassedBatch>();
  passed->bytes = arrow::util::ReferencedBufferSize(*batch).ValueOr(0);
  passed->batch = std::move(batch);
  return passed;
}

Status BatchSink::Write(std::unique_ptr<exec::Prepared> encoded) {
  constexpr std::chrono::milliseconds kMoment(2);
  auto& passed = static_cast<PassedBatch&>(*encoded);
  // A scan is parked before it makes more than there is room for. The windows of a join
  // come without asking.
  const bool is_worker = exec::TaskSlots::IsWorker();
  while (is_worker && channel_->bytes() > most_bytes_ && !has_company_()) {
    std::this_thread::sleep_for(kMoment);
  }
  const bool is_taken = is_worker
                            ? channel_->PushNow(std::move(passed.batch), passed.bytes)
                            : channel_->Push(std::move(passed.batch), passed.bytes);
  if (is_taken) return Status::OK();
  return Fail(Blame::kCancelled, "the reader of the result wants no more");
}

}  // namespace windrow::python
