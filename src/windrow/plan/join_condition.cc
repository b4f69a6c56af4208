// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/join_condition.h"

#include <arrow/type.h>

#include <algorithm>
#include <set>
#include <string>

#include "windrow/plan/expression_bind.h"

namespace windrow::plan {
namespace {

bool IsSharedKey(const JoinNode& join, const std::string& name) {
  for (size_t k = 0; k < join.left_keys.size(); ++k) {
    if (join.left_keys[k] == name && join.right_keys[k] == name) return true;
  }
  return false;
}

}  // namespace

Result<std::vector<JoinColumn>> ConditionColumns(const JoinNode& join,
                                                 std::string_view suffix) {
  std::vector<JoinColumn> all;
  std::set<std::string> names;
  std::set<std::string> in_both;
  for (const std::string& name : join.left->schema->field_names()) {
    all.push_back({false, name, name});
    names.insert(name);
  }
  for (const std::string& name : join.right->schema->field_names()) {
    if (IsSharedKey(join, name)) continue;
    const std::string output = names.contains(name) ? name + std::string(suffix) : name;
    all.push_back({true, name, output});
    if (!names.insert(output).second) in_both.insert(output);
  }
  const std::vector<std::string> read = ColumnNames(*join.condition);
  for (const std::string& name : read) {
    if (!in_both.contains(name)) continue;
    return UserError("column '", name, "' is in both ", join.left->step, " and ",
                     join.right->step,
                     "; expected a suffix that makes it unique, such as suffix: "
                     "\"_right\"");
  }
  const auto schema = PairSchema(all, *join.left->schema, *join.right->schema);
  ARROW_RETURN_NOT_OK(BindPredicate(*join.condition, *schema).status());
  std::erase_if(all, [&](const JoinColumn& column) {
    return std::find(read.begin(), read.end(), column.output) == read.end();
  });
  return all;
}

}  // namespace windrow::plan
