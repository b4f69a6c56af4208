// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "windrow/source/column_list.h"
#include "windrow/source/generated_dataset.h"
#include "windrow/source/instrument_keys.h"

namespace windrow::source {
namespace {

constexpr int64_t kFirstSecond = 1'755'648'000;  // 2025-08-20 00:00:00
constexpr int64_t kLastSecond = 1'757'548'799;   // 2025-09-10 23:59:59

/// A standard normal number (Box and Muller) from two uniform ones.
double Normal(uint64_t radius_bits, uint64_t angle_bits) {
  return std::sqrt(-2 * std::log(UnitInterval(radius_bits))) *
         std::cos(2 * std::numbers::pi * UnitInterval(angle_bits));
}

/// What other columns of a quote depend on.
struct Quote {
  explicit Quote(const ColumnList& list)
      : processed(list.Stream("processedTimestamp")),
        kafka(list.Stream("kafkaCreateTimestamp")),
        side(list.Stream("side")),
        segment(list.Stream("marketSegment")) {}

  int64_t ProcessedAt(int64_t row) const {
    return Between(processed(row), kFirstSecond, kLastSecond);
  }
  int64_t QueuedAt(int64_t row) const {
    return ProcessedAt(row) + Between(kafka(row), 0, 119);
  }
  bool IsOffer(int64_t row) const { return Below(side(row), 100) >= 55; }
  /// 0 for HG, 1 for AG, 2 for HY.
  int SegmentOf(int64_t row) const {
    const uint64_t percent = Below(segment(row), 100);
    return (percent >= 55) + (percent >= 75);
  }

