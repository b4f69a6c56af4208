// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <string>
#include <vector>

#include "windrow/source/column_list.h"
#include "windrow/source/generated_dataset.h"

namespace windrow::source {
namespace {

constexpr int64_t kFirstMillisecond = 1'735'689'600'000;  // 2025-01-01 00:00:00
constexpr int64_t kMillisecondsPerRow = 40;
constexpr double kHotShare = 0.5;

/// A whole number of [1, count], where number k comes about as often as k to the power of
/// -exponent: the inverse of that curve's integral.
int64_t ZipfNumber(double position, int64_t count, double exponent) {
  const auto most = static_cast<double>(count) + 1;
  const double rest = 1 - exponent;
  const double number =
      std::abs(rest) < 1e-9
          ? std::pow(most, position)
          : std::pow(1 + position * (std::pow(most, rest) - 1), 1 / rest);
  return std::min(static_cast<int64_t>(number), count);
}

/// Users that click: user 1 does `hot_key` of all clicks, the others as often as each
/// other, or by Zipf's law.
std::vector<GeneratedColumn> ClickColumns(const GenerateOptions& options) {
  ColumnList list(options.seed, "clicks");
  const RandomStream user = list.Stream("user_id");
  const RandomStream hot = list.Stream("user_id/hot");
  const double hot_share = options.hot_key.value_or(options.zipf > 0 ? 0.0 : kHotShare);
  list.Int64("user_id", [=, users = options.users, zipf = options.zipf](int64_t row) {
    if (Chance(hot(row), hot_share)) return int64_t{1};
    if (zipf > 0) return ZipfNumber(UnitInterval(user(row)), users, zipf);
    return Between(user(row), std::min<int64_t>(2, users), users);
  });
  list.Milliseconds("event_time", [](int64_t row) {
    return kFirstMillisecond + row * kMillisecondsPerRow;
  });
  return list.Take();
}

/// The users 1, 2, 3 and so on.
std::vector<GeneratedColumn> UserColumns(const GenerateOptions& options) {
  ColumnList list(options.seed, "users");
  list.Int64("user_id", [](int64_t row) { return row + 1; });
  list.WeightedTexts("country", {{"US", 30},
                                 {"IN", 18},
                                 {"BR", 12},
                                 {"DE", 10},
                                 {"JP", 9},
                                 {"FR", 8},
                                 {"GB", 8},
                                 {"NG", 5}});
  return list.Take();
}

}  // namespace

Dataset ClicksDataset() {
  return {{"clicks", {"rows", "seed", "users", "hot_key", "zipf"}}, ClickColumns};
}

Dataset UsersDataset() { return {{"users", {"rows", "seed"}}, UserColumns}; }

}  // namespace windrow::source
