// SPDX-License-Identifier: Apache-2.0
#include "windrow/recipe/pod_usage_reference.h"

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>

namespace windrow::recipe {
namespace {

using Json = rapidjson::Value;

std::string_view KindOf(const Json& value) {
  constexpr std::string_view kNames[] = {"null",   "false", "true",    "an object",
                                         "a list", "text",  "a number"};
  return kNames[value.GetType()];
}

template <typename... Words>
Status Unfit(std::string_view key, const Json& found, Words&&... expected) {
  return UserError("found ", KindOf(found), " in '", key, "'; expected ",
                   std::forward<Words>(expected)...);
}

std::string TextOf(const Json& value) {
  return {value.GetString(), value.GetStringLength()};
}

Result<std::optional<std::string>> OptionalText(std::string_view key, const Json& value) {
  if (value.IsNull()) return std::nullopt;
  if (!value.IsString()) return Unfit(key, value, "text or null");
  return TextOf(value);
}

/// The list under `key`, whose items are lists of `width` items each.
Result<const Json*> Rows(const Json& root, const char* key, rapidjson::SizeType width,
                         std::string_view row_form) {
  const auto member = root.FindMember(key);
  if (member == root.MemberEnd()) {
    return UserError("found no '", key, "'; expected a list of ", row_form);
  }
  if (!member->value.IsArray()) {
    return Unfit(key, member->value, "a list of ", row_form);
  }
  for (const Json& row : member->value.GetArray()) {
    if (!row.IsArray()) return Unfit(key, row, "rows ", row_form);
    if (row.Size() != width) {
      return UserError("found a row of ", row.Size(), " items in '", key, "'; expected ",
                       row_form);
    }
  }
  return &member->value;
}

Status ReadKeys(const Json& root, PodUsageReference* reference) {
  const auto member = root.FindMember("enabled_keys");
  if (member == root.MemberEnd()) {
    return UserError("found no 'enabled_keys'; expected a list of label keys");
  }
  if (!member->value.IsArray()) {
    return Unfit("enabled_keys", member->value, "a list of label keys");
  }
  for (const Json& key : member->value.GetArray()) {
    if (!key.IsString()) return Unfit("enabled_keys", key, "text");
    reference->enabled_keys.push_back(TextOf(key));
  }
  return Status::OK();
}

Status ReadCategories(const Json& root, PodUsageReference* reference) {
  constexpr char kKey[] = "cost_categories";
  ARROW_ASSIGN_OR_RAISE(const Json* rows, Rows(root, kKey, 2, "[PATTERN, ID]"));
  for (const Json& row : rows->GetArray()) {
    PodUsageReference::Category category;
    ARROW_ASSIGN_OR_RAISE(category.pattern, OptionalText(kKey, row[0]));
    if (row[1].IsInt()) {
      category.id = row[1].GetInt();
    } else if (!row[1].IsNull()) {
      return Unfit(kKey, row[1], "a whole number or null as ID");
    }
    reference->categories.push_back(std::move(category));
  }
  return Status::OK();
}

Status ReadNodes(const Json& root, PodUsageReference* reference) {
  constexpr char kKey[] = "nodes";
  ARROW_ASSIGN_OR_RAISE(const Json* rows,
                        Rows(root, kKey, 3, "[NODE, RESOURCE_ID, ROLE]"));
  for (const Json& row : rows->GetArray()) {
    PodUsageReference::Node node;
    ARROW_ASSIGN_OR_RAISE(node.node, OptionalText(kKey, row[0]));
    ARROW_ASSIGN_OR_RAISE(node.resource_id, OptionalText(kKey, row[1]));
    ARROW_ASSIGN_OR_RAISE(node.role, OptionalText(kKey, row[2]));
    reference->nodes.push_back(std::move(node));
  }
  return Status::OK();
}

}  // namespace

Result<PodUsageReference> ParsePodUsageReference(std::string_view json) {
  rapidjson::Document root;
  root.Parse<rapidjson::kParseValidateEncodingFlag>(json.data(), json.size());
  if (root.HasParseError()) {
    return UserError("byte ", root.GetErrorOffset(), ": found no JSON: ",
                     rapidjson::GetParseError_En(root.GetParseError()));
  }
  if (!root.IsObject()) {
    return UserError("found ", KindOf(root), "; expected an object with enabled_keys, ",
                     "cost_categories and nodes");
  }
  PodUsageReference reference;
  ARROW_RETURN_NOT_OK(ReadKeys(root, &reference));
  ARROW_RETURN_NOT_OK(ReadCategories(root, &reference));
  ARROW_RETURN_NOT_OK(ReadNodes(root, &reference));
  const auto volumes = root.FindMember("storage_exists");
  if (volumes != root.MemberEnd()) {
    if (!volumes->value.IsBool()) {
      return Unfit("storage_exists", volumes->value, "true or false");
    }
    reference.has_volumes = volumes->value.GetBool();
  }
  return reference;
}

}  // namespace windrow::recipe
