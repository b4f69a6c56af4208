// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/exec/table.h"

namespace windrow::source {

/// What to generate. Every value is a function of the seed, the dataset, the column and
/// the row alone, so rows come out the same whatever the slots, batches and ranges.
///
/// Quotes match securities when `base_id` and `sparse` are the same for both and
/// `securities` is the securities' row count; seeds may differ. Shuffling changes neither
/// key set nor matches. With `duplicates`, fewer quotes match and each matches more rows:
/// the expected number of joined rows stays (1 - null_keys) * rows / universe_multiple.
/// Null keys of securities take their share off; `hot_key` adds quotes that always match.
struct GenerateOptions {
  std::string dataset;  ///< one of GeneratedDatasets()
  int64_t rows = 0;
  uint64_t seed = 42;
  int64_t base_id = 10'000'000;  ///< identifier of the first instrument
  bool sparse = false;           ///< spread identifiers over all 64-bit values
  /// default 0 for securities, 0.02 for quotes, 0.001 for pings
  std::optional<double> null_keys;
  bool shuffled = false;            ///< securities not in the order of identifiers
  double duplicates = 0;            ///< share of securities with another's identifier
  int64_t securities = 10'000'000;  ///< rows of the securities that quotes refer to
  double universe_multiple = 3.0;   ///< instruments quoted, as a multiple of those
  /// share of keyed quotes on the first instrument, default 0; of clicks by user 1,
  /// default 0.5, with zipf 0
  std::optional<double> hot_key;
  int64_t users = 100'000;     ///< that click
  double zipf = 0;             ///< exponent of how often users click; 0: all alike
  int64_t probes = 45'000;     ///< addresses that ping, a few of them often
  std::optional<double> days;  ///< that pings spread over; default 28 per 200M rows
  bool ordered = true;         ///< pings in the order of time
  int64_t nodes = 400;         ///< of the cluster that the pod tables tell of
  int64_t pods = 106;          ///< pods a node
  int64_t label_texts = 0;     ///< distinct texts of pod labels; 0: one a pod
  int64_t first_row = 0;       ///< rows of a pod table that are left out in front
  int64_t hourly_rows = 0;     ///< hours that the days of pods sum up; 0: 24 of each
  bool hourly = false;         ///< pod tables as they were sent: hours, labels with pipes
};

/// A dataset that can be generated and the options that shape it (all take rows and
/// seed).
struct DatasetInfo {
  std::string name;
  std::vector<std::string> options;
};
const std::vector<DatasetInfo>& GeneratedDatasets();

/// Sets the option `name` of `options->dataset` from its text, for example "null_keys"
/// from "0.5". A UserError names the near option when there is none of that name.
Status SetGenerateOption(std::string_view name, std::string_view text,
                         GenerateOptions* options);

/// The table, nothing of it made yet. A UserError tells an unknown dataset (and the near
/// name) or an option out of range.
Result<std::shared_ptr<exec::Table>> OpenGeneratedTable(const GenerateOptions& options);

}  // namespace windrow::source
