// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace windrow {

/// Appends `digits` (an integer, perhaps with a minus) times 10 to the power `exponent`
/// as a plain decimal number, without an exponent: "-12", -3 gives "-0.012". Every digit
/// given is kept, zeros too.
void AppendDecimal(std::string_view digits, int exponent, std::string* out);

}  // namespace windrow
