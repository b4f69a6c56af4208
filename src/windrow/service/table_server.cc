// SPDX-License-Identifier: Apache-2.0
#include "windrow/service/table_server.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>
#include <random>
#include <utility>

#include "windrow/exec/task_slots.h"
#include "windrow/flight/call_error.h"
#include "windrow/flight/call_names.h"
#include "windrow/service/key_exchange.h"
#include "windrow/service/key_sieve.h"
#include "windrow/service/scan_plan.h"
#include "windrow/service/scan_stream.h"
#include "windrow/service/stored_stream.h"

namespace windrow::service {
namespace {

namespace wire = arrow::flight;

constexpr char kHealthAction[] = "health";
constexpr char kMetricsAction[] = "metrics";
constexpr char kCancelAction[] = "cancel";
/// Shared by the streams under way: what is made ahead of their clients, about.
constexpr int64_t kAheadBytes = 32 << 20;
constexpr int64_t kLeastAheadBytes = 1 << 20;
constexpr int64_t kMostProbeBytes = 64 << 20;

int64_t SecondsNow() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Result<flight::ScanRequest> RequestOf(const wire::FlightDescriptor& descriptor) {
  if (descriptor.type == wire::FlightDescriptor::CMD) {
    return flight::ReadScanRequest(descriptor.cmd);
  }
  if (descriptor.path.size() != 1) {
    return UserError("found a descriptor of ", descriptor.path.size(),
                     " names; expected the name of a table");
  }
  flight::ScanRequest request;
  request.table = descriptor.path[0];
  return request;
}

Result<int64_t> ReadCount(std::string_view name, std::string_view text, int64_t most) {
  int64_t count = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count < 0 ||
      count > most) {
    return UserError(name, ": found '", text, "'; expected 0 to ", most);
  }
  return count;
}

Result<int64_t> SkipOf(const wire::ServerCallContext& context) {
  const auto header = context.incoming_headers().find(flight::kSkipHeader);
  if (header == context.incoming_headers().end()) return 0;
  return ReadCount("header " + std::string(flight::kSkipHeader), header->second,
                   std::numeric_limits<int64_t>::max());
}

int SlotsOf(const runner::RunOptions& run) {
  return run.slots > 0 ? run.slots : exec::DefaultSlots();
}

/// Bytes by which a client measures the link: as many as `text` says.
Result<std::string> ProbeBytes(std::string_view text) {
  ARROW_ASSIGN_OR_RAISE(const int64_t count, ReadCount("probe", text, kMostProbeBytes));
  std::string bytes(static_cast<size_t>(count), '\0');
  std::minstd_rand random(1);
  for (char& byte : bytes) byte = static_cast<char>(random() >> 16);
  return bytes;
}

std::vector<wire::Location> LocationsOf(const ServiceOptions& options) {
  std::vector<wire::Location> locations;
  if (options.replicas.empty()) return locations;
  locations.push_back(wire::Location::ReuseConnection());
  for (const flight::ServerAddress& replica : options.replicas) {
    locations.push_back(*wire::Location::Parse(replica.uri()));
  }
  return locations;
}

}  // namespace

/// A stream with its place among those under way and its share of memory.
class TableServer::PlacedStream : public wire::FlightDataStream {
 public:
  PlacedStream(TableServer* server, std::string ticket, StreamPlaces::Place place,
               MemoryShares::Share memory, std::unique_ptr<TableStream> stream)
      : server_(server),
        place_(std::move(place)),
        memory_(std::move(memory)),
        stream_(std::move(stream)) {
    const std::scoped_lock lock(server_->mutex_);
    entry_ = server_->streams_.emplace(std::move(ticket), stream_.get());
  }
  ~PlacedStream() override {
    const std::scoped_lock lock(server_->mutex_);
    server_->streams_.erase(entry_);
  }
  std::shared_ptr<arrow::Schema> schema() override { return stream_->schema(); }
  arrow::Result<wire::FlightPayload> GetSchemaPayload() override {
    return stream_->GetSchemaPayload();
  }
  arrow::Result<wire::FlightPayload> Next() override { return stream_->Next(); }
  arrow::Status Close() override { return stream_->Close(); }

