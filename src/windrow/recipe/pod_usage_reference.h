// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/base/status.h"

namespace windrow::recipe {

/// What the summary takes from the tenant's own tables, beside the reports.
struct PodUsageReference {
  struct Category {
    std::optional<std::string> pattern;  ///< a LIKE pattern of namespaces
    std::optional<int32_t> id;
  };
  struct Node {
    std::optional<std::string> node;
    std::optional<std::string> resource_id;
    std::optional<std::string> role;
  };

  /// Keys of labels that are kept. Without any, not even the key of virtual machines is.
  std::vector<std::string> enabled_keys;
  std::vector<Category> categories;
  std::vector<Node> nodes;
  bool has_volumes = true;  ///< false leaves the rows of volumes out
};

/// Reads JSON {"enabled_keys": [KEY, ...], "cost_categories": [[PATTERN, ID], ...],
/// "nodes": [[NODE, RESOURCE_ID, ROLE], ...], "storage_exists": true}; other keys are
/// ignored, the last one may be absent. UserError names the key.
Result<PodUsageReference> ParsePodUsageReference(std::string_view json);

}  // namespace windrow::recipe
