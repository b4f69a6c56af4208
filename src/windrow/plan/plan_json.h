// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/plan/instantiate.h"
#include "windrow/plan/logical_plan.h"

// Logical plans as JSON: an object a node, with its inputs inside. Tables are named.
// Private to fragment_document.cc.
namespace windrow::plan {

using PlanWriter = rapidjson::Writer<rapidjson::StringBuffer>;

void Put(PlanWriter& json, const char* key, int64_t value);
void Put(PlanWriter& json, const char* key, std::string_view value);
void PutText(PlanWriter& json, std::string_view text);
void PutTexts(PlanWriter& json, const std::vector<std::string>& texts);
void PutSortKeys(PlanWriter& json, const std::vector<SortNode::Key>& keys);
void PutPlan(PlanWriter& json, const LogicalNode& node);

/// `first_row` is where the task's rows are counted from.
Result<NodePtr> PlanOf(const rapidjson::Value& json, const OpenTables& tables,
                       int64_t first_row);
std::vector<std::string> TextsOf(const rapidjson::Value& json);
std::vector<SortNode::Key> SortKeysOf(const rapidjson::Value& json);
std::string TextOf(const rapidjson::Value& json);

}  // namespace windrow::plan
