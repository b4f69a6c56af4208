// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "windrow/exec/run_context.h"
#include "windrow/source/address_text.h"
#include "windrow/source/counter_random.h"
#include "windrow/source/generated_table.h"

namespace windrow::source {
namespace {

constexpr int64_t kRows = 500'028;
constexpr int64_t kFirstInstant = 1'750'723'200'000'000;

template <typename ArrayType>
std::shared_ptr<ArrayType> Column(const GenerateOptions& options,
                                  const std::string& name) {
  exec::RunContext context;
  context.pool = arrow::default_memory_pool();
  const auto table = OpenGeneratedTable(options).ValueOrDie();
  const auto store = table->row_store(&context).ValueOrDie();
  const int column = store->schema()->GetFieldIndex(name);
  arrow::ArrayVector chunks;
  for (size_t chunk = 0; chunk + 1 < store->chunk_offsets().size(); ++chunk) {
    chunks.push_back(store->LoadColumn(static_cast<int>(chunk), column).ValueOrDie());
    EXPECT_TRUE(chunks.back()->ValidateFull().ok()) << chunks.back()->ValidateFull();
  }
  return std::static_pointer_cast<ArrayType>(arrow::Concatenate(chunks).ValueOrDie());
}

const GenerateOptions kSlice{.dataset = "pings", .rows = kRows};

double NullShare(const arrow::Array& array) {
  return static_cast<double>(array.null_count()) / static_cast<double>(array.length());
}

std::unordered_map<std::string, int64_t> Counts(const arrow::StringArray& texts) {
  std::unordered_map<std::string, int64_t> counts;
  for (int64_t row = 0; row < texts.length(); ++row) {
    if (texts.IsValid(row)) ++counts[texts.GetString(row)];
  }
  return counts;
}

/// `address` as the C library writes it; empty when it is none.
std::string Canonical(const std::string& address, int family) {
  char bytes[sizeof(in6_addr)];
  char text[INET6_ADDRSTRLEN];
  if (inet_pton(family, address.c_str(), bytes) != 1) return "";
  return inet_ntop(family, bytes, text, sizeof(text));
}

TEST(GeneratedPings, HaveTheColumnsOfTheOriginal) {
  EXPECT_EQ(OpenGeneratedTable(kSlice).ValueOrDie()->schema()->ToString(),
            "event_time: timestamp[us, tz=UTC]\nsrc_addr: string\ndst_addr: string\n"
            "ip_version: int64\nrtt: double\nmsm_id: int64\nsize: int64\n"
            "packet_error_count: int64");
}

TEST(GeneratedPings, ComeFromFewBusyAndManyQuietProbes) {
  const auto probes = Column<arrow::StringArray>(kSlice, "src_addr");
  EXPECT_NEAR(NullShare(*probes), 0.001, 0.0003);
  const auto counts = Counts(*probes);
  EXPECT_NEAR(static_cast<double>(counts.size()), 18'928, 500);
  int64_t most = 0;
  for (const auto& [address, count] : counts) most = std::max(most, count);
  EXPECT_NEAR(static_cast<double>(most), kRows / 1000.0, 150);
  EXPECT_GT(Counts(*Column<arrow::StringArray>(kSlice, "dst_addr")).size(), 20'000);
}

TEST(GeneratedPings, NameCanonicalAddressesOfOneFamily) {
  const auto sources = Column<arrow::StringArray>(kSlice, "src_addr");
  const auto targets = Column<arrow::StringArray>(kSlice, "dst_addr");
  const auto versions = Column<arrow::Int64Array>(kSlice, "ip_version");
  int64_t num_ipv4 = 0;
  for (int64_t row = 0; row < kRows; ++row) {
    ASSERT_TRUE(versions->Value(row) == 4 || versions->Value(row) == 6);
    num_ipv4 += versions->Value(row) == 4;
    const int family = versions->Value(row) == 4 ? AF_INET : AF_INET6;
    for (const auto& addresses : {sources, targets}) {
      if (row % 10 > 0 || addresses->IsNull(row)) continue;
      const std::string address = addresses->GetString(row);
      ASSERT_EQ(Canonical(address, family), address);
    }
  }
  EXPECT_NEAR(static_cast<double>(num_ipv4) / kRows, 0.577, 0.005);
  EXPECT_NEAR(NullShare(*targets), 0.0005, 0.0002);
}

TEST(GeneratedPings, TakeTheTimesOfTheOriginal) {
  const auto times = Column<arrow::DoubleArray>(kSlice, "rtt");
  const auto errors = Column<arrow::Int64Array>(kSlice, "packet_error_count");
  std::vector<double> answered;
  for (int64_t row = 0; row < kRows; ++row) {
    ASSERT_EQ(times->Value(row) == -1, errors->Value(row) == 3);
    if (times->Value(row) != -1) answered.push_back(times->Value(row));
  }
  const auto num_answered = static_cast<double>(answered.size());
  EXPECT_NEAR(num_answered / kRows, 0.83, 0.005);
  std::sort(answered.begin(), answered.end());
  const auto quantile = [&](double share) {
    return answered[static_cast<size_t>(share * num_answered)];
  };
  EXPECT_NEAR(quantile(0.5), 50, 1);
  EXPECT_NEAR(quantile(0.9), 239, 3);
  EXPECT_NEAR(quantile(0.99), 343, 5);
  EXPECT_GT(answered.front(), 0);
  EXPECT_GT(answered.back(), 10'000);
  EXPECT_LE(answered.back(), 302'281.66);
}

TEST(GeneratedPings, AreASliceOfTimeInOrder) {
  const auto times = Column<arrow::TimestampArray>(kSlice, "event_time");
  EXPECT_EQ(times->Value(0), kFirstInstant);
  EXPECT_TRUE(std::is_sorted(times->raw_values(), times->raw_values() + kRows));
  // 28 days for 200 million rows.
  EXPECT_EQ(times->Value(kRows - 1), kFirstInstant + 6'048'000'000);
}

TEST(GeneratedPings, SpreadOverDaysAndComeUnorderedOnRequest) {
  GenerateOptions options{.dataset = "pings", .rows = 100'000, .days = 28};
  constexpr int64_t kEnd = kFirstInstant + 28 * 86'400'000'000;
  const auto ordered = Column<arrow::TimestampArray>(options, "event_time");
  EXPECT_TRUE(std::is_sorted(ordered->raw_values(), ordered->raw_values() + 100'000));
  EXPECT_NEAR(static_cast<double>(ordered->Value(99'999)), kEnd, 25e6);
  options.ordered = false;
  const auto shuffled = Column<arrow::TimestampArray>(options, "event_time");
  int64_t ascents = 0;
  for (int64_t row = 1; row < 100'000; ++row) {
    ASSERT_GE(shuffled->Value(row), kFirstInstant);
    ASSERT_LT(shuffled->Value(row), kEnd);
    ascents += shuffled->Value(row) > shuffled->Value(row - 1);
  }
  EXPECT_NEAR(static_cast<double>(ascents), 50'000, 1'000);
}

TEST(GeneratedPings, ComeFromAsManyProbesAsAsked) {
  const GenerateOptions options{
      .dataset = "pings", .rows = 100'000, .null_keys = 0, .probes = 20};
  const auto probes = Column<arrow::StringArray>(options, "src_addr");
  EXPECT_EQ(probes->null_count(), 0);
  EXPECT_EQ(Counts(*probes).size(), 20);
  GenerateOptions one = options;
  one.probes = 1;
  EXPECT_EQ(Counts(*Column<arrow::StringArray>(one, "src_addr")).size(), 1);
  one.null_keys = 1;
  EXPECT_EQ(Column<arrow::StringArray>(one, "src_addr")->null_count(), 100'000);
}

TEST(AddressText, IsCanonical) {
  char text[kMaxAddressText + 4];
  EXPECT_EQ(std::string(text, WriteIpv4(0xC0000201, text)), "192.0.2.1");
  EXPECT_EQ(std::string(text, WriteIpv4(0xFFFFFFFF, text)), "255.255.255.255");
  const auto ipv6 = [&](const Ipv6Groups& groups) {
    return std::string(text, WriteIpv6(groups, text));
  };
  EXPECT_EQ(ipv6({}), "::");
  EXPECT_EQ(ipv6({0, 0, 0, 0, 0, 0, 0, 1}), "::1");
  EXPECT_EQ(ipv6({1, 0, 0, 0, 0, 0, 0, 0}), "1::");
  EXPECT_EQ(ipv6({0x2001, 0xdb8, 0, 1, 1, 1, 1, 1}), "2001:db8:0:1:1:1:1:1");
  EXPECT_EQ(ipv6({0x2001, 0, 0, 1, 0, 0, 0, 1}), "2001:0:0:1::1");
  EXPECT_EQ(ipv6({0x2001, 0xdb8, 0, 0, 1, 0, 0, 1}), "2001:db8::1:0:0:1");
}

TEST(AddressText, AgreesWithTheCLibrary) {
  const RandomStream random(7, "addresses", "groups");
  for (int64_t i = 0; i < 20'000; ++i) {
    Ipv6Groups groups;
    // The C library writes addresses that end in an IPv4 one another way: 1 is first.
    for (int64_t g = 0; g < 8; ++g) {
      const uint64_t bits = random(8 * i + g);
      groups[g] = Chance(bits, 0.5) ? 0 : static_cast<uint16_t>(bits);
    }
    groups[0] = 1;
    char text[kMaxAddressText + 4];
    const std::string address(text, WriteIpv6(groups, text));
    ASSERT_EQ(Canonical(address, AF_INET6), address) << "address " << i;
    in6_addr parsed;
    ASSERT_EQ(inet_pton(AF_INET6, address.c_str(), &parsed), 1);
    for (int g = 0; g < 8; ++g) {
      ASSERT_EQ(parsed.s6_addr[2 * g] << 8 | parsed.s6_addr[2 * g + 1], groups[g]);
    }
  }
}

}  // namespace
}  // namespace windrow::source
