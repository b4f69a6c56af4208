// SPDX-License-Identifier: Apache-2.0
#include "windrow/postgres/connection.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

#include "windrow/postgres/error_class.h"

namespace windrow::postgres {
namespace {

using Clock = std::chrono::steady_clock;

/// How often a wait looks at the run's stop token.
constexpr int kTickMillis = 50;
constexpr double kConnectSeconds = 10;
/// Bytes given to libpq at once: what its own buffer then grows to.
constexpr size_t kPieceBytes = 128 << 10;

void IgnoreNotice(void*, const PGresult*) {}

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

/// Keywords and values for libpq.
struct ConnectWords {
  std::vector<std::string> keywords;
  std::vector<std::string> values;
  double seconds = kConnectSeconds;

  void Put(const std::string& keyword, const std::string& value) {
    keywords.push_back(keyword);
    values.push_back(value);
  }
};

Result<ConnectWords> ReadWords(const DatabaseUrl& url) {
  char* error = nullptr;
  const std::unique_ptr<PQconninfoOption, FreeOptions> options(
      PQconninfoParse(SplitSchema(url.text).text.c_str(), &error));
  if (options == nullptr) {
    const std::string message = OneLine(error == nullptr ? "out of memory" : error);
    PQfreemem(error);
    return UserError(url.text, ": ", message);
  }
  ConnectWords words;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr;
       ++option) {
    if (option->val == nullptr) continue;
    words.Put(option->keyword, option->val);
    if (std::strcmp(option->keyword, "connect_timeout") != 0) continue;
    const std::string_view text = option->val;
    std::from_chars(text.data(), text.data() + text.size(), words.seconds);
    if (words.seconds <= 0) words.seconds = kConnectSeconds;
  }
  for (const auto& [keyword, value] : url.secrets) words.Put(keyword, value);
  words.Put("fallback_application_name", "windrow");
  words.Put("client_encoding", "UTF8");
  return words;
}

/// Takes the SQLSTATE out of "FATAL:  57P03: the database …"; "" when there is none.
std::string TakeSqlState(std::string* message) {
  constexpr size_t kLength = 5;
  size_t found = 0;
  while ((found = message->find(":  ", found)) != std::string::npos) {
    found += 3;
    const std::string state = message->substr(found, kLength);
    const bool is_state =
        state.size() == kLength && std::all_of(state.begin(), state.end(), [](char c) {
          return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
        });
    if (!is_state || message->compare(found + kLength, 2, ": ") != 0) continue;
    message->erase(found, kLength + 2);
    return state;
  }
  return "";
}

/// The message of a connection that failed, without the place in the server's source.
std::string WithoutLocation(std::string_view message) {
  std::string kept;
  while (!message.empty()) {
    const size_t end = std::min(message.find('\n'), message.size());
    if (!message.starts_with("LOCATION:")) {
      kept += message.substr(0, end);
      kept += '\n';
    }
    message.remove_prefix(std::min(end + 1, message.size()));
  }
  return kept;
}

/// Whether nobody answered, as while a server is being started.
bool IsNoAnswer(std::string_view message) {
  const auto contains = [&](const char* text) {
    return message.find(text) != std::string_view::npos;
  };
  return contains(std::strerror(ECONNREFUSED)) || contains(std::strerror(ECONNRESET)) ||
         contains(std::strerror(ENOENT)) ||
         contains("server closed the connection unexpectedly");
}

}  // namespace

void Connection::FreeResult::operator()(pg_result* result) const { PQclear(result); }

Connection::Connection(DatabaseUrl url, arrow::StopToken stop)
    : url_(std::move(url)),
      schema_(SplitSchema(url_.text).schema),
      stop_(std::move(stop)) {}

Connection::~Connection() {
  Close();
  PQfreemem(copy_row_);
}

Result<std::unique_ptr<Connection>> Connection::Open(const DatabaseUrl& url,
                                                     const arrow::StopToken& stop,
                                                     double patience_seconds) {
  std::unique_ptr<Connection> connection(new Connection(url, stop));
  connection->SetPatience(patience_seconds);
  ARROW_RETURN_NOT_OK(connection->Connect());
  return connection;
}

