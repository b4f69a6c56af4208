// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/generated_table.h"

#include <arrow/api.h>
#include <arrow/util/byte_size.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>
#include <unordered_set>

#include "windrow/exec/run_context.h"
#include "windrow/source/instrument_keys.h"
#include "windrow/source/security_codes.h"

namespace windrow::source {
namespace {

exec::RunContext Context(int64_t morsel_rows = 64 * 1024) {
  exec::RunContext context;
  context.pool = arrow::default_memory_pool();
  context.stop = arrow::StopToken::Unstoppable();
  context.morsel_rows = morsel_rows;
  return context;
}

/// Scans the named columns, or all when none is named.
std::shared_ptr<arrow::Table> Generate(const GenerateOptions& options,
                                       const std::vector<std::string>& names = {},
                                       int64_t morsel_rows = 64 * 1024,
                                       bool row_numbers = false) {
  exec::RunContext context = Context(morsel_rows);
  const auto table = OpenGeneratedTable(options).ValueOrDie();
  exec::ScanOptions scan;
  scan.row_numbers = row_numbers;
  for (const std::string& name : names) {
    scan.columns.push_back(table->schema()->GetFieldIndex(name));
  }
  if (names.empty()) {
    scan.columns.resize(table->schema()->num_fields());
    std::iota(scan.columns.begin(), scan.columns.end(), 0);
  }
  const auto source = table->Scan(scan, &context).ValueOrDie();
  arrow::RecordBatchVector batches;
  while (auto unit = source->NextUnit(context.stop).ValueOrDie()) {
    while (auto batch = unit->Next().ValueOrDie()) {
      EXPECT_TRUE(batch->ValidateFull().ok()) << batch->ValidateFull();
      EXPECT_LE(batch->num_rows(), morsel_rows);
      batches.push_back(batch);
    }
  }
  return arrow::Table::FromRecordBatches(source->schema(), batches)
      .ValueOrDie()
      ->CombineChunks()
      .ValueOrDie();
}

std::shared_ptr<arrow::Int64Array> Int64s(const arrow::Table& table,
                                          const std::string& name) {
  return std::static_pointer_cast<arrow::Int64Array>(
      table.GetColumnByName(name)->chunk(0));
}

std::shared_ptr<arrow::StringArray> Texts(const arrow::Table& table,
                                          const std::string& name) {
  return std::static_pointer_cast<arrow::StringArray>(
      table.GetColumnByName(name)->chunk(0));
}

double NullShare(const arrow::Table& table, const std::string& name) {
  return static_cast<double>(table.GetColumnByName(name)->null_count()) /
         static_cast<double>(table.num_rows());
}

std::map<std::string, double> Shares(const arrow::Table& table, const std::string& name) {
  std::map<std::string, double> shares;
  const auto texts = Texts(table, name);
  for (int64_t row = 0; row < texts->length(); ++row) {
    shares[texts->GetString(row)] += 1.0 / static_cast<double>(texts->length());
  }
  return shares;
}

double RowBytes(const arrow::Table& table) {
  return static_cast<double>(arrow::util::TotalBufferSize(table)) /
         static_cast<double>(table.num_rows());
}

const arrow::Table& Securities() {
  static const auto table = Generate({.dataset = "securities", .rows = 100'000});
  return *table;
}
const arrow::Table& Quotes() {
  static const auto table = Generate({.dataset = "quotes", .rows = 100'000});
  return *table;
}

TEST(GeneratedSecurities, HasTheSchemaOfTheOriginal) {
  std::map<std::string, int> types;
  for (const auto& field : Securities().schema()->fields()) {
    ++types[field->type()->ToString()];
  }
  const std::map<std::string, int> expected = {{"string", 57},
                                               {"int64", 17},
                                               {"date32[day]", 11},
                                               {"double", 9},
                                               {"timestamp[s]", 1}};
  EXPECT_EQ(types, expected);
  EXPECT_EQ(Securities().schema()->field(35)->name(), "PARVALUE");
  EXPECT_EQ(Securities().schema()->field(94)->name(), "GREEN_BOND_FL");
  EXPECT_NEAR(RowBytes(Securities()), 734, 0.02 * 734);
}

TEST(GeneratedSecurities, HasTheDistributionsOfTheOriginal) {
  const arrow::Table& table = Securities();
  const std::map<std::string, double> null_shares = {{"ID", 0},
                                                     {"FIRSTPAYMENT", .15},
                                                     {"SECONDPAYMENT", .25},
                                                     {"LASTPAYMENT", .35},
                                                     {"COMMISSIONRATE", .85},
                                                     {"FRNBASIS", .85},
                                                     {"NEXTCALLDATE", .92},
                                                     {"NEXTPUTDATE", .958},
                                                     {"NEXTSINKDATE", .962},
                                                     {"FLTCAP", .92},
                                                     {"BMKATISSUEID", .8},
                                                     {"SPREADATISSUE", .9}};
  for (const auto& [name, share] : null_shares) {
    EXPECT_NEAR(NullShare(table, name), share, 0.005) << name;
  }
  EXPECT_EQ(Shares(table, "ISSUER").size(), 200);
  EXPECT_EQ(Shares(table, "DEFAULTTICKER").size(), 39);
  EXPECT_EQ(Shares(table, "INDUSTRY").size(), 27);
  EXPECT_EQ(Shares(table, "LEADUNDERWRITERCD").size(), 13);
  EXPECT_NEAR(Shares(table, "COUNTRYCODE")["US"], 0.55, 0.01);
  EXPECT_NEAR(Shares(table, "TRAILER")["NULL"], 0.25, 0.01);
  EXPECT_NEAR(Shares(table, "FLTFORMULA")["NULL"], 0.88, 0.01);
  EXPECT_NEAR(Shares(table, "ISINVESTMENTGRADE")["Y"], 0.927, 0.005);
  EXPECT_NEAR(Shares(table, "INTERESTRATETYPE")["F"], 0.8, 0.01);
  EXPECT_TRUE(table.GetColumnByName("NAME")->Equals(table.GetColumnByName("ISSUER")));
  EXPECT_EQ(Int64s(table, "ID")->Value(0), 10'000'000);
  EXPECT_EQ(Int64s(table, "ID")->Value(99'999), 10'099'999);
}

TEST(GeneratedSecurities, HasValidCodes) {
  // Codes of Apple and of Telstra, whose ISIN body ends in a digit and holds a zero.
  EXPECT_EQ(CusipCheckDigit("03783310"), '0');
  EXPECT_EQ(IsinCheckDigit("US037833100"), '5');
  EXPECT_EQ(IsinCheckDigit("AU000000TLS"), '2');
  const auto cusips = Texts(Securities(), "CUSIP");
  const auto isins = Texts(Securities(), "ISIN");
  const auto countries = Texts(Securities(), "COUNTRYCODE");
  for (int64_t row = 0; row < 1000; ++row) {
    const std::string cusip = cusips->GetString(row);
    const std::string isin = isins->GetString(row);
    ASSERT_EQ(cusip[8], CusipCheckDigit(cusip.data()));
    ASSERT_EQ(isin.substr(0, 11), countries->GetString(row) + cusip);
    ASSERT_EQ(isin[11], IsinCheckDigit(isin.data()));
  }
}

TEST(GeneratedQuotes, HasTheDistributionsOfTheOriginal) {
  const arrow::Table& table = Quotes();
  EXPECT_EQ(table.num_columns(), 21);
  EXPECT_EQ(table.schema()->GetFieldByName("onBehalfOf")->type()->id(), arrow::Type::NA);
  EXPECT_EQ(table.schema()->GetFieldByName("processedTimestamp")->type()->ToString(),
            "timestamp[s]");
  EXPECT_NEAR(RowBytes(table), 167.5, 0.02 * 167.5);
  EXPECT_NEAR(NullShare(table, "instrumentId"), 0.02, 0.002);
  EXPECT_NEAR(NullShare(table, "benchmarkInstrumentId"), 0.75, 0.005);
  EXPECT_NEAR(NullShare(table, "contributionTimestamp"), 0.35, 0.005);
  EXPECT_NEAR(NullShare(table, "spread"), 0.85, 0.005);
  EXPECT_NEAR(NullShare(table, "price"), 0.03, 0.002);
  EXPECT_EQ(Shares(table, "companyName").size(), 40);
  EXPECT_NEAR(Shares(table, "side")["BID"], 0.55, 0.01);
  EXPECT_NEAR(Shares(table, "marketSegment")["AG"], 0.20, 0.01);
  const auto sizes = Int64s(table, "size");
  double sum = 0;
  for (int64_t row = 0; row < sizes->length(); ++row) {
    sum += static_cast<double>(sizes->Value(row));
  }
  EXPECT_NEAR(sum / static_cast<double>(sizes->length()), 753, 20);
}

TEST(GeneratedQuotes, MatchAThirdOfTheSecurities) {
  const auto table = Generate({.dataset = "quotes", .rows = 1'200'000}, {"instrumentId"});
  const auto keys = Int64s(*table, "instrumentId");
  int64_t matches = 0;
  for (int64_t row = 0; row < keys->length(); ++row) {
    matches += keys->IsValid(row) && keys->Value(row) >= 10'000'000 &&
               keys->Value(row) < 20'000'000;
  }
  EXPECT_NEAR(static_cast<double>(matches), 392'000, 2'500);  // five deviations
}

TEST(GeneratedTable, DoesNotDependOnRanges) {
  for (const char* dataset : {"securities", "quotes", "pings"}) {
    const GenerateOptions options{.dataset = dataset, .rows = 1'003, .shuffled = true};
    const auto whole = Generate(options);
    EXPECT_TRUE(whole->Equals(*Generate(options, {}, 7))) << dataset;
    GenerateOptions shorter = options;
    shorter.shuffled = false;
    const auto unshuffled = Generate(shorter);
    shorter.rows = 500;
    EXPECT_TRUE(unshuffled->Slice(0, 500)->Equals(*Generate(shorter))) << dataset;
    shorter.seed = 43;
    EXPECT_FALSE(unshuffled->Slice(0, 500)->Equals(*Generate(shorter))) << dataset;
  }
}

TEST(GeneratedTable, ScansProjectionsAndRowNumbers) {
  const GenerateOptions options{.dataset = "quotes", .rows = 100};
  const auto some = Generate(options, {"price", "side"}, 30, true);
  EXPECT_EQ(some->schema()->ToString(),
            "price: double\nside: string\n__row_number: int64");
  EXPECT_EQ(Int64s(*some, "__row_number")->Value(99), 99);
  EXPECT_TRUE(some->GetColumnByName("price")->Equals(
      Generate(options)->GetColumnByName("price")));

  exec::RunContext context = Context();
  const auto table = OpenGeneratedTable(options).ValueOrDie();
  const auto source = table->Scan({}, &context).ValueOrDie();
  const auto unit = source->NextUnit(context.stop).ValueOrDie();
  EXPECT_EQ(unit->Next().ValueOrDie()->num_rows(), 100);
  EXPECT_EQ(unit->Next().ValueOrDie(), nullptr);
}

TEST(GeneratedTable, KeepsBatchesWithinTheirBytes) {
  exec::RunContext context = Context();
  context.morsel_bytes = 1 << 20;
  const auto table =
      OpenGeneratedTable({.dataset = "securities", .rows = 5'000}).ValueOrDie();
  exec::ScanOptions scan;
  scan.columns.resize(95);
  std::iota(scan.columns.begin(), scan.columns.end(), 0);
  const auto unit =
      table->Scan(scan, &context).ValueOrDie()->NextUnit(context.stop).ValueOrDie();
  const auto batch = unit->Next().ValueOrDie();
  EXPECT_LE(arrow::util::TotalBufferSize(*batch), 1 << 20);
  EXPECT_GE(arrow::util::TotalBufferSize(*batch), 1 << 19);
}

TEST(GeneratedTable, MayBeEmpty) {
  for (const char* dataset : {"securities", "quotes", "pings"}) {
    const auto table = OpenGeneratedTable({.dataset = dataset}).ValueOrDie();
    exec::RunContext context = Context();
    const auto source = table->Scan({.columns = {0}}, &context).ValueOrDie();
    EXPECT_EQ(source->NextUnit(context.stop).ValueOrDie(), nullptr);
    const auto store = table->row_store(&context).ValueOrDie();
    EXPECT_EQ(store->chunk_offsets(), std::vector<int64_t>{0});
    EXPECT_EQ(table->column_stats(0).min, nullptr);
  }
}

TEST(GeneratedTable, AddressesRowsByChunk) {
  exec::RunContext context = Context();
  const auto table =
      OpenGeneratedTable({.dataset = "securities", .rows = 100'000}).ValueOrDie();
  const auto store = table->row_store(&context).ValueOrDie();
  EXPECT_EQ(store->chunk_offsets(), (std::vector<int64_t>{0, 65'536, 100'000}));
  const int isin = store->schema()->GetFieldIndex("ISIN");
  const auto array = store->LoadColumn(1, isin).ValueOrDie();
  EXPECT_TRUE(array->Equals(Texts(Securities(), "ISIN")->Slice(65'536)));
  EXPECT_EQ(table->column_stats(0).max->ToString(), "10099999");
}

/// Distinct keys, and how many are null.
std::pair<std::unordered_set<int64_t>, int64_t> Keys(const GenerateOptions& options,
                                                     const std::string& column) {
  const auto table = Generate(options, {column});
  const auto ids = Int64s(*table, column);
  std::unordered_set<int64_t> keys;
  for (int64_t row = 0; row < ids->length(); ++row) {
    if (ids->IsValid(row)) keys.insert(ids->Value(row));
  }
  return {std::move(keys), ids->null_count()};
}

TEST(GeneratedKeys, StayUniqueShuffledAndSparse) {
  GenerateOptions options{.dataset = "securities", .rows = 100'000, .shuffled = true};
  const auto [shuffled, no_nulls] = Keys(options, "ID");
  EXPECT_EQ(shuffled.size(), 100'000);
  EXPECT_EQ(shuffled.count(10'000'000) + shuffled.count(10'099'999), 2);
  const auto order = Int64s(*Generate(options, {"ID"}), "ID");
  int64_t ascents = 0;
  for (int64_t row = 1; row < 100'000; ++row) {
    ascents += order->Value(row) > order->Value(row - 1);
  }
  EXPECT_NEAR(static_cast<double>(ascents), 50'000, 1'000);
  options.sparse = true;
  const auto [sparse, none] = Keys(options, "ID");
  EXPECT_EQ(sparse.size(), 100'000);
  EXPECT_EQ(OpenGeneratedTable(options).ValueOrDie()->column_stats(0).min, nullptr);

  const GenerateOptions quotes{
      .dataset = "quotes", .rows = 100'000, .sparse = true, .securities = 100'000};
  const auto ids = Int64s(*Generate(quotes, {"instrumentId"}), "instrumentId");
  int64_t matches = 0;
  for (int64_t row = 0; row < ids->length(); ++row) {
    matches += ids->IsValid(row) && sparse.count(ids->Value(row)) > 0;
  }
  EXPECT_NEAR(static_cast<double>(matches), 32'667, 800);
}

TEST(GeneratedKeys, RepeatAndGoMissingOnRequest) {
  GenerateOptions options{.dataset = "securities", .rows = 100'000, .duplicates = 0.2};
  const auto [keys, no_nulls] = Keys(options, "ID");
  EXPECT_NEAR(static_cast<double>(keys.size()), 80'000, 700);
  EXPECT_EQ(no_nulls, 0);
  options.null_keys = 0.1;
  EXPECT_NEAR(static_cast<double>(Keys(options, "ID").second), 10'000, 500);
  options.null_keys = 1;
  EXPECT_EQ(Keys(options, "ID").first, std::unordered_set<int64_t>{10'000'000});

  const GenerateOptions hot{
      .dataset = "quotes", .rows = 100'000, .null_keys = 0.5, .hot_key = 0.3};
  const auto ids = Int64s(*Generate(hot, {"instrumentId"}), "instrumentId");
  int64_t on_hot_key = 0;
  for (int64_t row = 0; row < ids->length(); ++row) {
    on_hot_key += ids->IsValid(row) && ids->Value(row) == 10'000'000;
  }
  EXPECT_NEAR(static_cast<double>(on_hot_key), 15'000, 600);
}

TEST(Permutation, IsOneToOneForEverySize) {
  for (int64_t size = 1; size < 70; ++size) {
    const Permutation permutation(7, size);
    std::unordered_set<int64_t> seen;
    for (int64_t i = 0; i < size; ++i) {
      EXPECT_LT(permutation(i), size);
      seen.insert(permutation(i));
    }
    EXPECT_EQ(static_cast<int64_t>(seen.size()), size);
  }
}

TEST(GenerateOptions, AreReadFromText) {
  GenerateOptions options{.dataset = "quotes"};
  EXPECT_TRUE(SetGenerateOption("hot_key", "0.25", &options).ok());
  EXPECT_TRUE(SetGenerateOption("null_keys", "0", &options).ok());
  EXPECT_TRUE(SetGenerateOption("sparse", "true", &options).ok());
  EXPECT_EQ(options.hot_key, 0.25);
  EXPECT_EQ(options.null_keys, 0.0);
  EXPECT_TRUE(options.sparse);
  EXPECT_EQ(SetGenerateOption("hot_keys", "1", &options).message(),
            "generate quotes: no option 'hot_keys'; did you mean 'hot_key'?");
  EXPECT_EQ(SetGenerateOption("rows", "many", &options).message(),
            "generate quotes: rows is 'many', expected a whole number");
  EXPECT_EQ(BlameOf(SetGenerateOption("duplicates", "0.1", &options)), Blame::kUser);
  for (const DatasetInfo& info : GeneratedDatasets()) {
    for (const std::string& name : info.options) {
      GenerateOptions fresh{.dataset = info.name};
      EXPECT_TRUE(SetGenerateOption(name, "1", &fresh).ok()) << name;
    }
  }
}

TEST(GenerateOptions, AreRefusedOutOfRange) {
  EXPECT_EQ(OpenGeneratedTable({.dataset = "quote"}).status().message(),
            "generate: no dataset 'quote', expected one of securities, quotes, pings, "
            "clicks, users, "
            "pod_usage_hourly, pod_usage_daily, pod_storage, pod_node_labels, "
            "pod_namespace_labels; did you mean 'quotes'?");
  for (const GenerateOptions& options :
       std::vector<GenerateOptions>{{.dataset = "quotes", .rows = -1},
                                    {.dataset = "quotes", .null_keys = 1.5},
                                    {.dataset = "quotes", .securities = 0},
                                    {.dataset = "quotes", .hot_key = std::nan("")},
                                    {.dataset = "pings", .probes = 0},
                                    {.dataset = "pings", .days = -1},
                                    {.dataset = "pod_storage", .nodes = 0},
                                    {.dataset = "pod_storage", .pods = 0},
                                    {.dataset = "pod_storage", .label_texts = -1},
                                    {.dataset = "pod_storage", .first_row = -1},
                                    {.dataset = "pod_usage_daily", .hourly_rows = -1},
                                    {.dataset = "securities", .duplicates = 1}}) {
    EXPECT_EQ(BlameOf(OpenGeneratedTable(options).status()), Blame::kUser);
  }
}

}  // namespace
}  // namespace windrow::source
