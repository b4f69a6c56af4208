// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <random>
#include <string>

namespace windrow::testing {

/// Calls `check` with every shorter beginning of `bytes`, then with `bytes` in which one
/// bit is turned over, for each bit.
void ForEachDamage(const std::string& bytes,
                   const std::function<void(const std::string&)>& check);

/// `bytes` after one to four changes at random places: bits and bytes, parts removed,
/// repeated or put in, numbers at their limits, a part of `other`.
std::string Mutated(std::string bytes, const std::string& other, std::mt19937_64& random);

/// Bytes of no kind.
std::string RandomBytes(size_t size, std::mt19937_64& random);

}  // namespace windrow::testing
