// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/flight_scan.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "windrow/exec/channel.h"
#include "windrow/flight/allocator.h"
#include "windrow/flight/call_error.h"
#include "windrow/source/batch_unit.h"
#include "windrow/source/flight_columns.h"
#include "windrow/source/received_batch.h"

namespace windrow::source {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;
using Clock = std::chrono::steady_clock;

/// Breaks off streams that wait too long for a message, and all of them when the run is
/// stopped. A thread looks at them a few times a second.
class StreamWatch {
 public:
  StreamWatch(const flight::ServerAccess& access, arrow::StopToken stop)
      : patience_(access.patience_seconds), stop_(std::move(stop)) {
    thread_ = std::thread([this] { Run(); });
  }
  ~StreamWatch() {
    {
      const std::scoped_lock lock(mutex_);
      is_over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  /// While this object lives, its stream is being waited for.
  class Wait {
   public:
    Wait(StreamWatch* watch, flight::BatchStream* stream) : watch_(watch) {
      const std::scoped_lock lock(watch_->mutex_);
      watch_->waits_.push_back(this);
      stream_ = stream;
    }
    ~Wait() {
      const std::scoped_lock lock(watch_->mutex_);
      std::erase(watch_->waits_, this);
    }
    bool was_broken_off() const { return was_broken_off_; }

   private:
    friend class StreamWatch;
    StreamWatch* watch_;
    flight::BatchStream* stream_;
    Clock::time_point since_ = Clock::now();
    std::atomic<bool> was_broken_off_ = false;
  };

  /// Breaks off every stream, now and later.
  void CancelAll() {
    const std::scoped_lock lock(mutex_);
    is_cancelled_ = true;
    for (Wait* wait : waits_) wait->stream_->Cancel();
  }

 private:
  void Run() {
    std::unique_lock lock(mutex_);
    while (!is_over_) {
      changed_.wait_for(lock, std::chrono::milliseconds(50));
      const auto now = Clock::now();
      for (Wait* wait : waits_) {
        const std::chrono::duration<double> waited = now - wait->since_;
        if (waited.count() > patience_) wait->was_broken_off_ = true;
        if (wait->was_broken_off_ || is_cancelled_ || stop_.IsStopRequested()) {
          wait->stream_->Cancel();
        }
      }
    }
  }

  const double patience_;
  arrow::StopToken stop_;
  std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  std::vector<Wait*> waits_;
  bool is_over_ = false;
  bool is_cancelled_ = false;
  std::thread thread_;
};

class FlightScan : public exec::Source {
 public:
  FlightScan(std::vector<PlannedEndpoint> endpoints,
             std::shared_ptr<arrow::Schema> schema, const flight::ServerAccess& access,
             exec::RunContext* context)
      : endpoints_(std::move(endpoints)),
        schema_(std::move(schema)),
        access_(access),
        context_(context),
        watch_(access, context->stop) {
    flight::TakeSmallPages();
    flight::KeepMessageMemory();
    const auto streams = std::clamp<int64_t>(std::ssize(endpoints_), 1, access_.streams);
    most_ahead_ = static_cast<size_t>(2 * streams);
    const int64_t share = std::min(kMostAheadBytes, context_->units_bytes / streams / 4);
    for (size_t i = 0; i < endpoints_.size(); ++i) {
      channels_.push_back(std::make_unique<exec::Channel<BatchPtr>>(share));
    }
    if (endpoints_.empty()) return;
    pulling_ = static_cast<int>(streams);
    for (int64_t i = 0; i < streams; ++i) {
      threads_.emplace_back([this] { PullEndpoints(); });
    }
  }

  ~FlightScan() override {
    {
      const std::scoped_lock lock(mutex_);
      next_endpoint_ = endpoints_.size();
      is_over_ = true;
    }
    moved_.notify_all();
    for (const auto& channel : channels_) channel->Cancel();
    watch_.CancelAll();
    for (std::thread& thread : threads_) thread.join();
    // gRPC's buffers are not the run's: what they took goes back before others need it.
    channels_.clear();
    flight::ReleaseMessageMemory();
  }

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }

  Result<std::unique_ptr<exec::UnitReader>> NextUnit(
      const arrow::StopToken& stop) override {
    while (current_ < channels_.size()) {
      ARROW_RETURN_NOT_OK(stop.Poll());
      const auto batch = channels_[current_]->Pop();
      ARROW_RETURN_NOT_OK(stop.Poll());
      ARROW_RETURN_NOT_OK(batch.status());
      if (batch->has_value()) return std::make_unique<BatchUnit>(**batch);
      {
        const std::scoped_lock lock(mutex_);
        ++current_;
      }
      moved_.notify_all();
    }
    return nullptr;
  }

  int64_t bytes_read() const override { return wire_bytes_; }
  int64_t bytes_on_wire() const override { return wire_bytes_; }

 private:
  /// Held by each stream before anybody wants it, at most.
  static constexpr int64_t kMostAheadBytes = 32 << 20;
  static constexpr int kMostTries = 5;

  /// A thread's connection, kept for the endpoints that the same server has.
  struct Connection {
    flight::ServerAddress server;
    std::unique_ptr<flight::Client> client;
  };

  void PullEndpoints() {
    Connection connection;
    for (size_t index; (index = TakeEndpoint()) < endpoints_.size();) {
      const Status status = Pull(index, &connection);
      channels_[index]->Close(status);
      if (!status.ok()) break;
    }
    connection.client.reset();
    if (--pulling_ == 0) flight::ReleaseMessageMemory();
  }

  /// The next endpoint that nobody has begun, once it is near enough to what is being
  /// read: a reader that is slower than the servers would otherwise have them all held
  /// for it.
  size_t TakeEndpoint() {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] {
      return is_over_ || next_endpoint_ >= endpoints_.size() ||
             next_endpoint_ < current_ + most_ahead_;
    });
    return next_endpoint_++;
  }

