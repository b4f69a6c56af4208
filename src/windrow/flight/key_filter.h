// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "windrow/base/status.h"

namespace windrow::flight {

/// The keys that a semi-join lets through, in as few bytes as they take: all of them,
/// sorted and coded by their gaps, or a split-block Bloom filter (Putze, Sanders and
/// Singler, "Cache-, Hash- and Space-Efficient Bloom Filters"; the layout is that of
/// Parquet), which also lets some other keys through. Immutable and thread-safe.
class KeyFilter {
 public:
  enum class Form { kSorted, kBloom };

  /// Whether keys of this type can be sent: integers, dates, times, timestamps and
  /// durations (as their 64-bit values), strings and binaries (Bloom only).
  static bool Supports(const arrow::DataType& type);

  /// Of distinct keys without nulls; integers ascend. Takes the form that is shorter; a
  /// Bloom filter has about `bits_per_key` bits for each, rounded up to a power of two,
  /// and 1 GiB at most.
  static Result<KeyFilter> Make(const arrow::Array& keys, double bits_per_key = 10);

  /// The filter as bytes: a header (magic, version, form, type, number of keys) and the
  /// body.
  const std::string& bytes() const { return bytes_; }
  /// DataError when `bytes` is no filter, is cut or longer than said. Keeps them. Uses
  /// no more memory than `bytes` has, whatever it says. Safe on any bytes.
  static Result<KeyFilter> Parse(std::string bytes);

  /// SHA-256 of bytes() as 64 hexadecimal digits: equal filters have equal ids.
  std::string id() const;
  Form form() const { return form_; }
  int64_t num_keys() const { return num_keys_; }
  std::shared_ptr<arrow::DataType> type() const { return type_; }

  /// The keys of a kSorted filter as an array of `type`, ascending; those that the type
  /// cannot hold are left out. DataError when the gaps are damaged. UserError when keys
  /// of `type` cannot equal those of type().
  Result<std::shared_ptr<arrow::Array>> SortedKeys(
      const std::shared_ptr<arrow::DataType>& type, arrow::MemoryPool* pool) const;

  /// For each key whether a kBloom filter lets it through; nulls are never. `keys` may be
  /// of another width than type() but of the same kind (integer, or string); UserError
  /// when not.
  Result<std::shared_ptr<arrow::BooleanArray>> Test(const arrow::Array& keys,
                                                    arrow::MemoryPool* pool) const;

 private:
  KeyFilter() = default;

  static Result<KeyFilter> MakeSorted(const arrow::Array& keys, int64_t body_bytes);
  static Result<KeyFilter> MakeBloom(const arrow::Array& keys, int64_t body_bytes);
  /// Writes all but the body, which is `body_bytes` zeros.
  static Result<KeyFilter> WithHeader(Form form, const arrow::Array& keys,
                                      int64_t body_bytes);
  std::span<const uint8_t> body() const;

  std::string bytes_;
  size_t body_begin_ = 0;
  Form form_ = Form::kSorted;
  int64_t num_keys_ = 0;
  std::shared_ptr<arrow::DataType> type_;
};

}  // namespace windrow::flight
