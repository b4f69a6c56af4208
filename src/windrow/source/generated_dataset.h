// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/source/generated_column.h"
#include "windrow/source/generated_table.h"

namespace windrow::source {

/// How a dataset is made. To add one: write generate_NAME.cc with such a function,
/// declare it here and list it in generated_options.cc.
struct Dataset {
  DatasetInfo info;
  /// The options are in range.
  std::function<std::vector<GeneratedColumn>(const GenerateOptions&)> columns;
};

Dataset SecuritiesDataset();
Dataset QuotesDataset();
Dataset PingsDataset();
Dataset ClicksDataset();
Dataset UsersDataset();
Dataset PodUsageHourlyDataset();
Dataset PodUsageDailyDataset();
Dataset PodStorageDataset();
Dataset PodNodeLabelsDataset();
Dataset PodNamespaceLabelsDataset();

/// A UserError with the near name when there is no such dataset.
Result<const Dataset*> FindDataset(const std::string& name);
/// A UserError for the first option out of range.
Status CheckRanges(const GenerateOptions& options);

}  // namespace windrow::source
