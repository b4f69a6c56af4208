// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "windrow/base/status.h"

namespace windrow::plan {

enum class TokenKind { kName, kQuotedName, kInteger, kFloat, kString, kSymbol, kEnd };

struct Token {
  TokenKind kind;
  /// Content: quotes and escapes are resolved; a symbol as written, <> for !=.
  std::string text;
  /// Character position in the text, from 0.
  int offset;
};

/// Splits expression text into tokens; the last one is kEnd. Fails with UserError on a
/// character, number or quote that starts no token.
Result<std::vector<Token>> Tokenize(std::string_view text);

/// True for a word that cannot name a column without quotes. Any case.
bool IsReservedWord(std::string_view word);

/// True for a name that can be written without quotes.
bool IsPlainName(std::string_view name);

/// "column N: ..." as a UserError, for the character at `offset`.
template <typename... Args>
Status ExprError(int offset, Args&&... args) {
  return UserError("column ", offset + 1, ": ", std::forward<Args>(args)...);
}

}  // namespace windrow::plan
