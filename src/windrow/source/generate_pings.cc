// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "windrow/source/address_text.h"
#include "windrow/source/column_list.h"
#include "windrow/source/generated_dataset.h"

namespace windrow::source {
namespace {

constexpr int64_t kFirstSecond = 1'750'723'200;  // 2025-06-24 00:00:00
constexpr double kSecondsPerDay = 86'400;
/// 200M rows take 28 days.
constexpr double kSecondsPerRow = 28 * kSecondsPerDay / 200e6;

constexpr double kIpv4Share = 0.577;
constexpr int64_t kIpv4Destinations = 75'010;
constexpr int64_t kIpv6Destinations = 54'990;
constexpr int64_t kMeasurements = 66'275;
constexpr double kNullDestinations = 0.0005;
constexpr double kFailedShare = 0.17;

/// Draws a rank of [0, count), the lowest most often: the density falls with the cube of
/// the rank. Of 45,000 ranks 500,000 draws meet about 19,000 and the first takes one draw
/// of 1,000.
int64_t SkewedRank(uint64_t bits, int64_t count) {
  constexpr double kShift = 0.0455;
  constexpr double kHigh = 1 / (kShift * kShift);
  constexpr double kLow = 1 / ((1 + kShift) * (1 + kShift));
  const double position = 1 / std::sqrt(kHigh - UnitInterval(bits) * (kHigh - kLow));
  const auto rank =
      static_cast<int64_t>((position - kShift) * static_cast<double>(count));
  return std::clamp<int64_t>(rank, 0, count - 1);
}

/// Distinct for distinct numbers below 2^31; unicast and outside 0/8.
uint32_t Ipv4Of(int64_t number, uint64_t factor) {
  constexpr uint64_t kAddresses = 3'724'541'939;  // the last prime below 222 * 2^24
  const uint64_t spread = (static_cast<uint64_t>(number) + 1) * factor % kAddresses;
  return static_cast<uint32_t>((1U << 24) + spread);
}

/// Distinct for distinct numbers below 2^31. Two of five have a short host part, as
/// servers do; the others one made from a hardware address.
Ipv6Groups Ipv6Of(int64_t number, uint64_t factor) {
  static constexpr std::array<uint16_t, 8> kRegistries = {0x2001, 0x2001, 0x2400, 0x2600,
                                                          0x2804, 0x2a00, 0x2a02, 0x2c0f};
  const auto network =
      static_cast<uint32_t>((static_cast<uint64_t>(number) + 1) * factor);
  const uint64_t bits = Mix64(factor + static_cast<uint64_t>(number));
  Ipv6Groups groups = {kRegistries[bits & 7], static_cast<uint16_t>(network >> 16),
                       static_cast<uint16_t>(network)};
  groups[3] = static_cast<uint16_t>(bits >> 3 & 255);
  groups[7] = static_cast<uint16_t>(bits >> 11);
  if (Chance(bits, 0.4)) return groups;
  groups[4] = static_cast<uint16_t>(bits >> 27);
  groups[5] = static_cast<uint16_t>(bits >> 43 | 0xff);
  groups[6] = static_cast<uint16_t>(0xfe00 | (bits >> 19 & 255));
  return groups;
}

int WriteAddress(int64_t number, bool is_ipv4, uint64_t factor, char* out) {
  return is_ipv4 ? WriteIpv4(Ipv4Of(number, factor), out)
                 : WriteIpv6(Ipv6Of(number, factor), out);
}

/// Who pings whom.
class Ping {
 public:
  Ping(const ColumnList& list, int64_t probes)
      : probe_(list.Stream("src_addr")),
        destination_(list.Stream("dst_addr")),
        probes_(probes) {}

  int64_t ProbeOf(int64_t row) const { return SkewedRank(probe_(row), probes_); }
  /// Multiples of the golden ratio spread evenly, so the busy probes do not decide the
  /// share.
  static bool IsIpv4(int64_t probe) {
    return Chance(static_cast<uint64_t>(probe) * kGoldenRatio, kIpv4Share);
  }
  /// A probe pings addresses of its own family only.
  int64_t DestinationOf(int64_t row) const {
    // Computed, not chosen: a branch on the family would be mispredicted.
    const int64_t is_ipv4 = IsIpv4(ProbeOf(row));
    const int64_t count =
        kIpv6Destinations + is_ipv4 * (kIpv4Destinations - kIpv6Destinations);
    return kIpv4Destinations * (1 - is_ipv4) + SkewedRank(destination_(row), count);
  }

