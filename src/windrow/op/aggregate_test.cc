// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/aggregate.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <support/memory_pipeline.h>
#include <support/random_columns.h>

#include <map>
#include <optional>

#include "windrow/exec/memory_budget.h"
#include "windrow/exec/task_slots.h"

namespace windrow::op {
namespace {

using column::Aggregate;
using testing::AsDictionary;
using testing::Batches;
using testing::BatchPtr;
using testing::CutAtRandom;
using testing::Draw;
using testing::JsonArray;
using testing::Random;
using Operator = op::Aggregate;
using ArrayPtr = std::shared_ptr<arrow::Array>;
using SchemaPtr = std::shared_ptr<arrow::Schema>;

enum Column { kName, kDay, kNumber, kDouble, kText, kMoney };

struct Ways {
  int num_slots = 2;
  int64_t budget_bytes = 0;  ///< 0: none
  bool partial = true;
};

struct Outcome {
  Status status;
  BatchPtr rows;
  int64_t spilled = 0;
  std::string strategy;
};

/// Moves batches into a pool's memory, as a decoding source would.
class Into : public exec::Operator {
 public:
  Into(SchemaPtr schema, arrow::MemoryPool* pool)
      : schema_(std::move(schema)), pool_(pool) {}
  const SchemaPtr& output_schema() const override { return schema_; }
  Result<BatchPtr> Process(BatchPtr batch) override {
    arrow::ArrayVector columns = batch->columns();
    for (ArrayPtr& column : columns) {
      ARROW_ASSIGN_OR_RAISE(column, arrow::Concatenate({column}, pool_));
    }
    return arrow::RecordBatch::Make(batch->schema(), batch->num_rows(), columns);
  }