 private:
  TableServer* server_;
  StreamPlaces::Place place_;
  MemoryShares::Share memory_;
  std::unique_ptr<TableStream> stream_;
  std::multimap<std::string, TableStream*>::iterator entry_;
};

TableServer::TableServer(ServiceOptions options, ServedTables tables,
                         const flight::TicketKey& key)
    : options_(std::move(options)),
      tables_(std::move(tables)),
      key_(key),
      filters_(4 * options_.most_filter_bytes, options_.most_filter_bytes),
      places_(options_.most_streams, std::chrono::seconds(options_.wait_seconds)),
      memory_(options_.memory_bytes),
      decoders_(options_.slots > 0 ? options_.slots : exec::DefaultSlots()) {}

TableServer::~TableServer() = default;

flight::ServerAddress TableServer::address() const {
  flight::ServerAddress address = options_.listen;
  address.port = port();
  return address;
}

void TableServer::CancelStreams() {
  places_.Close();
  stop_.RequestStop();
  const std::scoped_lock lock(mutex_);
  const Status stops = StorageError("the server stops");
  for (const auto& [ticket, stream] : streams_) stream->Cancel(stops);
}

runner::RunOptions TableServer::RunOptionsFor(const flight::ScanRequest& request,
                                              int64_t memory_bytes) const {
  runner::RunOptions run;
  run.slots = options_.slots;
  run.memory_bytes = memory_bytes;
  run.temp_dir = options_.temp_dir;
  run.switches = options_.switches;
  // Batches of a message's size need no cutting, and whoever waits for the first does not
  // wait for more.
  run.switches.morsel_bytes =
      request.message_bytes == 0
          ? options_.message_bytes
          : std::clamp(request.message_bytes, kLeastMessageBytes, kMostMessageBytes);
  return run;
}

/// What messages are compressed with.
Result<std::string> TableServer::CodecFor(const flight::ScanRequest& request,
                                          const ServedTable& served) {
  const std::string& codec = request.codec.empty() ? options_.codec : request.codec;
  if (codec != kAutoCodec) {
    ARROW_RETURN_NOT_OK(CodecOf(codec).status());
    return codec;
  }
  if (request.link_rate == 0) return "none";
  const MemoryShares::Share memory = memory_.Take();
  const runner::RunOptions run = RunOptionsFor(request, memory.bytes());
  ARROW_ASSIGN_OR_RAISE(auto samples, samples_.Of(request, served, run));
  const auto stored = StoredBatchesFor(request, served);
  if (stored != nullptr) samples.push_back(StoredSample(samples, stored->codec()));
  return ChooseCodec(samples, static_cast<double>(request.link_rate), SlotsOf(run));
}

Result<wire::FlightInfo> TableServer::InfoOf(flight::ScanRequest request,
                                             const wire::FlightDescriptor& descriptor) {
  ARROW_ASSIGN_OR_RAISE(const ServedTable* served, tables_.Find(request.table));
  ARROW_ASSIGN_OR_RAISE(const auto schema, SchemaOf(request, *served));
  // Better now than with every endpoint.
  ARROW_RETURN_NOT_OK(CheckScan(request, *served, options_.switches));
  ARROW_ASSIGN_OR_RAISE(request.codec, CodecFor(request, *served));
  // Also of another server that goes on with the stream.
  if (request.message_bytes == 0) request.message_bytes = options_.message_bytes;
  const exec::Table& table = *served->table;
  const int64_t expires_at = SecondsNow() + options_.ticket_seconds;
  std::vector<wire::FlightEndpoint> endpoints;
  for (const exec::ChunkRange& range :
       PlanEndpoints(table, request, options_.endpoint_bytes)) {
    const flight::Ticket ticket{request, served->snapshot, range.begin, range.end,
                                expires_at};
    wire::FlightEndpoint& endpoint = endpoints.emplace_back();
    ARROW_ASSIGN_OR_RAISE(endpoint.ticket.ticket, key_.Sign(ticket));
    endpoint.locations = LocationsOf(options_);
    endpoint.expiration_time = wire::Timestamp(std::chrono::seconds(expires_at));
  }
  const bool is_whole =
      request.where.empty() && request.key_column.empty() && !request.limit.has_value();
  return wire::FlightInfo::Make(schema, descriptor, endpoints,
                                is_whole ? table.num_rows().value_or(-1) : -1,
                                is_whole ? table.stored_bytes().value_or(-1) : -1,
                                /*ordered=*/true, flight::kInfoMagic + request.codec);
}

