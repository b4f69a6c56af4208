// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace windrow {

/// `text` as a JSON string, quotes included.
std::string JsonText(std::string_view text);

}  // namespace windrow
