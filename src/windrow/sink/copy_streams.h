// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <arrow/util/cancel.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/postgres/connection.h"

namespace windrow::sink {

/// Sends rows to several COPY … FROM STDIN at once, each by a thread of its own;
/// whichever connection is free takes the next buffer. Put waits while too many bytes are
/// under way, so memory stays bounded however slow the server is. Used by one thread at a
/// time.
class CopyStreams {
 public:
  struct Options {
    std::string_view header;   ///< sent before the rows of each connection
    std::string_view trailer;  ///< and after them
    int64_t most_bytes = 0;    ///< waiting to be sent, before Put waits
  };

  /// `connections` have their COPY started and are used by nobody else until Finish or
  /// the destructor returns.
  CopyStreams(const std::vector<postgres::Connection*>& connections, Options options,
              arrow::StopToken stop);
  /// Without Finish: breaks the connections off.
  ~CopyStreams();
  CopyStreams(const CopyStreams&) = delete;
  CopyStreams& operator=(const CopyStreams&) = delete;

  /// Whole rows. Returns the first failure of any connection.
  Status Put(std::shared_ptr<arrow::Buffer> rows);
  /// Sends what is left, ends the COPYs and gives the number of rows stored.
  Result<int64_t> Finish();

 private:
  void Run(postgres::Connection* connection);
  Status Send(postgres::Connection* connection);
  std::shared_ptr<arrow::Buffer> Take();
  void JoinAll();

  const Options options_;
  const arrow::StopToken stop_;
  std::vector<postgres::Connection*> connections_;
  std::vector<std::thread> threads_;
  std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  std::deque<std::shared_ptr<arrow::Buffer>> waiting_;
  int64_t waiting_bytes_ = 0;
  bool is_complete_ = false;  ///< no more rows will come
  bool is_broken_off_ = false;
  int64_t rows_stored_ = 0;
  Status failure_;  ///< the first
};

}  // namespace windrow::sink
