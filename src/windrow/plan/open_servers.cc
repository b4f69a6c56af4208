// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/open_servers.h"

#include <algorithm>
#include <vector>

#include "windrow/flight/server_address.h"
#include "windrow/source/flight_table.h"

namespace windrow::plan {

bool ReadsServer(const ScanSpec& scan) {
  return std::any_of(scan.paths.begin(), scan.paths.end(), [](const PlacedText& path) {
    return flight::IsFlightUri(path.value);
  });
}

void CheckServerScan(const ScanSpec& scan, Place place, ProblemList& problems) {
  if (!ReadsServer(scan)) return;
  for (const PlacedText& path : scan.paths) {
    const auto address = flight::ParseTableAddress(path.value);
    if (!address.ok()) problems.Add(path.place, address.status().message());
  }
  if (scan.format.has_value() || !scan.schema.empty()) {
    problems.Add(place, "found '", scan.format.has_value() ? "format" : "schema",
                 "' for a server; expected it only for files");
  }
}

Result<std::shared_ptr<exec::Table>> OpenServerTable(const ScanSpec& scan,
                                                     const flight::ServerAccess& access) {
  std::vector<flight::TableAddress> tables;
  for (const PlacedText& path : scan.paths) {
    ARROW_ASSIGN_OR_RAISE(auto table, flight::ParseTableAddress(path.value));
    tables.push_back(std::move(table));
  }
  return source::OpenFlightTable(std::move(tables), access);
}

}  // namespace windrow::plan
