// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/compute/function_options.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "windrow/base/status.h"

namespace arrow::compute {
class FunctionRegistry;
}

namespace windrow::column {

// Label sets as Arrow compute functions. Texts may come as strings, large strings or
// dictionaries of them; all results are strings. What a distinct text gives is computed
// once and remembered, see TextMemo.
inline constexpr char kLabelsFunction[] = "windrow_labels";           // of text or nested
inline constexpr char kPipeLabelsFunction[] = "windrow_pipe_labels";  // of text
inline constexpr char kLabelFilterFunction[] = "windrow_label_filter";  // keys: kept ones
inline constexpr char kLabelMergeFunction[] = "windrow_label_merge";    // any number
inline constexpr char kLabelValueFunction[] = "windrow_label_value";    // keys: the one

/// Options of every one of them. `keys` are plain text, in any order; without, what
/// reads labels keeps all of them. Each thread remembers `memo_bytes` at most; 0: none.
std::shared_ptr<arrow::compute::FunctionOptions> MakeLabelOptions(
    std::optional<std::vector<std::string>> keys, int64_t memo_bytes);

/// Whether a call of this name with these options reads labels and keeps all. It can be
/// given keys instead of being filtered.
bool KeepsAllLabels(const std::string& function,
                    const arrow::compute::FunctionOptions& options);

/// Adds the functions to `registry`; once.
Status RegisterLabelFunctions(arrow::compute::FunctionRegistry* registry);

}  // namespace windrow::column
