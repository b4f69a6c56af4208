// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "windrow/base/status.h"

namespace windrow::postgres {

/// Who has to act on an error of the server with this SQLSTATE: kData for values the
/// table does not take (22, 23), kUser for names and conditions that are wrong (42),
/// kStorage for all others, missing rights among them.
Blame BlameOfSqlState(std::string_view sqlstate);

/// Whether the same statements may succeed in a new transaction: serialization failure
/// or deadlock.
bool IsTransient(std::string_view sqlstate);

/// Whether a connection refused with this SQLSTATE may be accepted a little later.
bool IsBusy(std::string_view sqlstate);

/// `text` as one line: line ends become blanks, blanks at its ends go.
std::string OneLine(std::string_view text);

}  // namespace windrow::postgres