/// Of bytes that are a ticket, a name or a request; the last two mean all chunks.
Result<flight::Ticket> TableServer::TicketOf(const std::string& bytes) const {
  if (flight::IsTicket(bytes)) return key_.Check(bytes, SecondsNow());
  flight::Ticket ticket;
  ARROW_ASSIGN_OR_RAISE(ticket.request, flight::ReadScanRequest(bytes));
  ARROW_ASSIGN_OR_RAISE(const ServedTable* served, tables_.Find(ticket.request.table));
  ticket.snapshot = served->snapshot;
  const std::vector<int64_t> offsets = served->table->chunk_offsets();
  if (!offsets.empty()) ticket.end_chunk = std::ssize(offsets) - 1;
  return ticket;
}

Result<std::shared_ptr<arrow::Array>> TableServer::KeysOf(
    const flight::ScanRequest& request, const ScanPart& part, int64_t memory_bytes) {
  if (request.key_column.empty()) return nullptr;
  ARROW_RETURN_NOT_OK(CheckScan(request, *part.served, options_.switches));
  const auto field = part.served->table->schema()->GetFieldByName(request.key_column);
  ARROW_ASSIGN_OR_RAISE(const auto filter, filters_.Find(request.key_filter));
  if (filter->form() == flight::KeyFilter::Form::kSorted) {
    return filter->SortedKeys(field->type(), arrow::default_memory_pool());
  }
  return SieveKeys(*filter, request, part, RunOptionsFor(request, memory_bytes),
                   stop_.token());
}

std::unique_ptr<TableStream> TableServer::MakeStoredStream(
    std::shared_ptr<const exec::StoredBatches> batches,
    std::shared_ptr<arrow::Schema> schema, exec::ChunkRange chunks,
    const CallState& call) {
  StoredStream::Options options;
  options.batches = std::move(batches);
  options.chunks = chunks;
  options.skip_rows = call.skip_rows;
  options.decoders = &decoders_;
  const auto on_end = [this](int64_t messages, int64_t bytes) {
    metrics_.messages += messages;
    metrics_.bytes += bytes;
    metrics_.stored_bytes += bytes;
  };
  return std::make_unique<StoredStream>(std::move(schema), std::move(options), on_end);
}

Result<std::unique_ptr<TableStream>> TableServer::MakeStream(
    const flight::ScanRequest& request, const ScanPart& part,
    std::shared_ptr<arrow::Array> keys, const CallState& call) {
  ARROW_ASSIGN_OR_RAISE(const std::string codec, CodecFor(request, *part.served));
  auto stored = codec == "none" ? nullptr : StoredBatchesFor(request, *part.served);
  if (stored != nullptr && part.chunks.has_value() &&
      stored->codec() == CodecFamily(codec)) {
    ARROW_ASSIGN_OR_RAISE(auto schema, SchemaOf(request, *part.served));
    return MakeStoredStream(std::move(stored), std::move(schema), *part.chunks, call);
  }
  ScanStream::Options options;
  options.run = RunOptionsFor(request, call.memory_bytes);
  ARROW_ASSIGN_OR_RAISE(plan::PreparedJob job, PrepareScan(request, part, std::move(keys),
                                                           options.run.switches));
  options.messages.codec = codec;
  options.messages.message_bytes = options.run.switches.morsel_bytes;
  options.messages.skip_rows = call.skip_rows;
  options.is_gone = call.is_gone;
  // Among many streams each is busy enough with one slot, and makes less at once.
  if (places_.taken() > SlotsOf(options.run)) options.run.slots = 1;
  options.ahead_bytes = std::clamp(kAheadBytes / std::max(1, places_.taken()),
                                   kLeastAheadBytes, options.ahead_bytes);
  const auto on_end = [this](int64_t messages, int64_t bytes) {
    metrics_.messages += messages;
    metrics_.bytes += bytes;
  };
  auto schema = job.plans.at(0).root->schema;
  return std::make_unique<ScanStream>(std::move(job), std::move(schema),
                                      std::move(options), on_end);
}

