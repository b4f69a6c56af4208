// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "windrow/base/status.h"

namespace windrow::op {

/// True for the text of an IPv4 or IPv6 address, as inet_pton reads it.
bool IsAddress(std::string_view text);

/// Counts texts that are no addresses. Each text of a dictionary is looked at once, also
/// when many batches share the dictionary. Thread-safe.
class AddressCounter {
 public:
  /// How many rows of `texts`, utf8 or dictionary<int32, utf8>, are neither null nor an
  /// address. DataError for a code outside its dictionary.
  Result<int64_t> CountOthers(const arrow::Array& texts);

 private:
  enum State : uint8_t { kUnknown, kAddress, kOther };
  using States = std::vector<std::atomic<State>>;
  struct Seen {
    std::weak_ptr<arrow::ArrayData> dictionary;
    std::shared_ptr<States> states;  ///< of each text
  };

  std::shared_ptr<States> StatesOf(const std::shared_ptr<arrow::ArrayData>& dictionary);

  std::mutex mutex_;
  std::vector<Seen> seen_;  ///< dictionaries still in use
};

}  // namespace windrow::op
