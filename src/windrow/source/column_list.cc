// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/column_list.h"

#include <cmath>

namespace windrow::source {

void ColumnList::UniformText(std::string name, const std::vector<std::string>& words) {
  const RandomStream stream = Stream(name);
  const uint64_t count = words.size();
  Text(std::move(name), words,
       [stream, count](int64_t row) { return Below(stream(row), count); });
}

void ColumnList::WeightedTexts(std::string name, const std::vector<WeightedText>& words) {
  const RandomStream stream = Stream(name);
  std::vector<std::string> texts;
  std::vector<int> weights;
  for (const WeightedText& word : words) {
    texts.push_back(word.text);
    weights.push_back(word.weight);
  }
  Text(std::move(name), texts,
       [stream, pick = Weighted(weights)](int64_t row) { return pick(stream(row)); });
}

void ColumnList::Flag(std::string name, int yes) {
  WeightedTexts(std::move(name), {{"N", 1000 - yes}, {"Y", yes}});
}

void ColumnList::UniformNumber(std::string name, int64_t low, int64_t high) {
  const RandomStream stream = Stream(name);
  Int64(std::move(name),
        [stream, low, high](int64_t row) { return Between(stream(row), low, high); });
}

void ColumnList::WeightedNumbers(std::string name,
                                 const std::vector<WeightedNumber>& numbers) {
  const RandomStream stream = Stream(name);
  std::vector<int64_t> values;
  std::vector<int> weights;
  for (const WeightedNumber& number : numbers) {
    values.push_back(number.value);
    weights.push_back(number.weight);
  }
  Int64(std::move(name), [stream, values, pick = Weighted(weights)](int64_t row) {
    return values[pick(stream(row))];
  });
}

void ColumnList::Decimal(std::string name, double low, double high, int digits,
                         double present) {
  const RandomStream stream = Stream(name);
  const RandomStream presence = Stream(name + "/present");
  const double scale = std::pow(10.0, digits);
  const int64_t first = std::llround(low * scale);
  const int64_t last = std::llround(high * scale);
  Float64(std::move(name), [=](int64_t row) {
    return Nullable<double>{
        static_cast<double>(Between(stream(row), first, last)) / scale,
        Chance(presence(row), present)};
  });
}

void ColumnList::Nothing(std::string name) {
  auto make = [](RowRange rows,
                 arrow::MemoryPool*) -> Result<std::shared_ptr<arrow::Array>> {
    return std::make_shared<arrow::NullArray>(rows.count);
  };
  columns_.push_back({std::move(name), arrow::null(), 0, std::move(make), {}});
}

void WriteAlphanumerics(uint64_t bits, int length, char* out) {
  static constexpr char kAlphanumerics[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  for (int i = 0; i < length; ++i) {
    out[i] = kAlphanumerics[Below(bits, 36)];
    bits *= 36;
  }
}

}  // namespace windrow::source