Result<std::unique_ptr<wire::FlightDataStream>> TableServer::Open(
    const std::string& ticket_bytes, CallState call) {
  ARROW_ASSIGN_OR_RAISE(const flight::Ticket ticket, TicketOf(ticket_bytes));
  ARROW_ASSIGN_OR_RAISE(const ServedTable* served, tables_.Find(ticket.request.table));
  if (ticket.snapshot != served->snapshot) {
    return StorageError("table ", served->name,
                        ": its files are not those the ticket was made for");
  }
  ScanPart part{served, std::nullopt};
  if (ticket.end_chunk > 0) {
    part.chunks = {ticket.first_chunk, ticket.end_chunk};
  }
  ARROW_ASSIGN_OR_RAISE(StreamPlaces::Place place, places_.Enter(call.is_gone));
  MemoryShares::Share memory = memory_.Take();
  call.memory_bytes = memory.bytes();
  ARROW_ASSIGN_OR_RAISE(auto keys, KeysOf(ticket.request, part, call.memory_bytes));
  ARROW_ASSIGN_OR_RAISE(auto stream,
                        MakeStream(ticket.request, part, std::move(keys), call));
  ++metrics_.streams;
  return std::make_unique<PlacedStream>(this, ticket_bytes, std::move(place),
                                        std::move(memory), std::move(stream));
}

arrow::Status TableServer::ListFlights(const wire::ServerCallContext&,
                                       const wire::Criteria*,
                                       std::unique_ptr<wire::FlightListing>* listings) {
  std::vector<wire::FlightInfo> infos;
  for (const auto& [name, served] : tables_.all()) {
    flight::ScanRequest request;
    request.table = name;
    auto info = InfoOf(request, wire::FlightDescriptor::Path({name}));
    if (!info.ok()) return flight::ToCallError(info.status());
    infos.push_back(*std::move(info));
  }
  *listings = std::make_unique<wire::SimpleFlightListing>(std::move(infos));
  return arrow::Status::OK();
}

arrow::Status TableServer::GetFlightInfo(const wire::ServerCallContext&,
                                         const wire::FlightDescriptor& descriptor,
                                         std::unique_ptr<wire::FlightInfo>* info) {
  const auto find = [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(const flight::ScanRequest request, RequestOf(descriptor));
    ARROW_ASSIGN_OR_RAISE(wire::FlightInfo found, InfoOf(request, descriptor));
    *info = std::make_unique<wire::FlightInfo>(std::move(found));
    return Status::OK();
  };
  const Status status = find();
  if (!status.ok()) ++metrics_.refused;
  return flight::ToCallError(status);
}

arrow::Status TableServer::GetSchema(const wire::ServerCallContext&,
                                     const wire::FlightDescriptor& descriptor,
                                     std::unique_ptr<wire::SchemaResult>* schema) {
  const auto find = [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(const flight::ScanRequest request, RequestOf(descriptor));
    ARROW_ASSIGN_OR_RAISE(const ServedTable* served, tables_.Find(request.table));
    ARROW_ASSIGN_OR_RAISE(const auto columns, SchemaOf(request, *served));
    return wire::SchemaResult::Make(*columns).Value(schema);
  };
  return flight::ToCallError(find());
}

arrow::Status TableServer::DoGet(const wire::ServerCallContext& context,
                                 const wire::Ticket& ticket,
                                 std::unique_ptr<wire::FlightDataStream>* stream) {
  const auto open = [&]() -> Status {
    // The context lives until the stream is over.
    CallState call;
    call.is_gone = [&context] { return context.is_cancelled(); };
    ARROW_ASSIGN_OR_RAISE(call.skip_rows, SkipOf(context));
    return Open(ticket.ticket, std::move(call)).Value(stream);
  };
  const Status status = open();
  if (!status.ok()) ++metrics_.refused;
  return flight::ToCallError(status);
}

