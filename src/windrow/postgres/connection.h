// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/postgres/database_url.h"

struct pg_conn;
struct pg_result;

namespace windrow::postgres {

/// What a query gave, as texts. Values of `null` are nullopt.
struct Answer {
  std::vector<std::vector<std::optional<std::string>>> rows;
  std::string command;  ///< the server's word for what it did: "COMMIT", "DELETE 3"
};

/// A column of a query's result.
struct ResultColumn {
  std::string name;
  uint32_t type_oid = 0;
  int32_t modifier = -1;  ///< of the type, such as precision and scale; -1 for none
};

/// A session with a server. Every wait ends within a tenth of a second when the run is
/// stopped; the session is then closed and the server ends what it was doing. Errors
/// carry the URL without secrets and the server's message and detail, and are blamed by
/// SQLSTATE (error_class.h). Used by one thread at a time.
class Connection {
 public:
  /// Tries again for about ten seconds (or the URL's connect_timeout) while the server
  /// refuses connections, is starting or has too many clients. Once the run was stopped,
  /// waits go on for `patience_seconds`.
  static Result<std::unique_ptr<Connection>> Open(const DatabaseUrl& url,
                                                  const arrow::StopToken& stop,
                                                  double patience_seconds = 0);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Runs one statement with $1, $2, … filled in.
  Result<Answer> Query(const std::string& sql,
                       const std::vector<std::string>& parameters = {});
  /// The columns that a query would give, without running it.
  Result<std::vector<ResultColumn>> Describe(const std::string& query);

  /// Starts a COPY … TO STDOUT; NextCopyRow then gives its rows.
  Status StartCopyOut(const std::string& copy);
  /// One row with its framing, valid until the next call; nullopt at the end.
  Result<std::optional<std::string_view>> NextCopyRow();

  /// Starts a COPY … FROM STDIN. SendCopy hands over bytes and returns when the system
  /// has taken them, or with the server's error as soon as there is one.
  Status StartCopyIn(const std::string& copy);
  Status SendCopy(std::string_view bytes);
  /// Ends the rows, waits for the server to have stored them and gives their number.
  Result<int64_t> FinishCopyIn();

  /// Commits. When no answer comes the transaction may be committed or not, and
  /// `is_unknown` is set.
  Status Commit(bool* is_unknown);

  /// SQLSTATE of the last error of the server; "" if it came from elsewhere.
  const std::string& last_sqlstate() const { return last_sqlstate_; }
  /// False after the connection was lost, the run was stopped or Close was called.
  bool is_open() const { return is_open_; }
  /// True when open, outside of a transaction and with no statement under way.
  bool is_idle() const;
  /// Ends the session at once, without a word to the server.
  void Close();
  /// Makes a wait of another thread end as if the connection were lost. The only call
  /// that may be made while another thread uses the connection.
  void Interrupt();
  /// Lets waits that begin from now go on for `seconds` after the run was stopped.
  void SetPatience(double seconds) {
    patience_seconds_ = seconds;
    stopped_at_.reset();
  }

  const std::string& url_text() const { return url_.text; }
  /// The schema that the URL names, or "".
  const std::string& schema() const { return schema_; }

  /// `name` in double quotes, `text` in single ones.
  static std::string Quoted(std::string_view name);
  static std::string Literal(std::string_view text);

 private:
  struct FreeResult {
    void operator()(pg_result* result) const;
  };
  using ResultPtr = std::unique_ptr<pg_result, FreeResult>;

  Connection(DatabaseUrl url, arrow::StopToken stop);
  Status Connect();
  Status ConnectOnce(double seconds, bool* may_retry);
  Status SetUp();
  Status CheckStop();
  Status WaitFor(short events, short* found);
  Status Flush();
  Result<ResultPtr> NextResult();
  Result<ResultPtr> LastResult();
  Status Drain();
  Status ErrorOf(const pg_result* result);
  Status Lost();
  Status ErrorOfCopyIn();

  DatabaseUrl url_;
  std::string schema_;
  arrow::StopToken stop_;
  pg_conn* connection_ = nullptr;
  bool is_open_ = false;
  bool is_copying_ = false;
  double patience_seconds_ = 0;
  std::optional<std::chrono::steady_clock::time_point> stopped_at_;  ///< when noticed
  int interrupt_socket_ = -1;  ///< the socket once more, so that it is never another's
  std::mutex close_mutex_;     ///< of the socket, between Close and Interrupt
  char* copy_row_ = nullptr;   ///< owned by libpq, freed at the next row
  std::string last_sqlstate_;
};

}  // namespace windrow::postgres
