// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace windrow::source {

/// Most characters of an address as text, IPv4 or IPv6.
inline constexpr int kMaxAddressText = 39;

/// The eight 16-bit groups of an IPv6 address, the first written first.
using Ipv6Groups = std::array<uint16_t, 8>;

// Both may write up to 4 bytes behind the text.

/// Writes dotted decimal ("192.0.2.1", the high byte first) and returns its length.
int WriteIpv4(uint32_t address, char* out);

/// Writes the text that RFC 5952 recommends (lower case, no leading zeros, the first
/// longest run of zero groups as "::") and returns its length.
int WriteIpv6(const Ipv6Groups& groups, char* out);

}  // namespace windrow::source