  /// How far an endpoint's rows have come.
  struct Progress {
    int64_t rows = 0;          ///< handed on
    bool is_given_up = false;  ///< what failed was here, not at the server
  };

  /// All batches of one endpoint, from whichever of its servers can deliver them.
  Status Pull(size_t index, Connection* connection) {
    const PlannedEndpoint& planned = endpoints_[index];
    const auto& servers = planned.endpoint.servers;
    Progress progress;
    int failures = 0;  // without a row between them
    for (size_t turn = 0;; ++turn) {
      const int64_t before = progress.rows;
      const Status status =
          PullFrom(servers[turn % servers.size()], connection, index, &progress);
      if (status.ok() || is_over_ || progress.is_given_up) return status;
      ARROW_RETURN_NOT_OK(context_->stop.Poll());
      connection->client.reset();
      if (progress.rows > before) failures = 0;
      if (!flight::MayPass(status) || ++failures == kMostTries) return status;
      // Whether another server would send the same rows in this order is not known.
      if (progress.rows > 0 && !planned.has_marks) return status;
      const bool all_failed = failures % servers.size() == 0;
      if (all_failed) Sleep(failures);
    }
  }

  Status PullFrom(const flight::ServerAddress& server, Connection* connection,
                  size_t index, Progress* progress) {
    const PlannedEndpoint& planned = endpoints_[index];
    if (connection->client == nullptr || connection->server != server) {
      ARROW_ASSIGN_OR_RAISE(connection->client, flight::Client::Connect(server, access_));
      connection->server = server;
      if (planned.key_filter != nullptr) {
        ARROW_RETURN_NOT_OK(connection->client->SendFilter(*planned.key_filter));
      }
    }
    ARROW_ASSIGN_OR_RAISE(const auto stream,
                          connection->client->Get(
                              planned.endpoint.ticket, planned.has_marks, progress->rows,
                              context_->pool, [this] { return is_over_.load(); }));
    int64_t wire_bytes = 0;
    while (true) {
      auto batch = NextOf(stream.get());
      wire_bytes_ += stream->wire_bytes() - wire_bytes;
      wire_bytes = stream->wire_bytes();
      ARROW_RETURN_NOT_OK(batch.status());
      if (*batch == nullptr) return Status::OK();
      const Status handed =
          HandOn(server.uri(), planned.has_marks, *std::move(batch), index, progress);
      progress->is_given_up = !handed.ok();
      ARROW_RETURN_NOT_OK(handed);
    }
  }

  Result<BatchPtr> NextOf(flight::BatchStream* stream) {
    const StreamWatch::Wait wait(&watch_, stream);
    auto next = stream->Next();
    if (next.ok() || !wait.was_broken_off()) return next;
    return StorageError(next.status().message(), "; no message came for ",
                        access_.patience_seconds, " s");
  }

  Status HandOn(const std::string& place, bool has_marks, BatchPtr received, size_t index,
                Progress* progress) {
    ARROW_ASSIGN_OR_RAISE(const BatchPtr counted,
                          CountReceived(std::move(received), *context_));
    // A Windrow server's values are those of files it has validated.
    ARROW_ASSIGN_OR_RAISE(BatchPtr batch, ColumnsOfBatch(place, counted, schema_,
                                                         has_marks, context_->pool));
    const int64_t rows = batch->num_rows();
    const int64_t bytes = arrow::util::TotalBufferSize(*batch);
    if (!channels_[index]->Push(std::move(batch), bytes)) {
      return Fail(Blame::kCancelled, "nobody wants the rows");
    }
    progress->rows += rows;
    return Status::OK();
  }

  void Sleep(int failures) const {
    const auto until = Clock::now() + std::chrono::milliseconds(100 << failures);
    while (Clock::now() < until && !is_over_ && !context_->stop.IsStopRequested()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  std::vector<PlannedEndpoint> endpoints_;
  std::shared_ptr<arrow::Schema> schema_;
  flight::ServerAccess access_;
  exec::RunContext* context_;
  StreamWatch watch_;
  std::vector<std::unique_ptr<exec::Channel<BatchPtr>>> channels_;  ///< by endpoint
  size_t most_ahead_ = 1;  ///< endpoints begun or read at once
  std::atomic<bool> is_over_ = false;
  std::atomic<int> pulling_ = 0;  ///< threads that are not done
  std::atomic<int64_t> wire_bytes_ = 0;
  std::mutex mutex_;  ///< guards what follows, is_over_ too where it is waited for
  std::condition_variable moved_;
  size_t next_endpoint_ = 0;
  size_t current_ = 0;  ///< being read; written by the reader alone
  std::vector<std::thread> threads_;
};

}  // namespace

Result<std::unique_ptr<exec::Source>> MakeFlightScan(
    std::vector<PlannedEndpoint> endpoints, std::shared_ptr<arrow::Schema> schema,
    const flight::ServerAccess& access, exec::RunContext* context) {
  return std::make_unique<FlightScan>(std::move(endpoints), std::move(schema), access,
                                      context);
}

}  // namespace windrow::source
