// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/security_words.h"

#include <cctype>

#include "windrow/source/counter_random.h"

namespace windrow::source::security_words {
namespace {

using Texts = std::vector<std::string>;

constexpr const char* kCompanies[kIssuerNames] = {
    "Aldermoor Energy",    "Brackwater Capital", "Cindervale Power",
    "Dunholt Rail",        "Eastmarch Telecom",  "Fernhill Foods",
    "Galloway Steel",      "Harrowgate Bank",    "Inverlyn Water",
    "Juniper Ridge Oil",   "Kestrel Airways",    "Lindenau Motors",
    "Marchmont Insurance", "Northfell Gas",      "Oakhurst Pharma",
    "Pellworm Shipping",   "Quarrystone Cement", "Ravensby Media",
    "Saltmarsh Utilities", "Thornbury Stores",   "Umberfield Mining",
    "Verdane Chemicals",   "Westlock Paper",     "Xanthe Robotics",
    "Yarrowdale Homes",    "Zephyrine Aero",     "Ambergate Finance",
    "Birchmoor Logistics", "Coldharbour Trust",  "Drumlin Software",
    "Elmsworth Credit",    "Foxglove Health",    "Greyfriars Re",
    "Hollowmere Grid",     "Ironbridge Works",   "Kilnhurst Ceramics",
    "Larkspur Leisure",    "Marchwood Holdings", "Netherby Textiles",
    "Oxenholme Freight"};
constexpr const char* kSuffixes[kNamesPerIssuer] = {"", " Inc", " Plc", " Group",
                                                    " Limited"};

/// Where each sector's industries begin in Industries().
constexpr int kSectorBegins[kSectors + 1] = {0, 4, 9, 13, 17, 20, 24, 27};

Texts MakeIssuers() {
  Texts names;
  for (const char* company : kCompanies) {
    for (const char* suffix : kSuffixes) names.push_back(std::string(company) + suffix);
  }
  return names;
}

Texts MakeTickers() {
  Texts tickers;
  for (const std::string company : kCompanies) {
    std::string ticker = company.substr(0, 4);
    for (char& letter : ticker) {
      letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
    }
    tickers.push_back(ticker);
  }
  return tickers;
}

}  // namespace

const Texts& Issuers() {
  static const Texts names = MakeIssuers();
  return names;
}

int PickIssuer(uint64_t bits) {
  // Of sixteen equal parts of a company's share, one goes to each suffix.
  const auto part = static_cast<int>(Below(bits, kIssuerNames * 16));
  const int suffix = part % 16;
  return part / 16 * kNamesPerIssuer + (suffix < kNamesPerIssuer ? suffix : 0);
}

const Texts& Tickers() {
  static const Texts tickers = MakeTickers();
  return tickers;
}

const Texts& Countries() {
  static const Texts texts = {"US", "CA", "GB", "DE", "FR", "NL", "LU", "IE", "CH"};
  return texts;
}

const Texts& Currencies() {
  static const Texts texts = {"USD", "EUR", "GBP", "CAD", "CHF"};
  return texts;
}

const Texts& FloatingIndices() {
  static const Texts texts = {"US3MLIB", "US6MLIB", "SOFR3M", "EUR3M", "GBP3M", "NULL"};
  return texts;
}

const Texts& Ratings() {
  static const Texts texts = {"AAA",  "AA+", "AA",   "AA-", "A+", "A", "A-",
                              "BBB+", "BBB", "BBB-", "BB+", "NR", "NA"};
  return texts;
}

const Texts& MoodyRatings() {
  static const Texts texts = {"Aaa",  "Aa2",  "Aa3", "A1",  "A2", "A3", "Baa1",
                              "Baa2", "Baa3", "Ba1", "Ba2", "NR", "NA"};
  return texts;
}

const Texts& Dealers() {
  static const Texts texts = {"ALPN", "BRKW", "CLDN", "DVRS", "ELMS", "FNTN", "GRVE",
                              "HLBN", "KRST", "LNDG", "MRSH", "NRTH", "OSTR"};
  return texts;
}

const Texts& Sectors() {
  static const Texts texts = {"Financials",     "Industrials", "Energy",    "Utilities",
                              "Communications", "Consumer",    "Technology"};
  return texts;
}

const Texts& Industries() {
  static const Texts texts = {"Banks",
                              "Insurance",
                              "Asset Management",
                              "Consumer Finance",
                              "Aerospace",
                              "Machinery",
                              "Railways",
                              "Construction",
                              "Airlines",
                              "Oil & Gas",
                              "Pipelines",
                              "Refining",
                              "Oilfield Services",
                              "Electric",
                              "Gas Distribution",
                              "Water",
                              "Renewables",
                              "Wireless",
                              "Cable",
                              "Media",
                              "Food",
                              "Retail",
                              "Automotive",
                              "Leisure",
                              "Software",
                              "Hardware",
                              "Semiconductors"};
  return texts;
}

int PickIndustry(uint64_t sector, uint64_t bits) {
  const int begin = kSectorBegins[sector];
  return begin + static_cast<int>(Below(bits, kSectorBegins[sector + 1] - begin));
}

}  // namespace windrow::source::security_words
