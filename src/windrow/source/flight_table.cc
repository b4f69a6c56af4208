// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/flight_table.h"

#include <arrow/array.h>
#include <arrow/type.h>

#include <utility>

#include "windrow/base/check.h"
#include "windrow/flight/client.h"
#include "windrow/flight/key_filter.h"
#include "windrow/source/flight_columns.h"
#include "windrow/source/flight_scan.h"

namespace windrow::source {
namespace {

using flight::ScanInfo;
using flight::ScanRequest;

/// A server's part of the table.
struct Served {
  flight::TableAddress address;
  ScanInfo info;
};

std::string PlaceOf(const flight::TableAddress& table) {
  return table.server.uri() + "/" + table.table;
}

Result<ScanInfo> Describe(const flight::ServerAddress& server, const ScanRequest& request,
                          const flight::ServerAccess& access) {
  ARROW_ASSIGN_OR_RAISE(const auto client, flight::Client::Connect(server, access));
  return client->Describe(request);
}

/// The same of a server that is asked for rows: it compresses as the link's rate demands.
Result<ScanInfo> DescribeScan(const flight::ServerAddress& server, ScanRequest request,
                              const flight::ServerAccess& access) {
  ARROW_ASSIGN_OR_RAISE(const auto client, flight::Client::Connect(server, access));
  ARROW_ASSIGN_OR_RAISE(request.link_rate, client->MeasureLink());
  return client->Describe(request);
}

class FlightTable : public exec::Table {
 public:
  FlightTable(std::vector<Served> parts, const flight::ServerAccess& access)
      : schema_(FlightOutputSchema(*parts[0].info.schema)),
        parts_(std::move(parts)),
        access_(access) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  std::optional<int64_t> num_rows() const override { return Sum(&ScanInfo::rows); }
  std::optional<int64_t> stored_bytes() const override { return Sum(&ScanInfo::bytes); }
  exec::ColumnStats column_stats(int) const override { return {}; }
  bool is_repeatable() const override { return false; }
  bool takes_keys(int column) const override {
    return flight::KeyFilter::Supports(*schema()->field(column)->type()) &&
           std::all_of(parts_.begin(), parts_.end(),
                       [](const Served& part) { return part.info.is_windrow; });
  }
  std::string description() const override {
    std::string text = "flight, " + parts_[0].address.server.uri();
    if (parts_.size() > 1) text += " and " + std::to_string(parts_.size() - 1) + " more";
    return text;
  }
  Result<std::shared_ptr<exec::RowStore>> row_store(exec::RunContext*) const override {
    return nullptr;
  }

  Result<std::unique_ptr<exec::Source>> Scan(const exec::ScanOptions& options,
                                             exec::RunContext* context) const override {
    WINDROW_CHECK(!options.row_numbers && !options.chunks.has_value());
    ScanRequest request;
    request.columns.emplace();
    arrow::FieldVector fields;
    for (const int column : options.columns) {
      fields.push_back(schema()->field(column));
      request.columns->push_back(fields.back()->name());
    }
    request.where = options.pruning_text;
    std::shared_ptr<const std::string> filter_bytes;
    if (options.keys != nullptr) {
      ARROW_ASSIGN_OR_RAISE(const auto filter,
                            flight::KeyFilter::Make(*options.keys->values));
      filter_bytes = std::make_shared<const std::string>(filter.bytes());
      request.key_column = schema()->field(options.keys->column)->name();
      request.key_filter = filter.id();
    }
    ARROW_ASSIGN_OR_RAISE(auto endpoints, Plan(std::move(request), filter_bytes));
    return MakeFlightScan(std::move(endpoints), arrow::schema(std::move(fields)), access_,
                          context);
  }

 private:
  std::optional<int64_t> Sum(std::optional<int64_t> ScanInfo::*count) const {
    int64_t sum = 0;
    for (const Served& part : parts_) {
      if (!(part.info.*count).has_value()) return std::nullopt;
      sum += *(part.info.*count);
    }
    return sum;
  }

  /// The endpoints of all parts.
  Result<std::vector<PlannedEndpoint>> Plan(
      ScanRequest request, const std::shared_ptr<const std::string>& filter_bytes) const {
    std::vector<PlannedEndpoint> planned;
    for (const Served& part : parts_) {
      request.table = part.address.table;
      // A filter goes to the server with each endpoint.
      if (filter_bytes != nullptr) request.endpoints = access_.streams;
      ScanInfo info = part.info;
      if (info.is_windrow) {
        ARROW_ASSIGN_OR_RAISE(info, DescribeScan(part.address.server, request, access_));
      }
      for (flight::ScanEndpoint& endpoint : info.endpoints) {
        planned.push_back({std::move(endpoint), info.is_windrow, filter_bytes});
      }
    }
    return planned;
  }

  std::shared_ptr<arrow::Schema> schema_;
  std::vector<Served> parts_;
  flight::ServerAccess access_;
};

}  // namespace

Result<std::shared_ptr<exec::Table>> OpenFlightTable(
    std::vector<flight::TableAddress> tables, const flight::ServerAccess& access) {
  WINDROW_CHECK(!tables.empty());
  std::vector<Served> parts;
  for (flight::TableAddress& table : tables) {
    ScanRequest request;
    request.table = table.table;
    ARROW_ASSIGN_OR_RAISE(ScanInfo info, Describe(table.server, request, access));
    if (!parts.empty()) {
      const std::string difference = DifferenceOf(*info.schema, *parts[0].info.schema);
      if (!difference.empty()) {
        return DataError(PlaceOf(table), ": expected the columns of ",
                         PlaceOf(parts[0].address), "; found that ", difference);
      }
    }
    parts.push_back({std::move(table), std::move(info)});
  }
  return std::make_shared<FlightTable>(std::move(parts), access);
}

}  // namespace windrow::source
