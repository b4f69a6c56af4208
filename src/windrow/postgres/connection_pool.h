// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/postgres/connection.h"
#include "windrow/postgres/database_url.h"

namespace windrow::postgres {

/// The connections of a run, kept by URL for the next who asks. Thread-safe. Whoever
/// holds a connection may outlive nothing but itself: the pool stays while one is lent.
class ConnectionPool : public std::enable_shared_from_this<ConnectionPool> {
 public:
  /// Gives a connection back; one that is not idle is closed.
  class Return {
   public:
    Return() = default;
    explicit Return(std::shared_ptr<ConnectionPool> pool, DatabaseUrl url)
        : pool_(std::move(pool)), url_(std::move(url)) {}
    void operator()(Connection* connection) const;

   private:
    std::shared_ptr<ConnectionPool> pool_;
    DatabaseUrl url_;
  };
  using Lent = std::unique_ptr<Connection, Return>;

  /// `stop` ends every wait of the connections.
  explicit ConnectionPool(arrow::StopToken stop) : stop_(std::move(stop)) {}

  /// An idle connection, or a new one.
  Result<Lent> Acquire(const DatabaseUrl& url);

 private:
  using Key = std::pair<std::string, std::map<std::string, std::string>>;

  arrow::StopToken stop_;
  std::mutex mutex_;
  std::map<Key, std::vector<std::unique_ptr<Connection>>> idle_;
};

}  // namespace windrow::postgres
