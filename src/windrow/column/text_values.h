// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/compute/exec.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "windrow/base/status.h"

namespace windrow::column {

/// The texts of one argument of a compute kernel: a string or large string array, a
/// dictionary of either, the null type, or one scalar of these for all rows. Nothing is
/// decoded. Borrows the argument.
class TextValues {
 public:
  /// True for the types above.
  static bool Takes(const arrow::DataType& type);
  static Result<TextValues> Of(const arrow::compute::ExecValue& argument);

  bool is_dictionary() const { return codes_ != nullptr; }
  bool is_scalar() const { return is_scalar_; }

  /// Null rows have no text.
  std::optional<std::string_view> Value(int64_t row) const {
    if (is_scalar_) return scalar_;
    if (values_ == nullptr) return std::nullopt;
    if (codes_ != nullptr) {
      const int64_t code = Code(row);
      return code < 0 ? std::nullopt : Text(code);
    }
    return Text(row);
  }

  /// The row's place in the dictionary, -1 for null. A code outside the dictionary has
  /// been refused by Of.
  int64_t Code(int64_t row) const;
  std::optional<std::string_view> Text(int64_t place) const;
  /// Length of the dictionary.
  int64_t num_codes() const { return values_->length; }
  /// What makes the dictionary the same one as before, as long as it is held.
  const arrow::ArraySpan& dictionary() const { return *values_; }

 private:
  Status CheckCodes() const;

  bool is_scalar_ = false;
  std::shared_ptr<arrow::Scalar> scalar_owner_;
  std::optional<std::string_view> scalar_;
  const arrow::ArraySpan* codes_ = nullptr;
  int code_bytes_ = 0;
  bool is_signed_ = false;
  const arrow::ArraySpan* values_ = nullptr;
  bool is_large_ = false;
};

}  // namespace windrow::column
