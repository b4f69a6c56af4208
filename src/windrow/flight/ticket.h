// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "windrow/base/status.h"
#include "windrow/flight/scan_request.h"

namespace windrow::flight {

/// What a DoGet delivers: a request for a contiguous range of a table's chunks. All that
/// is needed stands in it, so any server with the same files and key can serve it.
struct Ticket {
  ScanRequest request;
  std::string snapshot;  ///< of the table when the ticket was made
  int64_t first_chunk = 0;
  int64_t end_chunk = 0;   ///< one behind the last
  int64_t expires_at = 0;  ///< seconds since 1970
  bool operator==(const Ticket&) const = default;
};

/// Whether `bytes` begin as those of a signed ticket do, and not as a name or a request.
bool IsTicket(std::string_view bytes);

/// The ticket as two lines of JSON: its own members, then the request.
std::string WriteTicketText(const Ticket& ticket);
/// Of such lines. UserError says what is wrong. Safe on any bytes.
Result<Ticket> ReadTicketText(std::string_view text);

/// Signs tickets and checks them, by HMAC-SHA-256. Immutable and thread-safe.
class TicketKey {
 public:
  /// A key that no other process has.
  static Result<TicketKey> Random();
  /// The key that every server started with this token has. UserError when it is empty.
  static Result<TicketKey> OfToken(std::string_view token);

  /// Bytes for a Flight ticket: the ticket as JSON and its signature. UserError when the
  /// ticket is one that ReadTicketText refuses.
  Result<std::string> Sign(const Ticket& ticket) const;
  /// UserError when `bytes` is no ticket, was changed or signed with another key, or has
  /// expired at `now` (seconds since 1970). Compares in constant time. Safe on any bytes.
  Result<Ticket> Check(std::string_view bytes, int64_t now) const;

 private:
  TicketKey() = default;

  std::array<uint8_t, 32> key_{};
};

/// Whether both are equal, in time that depends only on the lengths.
bool EqualInConstantTime(std::string_view a, std::string_view b);

}  // namespace windrow::flight
