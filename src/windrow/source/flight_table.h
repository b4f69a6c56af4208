// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "windrow/exec/table.h"
#include "windrow/flight/server_access.h"
#include "windrow/flight/server_address.h"

namespace windrow::source {

/// Opens a table that Flight servers hold, each a part of it: the rows of the first, then
/// those of the next. Asks each for its schema, which must be the same. A scan asks for
/// its columns only, and for the rows that its predicate and keys let through; it pulls
/// several streams at once (flight/server_access.h), each over a connection of its own,
/// and hands their batches on in order. A stream that breaks goes on where it was, on
/// another server that has the same endpoint if there is one. Rows cannot be addressed
/// again.
///
/// Errors name the server: StorageError when it is not there, does not take the token or
/// the certificate, or a stream breaks for good; UserError when it refuses what is asked;
/// DataError when schemas differ or content was damaged.
Result<std::shared_ptr<exec::Table>> OpenFlightTable(
    std::vector<flight::TableAddress> tables, const flight::ServerAccess& access);

}  // namespace windrow::source
