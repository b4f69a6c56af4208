// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/collect.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <support/memory_pipeline.h>
#include <support/random_columns.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <variant>

#include "windrow/exec/memory_budget.h"
#include "windrow/exec/task_slots.h"

namespace windrow::op {
namespace {

using testing::AsDictionary;
using testing::Batches;
using testing::BatchPtr;
using testing::Chance;
using testing::CutAtRandom;
using testing::Decoded;
using testing::Draw;
using testing::JsonArray;
using testing::Pick;
using testing::Random;
using testing::TakeRows;
using ArrayPtr = std::shared_ptr<arrow::Array>;
using SchemaPtr = std::shared_ptr<arrow::Schema>;

enum Column { kName, kId, kText, kFlag, kTime, kWords, kPair, kPad, kNumber };

/// A value in ascending order, null after all others.
using Cell = std::pair<bool, std::variant<int64_t, std::string>>;

Cell CellOf(const arrow::Array& column, int64_t row) {
  if (column.IsNull(row)) return {true, int64_t{0}};
  switch (column.type_id()) {
    case arrow::Type::STRING:
      return {false, static_cast<const arrow::StringArray&>(column).GetString(row)};
    case arrow::Type::BOOL:
      return {false, int64_t{static_cast<const arrow::BooleanArray&>(column).Value(row)}};
    default:
      return {false, column.data()->GetValues<int64_t>(1)[row]};
  }
}

/// What Collect must give, as row numbers of the input: each element one output row.
std::vector<std::vector<int64_t>> Expected(const BatchPtr& input,
                                           const Collect::Options& options) {
  std::map<std::vector<Cell>, std::vector<int64_t>> groups;
  for (int64_t row = 0; row < input->num_rows(); ++row) {
    std::vector<Cell> key;
    for (const int column : options.key_columns) {
      key.push_back(CellOf(*input->column(column), row));
    }
    groups[key].push_back(row);
  }
  std::vector<std::vector<int64_t>> lists;
  for (auto& [key, rows] : groups) {
    std::stable_sort(rows.begin(), rows.end(), [&](int64_t a, int64_t b) {
      for (size_t k = 0; k < options.order_columns.size(); ++k) {
        const arrow::Array& column = *input->column(options.order_columns[k]);
        const column::OrderKey& how = options.order_keys[k];
        const Cell x = CellOf(column, a);
        const Cell y = CellOf(column, b);
        if (x == y) continue;
        if (x.first != y.first) return x.first == how.nulls_first;
        return how.descending ? y < x : x < y;
      }
      return false;
    });
    const auto most = options.max_rows.value_or(input->num_rows());
    for (auto begin = rows.begin(); begin < rows.end();) {
      const auto end = begin + std::min<int64_t>(most, rows.end() - begin);
      lists.emplace_back(begin, end);
      begin = end;
    }
  }
  return lists;
}

struct Ways {
  int num_slots = 2;
  int64_t morsel_rows = 1000;
  int64_t budget_bytes = 0;  ///< 0: none
};

/// A list of dictionary arrays decoded; anything else as it is.
ArrayPtr Undictionary(const ArrayPtr& column) {
  if (column->type_id() != arrow::Type::LIST) return column;
  const auto& list = static_cast<const arrow::ListArray&>(*column);
  if (list.value_type()->id() != arrow::Type::DICTIONARY) return column;
  const ArrayPtr values = Decoded(list.values());
  return std::make_shared<arrow::ListArray>(arrow::list(values->type()), list.length(),
                                            list.value_offsets(), values);
}

/// Moves batches into a pool's memory, as a decoding source would.
class Into : public exec::Operator {
 public:
  Into(SchemaPtr schema, arrow::MemoryPool* pool)
      : schema_(std::move(schema)), pool_(pool) {}
  const SchemaPtr& output_schema() const override { return schema_; }
  Result<BatchPtr> Process(BatchPtr batch) override {
    arrow::ArrayVector columns = batch->columns();
    for (ArrayPtr& column : columns) {
      column = Undictionary(column);
      ARROW_ASSIGN_OR_RAISE(column, arrow::Concatenate({column}, pool_));
    }
    return arrow::RecordBatch::Make(schema_, batch->num_rows(), columns);
  }

