// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace windrow::flight {

/// Has the C library keep what gRPC's buffers were, instead of giving every message back
/// to the kernel and taking new pages for the next, which costs more than the copy. For
/// processes that send or receive many messages; the first call counts. Thread-safe.
void KeepMessageMemory();

/// Gives back what is kept and free.
void ReleaseMessageMemory();

}  // namespace windrow::flight
