// SPDX-License-Identifier: Apache-2.0
#include "windrow/postgres/connection_pool.h"

namespace windrow::postgres {

void ConnectionPool::Return::operator()(Connection* connection) const {
  std::unique_ptr<Connection> owned(connection);
  if (!owned->is_idle()) return;
  const std::scoped_lock lock(pool_->mutex_);
  pool_->idle_[{url_.text, url_.secrets}].push_back(std::move(owned));
}

Result<ConnectionPool::Lent> ConnectionPool::Acquire(const DatabaseUrl& url) {
  Return give_back(shared_from_this(), url);
  {
    const std::scoped_lock lock(mutex_);
    auto& idle = idle_[{url.text, url.secrets}];
    while (!idle.empty()) {
      std::unique_ptr<Connection> connection = std::move(idle.back());
      idle.pop_back();
      if (connection->is_idle()) return Lent(connection.release(), std::move(give_back));
    }
  }
  ARROW_ASSIGN_OR_RAISE(auto connection, Connection::Open(url, stop_));
  return Lent(connection.release(), std::move(give_back));
}

}  // namespace windrow::postgres