Status Connection::Connect() {
  ARROW_ASSIGN_OR_RAISE(const ConnectWords words, ReadWords(url_));
  const auto start = Clock::now();
  auto pause = std::chrono::milliseconds(50);
  while (true) {
    const double passed = std::chrono::duration<double>(Clock::now() - start).count();
    bool may_retry = false;
    const Status status = ConnectOnce(words.seconds - passed, &may_retry);
    if (status.ok()) break;
    const bool has_time =
        Clock::now() + pause < start + std::chrono::duration<double>(words.seconds);
    if (!may_retry || !has_time) return status;
    for (auto slept = pause; slept.count() > 0;
         slept -= std::chrono::milliseconds(kTickMillis)) {
      ARROW_RETURN_NOT_OK(CheckStop());
      std::this_thread::sleep_for(std::chrono::milliseconds(kTickMillis));
    }
    pause = std::min(2 * pause, std::chrono::milliseconds(800));
  }
  return SetUp();
}

Status Connection::ConnectOnce(double seconds, bool* may_retry) {
  ARROW_ASSIGN_OR_RAISE(const ConnectWords words, ReadWords(url_));
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (size_t i = 0; i < words.keywords.size(); ++i) {
    keywords.push_back(words.keywords[i].c_str());
    values.push_back(words.values[i].c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  PQfinish(connection_);
  connection_ = PQconnectStartParams(keywords.data(), values.data(), 0);
  if (connection_ == nullptr) return ResourceError(url_.text, ": out of memory");
  PQsetErrorVerbosity(connection_, PQERRORS_VERBOSE);  // with SQLSTATE
  PQsetNoticeReceiver(connection_, IgnoreNotice, nullptr);
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;
  while (PQstatus(connection_) != CONNECTION_BAD) {
    ARROW_RETURN_NOT_OK(CheckStop());
    if (Clock::now() > end) {
      return StorageError(url_.text, ": no answer within ", words.seconds, " s");
    }
    const short events = wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    pollfd waited{PQsocket(connection_), events, 0};
    if (poll(&waited, 1, kTickMillis) <= 0) continue;
    wanted = PQconnectPoll(connection_);
    if (wanted == PGRES_POLLING_FAILED) break;
    if (wanted != PGRES_POLLING_OK) continue;
    if (PQsetnonblocking(connection_, 1) != 0) break;
    PQsetErrorVerbosity(connection_, PQERRORS_DEFAULT);
    interrupt_socket_ = fcntl(PQsocket(connection_), F_DUPFD_CLOEXEC, 0);
    is_open_ = true;
    return Status::OK();
  }
  std::string message = WithoutLocation(PQerrorMessage(connection_));
  last_sqlstate_ = TakeSqlState(&message);
  *may_retry = last_sqlstate_.empty() ? IsNoAnswer(message) : IsBusy(last_sqlstate_);
  return StorageError(url_.text, ": ", OneLine(message));
}

Status Connection::SetUp() {
  // Messages that are no errors would be taken for one during a COPY. A server that is
  // busy or waits for a lock notices within a second that its client is gone.
  std::string settings =
      "select set_config('client_min_messages', 'error', false), "
      "set_config('datestyle', 'ISO, YMD', false), "
      "set_config('intervalstyle', 'postgres', false), "
      "set_config('timezone', 'UTC', false), "
      "set_config('bytea_output', 'hex', false), "
      "set_config('extra_float_digits', '3', false), "
      "set_config('idle_in_transaction_session_timeout', '0', false)";
  constexpr int kHasConnectionCheck = 140000;
  if (PQserverVersion(connection_) >= kHasConnectionCheck) {
    settings += ", set_config('client_connection_check_interval', '1s', false)";
  }
  if (!schema_.empty()) {
    settings += ", set_config('search_path', " + Literal(Quoted(schema_) + ", public") +
                ", false)";
  }
  return Query(settings).status();
}

bool Connection::is_idle() const {
  if (!is_open_ || is_copying_ || PQtransactionStatus(connection_) != PQTRANS_IDLE) {
    return false;
  }
  pollfd waited{PQsocket(connection_), POLLIN, 0};
  return poll(&waited, 1, 0) == 0;  // there is something to read when the server is gone
}

void Connection::Close() {
  if (connection_ == nullptr) return;
  const std::scoped_lock lock(close_mutex_);
  // A server that hangs must not hold up the last word that PQfinish sends.
  if (is_open_ && !is_idle()) shutdown(PQsocket(connection_), SHUT_RDWR);
  is_open_ = false;
  PQfinish(connection_);
  connection_ = nullptr;
  if (interrupt_socket_ >= 0) close(interrupt_socket_);
  interrupt_socket_ = -1;
}

void Connection::Interrupt() {
  const std::scoped_lock lock(close_mutex_);
  if (interrupt_socket_ >= 0) shutdown(interrupt_socket_, SHUT_RDWR);
}

/// Cancelled when the run was stopped and the patience is at its end.
Status Connection::CheckStop() {
  if (!stop_.IsStopRequested()) return Status::OK();
  if (!stopped_at_.has_value()) stopped_at_ = Clock::now();
  const std::chrono::duration<double> passed = Clock::now() - *stopped_at_;
  return passed.count() < patience_seconds_ ? Status::OK() : stop_.Poll();
}

Status Connection::WaitFor(short events, short* found) {
  while (true) {
    const Status stopped = CheckStop();
    if (!stopped.ok()) {
      Close();
      return stopped;
    }
    pollfd waited{PQsocket(connection_), events, 0};
    if (waited.fd < 0) return Lost();
    const int ready = poll(&waited, 1, kTickMillis);
    if (ready < 0 && errno != EINTR) return Lost();
    if (ready <= 0) continue;
    *found = waited.revents;
    return Status::OK();
  }
}

Status Connection::Lost() {
  std::string message;
  if (connection_ != nullptr) message = OneLine(PQerrorMessage(connection_));
  last_sqlstate_.clear();
  Close();
  return StorageError(url_.text, ": ",
                      message.empty() ? "the connection was lost" : message);
}

Status Connection::ErrorOf(const pg_result* result) {
  const auto field = [&](int code) {
    const char* text = PQresultErrorField(result, code);
    return text == nullptr ? std::string() : OneLine(text);
  };
  last_sqlstate_ = field(PG_DIAG_SQLSTATE);
  if (last_sqlstate_.empty()) return Lost();
  const Blame blame = BlameOfSqlState(last_sqlstate_);
  std::string message = url_.text + ": " + field(PG_DIAG_MESSAGE_PRIMARY);
  const std::string detail = field(PG_DIAG_MESSAGE_DETAIL);
  if (!detail.empty()) message += "; " + detail;
  const std::string context = field(PG_DIAG_CONTEXT);
  if (blame == Blame::kData && !context.empty()) message += " (" + context + ")";
  return Fail(blame, std::move(message));
}

Status Connection::Flush() {
  while (true) {
    const int left = PQflush(connection_);
    if (left < 0) return Lost();
    pollfd looked{PQsocket(connection_), POLLIN, 0};
    short found = 0;
    if (left > 0) {
      ARROW_RETURN_NOT_OK(WaitFor(POLLIN | POLLOUT, &found));
    } else if (is_copying_ && poll(&looked, 1, 0) > 0) {
      found = POLLIN;
    }
    if ((found & POLLIN) != 0) {
      // While rows are sent the server speaks only to refuse them.
      if (PQconsumeInput(connection_) == 0) return Lost();
      if (is_copying_) return ErrorOfCopyIn();
    }
    if (left == 0) return Status::OK();
  }
}

Result<Connection::ResultPtr> Connection::NextResult() {
  while (PQisBusy(connection_) != 0) {
    short found = 0;
    ARROW_RETURN_NOT_OK(WaitFor(POLLIN, &found));
    if (PQconsumeInput(connection_) == 0) return Lost();
  }
  return ResultPtr(PQgetResult(connection_));
}

/// Reads all results; the last one, or the first error.
Result<Connection::ResultPtr> Connection::LastResult() {
  ARROW_RETURN_NOT_OK(Flush());
  ResultPtr last;
  Status error;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(ResultPtr result, NextResult());
    if (result == nullptr) break;
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
      const Status found = ErrorOf(result.get());
      if (error.ok()) error = found;
      if (!is_open_) return error;
    }
    last = std::move(result);
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT) break;
  }
  ARROW_RETURN_NOT_OK(error);
  if (last == nullptr) return Lost();
  return last;
}

