// SPDX-License-Identifier: Apache-2.0
#include "windrow/postgres/error_class.h"

namespace windrow::postgres {

Blame BlameOfSqlState(std::string_view sqlstate) {
  const std::string_view error_class = sqlstate.substr(0, 2);
  // 44: WITH CHECK OPTION; P0: what a trigger raises.
  for (const std::string_view data : {"22", "23", "44", "P0"}) {
    if (error_class == data) return Blame::kData;
  }
  if (sqlstate == "42501") return Blame::kStorage;  // insufficient privilege
  // 0A: not supported; 21: cardinality; 3F: no such schema.
  for (const std::string_view user : {"0A", "21", "3F", "42"}) {
    if (error_class == user) return Blame::kUser;
  }
  return Blame::kStorage;
}

bool IsTransient(std::string_view sqlstate) {
  return sqlstate == "40001" || sqlstate == "40P01";
}

bool IsBusy(std::string_view sqlstate) {
  // Too many clients; crash recovery under way; starting up or shutting down.
  return sqlstate == "53300" || sqlstate == "57P02" || sqlstate == "57P03";
}

std::string OneLine(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool is_blank = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    if (!is_blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace windrow::postgres
