// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/flight/batch_hash.h"
#include "windrow/flight/scan_request.h"
#include "windrow/flight/server_access.h"
#include "windrow/flight/server_address.h"
#include "windrow/flight/stream_mark.h"

namespace arrow::flight {
class FlightClient;
class FlightStreamReader;
}  // namespace arrow::flight

namespace windrow::flight {

/// A part of a scan, and who can deliver it.
struct ScanEndpoint {
  std::string ticket;
  std::vector<ServerAddress> servers;  ///< the first is asked first
};

/// How a server would deliver a scan.
struct ScanInfo {
  std::shared_ptr<arrow::Schema> schema;
  std::optional<int64_t> rows;   ///< nothing: unknown
  std::optional<int64_t> bytes;  ///< as stored
  bool is_windrow = false;       ///< the server understands ScanRequest and sends marks
  std::vector<ScanEndpoint> endpoints;
};

/// The batches of one endpoint. Used by one thread, but for Cancel. Leaves the server
/// before its Client is destroyed.
class BatchStream {
 public:
  /// `has_marks`: the stream ends with a mark, which is checked.
  BatchStream(std::string place,
              std::unique_ptr<arrow::flight::FlightStreamReader> reader, bool has_marks);
  ~BatchStream();

  /// The next batch; null at the end. StorageError when the stream breaks or ends short,
  /// DataError when its content is not what was sent.
  Result<std::shared_ptr<arrow::RecordBatch>> Next();
  /// Bytes of the batches before the last one as they came over the wire; of a server
  /// without marks, of all as they are in memory. After Next.
  int64_t wire_bytes() const { return wire_bytes_; }
  /// Makes a Next that waits fail. Thread-safe.
  void Cancel();

 private:
  Status Check(const StreamMark& mark) const;

  std::string place_;
  std::unique_ptr<arrow::flight::FlightStreamReader> reader_;
  bool has_marks_;
  std::optional<ReceivedHasher> hasher_;  ///< from the first batch on
  StreamMark received_;
  int64_t wire_bytes_ = 0;
};

/// A connection to one server. Thread-safe, but its calls share one TCP connection.
///
/// Errors begin with the server's address and are those of FromCallError.
class Client {
 public:
  /// Opens no connection yet.
  static Result<std::unique_ptr<Client>> Connect(const ServerAddress& server,
                                                 const ServerAccess& access);
  ~Client();

  /// Asks how the scan would be delivered. A server that does not know ScanRequest gets
  /// the table's name instead.
  Result<ScanInfo> Describe(const ScanRequest& request) const;
  /// Bytes a second that come from a Windrow server, by asking for some; takes a few
  /// hundredths of a second. 0 for a server on this machine, whose link is no limit.
  Result<int64_t> MeasureLink() const;
  /// Leaves a filter (KeyFilter::bytes) with the server, where requests name it by id.
  Status SendFilter(const std::string& bytes) const;
  /// Begins a stream behind its first `skip_rows` rows, which is 0 for a server without
  /// marks. Batches live in memory of `pool` where they have to be decompressed. Gives up
  /// when the server does not begin in time, and when `is_over`, asked several times a
  /// second, says so.
  Result<std::unique_ptr<BatchStream>> Get(const std::string& ticket, bool has_marks,
                                           int64_t skip_rows, arrow::MemoryPool* pool,
                                           const std::function<bool()>& is_over) const;

 private:
  Client(ServerAddress server, const ServerAccess& access);
  Result<int64_t> Act(const std::string& action, const std::string& body) const;

  ServerAddress server_;
  ServerAccess access_;
  /// Shared with calls that were left behind.
  std::shared_ptr<arrow::flight::FlightClient> client_;
};

}  // namespace windrow::flight