 private:
  RandomStream probe_, destination_;
  int64_t probes_;
};

void AddTime(const GenerateOptions& options, ColumnList& list) {
  const auto rows = static_cast<double>(options.rows);
  const double step =
      options.days.has_value() ? *options.days * kSecondsPerDay / rows : kSecondsPerRow;
  const RandomStream time = list.Stream("event_time");
  list.Instants("event_time", [=, is_ordered = options.ordered](int64_t row) {
    const double position =
        is_ordered ? static_cast<double>(row) : UnitInterval(time(row)) * rows;
    // The network counts whole seconds, so a busy probe has several rows at one time.
    return (kFirstSecond + static_cast<int64_t>(position * step)) * 1'000'000;
  });
}

void AddAddresses(const GenerateOptions& options, const Ping& ping, ColumnList& list) {
  constexpr uint64_t kProbeFactor = 2'654'435'769;
  constexpr uint64_t kDestinationFactor = 3'266'489'917;
  const double probe_share = 1 - options.null_keys.value_or(0.001);
  const RandomStream probe_presence = list.Stream("src_addr/present");
  list.NullableWritten("src_addr", kMaxAddressText, [=](int64_t row, char* out) {
    if (!Chance(probe_presence(row), probe_share)) return -1;
    const int64_t probe = ping.ProbeOf(row);
    return WriteAddress(probe, Ping::IsIpv4(probe), kProbeFactor, out);
  });
  const RandomStream presence = list.Stream("dst_addr/present");
  list.NullableWritten("dst_addr", kMaxAddressText, [=](int64_t row, char* out) {
    if (Chance(presence(row), kNullDestinations)) return -1;
    const int64_t destination = ping.DestinationOf(row);
    return WriteAddress(destination, destination < kIpv4Destinations, kDestinationFactor,
                        out);
  });
}

/// Milliseconds that `share` of the answers take at most.
struct Quantile {
  double share, milliseconds;
};
constexpr std::array<Quantile, 9> kRoundTrips = {{{0, 0.4},
                                                  {0.05, 4},
                                                  {0.25, 18},
                                                  {0.5, 50},
                                                  {0.75, 130},
                                                  {0.9, 239},
                                                  {0.99, 343},
                                                  {0.9999, 2'000},
                                                  {1, 302'281.66}}};

/// Round trips with the quantiles above; between two of them their logarithm is uniform.
class RoundTrip {
 public:
  RoundTrip() {
    for (size_t i = 0; i < slopes_.size(); ++i) {
      const Quantile& low = kRoundTrips[i];
      const Quantile& high = kRoundTrips[i + 1];
      slopes_[i] =
          std::log(high.milliseconds / low.milliseconds) / (high.share - low.share);
    }
  }

  double operator()(uint64_t bits) const {
    const double share = UnitInterval(bits);
    size_t piece = 0;
    for (size_t i = 1; i < slopes_.size(); ++i) piece += share > kRoundTrips[i].share;
    const double rise = (share - kRoundTrips[piece].share) * slopes_[piece];
    return std::round(kRoundTrips[piece].milliseconds * std::exp(rise) * 1000) / 1000;
  }

 private:
  std::array<double, kRoundTrips.size() - 1> slopes_;
};

void AddAnswers(const Ping& ping, ColumnList& list) {
  const RandomStream failure = list.Stream("rtt/failed");
  const auto failed = [=](int64_t row) { return Chance(failure(row), kFailedShare); };
  const RandomStream time = list.Stream("rtt");
  list.Float64("rtt", [=, round_trip = RoundTrip()](int64_t row) {
    return failed(row) ? -1.0 : round_trip(time(row));
  });
  list.Int64("msm_id", [=](int64_t row) {
    return 1'000'000 + 1'009 * (ping.DestinationOf(row) % kMeasurements);
  });
  list.WeightedNumbers("size",
                       {{48, 62}, {64, 18}, {32, 8}, {20, 6}, {1000, 4}, {1400, 2}});
  const RandomStream lost = list.Stream("packet_error_count");
  list.Int64("packet_error_count", [=](int64_t row) -> int64_t {
    if (failed(row)) return 3;
    const uint64_t percent = Below(lost(row), 100);
    return (percent >= 97) + (percent >= 99);
  });
}

std::vector<GeneratedColumn> PingColumns(const GenerateOptions& options) {
  ColumnList list(options.seed, "pings");
  const Ping ping(list, options.probes);
  AddTime(options, list);
  AddAddresses(options, ping, list);
  list.Int64("ip_version", [=](int64_t row) -> int64_t {
    return 6 - 2 * Ping::IsIpv4(ping.ProbeOf(row));
  });
  AddAnswers(ping, list);
  return list.Take();
}

}  // namespace

Dataset PingsDataset() {
  return {{"pings", {"rows", "seed", "null_keys", "probes", "days", "ordered"}},
          PingColumns};
}

}  // namespace windrow::source
