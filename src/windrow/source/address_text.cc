// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/address_text.h"

#include <bit>
#include <cstring>

namespace windrow::source {
namespace {

/// A byte in decimal with a dot behind it.
struct DottedByte {
  char text[4];
  uint8_t length;
};

constexpr std::array<DottedByte, 256> MakeDottedBytes() {
  std::array<DottedByte, 256> bytes{};
  for (int byte = 0; byte < 256; ++byte) {
    DottedByte& dotted = bytes[byte];
    if (byte >= 100) dotted.text[dotted.length++] = static_cast<char>('0' + byte / 100);
    if (byte >= 10)
      dotted.text[dotted.length++] = static_cast<char>('0' + byte / 10 % 10);
    dotted.text[dotted.length++] = static_cast<char>('0' + byte % 10);
    dotted.text[dotted.length++] = '.';
  }
  return bytes;
}

// Tables and shifts instead of branches: on random addresses those are mispredicted.
constexpr std::array<DottedByte, 256> kDottedBytes = MakeDottedBytes();

char* WriteHex(unsigned group, char* out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  const int length = (std::bit_width(group | 1) + 3) / 4;
  const unsigned left = group << (16 - 4 * length);
  for (int i = 0; i < 4; ++i) out[i] = kDigits[left >> (12 - 4 * i) & 15];
  return out + length;
}

struct Run {
  int begin = 0;
  int length = 0;
};

/// The first longest run of zero groups; a single zero is no run.
Run LongestZeroRun(const Ipv6Groups& groups) {
  Run longest, run;
  for (int i = 0; i < 8; ++i) {
    run = groups[i] != 0 ? Run{i + 1, 0} : Run{run.begin, run.length + 1};
    if (run.length > longest.length) longest = run;
  }
  return longest.length >= 2 ? longest : Run{8, 0};
}

}  // namespace

int WriteIpv4(uint32_t address, char* out) {
  char* end = out;
  for (int shift = 24; shift >= 0; shift -= 8) {
    const DottedByte& dotted = kDottedBytes[address >> shift & 255];
    std::memcpy(end, dotted.text, sizeof(dotted.text));
    end += dotted.length;
  }
  return static_cast<int>(end - out) - 1;
}

int WriteIpv6(const Ipv6Groups& groups, char* out) {
  const Run zeros = LongestZeroRun(groups);
  char* end = out;
  for (int i = 0; i < 8; ++i) {
    if (i == zeros.begin) {
      *end++ = ':';
      *end++ = ':';
      i += zeros.length - 1;
      continue;
    }
    if (i > 0 && i != zeros.begin + zeros.length) *end++ = ':';
    end = WriteHex(groups[i], end);
  }
  return static_cast<int>(end - out);
}

}  // namespace windrow::source