Result<Answer> Connection::Query(const std::string& sql,
                                 const std::vector<std::string>& parameters) {
  if (!is_open_) return Lost();
  last_sqlstate_.clear();
  std::vector<const char*> values;
  for (const std::string& value : parameters) values.push_back(value.c_str());
  if (PQsendQueryParams(connection_, sql.c_str(), static_cast<int>(values.size()),
                        nullptr, values.data(), nullptr, nullptr, 0) == 0) {
    return Lost();
  }
  ARROW_ASSIGN_OR_RAISE(const ResultPtr result, LastResult());
  Answer answer;
  answer.command = PQcmdStatus(result.get());
  answer.rows.resize(static_cast<size_t>(PQntuples(result.get())));
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      const bool is_null = PQgetisnull(result.get(), row, column) != 0;
      answer.rows[row].push_back(
          is_null ? std::nullopt
                  : std::optional<std::string>(PQgetvalue(result.get(), row, column)));
    }
  }
  return answer;
}

Result<std::vector<ResultColumn>> Connection::Describe(const std::string& query) {
  if (!is_open_) return Lost();
  if (PQsendPrepare(connection_, "", query.c_str(), 0, nullptr) == 0) return Lost();
  ARROW_RETURN_NOT_OK(LastResult().status());
  if (PQsendDescribePrepared(connection_, "") == 0) return Lost();
  ARROW_ASSIGN_OR_RAISE(const ResultPtr result, LastResult());
  std::vector<ResultColumn> columns;
  for (int i = 0; i < PQnfields(result.get()); ++i) {
    columns.push_back(
        {PQfname(result.get(), i), PQftype(result.get(), i), PQfmod(result.get(), i)});
  }
  return columns;
}

