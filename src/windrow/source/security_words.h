// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// The texts of the generated securities. Companies and dealers are invented.
namespace windrow::source::security_words {

inline constexpr int kIssuerNames = 40;
/// Each company's name bare, then with each of four suffixes.
inline constexpr int kNamesPerIssuer = 5;
inline constexpr int kRatings = 13;
inline constexpr int kSectors = 7;
inline constexpr const char* kVenues[] = {"US", "LN", "GR", "FP", "CN", "SW"};

/// kIssuerNames * kNamesPerIssuer names, a company's side by side.
const std::vector<std::string>& Issuers();
/// A position in Issuers(): companies all as likely, a suffix in 25 % of the draws.
int PickIssuer(uint64_t bits);
/// One for each company, four capitals; two companies share one.
const std::vector<std::string>& Tickers();

const std::vector<std::string>& Countries();
const std::vector<std::string>& Currencies();
/// Five indices, then "NULL".
const std::vector<std::string>& FloatingIndices();
const std::vector<std::string>& Ratings();
const std::vector<std::string>& MoodyRatings();
const std::vector<std::string>& Dealers();
const std::vector<std::string>& Sectors();
const std::vector<std::string>& Industries();
/// A position in Industries(): one of those of `sector`, all as likely.
int PickIndustry(uint64_t sector, uint64_t bits);

}  // namespace windrow::source::security_words
