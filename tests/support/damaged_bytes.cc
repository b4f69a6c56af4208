// SPDX-License-Identifier: Apache-2.0
#include <support/damaged_bytes.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace windrow::testing {
namespace {

constexpr size_t kPartMax = 32;

size_t Below(size_t limit, std::mt19937_64& random) {
  return limit == 0 ? 0 : static_cast<size_t>(random() % limit);
}

/// A part of `bytes`, up to kPartMax long.
std::string Part(const std::string& bytes, std::mt19937_64& random) {
  const size_t begin = Below(bytes.size() + 1, random);
  return bytes.substr(begin, Below(kPartMax, random));
}

void PutNumber(std::string* bytes, std::mt19937_64& random) {
  constexpr uint64_t kNumbers[] = {0,
                                   1,
                                   0x7f,
                                   0x80,
                                   0xff,
                                   0x7fff,
                                   0xffff,
                                   0x7fffffff,
                                   0x80000000,
                                   0xffffffff,
                                   0x7fffffffffffffff,
                                   0x8000000000000000,
                                   0xffffffffffffffff};
  const uint64_t number = kNumbers[Below(std::size(kNumbers), random)];
  const size_t width = size_t{1} << Below(4, random);
  if (bytes->size() < width) return;
  std::memcpy(bytes->data() + Below(bytes->size() - width + 1, random), &number, width);
}

void ChangeOnce(std::string* bytes, const std::string& other, std::mt19937_64& random) {
  const size_t place = Below(bytes->size(), random);
  switch (random() % 7) {
    case 0:
      if (!bytes->empty()) (*bytes)[place] ^= static_cast<char>(1 << random() % 8);
      return;
    case 1:
      if (!bytes->empty()) (*bytes)[place] = static_cast<char>(random());
      return;
    case 2:
      bytes->erase(place, Below(kPartMax, random));
      return;
    case 3:
      bytes->insert(place, Part(*bytes, random));
      return;
    case 4:
      bytes->insert(place, RandomBytes(Below(kPartMax, random), random));
      return;
    case 5:
      return PutNumber(bytes, random);
    default:
      bytes->replace(place, Below(kPartMax, random), Part(other, random));
  }
}

}  // namespace

void ForEachDamage(const std::string& bytes,
                   const std::function<void(const std::string&)>& check) {
  for (size_t size = 0; size < bytes.size(); ++size) check(bytes.substr(0, size));
  std::string damaged = bytes;
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    const auto mask = static_cast<char>(1 << bit % 8);
    damaged[bit / 8] ^= mask;
    check(damaged);
    damaged[bit / 8] ^= mask;
  }
}

std::string Mutated(std::string bytes, const std::string& other,
                    std::mt19937_64& random) {
  for (size_t changes = 1 + random() % 4; changes > 0; --changes) {
    ChangeOnce(&bytes, other, random);
  }
  return bytes;
}

std::string RandomBytes(size_t size, std::mt19937_64& random) {
  std::string bytes(size, '\0');
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
  return bytes;
}

}  // namespace windrow::testing
