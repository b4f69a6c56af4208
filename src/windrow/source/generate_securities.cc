// SPDX-License-Identifier: Apache-2.0
#include <arrow/scalar.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "windrow/source/column_list.h"
#include "windrow/source/generated_dataset.h"
#include "windrow/source/instrument_keys.h"
#include "windrow/source/security_codes.h"
#include "windrow/source/security_words.h"

namespace windrow::source {
namespace {

namespace words = security_words;

constexpr int32_t kFirstIssueDay = 9'496;    // 1996-01-01
constexpr int32_t kLastIssueDay = 20'331;    // 2025-08-31
constexpr int32_t kLastPaymentCap = 20'335;  // 2025-09-04
constexpr int64_t kSecondsPerDay = 86'400;
constexpr int64_t kRowsPerLoad = 500'000;  // rows that share their load's party and asset

/// What several columns of a security are made from. Shared by all its columns.
struct Security {
  explicit Security(const ColumnList& list)
      : coupon_kind(list.Stream("COUPON/kind")),
        coupon(list.Stream("COUPON")),
        issue(list.Stream("ISSUEDATE")),
        maturity(list.Stream("MATURITY")),
        first_payment(list.Stream("FIRSTPAYMENT")),
        first_presence(list.Stream("FIRSTPAYMENT/present")),
        second_payment(list.Stream("SECONDPAYMENT")),
        second_presence(list.Stream("SECONDPAYMENT/present")),
        cusip(list.Stream("CUSIP")),
        country(list.Stream("COUNTRYCODE")),
        issuer(list.Stream("ISSUER")),
        index(list.Stream("FRNINDEX")),
        basis(list.Stream("FRNBASIS")),
        amount(list.Stream("ISSUEAMOUNT")),
        currency(list.Stream("ISOCURRENCYCODE")),
        fitch(list.Stream("FITCHRATING")),
        snp(list.Stream("SNPRATING")),
        moody(list.Stream("MOODYRATING")),
        sector(list.Stream("SECTOR")) {}

  bool IsFixed(int64_t row) const { return Below(coupon_kind(row), 10) < 8; }
  /// In millionths.
  int64_t Coupon(int64_t row) const {
    return IsFixed(row) ? Between(coupon(row), 20'000, 90'000)
                        : Between(coupon(row), 5'000, 30'000);
  }
  int32_t IssueDay(int64_t row) const {
    return static_cast<int32_t>(Between(issue(row), kFirstIssueDay, kLastIssueDay));
  }
  std::chrono::year_month MaturityMonth(int64_t row) const {
    const std::chrono::year_month_day issued(
        std::chrono::sys_days(std::chrono::days(IssueDay(row))));
    return issued.year() / issued.month() +
           std::chrono::years(Between(maturity(row), 2, 40));
  }
  int32_t MaturityDay(int64_t row) const {
    return std::chrono::sys_days(MaturityMonth(row) / 1).time_since_epoch().count();
  }
  int32_t FirstPayment(int64_t row) const {
    return IssueDay(row) + static_cast<int32_t>(Between(first_payment(row), 60, 199));
  }
  bool HasFirstPayment(int64_t row) const { return Chance(first_presence(row), 0.85); }
  int32_t SecondPayment(int64_t row) const {
    return FirstPayment(row) +
           static_cast<int32_t>(Between(second_payment(row), 30, 179));
  }
  bool HasSecondPayment(int64_t row) const { return Chance(second_presence(row), 0.75); }
  int Issuer(int64_t row) const { return words::PickIssuer(issuer(row)); }
  int Ticker(int64_t row) const { return Issuer(row) / words::kNamesPerIssuer; }
  int64_t Amount(int64_t row) const {
    return Between(amount(row), 25'000'000, 999'999'999);
  }
  bool IsInvestmentGrade(int64_t row) const {
    const auto moody_rating = Below(moody(row), words::kRatings);
    return Below(fitch(row), words::kRatings) < 9 ||
           Below(snp(row), words::kRatings) < 9 ||
           (moody_rating >= 6 && moody_rating < 9);
  }

