// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace windrow::plan {

/// The type called `name` in SQL or Arrow ("bigint", "int64", "varchar"; any case); null
/// when there is none. decimal is not among them: it has parameters.
std::shared_ptr<arrow::DataType> TypeByName(std::string_view name);

/// Names TypeByName knows and "decimal", for error messages.
const std::vector<std::string>& TypeNames();

/// How `type` is written in SQL when TypeByName or decimal(p,s) can say it; Arrow's own
/// name otherwise.
std::string TypeText(const arrow::DataType& type);

}  // namespace windrow::plan
