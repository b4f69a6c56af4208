// SPDX-License-Identifier: Apache-2.0
#include "windrow/sink/copy_streams.h"

#include <arrow/buffer.h>

#include <chrono>
#include <utility>

namespace windrow::sink {

CopyStreams::CopyStreams(const std::vector<postgres::Connection*>& connections,
                         Options options, arrow::StopToken stop)
    : options_(options), stop_(std::move(stop)), connections_(connections) {
  for (postgres::Connection* connection : connections_) {
    threads_.emplace_back([this, connection] { Run(connection); });
  }
}

CopyStreams::~CopyStreams() {
  if (threads_.empty()) return;
  {
    const std::scoped_lock lock(mutex_);
    is_broken_off_ = true;
    changed_.notify_all();
  }
  for (postgres::Connection* connection : connections_) connection->Interrupt();
  JoinAll();
  for (postgres::Connection* connection : connections_) connection->Close();
}

Status CopyStreams::Put(std::shared_ptr<arrow::Buffer> rows) {
  constexpr auto kTick = std::chrono::milliseconds(50);
  std::unique_lock lock(mutex_);
  while (failure_.ok() && waiting_bytes_ > 0 &&
         waiting_bytes_ + rows->size() > options_.most_bytes) {
    ARROW_RETURN_NOT_OK(stop_.Poll());
    changed_.wait_for(lock, kTick);
  }
  ARROW_RETURN_NOT_OK(failure_);
  waiting_bytes_ += rows->size();
  waiting_.push_back(std::move(rows));
  changed_.notify_all();
  return Status::OK();
}

Result<int64_t> CopyStreams::Finish() {
  {
    const std::scoped_lock lock(mutex_);
    is_complete_ = true;
    changed_.notify_all();
  }
  JoinAll();
  ARROW_RETURN_NOT_OK(failure_);
  return rows_stored_;
}

void CopyStreams::JoinAll() {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void CopyStreams::Run(postgres::Connection* connection) {
  const Status status = Send(connection);
  const std::scoped_lock lock(mutex_);
  if (!status.ok() && failure_.ok()) failure_ = status;
  changed_.notify_all();
}

Status CopyStreams::Send(postgres::Connection* connection) {
  ARROW_RETURN_NOT_OK(connection->SendCopy(options_.header));
  while (const auto rows = Take()) {
    ARROW_RETURN_NOT_OK(connection->SendCopy(std::string_view(*rows)));
  }
  {
    const std::scoped_lock lock(mutex_);
    if (is_broken_off_ || !failure_.ok()) return Status::OK();
  }
  ARROW_RETURN_NOT_OK(connection->SendCopy(options_.trailer));
  ARROW_ASSIGN_OR_RAISE(const int64_t rows, connection->FinishCopyIn());
  const std::scoped_lock lock(mutex_);
  rows_stored_ += rows;
  return Status::OK();
}

/// The next rows to send; null at the end and after a failure.
std::shared_ptr<arrow::Buffer> CopyStreams::Take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    return !waiting_.empty() || is_complete_ || is_broken_off_ || !failure_.ok();
  });
  if (waiting_.empty() || is_broken_off_ || !failure_.ok()) return nullptr;
  auto rows = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_bytes_ -= rows->size();
  changed_.notify_all();
  return rows;
}

}  // namespace windrow::sink