/// Keys come as batches of one column; the rows that have them go back.
Status TableServer::Exchange(const wire::ServerCallContext& context,
                             wire::FlightMessageReader* reader,
                             wire::FlightMessageWriter* writer) {
  ARROW_ASSIGN_OR_RAISE(flight::ScanRequest request, RequestOf(reader->descriptor()));
  ARROW_ASSIGN_OR_RAISE(const ServedTable* served, tables_.Find(request.table));
  ARROW_ASSIGN_OR_RAISE(const auto schema, SchemaOf(request, *served));
  ARROW_ASSIGN_OR_RAISE(const StreamPlaces::Place place,
                        places_.Enter([&] { return context.is_cancelled(); }));
  ++metrics_.streams;
  ARROW_ASSIGN_OR_RAISE(auto keys,
                        ReadKeys(reader, *served, options_.most_filter_bytes, &request));
  const MemoryShares::Share memory = memory_.Take();
  const runner::RunOptions run = RunOptionsFor(request, memory.bytes());
  ARROW_ASSIGN_OR_RAISE(
      plan::PreparedJob job,
      PrepareScan(request, {served, std::nullopt}, std::move(keys), run.switches));
  return WriteRows(std::move(job), run, schema, stop_.token(), writer);
}

arrow::Status TableServer::DoExchange(const wire::ServerCallContext& context,
                                      std::unique_ptr<wire::FlightMessageReader> reader,
                                      std::unique_ptr<wire::FlightMessageWriter> writer) {
  const Status status = Exchange(context, reader.get(), writer.get());
  if (!status.ok()) ++metrics_.refused;
  return flight::ToCallError(status);
}

int64_t TableServer::Cancel(const std::string& ticket_bytes) {
  const std::scoped_lock lock(mutex_);
  const auto [begin, end] = streams_.equal_range(ticket_bytes);
  for (auto entry = begin; entry != end; ++entry) {
    entry->second->Cancel(Fail(Blame::kCancelled, "the stream was cancelled"));
  }
  return std::distance(begin, end);
}

Result<std::string> TableServer::Act(const wire::Action& action) {
  const std::string body = action.body == nullptr ? "" : action.body->ToString();
  if (action.type == kHealthAction) return "ok";
  if (action.type == kMetricsAction) return ToPrometheus(metrics_, places_.taken());
  if (action.type == kCancelAction) return std::to_string(Cancel(body));
  if (action.type == flight::kProbeAction) return ProbeBytes(body);
  if (action.type == flight::kFilterAction) {
    ++metrics_.filters;
    return filters_.Add(body);
  }
  return UserError("found the action '", action.type,
                   "'; expected health, metrics, filter, probe or cancel");
}

arrow::Status TableServer::DoAction(const wire::ServerCallContext&,
                                    const wire::Action& action,
                                    std::unique_ptr<wire::ResultStream>* results) {
  auto answer = Act(action);
  if (!answer.ok()) return flight::ToCallError(answer.status());
  std::vector<wire::Result> all = {
      wire::Result{arrow::Buffer::FromString(*std::move(answer))}};
  *results = std::make_unique<wire::SimpleResultStream>(std::move(all));
  return arrow::Status::OK();
}

arrow::Status TableServer::ListActions(const wire::ServerCallContext&,
                                       std::vector<wire::ActionType>* actions) {
  *actions = {
      {kHealthAction, "Answers ok."},
      {kMetricsAction, "Counters, as Prometheus reads them."},
      {flight::kProbeAction, "Answers so many bytes that do not compress."},
      {flight::kFilterAction, "Leaves a key filter; answers its id."},
      {kCancelAction, "Breaks off the streams of a ticket; answers how many."},
  };
  return arrow::Status::OK();
}

}  // namespace windrow::service