 private:
  SchemaPtr schema_;
  arrow::MemoryPool* pool_;
};

struct Outcome {
  Status status;
  Batches batches;
  SchemaPtr schema;
  int64_t groups = 0;
  int64_t spilled = 0;
  std::string strategy;
};

Outcome Collected(const SchemaPtr& schema, const Batches& input,
                  const Collect::Options& options, const Ways& ways) {
  exec::TaskSlots slots(ways.num_slots);
  exec::MemoryBudget budget(std::max<int64_t>(1, ways.budget_bytes),
                            arrow::default_memory_pool(), ways.budget_bytes / 8);
  exec::RunContext context;
  context.slots = &slots;
  context.morsel_rows = ways.morsel_rows;
  context.pool = arrow::default_memory_pool();
  context.temp_dir = ::testing::TempDir();
  if (ways.budget_bytes > 0) {
    context.pool = context.budget = &budget;
    context.spill_pool = budget.spill_pool();
  }
  exec::RunMetrics metrics;
  exec::Pipeline pipeline;
  pipeline.source =
      std::make_unique<testing::MemorySource>(schema, testing::AsUnits(input));
  pipeline.source_metrics = metrics.Add("source", "scan");
  exec::StepMetrics* step = metrics.Add("collect", "collect");
  if (ways.budget_bytes > 0) {
    pipeline.steps.push_back(
        {std::make_unique<Into>(schema, context.pool), nullptr, step});
  }
  auto collect = std::make_unique<Collect>(options, schema, &context, step);
  Outcome outcome;
  const auto groups = collect->groups();
  outcome.schema = collect->output_schema();
  pipeline.steps.push_back({nullptr, std::move(collect), step});
  pipeline.steps.push_back(
      {std::make_unique<Into>(outcome.schema, arrow::default_memory_pool()), nullptr,
       step});
  pipeline.sink = std::make_unique<testing::CollectingSink>(&outcome.batches);
  pipeline.sink_metrics = metrics.Add("sink", "write");
  outcome.status = exec::RunPipeline(&pipeline, &context);
  outcome.groups = groups->count;
  outcome.spilled = step->spill_bytes;
  outcome.strategy = step->strategy();
  return outcome;
}

/// The values of a column of all batches; of a list column those within.
ArrayPtr Values(const Batches& batches, int column) {
  arrow::ArrayVector parts;
  for (const BatchPtr& batch : batches) {
    const ArrayPtr& values = batch->column(column);
    parts.push_back(values->type_id() == arrow::Type::LIST
                        ? *static_cast<const arrow::ListArray&>(*values).Flatten()
                        : values);
  }
  return arrow::Concatenate(parts).ValueOrDie();
}

/// What is wrong with the outcome; empty when nothing is.
void ExpectRows(const Outcome& found, const BatchPtr& input,
                const Collect::Options& options) {
  ASSERT_TRUE(found.status.ok()) << found.status;
  const auto expected = Expected(input, options);
  std::vector<int64_t> firsts;
  std::vector<int64_t> rows;
  std::vector<int64_t> lengths;
  for (const std::vector<int64_t>& list : expected) {
    firsts.push_back(list[0]);
    rows.insert(rows.end(), list.begin(), list.end());
    lengths.push_back(static_cast<int64_t>(list.size()));
  }
  if (expected.empty()) {
    EXPECT_TRUE(found.batches.empty());
    return;
  }
  ASSERT_FALSE(found.batches.empty());
  std::vector<int64_t> found_lengths;
  const auto num_keys = static_cast<int>(options.key_columns.size());
  for (const BatchPtr& batch : found.batches) {
    ASSERT_TRUE(batch->ValidateFull().ok()) << batch->ValidateFull();
    ASSERT_TRUE(batch->schema()->Equals(*found.schema));
    if (options.list_columns.empty()) continue;
    const auto& list = static_cast<const arrow::ListArray&>(*batch->column(num_keys));
    for (int64_t i = 0; i < list.length(); ++i) {
      found_lengths.push_back(list.value_length(i));
    }
  }
  if (!options.list_columns.empty()) {
    EXPECT_TRUE(found_lengths == lengths) << "other lengths of lists";
  }
  for (int key = 0; key < num_keys; ++key) {
    const auto& column = input->column(options.key_columns[static_cast<size_t>(key)]);
    EXPECT_TRUE(Values(found.batches, key)->Equals(*TakeRows({column}, firsts)))
        << "key " << key << ": " << Values(found.batches, key)->ToString();
  }
  for (size_t c = 0; c < options.list_columns.size(); ++c) {
    const auto& column = input->column(options.list_columns[c]);
    EXPECT_TRUE(Values(found.batches, num_keys + static_cast<int>(c))
                    ->Equals(*TakeRows({column}, rows)))
        << "column " << options.list_columns[c];
  }
}

enum class Shape { kFew, kDominant, kOne, kDistinct };

/// Names and numbers of groups; `rows` rows.
std::pair<ArrayPtr, ArrayPtr> MakeKeys(Shape shape, int64_t rows, double null_share,
                                       Random& random) {
  arrow::StringBuilder names;
  arrow::Int64Builder ids;
  for (int64_t row = 0; row < rows; ++row) {
    int64_t group = 7;
    if (shape == Shape::kFew) group = Pick(random, -10, 40);
    if (shape == Shape::kDominant && Chance(random, 0.1)) group = Pick(random, 0, rows);
    if (shape == Shape::kDistinct) group = (row * 7919) % rows;
    const std::string name = group == 3 ? "" : std::to_string(group);
    EXPECT_TRUE(
        (Chance(random, null_share) ? names.AppendNull() : names.Append(name)).ok());
    EXPECT_TRUE((Chance(random, null_share) ? ids.AppendNull() : ids.Append(group)).ok());
  }
  return {*names.Finish(), *ids.Finish()};
}

BatchPtr MakeInput(Shape shape, int64_t rows, Random& random, int64_t pad_max = 30) {
  const auto texts = JsonArray(arrow::utf8(), R"(["", "a", "ab", "b", "ä", "zz"])");
  const auto times = JsonArray(arrow::timestamp(arrow::TimeUnit::MICRO), "[3, 1, -5, 8]");
  const auto words = JsonArray(arrow::list(arrow::int32()), "[[1, 2], [], [null, 4]]");
  const auto pairs =
      JsonArray(arrow::struct_(
                    {arrow::field("a", arrow::int8()), arrow::field("b", arrow::utf8())}),
                R"([{"a": 1, "b": "x"}, {"a": null, "b": null}, {"a": 3, "b": ""}])");
  const double null_share = Chance(random, 0.5) ? 0.05 : 0;
  const auto [names, ids] = MakeKeys(shape, rows, null_share, random);
  arrow::StringBuilder pads;
  arrow::Int64Builder numbers;
  for (int64_t row = 0; row < rows; ++row) {
    const auto length = static_cast<size_t>(Pick(random, 0, pad_max));
    EXPECT_TRUE(
        pads.Append(std::string(length, static_cast<char>(Pick(random, 'a', 'z')))).ok());
    EXPECT_TRUE(numbers.Append(row).ok());
  }
  const arrow::ArrayVector columns = {
      names,
      ids,
      Draw(texts, rows, 0.1, random),
      Draw(JsonArray(arrow::boolean(), "[true, false]"), rows, 0.1, random),
      Draw(times, rows, 0.1, random),
      Draw(words, rows, 0.1, random),
      Draw(pairs, rows, 0.1, random),
      *pads.Finish(),
      *numbers.Finish()};
  const std::vector<std::string> labels = {"name",  "id",   "text", "flag",  "time",
                                           "words", "pair", "pad",  "number"};
  arrow::FieldVector fields;
  for (size_t i = 0; i < labels.size(); ++i) {
    fields.push_back(arrow::field(labels[i], columns[i]->type()));
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), rows, columns);
}

/// The batches of a source: cut, and with text as dictionaries where it might be. With
/// `may_share`, batches may have one dictionary.
Batches AsBatches(const BatchPtr& input, int64_t rows_max, Random& random,
                  bool may_share = true) {
  arrow::ArrayVector columns = input->columns();
  const double share = std::vector<double>{0, 0.5, 1}[Pick(random, 0, 2)];
  for (const Column text : {kName, kText}) {
    if (may_share && Chance(random, 0.3)) {
      columns[text] = AsDictionary(columns[text], random);
    }
  }
  Batches batches =
      CutAtRandom(arrow::RecordBatch::Make(input->schema(), input->num_rows(), columns),
                  rows_max, random);
  for (BatchPtr& batch : batches) {
    columns = batch->columns();
    for (const Column text : {kName, kText}) {
      const bool is_plain = columns[text]->type_id() == arrow::Type::STRING;
      if (is_plain && Chance(random, share)) {
        columns[text] = AsDictionary(columns[text], random);
      }
    }
    batch = arrow::RecordBatch::Make(input->schema(), batch->num_rows(), columns);
  }
  return batches;
}

Collect::Options MakeOptions(Random& random) {
  Collect::Options options;
  options.key_columns = std::vector<std::vector<int>>{
      {kName}, {kId}, {kName, kId}, {kId, kName}}[Pick(random, 0, 3)];
  for (const int column : {kText, kFlag, kTime, kWords, kPair, kPad, kNumber}) {
    if (Chance(random, 0.7)) options.list_columns.push_back(column);
  }
  std::shuffle(options.list_columns.begin(), options.list_columns.end(), random);
  for (int64_t i = Pick(random, 0, 3); i > 0; --i) {
    options.order_columns.push_back(
        std::vector<int>{kText, kFlag, kTime, kPad, kNumber, kId}[Pick(random, 0, 5)]);
    options.order_keys.push_back({Chance(random, 0.5), Chance(random, 0.5)});
  }
  options.max_rows =
      std::vector<std::optional<int64_t>>{1, 3, 1000, std::nullopt}[Pick(random, 0, 3)];
  options.dictionary_lists = Chance(random, 0.5);
  return options;
}

/// The rows in ascending order of their keys.
BatchPtr SortedByKey(const BatchPtr& input, std::vector<int> keys) {
  Collect::Options by_key;
  by_key.key_columns = std::move(keys);
  std::vector<int64_t> rows;
  for (const auto& list : Expected(input, by_key)) {
    rows.insert(rows.end(), list.begin(), list.end());
  }
  arrow::ArrayVector columns;
  for (const ArrayPtr& column : input->columns()) {
    columns.push_back(TakeRows({column}, rows));
  }
  return arrow::RecordBatch::Make(input->schema(), input->num_rows(), columns);
}

constexpr Shape kShapes[] = {Shape::kFew, Shape::kDominant, Shape::kOne,
                             Shape::kDistinct};

TEST(Collect, GivesWhatASlowOneGives) {
  const auto first = std::random_device{}();
  for (auto seed = first; seed < first + 60; ++seed) {
    SCOPED_TRACE("replay with seed " + std::to_string(seed));
    Random random(seed);
    const int64_t rows = std::vector<int64_t>{0, 1, 2, 50, 3000}[Pick(random, 0, 4)];
    BatchPtr input = MakeInput(kShapes[Pick(random, 0, 3)], rows, random);
    Collect::Options options = MakeOptions(random);
    options.rows_expected = Chance(random, 0.5) ? 0 : Pick(random, 0, 100'000);
    if (Chance(random, 0.3)) {
      input = SortedByKey(input, options.key_columns);
      options.sorted_groups = -1;
    }
    const Batches batches = AsBatches(input, Pick(random, 1, 700), random);
    Ways ways;
    ways.num_slots = std::vector<int>{1, 2, 8}[Pick(random, 0, 2)];
    ways.morsel_rows = std::vector<int64_t>{1, 7, 100, 10'000}[Pick(random, 0, 3)];
    const Outcome found = Collected(input->schema(), batches, options, ways);
    ExpectRows(found, input, options);
    if (::testing::Test::HasFailure()) return;
  }
}

/// Rows by the number of groups they form.
int64_t NumGroups(const BatchPtr& input, Collect::Options options) {
  options.max_rows = std::nullopt;
  return static_cast<int64_t>(Expected(input, options).size());
}

TEST(Collect, SpillsAndGivesTheSame) {
  const auto first = std::random_device{}();
  for (auto seed = first; seed < first + 8; ++seed) {
    SCOPED_TRACE("replay with seed " + std::to_string(seed));
    Random random(seed);
    const Shape shape = kShapes[seed % 4];
    BatchPtr input = MakeInput(shape, 40'000, random, 200);
    Collect::Options options = MakeOptions(random);
    options.list_columns = {kText, kWords, kPad, kNumber};
    // A group that does not fit is to come out in parts.
    const bool has_large = shape == Shape::kDominant || shape == Shape::kOne;
    if (has_large) options.max_rows = Pick(random, 1, 500);
    options.rows_expected = Chance(random, 0.5) ? 0 : 40'000;
    const bool is_sorted = Chance(random, 0.3);
    if (is_sorted) {
      input = SortedByKey(input, options.key_columns);
      options.sorted_groups = -1;
    }
    const Batches batches = AsBatches(input, 500, random, /*may_share=*/false);
    Ways ways;
    ways.num_slots = static_cast<int>(Pick(random, 1, 2));
    ways.budget_bytes = shape == Shape::kDistinct ? 8 << 20 : 3 << 20;
    SCOPED_TRACE("shape " + std::to_string(static_cast<int>(shape)) + ", keys " +
                 std::to_string(options.key_columns.size()) + ", slots " +
                 std::to_string(ways.num_slots) + (is_sorted ? ", sorted" : "") +
                 ", max_rows " + std::to_string(options.max_rows.value_or(0)));
    const Outcome found = Collected(input->schema(), batches, options, ways);
    ExpectRows(found, input, options);
    EXPECT_EQ(found.groups, NumGroups(input, options));
    EXPECT_EQ(found.strategy == "streamed", is_sorted);
    if (shape == Shape::kOne || !is_sorted) {
      EXPECT_GT(found.spilled, 0);
    }
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Collect, ADictionaryOfNullsIsNoValue) {
  const auto type = arrow::dictionary(arrow::int8(), arrow::utf8());
  const auto schema = arrow::schema(
      {arrow::field("k", arrow::int64()), arrow::field("s", arrow::utf8())});
  const auto keys = JsonArray(arrow::int64(), "[2, 1, 2]");
  const auto nulls = arrow::MakeArrayOfNull(arrow::utf8(), 3).ValueOrDie();
  const auto none = std::make_shared<arrow::DictionaryArray>(
      type, arrow::MakeArrayOfNull(arrow::int8(), 3).ValueOrDie(),
      JsonArray(arrow::utf8(), "[]"));
  Collect::Options options;
  options.key_columns = {0};
  options.list_columns = {1};
  for (const bool as_dictionaries : {false, true}) {
    options.dictionary_lists = as_dictionaries;
    const Outcome found = Collected(
        schema, {arrow::RecordBatch::Make(schema, 3, {keys, none})}, options, {});
    ExpectRows(found, arrow::RecordBatch::Make(schema, 3, {keys, nulls}), options);
  }
}

TEST(Collect, WithoutListsGivesDistinctKeys) {
  Random random(5);
  const BatchPtr input = MakeInput(Shape::kFew, 500, random);
  Collect::Options options;
  options.key_columns = {kId, kName};
  const Outcome found =
      Collected(input->schema(), AsBatches(input, 50, random), options, {});
  ExpectRows(found, input, options);
  EXPECT_EQ(found.groups, NumGroups(input, options));
}

TEST(Collect, AGroupThatDoesNotFitIsAResourceError) {
  Random random(6);
  const BatchPtr input = MakeInput(Shape::kOne, 60'000, random);
  Collect::Options options;
  options.key_columns = {kName};
  options.list_columns = {kPad, kNumber, kWords};
  const Outcome found = Collected(input->schema(), CutAtRandom(input, 500, random),
                                  options, {2, 1000, 1 << 20});
  EXPECT_EQ(BlameOf(found.status), Blame::kResource) << found.status;
}

}  // namespace
}  // namespace windrow::op