  RandomStream coupon_kind, coupon, issue, maturity, first_payment, first_presence,
      second_payment, second_presence, cusip, country, issuer, index, basis, amount,
      currency, fitch, snp, moody, sector;
  Weighted pick_country{{55, 6, 12, 6, 5, 5, 4, 4, 3}};
  Weighted pick_currency{{70, 12, 10, 5, 3}};
};
using SecurityPtr = std::shared_ptr<const Security>;

int WriteNull(char* out) {
  std::memcpy(out, "NULL", 4);
  return 4;
}

/// Ticker, coupon and maturity: "ALDE 0.056 04/37".
int WriteShortName(const Security& security, int64_t row, char* out) {
  std::memcpy(out, words::Tickers()[security.Ticker(row)].data(), 4);
  const int64_t thousandths = (security.Coupon(row) + 500) / 1000;
  const std::chrono::year_month maturity = security.MaturityMonth(row);
  const auto month = static_cast<unsigned>(maturity.month());
  const int year = static_cast<int>(maturity.year()) % 100;
  std::memcpy(out + 4, " 0.000 00/00", 12);
  out[8] = static_cast<char>('0' + thousandths / 10);
  out[9] = static_cast<char>('0' + thousandths % 10);
  out[11] = static_cast<char>('0' + month / 10);
  out[12] = static_cast<char>('0' + month % 10);
  out[14] = static_cast<char>('0' + year / 10);
  out[15] = static_cast<char>('0' + year % 10);
  return 16;
}

void AddId(const GenerateOptions& options, ColumnList& list) {
  const double null_keys = options.null_keys.value_or(0);
  const InstrumentOrder order({.seed = options.seed,
                               .rows = options.rows,
                               .shuffled = options.shuffled,
                               .duplicates = options.duplicates,
                               .null_keys = null_keys});
  const InstrumentIds ids(options.base_id, options.sparse);
  if (null_keys > 0) {
    list.Int64("ID", [=](int64_t row) {
      return Nullable<int64_t>{ids(order.InstrumentOf(row)), order.HasKey(row)};
    });
    return;
  }
  list.Int64("ID", [=](int64_t row) { return ids(order.InstrumentOf(row)); });
  const bool is_dense = !options.shuffled && !options.sparse && options.duplicates == 0;
  if (is_dense && options.rows > 0) {
    list.back().stats.min = std::make_shared<arrow::Int64Scalar>(options.base_id);
    list.back().stats.max =
        std::make_shared<arrow::Int64Scalar>(options.base_id + options.rows - 1);
  }
}

/// Columns 2 to 13.
void AddTerms(const SecurityPtr& s, ColumnList& list) {
  list.Text("NAME", words::Issuers(), [s](int64_t row) { return s->Issuer(row); });
  list.Float64("COUPON", [s](int64_t row) { return s->Coupon(row) / 1e6; });
  list.Date("MATURITY", [s](int64_t row) { return s->MaturityDay(row); });
  list.Written("CUSIP", 9, [s](int64_t row, char* out) {
    WriteCusip(s->cusip(row), out);
    return 9;
  });
  list.Date("ISSUEDATE", [s](int64_t row) { return s->IssueDay(row); });
  list.Date("ACCRUALSTART", [s](int64_t row) { return s->IssueDay(row); });
  list.Date("FIRSTPAYMENT", [s](int64_t row) {
    return Nullable<int32_t>{s->FirstPayment(row), s->HasFirstPayment(row)};
  });
  list.Date("SECONDPAYMENT", [s](int64_t row) {
    return Nullable<int32_t>{s->SecondPayment(row), s->HasSecondPayment(row)};
  });
  list.WeightedTexts("PAYMENTTYPE", {{"N", 25}, {"F", 75}});
  list.Text("INTERESTRATETYPE", {"N", "F"}, [s](int64_t row) { return s->IsFixed(row); });
  list.WeightedTexts("BONDTYPE", {{"Q", 35}, {"S", 65}});
  list.Flag("DEFAULTED", 5);
}

/// Columns 14 to 22.
void AddAccrual(const SecurityPtr& s, ColumnList& list) {
  list.WeightedNumbers("ACCRUALMETHOD", {{2, 60}, {3, 40}});
  list.WeightedTexts("PAYMENTFREQUENCY", {{"Q", 25}, {"S", 60}, {"A", 15}});
  list.WeightedTexts("REDEMPTION", {{"Sr", 35},
                                    {"Sr Secured", 12},
                                    {"Unsecrd Nt", 18},
                                    {"Sub Note", 15},
                                    {"Sr Note", 15},
                                    {"Sr Deb", 5}});
  list.WeightedTexts("TRAILER", {{"NULL", 100},
                                 {"", 75},
                                 {"AMR", 36},
                                 {"DMTC", 60},
                                 {"GLOB", 54},
                                 {"FRGN", 24},
                                 {"NAC", 21},
                                 {"ISS", 15},
                                 {"EVL", 15}});
  list.Written("DESCRIPTION", 16,
               [s](int64_t row, char* out) { return WriteShortName(*s, row, out); });
  list.Flag("ISDELETED", 20);
  list.Flag("ISMULTICOUPON", 40);
  const RandomStream stamp = list.Stream("TIMESTAMP");
  list.Seconds("TIMESTAMP", [s, stamp](int64_t row) {
    return (s->IssueDay(row) + Between(stamp(row), 0, 2999)) * kSecondsPerDay;
  });
  const RandomStream presence = list.Stream("LASTPAYMENT/present");
  list.Date("LASTPAYMENT", [s, presence](int64_t row) {
    return Nullable<int32_t>{std::min(s->FirstPayment(row), kLastPaymentCap),
                             Chance(presence(row), 0.65)};
  });
}

/// Columns 23 to 30.
void AddMarket(const SecurityPtr& s, ColumnList& list) {
  list.Written("ISIN", 12, [s](int64_t row, char* out) {
    std::memcpy(out, words::Countries()[s->pick_country(s->country(row))].data(), 2);
    WriteCusip(s->cusip(row), out + 2);
    out[11] = IsinCheckDigit(out);
    return 12;
  });
  list.Text("COUNTRYCODE", words::Countries(),
            [s](int64_t row) { return s->pick_country(s->country(row)); });
  const RandomStream house = list.Stream("CLEARINGHOUSE");
  const RandomStream presence = list.Stream("CLEARINGHOUSE/present");
  list.Written("CLEARINGHOUSE", 4, [house, presence](int64_t row, char* out) {
    if (!Chance(presence(row), 0.08)) return WriteNull(out);
    WriteAlphanumerics(house(row), 3, out);
    return 3;
  });
  list.WeightedNumbers("MINLOTSIZE", {{1, 6}, {7, 2}, {4, 2}});
  list.WeightedNumbers("MARKETSEGMENT", {{1, 4}, {2, 3}, {3, 2}, {4, 1}});
  list.Int64("MARKETCATEGORY", [](int64_t) { return int64_t{1}; });
  list.WeightedTexts(
      "MARKETSUBCATEGORY",
      {{"", 55}, {"FRGN", 5}, {"GLOB", 10}, {"DMTC", 10}, {"AMR", 10}, {"NAC", 10}});
  list.Decimal("COMMISSIONRATE", 0.5, 1.5, 2, 0.15);
}

/// Columns 31 to 42.
void AddIssuer(const SecurityPtr& s, ColumnList& list) {
  const RandomStream presence = list.Stream("FRNINDEX/present");
  list.Text("FRNINDEX", words::FloatingIndices(), [s, presence](int64_t row) {
    return Chance(presence(row), 0.15) ? Below(s->index(row), 5) : 5;
  });
  list.Float64("FRNBASIS", [s, presence](int64_t row) {
    return Nullable<double>{static_cast<double>(Between(s->basis(row), 0, 200)) / 100,
                            Chance(presence(row), 0.15)};
  });
  list.Written("SHORTNAME", 16,
               [s](int64_t row, char* out) { return WriteShortName(*s, row, out); });
  list.Text("ISSUER", words::Issuers(), [s](int64_t row) { return s->Issuer(row); });
  list.Flag("ISCVTPREFSTOCK", 30);
  list.WeightedNumbers("PARVALUE",
                       {{1000, 70}, {25000, 5}, {100, 5}, {97, 10}, {99, 10}});
  list.Text("FITCHRATING", words::Ratings(),
            [s](int64_t row) { return Below(s->fitch(row), words::kRatings); });
  list.Text("SNPRATING", words::Ratings(),
            [s](int64_t row) { return Below(s->snp(row), words::kRatings); });
  list.Text("MOODYRATING", words::MoodyRatings(),
            [s](int64_t row) { return Below(s->moody(row), words::kRatings); });
  list.Text("ISOCURRENCYCODE", words::Currencies(),
            [s](int64_t row) { return s->pick_currency(s->currency(row)); });
  list.UniformNumber("SECTORID", 10'000, 10'098);
  list.Flag("NOUPDATEFROMFEED", 30);
}

/// Columns 43 to 53.
void AddFeatures(const SecurityPtr& s, ColumnList& list) {
  list.Int64("ISSUEAMOUNT", [s](int64_t row) { return s->Amount(row); });
  const RandomStream repaid = list.Stream("AMOUNTOUTSTANDING");
  list.Int64("AMOUNTOUTSTANDING", [s, repaid](int64_t row) {
    return Chance(repaid(row), 0.4) ? 0 : s->Amount(row);
  });
  const RandomStream settled = list.Stream("FIRSTSETTLEMENTDATE");
  list.Date("FIRSTSETTLEMENTDATE", [s, settled](int64_t row) {
    return s->IssueDay(row) + static_cast<int32_t>(Between(settled(row), 2, 10));
  });
  list.Flag("CALLABLE", 100);
  list.Flag("PUTABLE", 30);
  list.Flag("SINKABLE", 60);
  list.Flag("MAKEWHOLE", 80);
  const RandomStream called = list.Stream("NEXTCALLDATE/present");
  list.Date("NEXTCALLDATE", [s, called](int64_t row) {
    return Nullable<int32_t>{s->MaturityDay(row), Chance(called(row), 0.08)};
  });
  const RandomStream put = list.Stream("NEXTPUTDATE/present");
  list.Date("NEXTPUTDATE", [s, put](int64_t row) {
    return Nullable<int32_t>{s->FirstPayment(row),
                             Chance(put(row), 0.05) && s->HasFirstPayment(row)};
  });
  const RandomStream sunk = list.Stream("NEXTSINKDATE/present");
  list.Date("NEXTSINKDATE", [s, sunk](int64_t row) {
    return Nullable<int32_t>{s->SecondPayment(row),
                             Chance(sunk(row), 0.05) && s->HasSecondPayment(row)};
  });
  const std::vector<std::string>& sectors = words::Sectors();
  list.UniformText("SECURITYTYPE", {sectors.begin(), sectors.begin() + 6});
}

/// Columns 54 to 64.
void AddClasses(const SecurityPtr& s, ColumnList& list) {
  const RandomStream formula = list.Stream("FLTFORMULA/present");
  list.Written("FLTFORMULA", 32, [s, formula](int64_t row, char* out) {
    if (s->IsFixed(row) || !Chance(formula(row), 0.6)) return WriteNull(out);
    const auto basis = static_cast<int>(Between(s->basis(row), 0, 200));
    const std::string& index = words::FloatingIndices()[Below(s->index(row), 5)];
    return std::snprintf(out, 32, "%s + %d.%02d%%", index.c_str(), basis / 100,
                         basis % 100);
  });
  list.Decimal("FLTMULT", 0.5, 1.5, 2, 0.15);
  list.Decimal("FLTCAP", 4, 12, 2, 0.08);
  list.Decimal("FLTFLOOR", 0, 2, 2, 0.12);
  list.UniformText("VENDORNAME", {"EJV", "BBG", "IDC"});
  list.WeightedTexts("TRACECODE", {{"D", 50}, {"S", 20}, {"F", 5}, {"", 25}});
  const RandomStream industry = list.Stream("INDUSTRY");
  list.Text("INDUSTRY", words::Industries(), [s, industry](int64_t row) {
    return words::PickIndustry(Below(s->sector(row), words::kSectors), industry(row));
  });
  list.Text("SECTOR", words::Sectors(),
            [s](int64_t row) { return Below(s->sector(row), words::kSectors); });
  list.Text("DEFAULTTICKER", words::Tickers(),
            [s](int64_t row) { return s->Ticker(row); });
  list.WeightedTexts(
      "ASSET_STATUS_CD",
      {{"MAT", 25}, {"NAC", 15}, {"ISS", 15}, {"SB", 2}, {"SU", 35}, {"SS", 8}});
  list.WeightedTexts(
      "ASSET_SUBTYPE_CD",
      {{"DMTC", 25}, {"AMR", 15}, {"GLOB", 15}, {"FRGN", 5}, {"MAT", 20}, {"", 20}});
}

/// A column of `bits` random bits, one value for each load of rows.
void AddLoadId(std::string name, int bits, ColumnList& list) {
  const RandomStream stream = list.Stream(name);
  list.Int64(std::move(name), [stream, bits](int64_t row) {
    return static_cast<int64_t>(stream(row / kRowsPerLoad) >> (64 - bits));
  });
}

/// Columns 65 to 77.
void AddParties(const SecurityPtr& s, ColumnList& list) {
  AddLoadId("PARTY_ID", 48, list);
  AddLoadId("ASSET_ID", 60, list);
  list.Text("FITCHRATINGDISP", words::Ratings(),
            [s](int64_t row) { return Below(s->fitch(row), words::kRatings); });
  list.Text("SNPRATINGDISP", words::Ratings(),
            [s](int64_t row) { return Below(s->snp(row), words::kRatings); });
  list.Text("MOODYRATINGDISP", words::MoodyRatings(),
            [s](int64_t row) { return Below(s->moody(row), words::kRatings); });
  list.Text("CURRENCYCODE", words::Currencies(),
            [s](int64_t row) { return s->pick_currency(s->currency(row)); });
  list.Text("ISINVESTMENTGRADE", {"N", "Y"},
            [s](int64_t row) { return s->IsInvestmentGrade(row); });
  const RandomStream flipped = list.Stream("IS_INVESTMENTGRADE_NASD");
  list.Text("IS_INVESTMENTGRADE_NASD", {"N", "Y"}, [s, flipped](int64_t row) {
    return s->IsInvestmentGrade(row) != Chance(flipped(row), 0.03);
  });
  AddLoadId("PARENT_PARTY_ID", 48, list);
  list.Text("TRADING_SECTOR", words::Sectors(),
            [s](int64_t row) { return Below(s->sector(row), words::kSectors); });
  const RandomStream issue = list.Stream("BMKATISSUEID");
  const RandomStream issue_presence = list.Stream("BMKATISSUEID/present");
  list.Int64("BMKATISSUEID", [issue, issue_presence](int64_t row) {
    return Nullable<int64_t>{static_cast<int64_t>(issue(row) >> 16),
                             Chance(issue_presence(row), 0.2)};
  });
  list.Flag("ISFDICBOND", 10);
  const RandomStream wkn = list.Stream("WKN");
  const RandomStream wkn_presence = list.Stream("WKN/present");
  list.Written("WKN", 6, [wkn, wkn_presence](int64_t row, char* out) {
    if (!Chance(wkn_presence(row), 0.15)) return WriteNull(out);
    WriteAlphanumerics(wkn(row), 6, out);
    return 6;
  });
}

/// Columns 78 to 87.
void AddTrading(const SecurityPtr& s, ColumnList& list) {
  list.WeightedNumbers("MINDENOMINATION", {{1000, 70}, {500, 5}, {2000, 20}, {25000, 5}});
  list.WeightedNumbers("DENOMINATIONINCR", {{1000, 65}, {2000, 20}, {5000, 10}, {1, 5}});
  list.UniformText("LEADUNDERWRITERCD", words::Dealers());
  list.Decimal("DV01WORST", 0, 0.15, 5, 0.15);
  list.Decimal("MODDURWORST", 0, 12, 6, 0.2);
  list.Flag("MTN", 150);
  list.WeightedTexts("MDY_DEBT_CLASS_CD",
                     {{"CORP", 85}, {"GOVT", 5}, {"MUNI", 5}, {"AGCY", 5}});
  list.WeightedTexts("CALL_OPT_CD", {{"", 80}, {"C", 12}, {"P", 6}, {"CP", 2}});
  const RandomStream effective = list.Stream("EFFECTIVE_DATE");
  list.Date("EFFECTIVE_DATE", [s, effective](int64_t row) {
    return s->IssueDay(row) + static_cast<int32_t>(Between(effective(row), -15, 29));
  });
  list.Decimal("SPREADATISSUE", 0, 300, 6, 0.1);
}

/// Columns 88 to 95.
void AddSymbols(const SecurityPtr& s, ColumnList& list) {
  const RandomStream venue = list.Stream("BLOOMBERGSYMBOL");
  const RandomStream venue_presence = list.Stream("BLOOMBERGSYMBOL/present");
  list.Written("BLOOMBERGSYMBOL", 7, [s, venue, venue_presence](int64_t row, char* out) {
    if (!Chance(venue_presence(row), 0.4)) return WriteNull(out);
    std::memcpy(out, words::Tickers()[s->Ticker(row)].data(), 4);
    out[4] = '.';
    std::memcpy(out + 5, words::kVenues[Below(venue(row), std::size(words::kVenues))], 2);
    return 7;
  });
  list.WeightedTexts("SUBPRODUCTTYPE",
                     {{"CORP", 60}, {"MTN", 20}, {"PERP", 5}, {"PFD", 5}, {"", 10}});
  const RandomStream nasd_presence = list.Stream("NASDSYMBOL/present");
  list.Written("NASDSYMBOL", 4, [s, nasd_presence](int64_t row, char* out) {
    if (!Chance(nasd_presence(row), 0.3)) return WriteNull(out);
    std::memcpy(out, words::Tickers()[s->Ticker(row)].data(), 4);
    return 4;
  });
  list.UniformNumber("PRODUCTID", 300, 899);
  const RandomStream cins = list.Stream("CINS");
  const RandomStream cins_presence = list.Stream("CINS/present");
  list.Written("CINS", 9, [cins, cins_presence](int64_t row, char* out) {
    if (!Chance(cins_presence(row), 0.1)) return WriteNull(out);
    WriteAlphanumerics(cins(row), 9, out);
    return 9;
  });
  list.Written("SM_CUSIP", 9, [s](int64_t row, char* out) {
    WriteCusip(s->cusip(row), out);
    return 9;
  });
  list.UniformNumber("VENDORID", 100'000, 999'998);
  list.Flag("GREEN_BOND_FL", 30);
}

std::vector<GeneratedColumn> SecurityColumns(const GenerateOptions& options) {
  ColumnList list(options.seed, "securities");
  const auto security = std::make_shared<const Security>(list);
  AddId(options, list);
  AddTerms(security, list);
  AddAccrual(security, list);
  AddMarket(security, list);
  AddIssuer(security, list);
  AddFeatures(security, list);
  AddClasses(security, list);
  AddParties(security, list);
  AddTrading(security, list);
  AddSymbols(security, list);
  return list.Take();
}

}  // namespace

Dataset SecuritiesDataset() {
  return {{"securities",
           {"rows", "seed", "base_id", "sparse", "null_keys", "shuffled", "duplicates"}},
          SecurityColumns};
}

}  // namespace windrow::source