Status Connection::StartCopyOut(const std::string& copy) { return Query(copy).status(); }

Result<std::optional<std::string_view>> Connection::NextCopyRow() {
  PQfreemem(copy_row_);
  copy_row_ = nullptr;
  if (!is_open_) return Lost();
  while (true) {
    const int bytes = PQgetCopyData(connection_, &copy_row_, 1);
    if (bytes > 0) return std::string_view(copy_row_, static_cast<size_t>(bytes));
    if (bytes < 0) break;  // the end, or an error, which the result tells
    short found = 0;
    ARROW_RETURN_NOT_OK(WaitFor(POLLIN, &found));
    if (PQconsumeInput(connection_) == 0) return Lost();
  }
  ARROW_RETURN_NOT_OK(LastResult().status());
  return std::nullopt;
}

Status Connection::StartCopyIn(const std::string& copy) {
  ARROW_RETURN_NOT_OK(Query(copy).status());
  is_copying_ = true;
  return Status::OK();
}

Status Connection::SendCopy(std::string_view bytes) {
  if (!is_open_) return Lost();
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kPieceBytes);
    const int taken =
        PQputCopyData(connection_, piece.data(), static_cast<int>(piece.size()));
    if (taken < 0) return Lost();
    if (taken > 0) bytes.remove_prefix(piece.size());
    ARROW_RETURN_NOT_OK(Flush());
  }
  return Status::OK();
}

Result<int64_t> Connection::FinishCopyIn() {
  if (!is_open_) return Lost();
  int ended = 0;
  while ((ended = PQputCopyEnd(connection_, nullptr)) == 0) ARROW_RETURN_NOT_OK(Flush());
  if (ended < 0) return Lost();
  is_copying_ = false;
  ARROW_ASSIGN_OR_RAISE(const ResultPtr result, LastResult());
  return std::strtoll(PQcmdTuples(result.get()), nullptr, 10);
}

Status Connection::Commit(bool* is_unknown) {
  *is_unknown = false;
  if (!is_open_) return Lost();
  const Result<Answer> answer = Query("commit");
  // Without an answer, or with that of a server that is going down, nobody knows.
  *is_unknown = !answer.ok() && (last_sqlstate_.empty() || !is_open_ ||
                                 last_sqlstate_.starts_with("57P"));
  ARROW_RETURN_NOT_OK(answer.status());
  if (answer->command == "COMMIT") return Status::OK();
  return StorageError(url_.text, ": the server rolled the transaction back");
}

Status Connection::ErrorOfCopyIn() {
  is_copying_ = false;
  PQputCopyEnd(connection_, "the server spoke before the last row");
  const Status status = LastResult().status();
  return status.ok() ? Lost() : status;
}

std::string Connection::Quoted(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

std::string Connection::Literal(std::string_view text) {
  std::string literal = "E'";
  for (const char c : text) {
    if (c == '\\' || c == '\'') literal += c;
    literal += c;
  }
  return literal + '\'';
}

}  // namespace windrow::postgres
