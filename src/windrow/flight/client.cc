// SPDX-License-Identifier: Apache-2.0
#include "windrow/flight/client.h"

#include <arrow/buffer.h>
#include <arrow/flight/client.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>

#include <chrono>
#include <utility>

#include "windrow/flight/call_error.h"
#include "windrow/flight/call_names.h"
#include "windrow/flight/left_call.h"

namespace windrow::flight {
namespace {

namespace wire = arrow::flight;

std::optional<int64_t> Known(int64_t count) {
  return count < 0 ? std::nullopt : std::optional<int64_t>(count);
}

wire::FlightCallOptions OptionsOf(const ServerAccess& access) {
  wire::FlightCallOptions options;
  if (!access.token.empty()) {
    options.headers.emplace_back(kTokenHeader, kTokenPrefix + access.token);
  }
  options.stop_token = access.stop;
  return options;
}

/// Of a call that answers at once.
wire::FlightCallOptions ShortCallOptionsOf(const ServerAccess& access) {
  wire::FlightCallOptions options = OptionsOf(access);
  options.timeout = wire::TimeoutDuration(access.patience_seconds);
  return options;
}

/// GetFlightInfo, unless the run is stopped before its answer comes.
Result<std::unique_ptr<wire::FlightInfo>> InfoOf(
    const std::shared_ptr<wire::FlightClient>& client, const ServerAccess& access,
    const wire::FlightDescriptor& descriptor) {
  return CallOrLeave<std::unique_ptr<wire::FlightInfo>>(
      [client, access, descriptor] {
        return client->GetFlightInfo(ShortCallOptionsOf(access), descriptor);
      },
      [&] { return access.stop.Poll(); });
}

Result<ScanEndpoint> EndpointOf(const wire::FlightEndpoint& endpoint,
                                const ServerAddress& server) {
  ScanEndpoint found{endpoint.ticket.ticket, {}};
  for (const wire::Location& location : endpoint.locations) {
    if (location.Equals(wire::Location::ReuseConnection())) {
      found.servers.push_back(server);
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(ServerAddress other, ParseServerAddress(location.ToString()));
    found.servers.push_back(std::move(other));
  }
  if (found.servers.empty()) found.servers.push_back(server);
  return found;
}

}  // namespace

BatchStream::BatchStream(std::string place,
                         std::unique_ptr<wire::FlightStreamReader> reader, bool has_marks)
    : place_(std::move(place)), reader_(std::move(reader)), has_marks_(has_marks) {}

BatchStream::~BatchStream() {
  // Destroying the reader alone would wait for the server.
  reader_->Cancel();
}

Status BatchStream::Check(const StreamMark& mark) const {
  if (mark.batches == received_.batches && mark.rows == received_.rows &&
      mark.checksum == received_.checksum) {
    return Status::OK();
  }
  return DataError(place_, ": found ", received_.batches, " batches of ", received_.rows,
                   " rows, checksum ", received_.checksum, "; expected ", mark.batches,
                   " of ", mark.rows, ", checksum ", mark.checksum);
}

Result<std::shared_ptr<arrow::RecordBatch>> BatchStream::Next() {
  Result<wire::FlightStreamChunk> next = reader_->Next();
  if (!next.ok()) return FromCallError(place_, next.status());
  if (!has_marks_) {
    if (next->data == nullptr) return nullptr;
    wire_bytes_ += arrow::util::TotalBufferSize(*next->data);
    return std::move(next->data);
  }
  if (next->app_metadata == nullptr) {
    return StorageError(place_, ": the stream ended after ", received_.batches,
                        " batches; expected its end mark");
  }
  const auto mark = ReadStreamMark(next->app_metadata->ToString());
  if (!mark.ok()) return At(place_, mark.status());
  wire_bytes_ = mark->bytes;
  if (!mark->is_end && (next->data == nullptr || mark->batches != received_.batches)) {
    return DataError(place_, ": found batch ", mark->batches, "; expected batch ",
                     received_.batches);
  }
  ARROW_RETURN_NOT_OK(Check(*mark));
  if (mark->is_end) return nullptr;
  if (!hasher_.has_value()) hasher_.emplace(*next->data->schema());
  ARROW_ASSIGN_OR_RAISE(const uint64_t hash, hasher_->Hash(*next->data));
  received_.checksum = NextChecksum(received_.checksum, hash);
  ++received_.batches;
  received_.rows += next->data->num_rows();
  return std::move(next->data);
}

void BatchStream::Cancel() { reader_->Cancel(); }

Client::Client(ServerAddress server, const ServerAccess& access)
    : server_(std::move(server)), access_(access) {}

Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::Connect(const ServerAddress& server,
                                                const ServerAccess& access) {
  wire::FlightClientOptions options = wire::FlightClientOptions::Defaults();
  options.tls_root_certs = access.tls_roots;
  // Whoever accepts a connection and then says nothing is not there: 20 s by default.
  constexpr int kHandshakeMilliseconds = 5000;
  options.generic_options.emplace_back("grpc.min_reconnect_backoff_ms",
                                       kHandshakeMilliseconds);
  std::unique_ptr<Client> client(new Client(server, access));
  const auto connect = [&]() -> Result<std::unique_ptr<wire::FlightClient>> {
    ARROW_ASSIGN_OR_RAISE(const auto location,
                          server.is_tls
                              ? wire::Location::ForGrpcTls(server.host, server.port)
                              : wire::Location::ForGrpcTcp(server.host, server.port));
    return wire::FlightClient::Connect(location, options);
  };
  auto connected = connect();
  if (!connected.ok()) return FromCallError(server.uri(), connected.status());
  client->client_ = *std::move(connected);
  return client;
}

Result<ScanInfo> Client::Describe(const ScanRequest& request) const {
  const std::string place = server_.uri() + "/" + request.table;
  auto found = InfoOf(client_, access_,
                      wire::FlightDescriptor::Command(WriteScanRequest(request)));
  if (!found.ok() && !IsWindrowError(found.status())) {
    auto again = InfoOf(client_, access_, wire::FlightDescriptor::Path({request.table}));
    if (again.ok()) found = std::move(again);
  }
  if (!found.ok()) return FromCallError(place, found.status());
  const wire::FlightInfo& info = **found;
  ScanInfo scan;
  arrow::ipc::DictionaryMemo memo;
  auto schema = info.GetSchema(&memo);
  if (!schema.ok()) return AtInput(place, schema.status());
  scan.schema = *std::move(schema);
  scan.rows = Known(info.total_records());
  scan.bytes = Known(info.total_bytes());
  scan.is_windrow = info.app_metadata().starts_with(kInfoMagic);
  for (const wire::FlightEndpoint& endpoint : info.endpoints()) {
    auto read = EndpointOf(endpoint, server_);
    if (!read.ok()) return At(place, read.status());
    scan.endpoints.push_back(*std::move(read));
  }
  return scan;
}

/// Does an action and returns the number of bytes it answered.
Result<int64_t> Client::Act(const std::string& action, const std::string& body) const {
  const auto act = [client = client_, access = access_, action,
                    body]() -> Result<int64_t> {
    ARROW_ASSIGN_OR_RAISE(const auto results,
                          client->DoAction(ShortCallOptionsOf(access),
                                           {action, arrow::Buffer::FromString(body)}));
    int64_t bytes = 0;
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const auto result, results->Next());
      if (result == nullptr) return bytes;
      if (result->body != nullptr) bytes += result->body->size();
    }
  };
  const auto bytes = CallOrLeave<int64_t>(act, [&] { return access_.stop.Poll(); });
  if (!bytes.ok()) return FromCallError(server_.uri(), bytes.status());
  return bytes;
}

