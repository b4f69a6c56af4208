// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace windrow::fuzz {

/// A decoder under test, in the form of libFuzzer's LLVMFuzzerTestOneInput: decodes the
/// bytes and aborts when what came out does not hold. Returns 0, or -1 when the bytes
/// were refused as they should be; those are no start for others.
using DecodeOnce = int (*)(const uint8_t* data, size_t size);

struct FuzzTarget {
  std::string_view name;
  DecodeOnce decode;
  std::vector<std::string> seeds;  ///< whole inputs, of which damaged ones are made
};

/// Requests, tickets, filters, marks and addresses of Flight.
std::vector<FuzzTarget> FlightWireTargets();

}  // namespace windrow::fuzz
