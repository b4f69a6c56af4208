// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "windrow/base/status.h"
#include "windrow/postgres/catalog.h"
#include "windrow/postgres/connection.h"

namespace windrow::postgres {

/// Keeps other runs of Windrow from writing `table` until the transaction under way ends.
/// Waits while another one does, after a line in the log.
Status LockForWriting(Connection* connection, const TargetTable& table);

}  // namespace windrow::postgres