Result<int64_t> Client::MeasureLink() const {
  using Clock = std::chrono::steady_clock;
  // Longer and longer answers, until one takes so long that starting up hardly counts.
  constexpr double kLongEnoughSeconds = 0.02;
  constexpr int64_t kMostBytes = 16 << 20;
  if (server_.is_loopback()) return 0;
  for (int64_t bytes = 64 << 10;; bytes *= 4) {
    const auto begin = Clock::now();
    ARROW_RETURN_NOT_OK(Act(kProbeAction, std::to_string(bytes)).status());
    const std::chrono::duration<double> took = Clock::now() - begin;
    if (took.count() < kLongEnoughSeconds && bytes < kMostBytes) continue;
    return static_cast<int64_t>(static_cast<double>(bytes) / took.count());
  }
}

Status Client::SendFilter(const std::string& bytes) const {
  return Act(kFilterAction, bytes).status();
}

Result<std::unique_ptr<BatchStream>> Client::Get(
    const std::string& ticket, bool has_marks, int64_t skip_rows, arrow::MemoryPool* pool,
    const std::function<bool()>& is_over) const {
  wire::FlightCallOptions options = OptionsOf(access_);
  options.read_options.memory_pool = pool;
  options.read_options.use_threads = false;
  if (skip_rows > 0) {
    options.headers.emplace_back(kSkipHeader, std::to_string(skip_rows));
  }
  // DoGet waits for the schema.
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  const auto check = [&]() -> Status {
    ARROW_RETURN_NOT_OK(access_.stop.Poll());
    if (is_over()) return Fail(Blame::kCancelled, "nobody wants the stream");
    const std::chrono::duration<double> waited = Clock::now() - begin;
    if (waited.count() < access_.patience_seconds) return Status::OK();
    return StorageError("the stream did not begin; no message came for ",
                        access_.patience_seconds, " s");
  };
  auto reader = CallOrLeave<std::unique_ptr<wire::FlightStreamReader>>(
      [client = client_, options, ticket] {
        return client->DoGet(options, wire::Ticket{ticket});
      },
      check);
  if (!reader.ok()) return FromCallError(server_.uri(), reader.status());
  return std::make_unique<BatchStream>(server_.uri(), *std::move(reader), has_marks);
}

}  // namespace windrow::flight