  RandomStream processed, kafka, side, segment;
};

void AddDealer(ColumnList& list) {
  std::vector<std::string> dealers;
  for (int i = 1; i <= 40; ++i) {
    dealers.push_back(std::string("ORG") + (i < 10 ? "0" : "") + std::to_string(i) +
                      (i % 2 == 1 ? "_US" : "_UK"));
  }
  const RandomStream dealer = list.Stream("companyName");
  const auto pick = [dealer](int64_t row) { return Below(dealer(row), 40); };
  list.Text("companyShortName", dealers, pick);
  list.Text("companyName", dealers, pick);
  list.Nothing("onBehalfOf");
}

void AddTimes(const Quote& quote, ColumnList& list) {
  const RandomStream contributed = list.Stream("contributionTimestamp");
  const RandomStream presence = list.Stream("contributionTimestamp/present");
  list.Seconds("contributionTimestamp", [=](int64_t row) {
    return Nullable<int64_t>{
        quote.ProcessedAt(row) + Between(contributed(row), -900, 899),
        Chance(presence(row), 0.65)};
  });
  list.Seconds("processedTimestamp", [=](int64_t row) { return quote.ProcessedAt(row); });
  list.Seconds("kafkaCreateTimestamp", [=](int64_t row) { return quote.QueuedAt(row); });
  const RandomStream stored = list.Stream("singlestoreTimestamp");
  list.Seconds("singlestoreTimestamp", [=](int64_t row) {
    return quote.QueuedAt(row) + Between(stored(row), 0, 299);
  });
}

void AddKeys(const GenerateOptions& options, ColumnList& list) {
  const InstrumentIds ids(options.base_id, options.sparse);
  const auto universe = static_cast<uint64_t>(
      std::llround(options.universe_multiple * static_cast<double>(options.securities)));
  const double key_share = 1 - options.null_keys.value_or(0.02);
  const double hot_share = options.hot_key.value_or(0);
  const auto add = [&](const std::string& name, double present, double hot) {
    const RandomStream key = list.Stream(name);
    const RandomStream presence = list.Stream(name + "/present");
    const RandomStream heat = list.Stream(name + "/hot");
    list.Int64(name, [=](int64_t row) {
      const uint64_t instrument = Chance(heat(row), hot) ? 0 : Below(key(row), universe);
      return Nullable<int64_t>{ids(static_cast<int64_t>(instrument)),
                               Chance(presence(row), present)};
    });
  };
  add("instrumentId", key_share, hot_share);
  add("benchmarkInstrumentId", 0.25, 0);
}

/// Mean, deviation and limits of the prices of a market segment.
struct PriceRange {
  double mean, deviation, low, high;
};
constexpr std::array<PriceRange, 3> kPrices = {
    {{110, 8, 85, 140}, {112, 7, 90, 140}, {92, 10, 60, 120}}};

void AddEconomics(const Quote& quote, ColumnList& list) {
  const RandomStream spread = list.Stream("spread");
  const RandomStream spread_angle = list.Stream("spread/angle");
  const RandomStream spread_presence = list.Stream("spread/present");
  list.Float64("spread", [=](int64_t row) {
    // Most rows are null, and a logarithm costs more than the branch.
    if (!Chance(spread_presence(row), 0.15)) return Nullable<double>{0, false};
    const double drawn = 120 + 30 * Normal(spread(row), spread_angle(row));
    return Nullable<double>{std::round(std::max(0.0, drawn) * 1e9) / 1e9, true};
  });
  const RandomStream price = list.Stream("price");
  const RandomStream price_angle = list.Stream("price/angle");
  const RandomStream price_kind = list.Stream("price/kind");
  const RandomStream price_digits = list.Stream("price/digits");
  list.Float64("price", [=](int64_t row) {
    const PriceRange range = kPrices[quote.SegmentOf(row)];
    const double mean = range.mean + (quote.IsOffer(row) ? 0.6 : -0.6);
    const double drawn =
        std::clamp(mean + range.deviation * Normal(price(row), price_angle(row)),
                   range.low, range.high);
    const uint64_t digits = Below(price_digits(row), 10);
    const double scale = digits < 6 ? 1000 : 100;
    const double rounded = digits < 9 ? std::round(drawn * scale) / scale : drawn;
    // 3 % null, and 2 % of the others zero.
    const uint64_t kind = Below(price_kind(row), 10'000);
    return Nullable<double>{kind < 300 + 194 ? 0.0 : rounded, kind >= 300};
  });
  const RandomStream size = list.Stream("size");
  const RandomStream lot = list.Stream("size/lot");
  list.Int64("size", [=](int64_t row) -> int64_t {
    const uint64_t band = Below(size(row), 100);
    if (band < 8) return 0;
    if (band < 33) return Between(lot(row), 1, 19);
    if (band < 63) return Between(lot(row), 20, 249);
    if (band < 85) return Between(lot(row), 250, 1199);
    const uint64_t percent = Below(lot(row), 100);
    if (band < 97) return percent < 60 ? 1000 : percent < 85 ? 2000 : 5000;
    return percent < 80 ? 10'000 : 15'000;
  });
}

void AddKinds(const Quote& quote, ColumnList& list) {
  list.Text("side", {"BID", "OFFER"}, [=](int64_t row) { return quote.IsOffer(row); });
  list.WeightedTexts("action", {{"UPDATE", 85}, {"DELETE", 15}});
  list.WeightedNumbers("level", {{1, 15}, {2, 20}, {3, 35}, {4, 20}, {5, 10}});
  list.WeightedTexts("quoteType", {{"I", 85}, {"F", 15}});
  list.WeightedTexts("itemType", {{"P", 85}, {"S", 15}});
  list.WeightedNumbers("tier", {{1, 175}, {2, 175}, {3, 475}, {4, 175}});
  list.Text("marketSegment", {"HG", "AG", "HY"},
            [=](int64_t row) { return quote.SegmentOf(row); });
  list.WeightedTexts(
      "productCD",
      {{"USHG", 40}, {"USAS", 20}, {"USSC", 20}, {"USHS", 10}, {"USHY", 7}, {"UPAG", 3}});
  list.UniformText("actualFirmness", {"INVENTORY"});
}

std::vector<GeneratedColumn> QuoteColumns(const GenerateOptions& options) {
  ColumnList list(options.seed, "quotes");
  const Quote quote(list);
  AddDealer(list);
  AddTimes(quote, list);
  AddKeys(options, list);
  AddEconomics(quote, list);
  AddKinds(quote, list);
  return list.Take();
}

}  // namespace

Dataset QuotesDataset() {
  return {{"quotes",
           {"rows", "seed", "base_id", "sparse", "null_keys", "securities",
            "universe_multiple", "hot_key"}},
          QuoteColumns};
}

}  // namespace windrow::source
