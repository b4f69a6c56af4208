// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "windrow/base/status.h"

namespace windrow::flight {

// Who is to blame for a failure goes along with it over the wire.

/// What a server's method returns for `status`: a Flight error of a code that any client
/// understands, with the blame beside it.
Status ToCallError(const Status& status);

/// What a client makes of a failed call: the blame that the server sent; without one,
/// kUser for what the server did not accept, kData for what it lost, and kStorage for
/// everything else, such as a server that is not there. `place` (the server) begins the
/// message.
Status FromCallError(std::string_view place, const Status& status);

/// Whether a failed call was refused by a Windrow server, as ToCallError does.
bool IsWindrowError(const Status& status);

/// Whether the same call may succeed on another server, or later.
bool MayPass(const Status& call_error);

}  // namespace windrow::flight
