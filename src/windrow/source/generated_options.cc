// SPDX-License-Identifier: Apache-2.0
#include <arrow/type.h>
#include <arrow/util/value_parsing.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/base/near_name.h"
#include "windrow/source/generated_dataset.h"

namespace windrow::source {
namespace {

const std::vector<Dataset>& Datasets() {
  static const std::vector<Dataset> datasets = {
      SecuritiesDataset(),    QuotesDataset(),
      PingsDataset(),         ClicksDataset(),
      UsersDataset(),         PodUsageHourlyDataset(),
      PodUsageDailyDataset(), PodStorageDataset(),
      PodNodeLabelsDataset(), PodNamespaceLabelsDataset()};
  return datasets;
}

template <typename ArrowType, typename T>
bool Parse(std::string_view text, T* out) {
  typename ArrowType::c_type value;
  if (!arrow::internal::ParseValue<ArrowType>(text.data(), text.size(), &value)) {
    return false;
  }
  *out = value;
  return true;
}
bool ParseInto(std::string_view text, int64_t* out) {
  return Parse<arrow::Int64Type>(text, out);
}
bool ParseInto(std::string_view text, uint64_t* out) {
  return Parse<arrow::UInt64Type>(text, out);
}
bool ParseInto(std::string_view text, double* out) {
  return Parse<arrow::DoubleType>(text, out);
}
bool ParseInto(std::string_view text, std::optional<double>* out) {
  return Parse<arrow::DoubleType>(text, out);
}
bool ParseInto(std::string_view text, bool* out) {
  return Parse<arrow::BooleanType>(text, out);
}

struct OptionSetter {
  const char* name;
  const char* expected;
  std::function<bool(std::string_view, GenerateOptions*)> set;
};

template <typename Member>
OptionSetter Setter(const char* name, const char* expected, Member member) {
  return {name, expected, [member](std::string_view text, GenerateOptions* options) {
            return ParseInto(text, &(options->*member));
          }};
}

const std::vector<OptionSetter>& OptionSetters() {
  using O = GenerateOptions;
  static const std::vector<OptionSetter> setters = {
      Setter("rows", "a whole number", &O::rows),
      Setter("seed", "a whole number from 0", &O::seed),
      Setter("base_id", "a whole number", &O::base_id),
      Setter("sparse", "true or false", &O::sparse),
      Setter("null_keys", "a number from 0 to 1", &O::null_keys),
      Setter("shuffled", "true or false", &O::shuffled),
      Setter("duplicates", "a number from 0 to 0.99", &O::duplicates),
      Setter("securities", "a whole number", &O::securities),
      Setter("universe_multiple", "a number above 0", &O::universe_multiple),
      Setter("hot_key", "a number from 0 to 1", &O::hot_key),
      Setter("users", "a whole number", &O::users),
      Setter("zipf", "a number from 0 to 10", &O::zipf),
      Setter("probes", "a whole number", &O::probes),
      Setter("days", "a number", &O::days),
      Setter("ordered", "true or false", &O::ordered),
      Setter("nodes", "a whole number", &O::nodes),
      Setter("pods", "a whole number", &O::pods),
      Setter("label_texts", "a whole number", &O::label_texts),
      Setter("first_row", "a whole number", &O::first_row),
      Setter("hourly_rows", "a whole number", &O::hourly_rows),
      Setter("hourly", "true or false", &O::hourly),
  };
  return setters;
}

Status CheckRange(std::string_view option, double value, double low, double high) {
  // Written so that a NaN is refused too.
  if (value >= low && value <= high) return Status::OK();
  return UserError("generate: ", option, " is ", value, ", expected ", low, " to ", high);
}

}  // namespace

Result<const Dataset*> FindDataset(const std::string& name) {
  std::vector<std::string> names;
  for (const Dataset& dataset : Datasets()) {
    if (dataset.info.name == name) return &dataset;
    names.push_back(dataset.info.name);
  }
  std::string list;
  for (const std::string& known : names) list += (list.empty() ? "" : ", ") + known;
  return UserError("generate: no dataset '", name, "', expected one of ", list,
                   DidYouMean(name, names));
}

Status CheckRanges(const GenerateOptions& options) {
  // Row counts stay where doubles are exact and identifiers far from overflow.
  constexpr double kMostRows = 1e12;
  ARROW_RETURN_NOT_OK(
      CheckRange("rows", static_cast<double>(options.rows), 0, kMostRows));
  ARROW_RETURN_NOT_OK(
      CheckRange("base_id", static_cast<double>(options.base_id), -1e18, 1e18));
  ARROW_RETURN_NOT_OK(CheckRange("null_keys", options.null_keys.value_or(0), 0, 1));
  ARROW_RETURN_NOT_OK(CheckRange("duplicates", options.duplicates, 0, 0.99));
  ARROW_RETURN_NOT_OK(
      CheckRange("securities", static_cast<double>(options.securities), 1, kMostRows));
  ARROW_RETURN_NOT_OK(
      CheckRange("universe_multiple", options.universe_multiple, 1e-3, 1e5));
  constexpr double kMostProbes = 1e9;
  ARROW_RETURN_NOT_OK(
      CheckRange("probes", static_cast<double>(options.probes), 1, kMostProbes));
  ARROW_RETURN_NOT_OK(CheckRange("days", options.days.value_or(0), 0, 36'500));
  constexpr double kMostNodes = 1e6;
  ARROW_RETURN_NOT_OK(
      CheckRange("nodes", static_cast<double>(options.nodes), 1, kMostNodes));
  ARROW_RETURN_NOT_OK(
      CheckRange("pods", static_cast<double>(options.pods), 1, kMostNodes));
  ARROW_RETURN_NOT_OK(
      CheckRange("label_texts", static_cast<double>(options.label_texts), 0, kMostRows));
  ARROW_RETURN_NOT_OK(
      CheckRange("first_row", static_cast<double>(options.first_row), 0, kMostRows));
  ARROW_RETURN_NOT_OK(
      CheckRange("hourly_rows", static_cast<double>(options.hourly_rows), 0, kMostRows));
  ARROW_RETURN_NOT_OK(
      CheckRange("users", static_cast<double>(options.users), 1, kMostRows));
  ARROW_RETURN_NOT_OK(CheckRange("zipf", options.zipf, 0, 10));
  return CheckRange("hot_key", options.hot_key.value_or(0), 0, 1);
}

const std::vector<DatasetInfo>& GeneratedDatasets() {
  static const std::vector<DatasetInfo> infos = [] {
    std::vector<DatasetInfo> listed;
    for (const Dataset& dataset : Datasets()) listed.push_back(dataset.info);
    return listed;
  }();
  return infos;
}

Status SetGenerateOption(std::string_view name, std::string_view text,
                         GenerateOptions* options) {
  ARROW_ASSIGN_OR_RAISE(const Dataset* dataset, FindDataset(options->dataset));
  const std::vector<std::string>& known = dataset->info.options;
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    return UserError("generate ", options->dataset, ": no option '", name, "'",
                     DidYouMean(name, known));
  }
  for (const OptionSetter& setter : OptionSetters()) {
    if (setter.name != name) continue;
    if (setter.set(text, options)) return Status::OK();
    return UserError("generate ", options->dataset, ": ", name, " is '", text,
                     "', expected ", setter.expected);
  }
  return InternalError("generate: option '", name, "' has no setter");
}

}  // namespace windrow::source
