// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <string>
#include <utility>

#include "windrow/base/status.h"
#include "windrow/plan/job_spec.h"

namespace windrow::recipe {

/// Two tables and the columns on which they would be joined.
struct KeyCountsOptions {
  std::string left;   ///< path or glob
  std::string right;  ///< path or glob
  std::string on;     ///< LEFT_COLUMN=RIGHT_COLUMN, or one name for both
};

/// The two columns of `on`. UserError when it names none.
Result<std::pair<std::string, std::string>> KeyColumnsOf(const std::string& on);

/// The job that counts the rows of each key: results `left_keys` and `right_keys` with
/// the columns key and rows, and `left_sample` and `right_sample` with some rows of each
/// side.
Result<plan::JobSpec> KeyCountsJob(const KeyCountsOptions& options);

/// The last step of CountedJoinJob.
inline constexpr char kCountedStep[] = "counted";

/// Joins both tables and counts the values of every column of the result, for which every
/// column must be moved.
Result<plan::JobSpec> CountedJoinJob(const KeyCountsOptions& options,
                                     const arrow::Schema& left,
                                     const arrow::Schema& right);

}  // namespace windrow::recipe