 private:
  SchemaPtr schema_;
  arrow::MemoryPool* pool_;
};

Outcome Aggregated(const SchemaPtr& schema, const Batches& input,
                   Operator::Options options, const Ways& ways) {
  options.partial = ways.partial;
  exec::TaskSlots slots(ways.num_slots);
  exec::MemoryBudget budget(std::max<int64_t>(1, ways.budget_bytes),
                            arrow::default_memory_pool(), ways.budget_bytes / 8);
  exec::RunContext context;
  context.slots = &slots;
  context.pool = arrow::default_memory_pool();
  context.temp_dir = ::testing::TempDir();
  if (ways.budget_bytes > 0) {
    context.pool = context.budget = &budget;
    context.spill_pool = budget.spill_pool();
    context.window_bytes = ways.budget_bytes / 8;
  }
  exec::RunMetrics metrics;
  exec::Pipeline pipeline;
  pipeline.source =
      std::make_unique<testing::MemorySource>(schema, testing::AsUnits(input));
  pipeline.source_metrics = metrics.Add("source", "scan");
  exec::StepMetrics* step = metrics.Add("aggregate", "aggregate");
  pipeline.steps.push_back({std::make_unique<Into>(schema, context.pool), nullptr, step});
  auto aggregate = std::make_unique<Operator>(options, schema, &context, step);
  const SchemaPtr output = aggregate->output_schema();
  pipeline.steps.push_back({nullptr, std::move(aggregate), step});
  pipeline.steps.push_back(
      {std::make_unique<Into>(output, arrow::default_memory_pool()), nullptr, step});
  Batches batches;
  pipeline.sink = std::make_unique<testing::CollectingSink>(&batches);
  pipeline.sink_metrics = metrics.Add("sink", "write");
  Outcome outcome;
  outcome.status = exec::RunPipeline(&pipeline, &context);
  outcome.spilled = step->spill_bytes;
  outcome.strategy = step->strategy();
  if (!outcome.status.ok()) return outcome;
  const auto table = arrow::Table::FromRecordBatches(output, batches).ValueOrDie();
  outcome.rows = table->CombineChunksToBatch().ValueOrDie();
  return outcome;
}

BatchPtr MakeInput(int64_t rows, int64_t names, double nulls, Random& random) {
  arrow::StringBuilder name_builder;
  for (int64_t i = 0; i < names; ++i) {
    EXPECT_TRUE(name_builder.Append("name " + std::to_string(i * 7919)).ok());
  }
  arrow::DoubleBuilder doubles;
  for (int64_t i = 0; i < rows; ++i) {
    EXPECT_TRUE(doubles.Append(static_cast<double>(random() % 10'000) / 7).ok());
  }
  arrow::FieldVector fields = {arrow::field("name", arrow::utf8()),
                               arrow::field("day", arrow::date32()),
                               arrow::field("n", arrow::int64()),
                               arrow::field("x", arrow::float64()),
                               arrow::field("text", arrow::utf8()),
                               arrow::field("money", arrow::decimal128(9, 2))};
  arrow::ArrayVector columns = {
      Draw(name_builder.Finish().ValueOrDie(), rows, nulls, random),
      Draw(JsonArray(arrow::date32(), "[1, 2, 20000]"), rows, nulls, random),
      Draw(JsonArray(arrow::int64(), "[1, -2, 3000000000, 0]"), rows, nulls, random),
      doubles.Finish().ValueOrDie(),
      Draw(JsonArray(arrow::utf8(), R"(["b", "", "Zürich", "ab", "a longer one here"])"),
           rows, nulls, random),
      Draw(JsonArray(arrow::decimal128(9, 2), R"(["1.50", "-2.25", "100.00"])"), rows,
           nulls, random)};
  return arrow::RecordBatch::Make(arrow::schema(fields), rows, columns);
}

Operator::Options AllOf(std::vector<int> keys) {
  return {std::move(keys),
          {{"rows", Aggregate::kCountRows, -1},
           {"count", Aggregate::kCount, kText},
           {"distinct", Aggregate::kCountDistinct, kNumber},
           {"texts", Aggregate::kCountDistinct, kText},
           {"sum", Aggregate::kSum, kNumber},
           {"money", Aggregate::kSum, kMoney},
           {"avg", Aggregate::kAvg, kNumber},
           {"min", Aggregate::kMin, kText},
           {"max", Aggregate::kMax, kMoney},
           {"most", Aggregate::kMax, kDouble},
           {"first", Aggregate::kFirst, kNumber},
           {"last", Aggregate::kLast, kText}}};
}

/// What some of AllOf({kName}) give, computed row by row.
struct Expected {
  std::optional<std::string> name;
  int64_t rows = 0;
  int64_t sum = 0;
  std::optional<std::string> min;
  std::optional<std::string> last;
};

std::vector<Expected> Expect(const BatchPtr& input) {
  std::vector<Expected> groups;
  std::map<std::optional<std::string>, size_t> known;
  const auto& names = static_cast<const arrow::StringArray&>(*input->column(kName));
  const auto& numbers = static_cast<const arrow::Int64Array&>(*input->column(kNumber));
  const auto& texts = static_cast<const arrow::StringArray&>(*input->column(kText));
  const auto text_at = [](const arrow::StringArray& column, int64_t row) {
    return column.IsNull(row) ? std::nullopt : std::optional(column.GetString(row));
  };
  for (int64_t row = 0; row < input->num_rows(); ++row) {
    const auto name = text_at(names, row);
    const auto [found, is_new] = known.emplace(name, groups.size());
    if (is_new) groups.push_back({name});
    Expected& group = groups[found->second];
    ++group.rows;
    if (numbers.IsValid(row)) group.sum += numbers.Value(row);
    group.last = text_at(texts, row);
    if (group.last.has_value() && (!group.min || *group.last < *group.min)) {
      group.min = group.last;
    }
  }
  return groups;
}

void ExpectRows(const BatchPtr& found, const BatchPtr& input) {
  const std::vector<Expected> expected = Expect(input);
  ASSERT_EQ(found->num_rows(), static_cast<int64_t>(expected.size()));
  ASSERT_TRUE(found->ValidateFull().ok());
  const auto text = [&](const char* name, int64_t row) -> std::optional<std::string> {
    const auto column = found->GetColumnByName(name);
    if (column->IsNull(row)) return std::nullopt;
    return static_cast<const arrow::StringArray&>(*column).GetString(row);
  };
  const auto number = [&](const char* name, int64_t row) {
    return static_cast<const arrow::Int64Array&>(*found->GetColumnByName(name))
        .Value(row);
  };
  for (int64_t row = 0; row < found->num_rows(); ++row) {
    const Expected& group = expected[static_cast<size_t>(row)];
    ASSERT_EQ(text("name", row), group.name);
    ASSERT_EQ(number("rows", row), group.rows);
    ASSERT_EQ(number("sum", row), group.sum);
    ASSERT_EQ(text("min", row), group.min);
    ASSERT_EQ(text("last", row), group.last);
  }
}

TEST(Aggregate, GivesTheRowsOfTheGroupsInOrderOfAppearance) {
  Random random(1);
  for (const int64_t names : {1, 10, 4000}) {
    const BatchPtr input = MakeInput(20'000, names, 0.1, random);
    const Batches batches = CutAtRandom(input, 3000, random);
    for (const bool partial : {false, true}) {
      const Outcome found =
          Aggregated(input->schema(), batches, AllOf({kName}), {2, 0, partial});
      ASSERT_TRUE(found.status.ok()) << found.status;
      ExpectRows(found.rows, input);
    }
  }
}

TEST(Aggregate, DictionariesCountAsTheirValues) {
  Random random(2);
  const BatchPtr input = MakeInput(5000, 300, 0.1, random);
  Batches batches;
  for (const BatchPtr& batch : CutAtRandom(input, 900, random)) {
    if (batch->num_rows() == 0) continue;
    arrow::ArrayVector columns = batch->columns();
    columns[kName] = AsDictionary(columns[kName], random);
    columns[kText] = AsDictionary(columns[kText], random);
    arrow::FieldVector fields;
    for (size_t i = 0; i < columns.size(); ++i) {
      fields.push_back(
          input->schema()->field(static_cast<int>(i))->WithType(columns[i]->type()));
    }
    batches.push_back(
        arrow::RecordBatch::Make(arrow::schema(fields), batch->num_rows(), columns));
  }
  const Outcome found = Aggregated(input->schema(), batches, AllOf({kName}), {});
  ASSERT_TRUE(found.status.ok()) << found.status;
  ExpectRows(found.rows, input);
}

TEST(Aggregate, SlotsDoNotChangeAByte) {
  Random random(3);
  const BatchPtr input = MakeInput(40'000, 500, 0.05, random);
  const Batches batches = CutAtRandom(input, 6000, random);
  Operator::Options options{{kDay, kName},
                            {{"sum", Aggregate::kSum, kDouble},
                             {"avg", Aggregate::kAvg, kDouble},
                             {"last", Aggregate::kLast, kText}}};
  for (const bool partial : {false, true}) {
    const Outcome one = Aggregated(input->schema(), batches, options, {1, 0, partial});
    ASSERT_TRUE(one.status.ok()) << one.status;
    for (const int slots : {2, 8}) {
      const Outcome more =
          Aggregated(input->schema(), batches, options, {slots, 0, partial});
      ASSERT_TRUE(more.status.ok()) << more.status;
      EXPECT_TRUE(one.rows->Equals(*more.rows));
    }
  }
}

TEST(Aggregate, GroupsBeyondTheBudgetGoToDisk) {
  Random random(4);
  const BatchPtr input = MakeInput(200'000, 60'000, 0.02, random);
  const Batches batches = CutAtRandom(input, 4000, random);
  const Outcome whole = Aggregated(input->schema(), batches, AllOf({kName, kDay}), {});
  ASSERT_TRUE(whole.status.ok()) << whole.status;
  EXPECT_EQ(whole.spilled, 0);
  for (const int slots : {1, 2, 8}) {
    const Outcome spilled = Aggregated(input->schema(), batches, AllOf({kName, kDay}),
                                       {slots, 24 << 20, true});
    ASSERT_TRUE(spilled.status.ok()) << spilled.status;
    EXPECT_GT(spilled.spilled, 0);
    EXPECT_THAT(spilled.strategy, ::testing::HasSubstr("on disk"));
    EXPECT_TRUE(whole.rows->Equals(*spilled.rows));
  }
}

TEST(Aggregate, WholeSumMustFit) {
  const SchemaPtr schema = arrow::schema({arrow::field("n", arrow::int64())});
  const auto sum = [&](const std::string& json) {
    const ArrayPtr column = JsonArray(arrow::int64(), json);
    const BatchPtr batch = arrow::RecordBatch::Make(schema, column->length(), {column});
    return Aggregated(schema, {batch}, {{}, {{"total", Aggregate::kSum, 0}}}, {});
  };
  const Outcome fits = sum("[9223372036854775807, 1, -1]");
  ASSERT_TRUE(fits.status.ok()) << fits.status;
  EXPECT_TRUE(
      fits.rows->column(0)->Equals(JsonArray(arrow::int64(), "[9223372036854775807]")));
  const Status status = sum("[9223372036854775807, 1]").status;
  EXPECT_EQ(BlameOf(status), Blame::kData);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("total"));
}

TEST(Aggregate, DecimalSumsMayPassTheirTypeOnTheWay) {
  const auto type = arrow::decimal128(38, 0);
  const SchemaPtr schema = arrow::schema({arrow::field("n", type)});
  const std::string most(38, '9');
  const auto sum = [&](const std::string& json) {
    const ArrayPtr column = JsonArray(type, json);
    const BatchPtr batch = arrow::RecordBatch::Make(schema, column->length(), {column});
    return Aggregated(schema, {batch}, {{}, {{"total", Aggregate::kSum, 0}}}, {});
  };
  std::string up;
  std::string down;
  for (int i = 0; i < 5; ++i) {
    up += "\"" + most + "\",";
    down += "\"-" + most + "\",";
  }
  const Outcome fits = sum("[" + up + down + "\"7\"]");
  ASSERT_TRUE(fits.status.ok()) << fits.status;
  EXPECT_TRUE(fits.rows->column(0)->Equals(JsonArray(type, R"(["7"])")));
  EXPECT_EQ(BlameOf(sum("[" + up + "\"7\"]").status), Blame::kData);
}

TEST(Aggregate, WithoutKeysThereIsOneGroup) {
  Random random(5);
  const BatchPtr input = MakeInput(0, 1, 0, random);
  const Outcome none = Aggregated(input->schema(), {}, AllOf({}), {});
  ASSERT_TRUE(none.status.ok()) << none.status;
  ASSERT_EQ(none.rows->num_rows(), 1);
  for (int i = 0; i < none.rows->num_columns(); ++i) {
    const bool is_count = i < 4;
    EXPECT_EQ(none.rows->column(i)->IsNull(0), !is_count) << i;
  }
}

}  // namespace
}  // namespace windrow::op
