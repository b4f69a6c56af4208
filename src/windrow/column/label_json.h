// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/column/label_set.h"

namespace windrow::column {

/// A double as Trino writes it: the shortest digits that read back, always with an
/// exponent and a fraction ("1.0E0", "1.0E-1"), but "0E0" and "-0E0"; "Infinity", "NaN".
std::string DoubleText(double value);
/// The same with the digits a float needs.
std::string FloatText(float value);

/// Reads label sets as users store them. Reusable; single-threaded.
///
/// Own code and not RapidJSON's reader: that one fails on numbers beyond a double even
/// when asked for their text, and on surrogates without a partner. A set is flat, so
/// there is little to read.
class LabelParser {
 public:
  /// Reads JSON text. False for the text null, which is no set. A value may be text, a
  /// number (integers keep their digits, others become DoubleText), true, false or null;
  /// a surrogate without a partner becomes '?'. DataError for anything else, a key that
  /// comes twice, invalid UTF-8 and text after the object.
  Result<bool> ReadJson(std::string_view text);

  /// Reads "app:x|tier:y": a part without ':' or with two is left out, "label_" is cut
  /// out of keys wherever it is, and of equal keys the last counts. Text that starts with
  /// '{' is JSON. DataError for invalid UTF-8 and for such JSON.
  Status ReadPipes(std::string_view text);

  /// What was read last, keys ascending; borrows the text and the parser.
  const std::vector<Label>& labels() const { return labels_; }

 private:
  Status Wrong(std::string_view what) const;
  Result<bool> Document();
  Status Entry();
  Status Value(Label* label);
  Result<std::string_view> String();
  Result<std::string_view> DecodedString(const char* start);
  Status DecodeEscape(std::string* decoded);
  bool HexDigits(const char* at, unsigned* code) const;
  Result<std::string_view> Number();
  bool TakeDigits();
  bool Take(char c);
  void SkipSpace();
  Status Sort();
  std::string_view Keep(std::string text);

  std::string_view text_;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  std::vector<Label> labels_;
  std::deque<std::string> kept_;  ///< what labels borrow and the text has not
};

}  // namespace windrow::column
