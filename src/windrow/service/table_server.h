// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/flight/server.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <semaphore>
#include <string>
#include <vector>

#include "windrow/flight/scan_request.h"
#include "windrow/flight/ticket.h"
#include "windrow/service/bearer_token.h"
#include "windrow/service/codec_choice.h"
#include "windrow/service/flight_service.h"
#include "windrow/service/key_filters.h"
#include "windrow/service/memory_shares.h"
#include "windrow/service/scan_job.h"
#include "windrow/service/service_metrics.h"
#include "windrow/service/stream_places.h"
#include "windrow/service/table_stream.h"

namespace windrow::service {

/// The Flight methods behind a FlightService. Thread-safe.
class TableServer : public arrow::flight::FlightServerBase {
 public:
  TableServer(ServiceOptions options, ServedTables tables, const flight::TicketKey& key);
  ~TableServer() override;

  flight::ServerAddress address() const;
  /// Breaks off every stream under way.
  void CancelStreams();

  arrow::Status ListFlights(
      const arrow::flight::ServerCallContext& context,
      const arrow::flight::Criteria* criteria,
      std::unique_ptr<arrow::flight::FlightListing>* listings) override;
  arrow::Status GetFlightInfo(const arrow::flight::ServerCallContext& context,
                              const arrow::flight::FlightDescriptor& descriptor,
                              std::unique_ptr<arrow::flight::FlightInfo>* info) override;
  arrow::Status GetSchema(const arrow::flight::ServerCallContext& context,
                          const arrow::flight::FlightDescriptor& descriptor,
                          std::unique_ptr<arrow::flight::SchemaResult>* schema) override;
  arrow::Status DoGet(const arrow::flight::ServerCallContext& context,
                      const arrow::flight::Ticket& ticket,
                      std::unique_ptr<arrow::flight::FlightDataStream>* stream) override;
  arrow::Status DoExchange(
      const arrow::flight::ServerCallContext& context,
      std::unique_ptr<arrow::flight::FlightMessageReader> reader,
      std::unique_ptr<arrow::flight::FlightMessageWriter> writer) override;
  arrow::Status DoAction(const arrow::flight::ServerCallContext& context,
                         const arrow::flight::Action& action,
                         std::unique_ptr<arrow::flight::ResultStream>* results) override;
  arrow::Status ListActions(const arrow::flight::ServerCallContext& context,
                            std::vector<arrow::flight::ActionType>* actions) override;

 private:
  class PlacedStream;
  /// What a stream needs to know of the call that asks for it.
  struct CallState {
    int64_t skip_rows = 0;
    std::function<bool()> is_gone;
    int64_t memory_bytes = 0;  ///< what its runs may hold
  };

  Result<arrow::flight::FlightInfo> InfoOf(
      flight::ScanRequest request, const arrow::flight::FlightDescriptor& descriptor);
  Result<std::string> CodecFor(const flight::ScanRequest& request,
                               const ServedTable& served);
  std::unique_ptr<TableStream> MakeStoredStream(
      std::shared_ptr<const exec::StoredBatches> batches,
      std::shared_ptr<arrow::Schema> schema, exec::ChunkRange chunks,
      const CallState& call);
  Result<flight::Ticket> TicketOf(const std::string& bytes) const;
  Result<std::shared_ptr<arrow::Array>> KeysOf(const flight::ScanRequest& request,
                                               const ScanPart& part,
                                               int64_t memory_bytes);
  Result<std::unique_ptr<arrow::flight::FlightDataStream>> Open(
      const std::string& ticket_bytes, CallState call);
  Result<std::unique_ptr<TableStream>> MakeStream(const flight::ScanRequest& request,
                                                  const ScanPart& part,
                                                  std::shared_ptr<arrow::Array> keys,
                                                  const CallState& call);
  Status Exchange(const arrow::flight::ServerCallContext& context,
                  arrow::flight::FlightMessageReader* reader,
                  arrow::flight::FlightMessageWriter* writer);
  Result<std::string> Act(const arrow::flight::Action& action);
  int64_t Cancel(const std::string& ticket_bytes);
  runner::RunOptions RunOptionsFor(const flight::ScanRequest& request,
                                   int64_t memory_bytes) const;

  const ServiceOptions options_;
  const ServedTables tables_;
  const flight::TicketKey key_;
  arrow::StopSource stop_;  ///< of runs that are no streams
  KeyFilters filters_;
  StreamPlaces places_;
  MemoryShares memory_;
  std::counting_semaphore<> decoders_;  ///< of stored batches
  CodecSamples samples_;
  ServiceMetrics metrics_;
  std::mutex mutex_;                                  ///< guards what follows
  std::multimap<std::string, TableStream*> streams_;  ///< under way, by their tickets
};

}  // namespace windrow::service
