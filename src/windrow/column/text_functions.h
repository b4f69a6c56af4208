// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "windrow/base/status.h"

namespace arrow::compute {
class FunctionRegistry;
}

namespace windrow::column {

/// (text, pattern) -> boolean, see LikePattern; either may be a column or one value for
/// all rows, strings or large strings.
inline constexpr char kLikeFunction[] = "windrow_like";
/// () -> string: a random UUID (version 4) for each row.
inline constexpr char kUuidFunction[] = "windrow_uuid";

/// Adds the functions to `registry`; once.
Status RegisterTextFunctions(arrow::compute::FunctionRegistry* registry);

}  // namespace windrow::column
