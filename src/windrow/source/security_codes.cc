// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/security_codes.h"

#include <cstdint>

#include "windrow/source/column_list.h"
#include "windrow/source/counter_random.h"

namespace windrow::source {
namespace {

constexpr int ValueOf(char letter) {
  const int is_letter = letter > '9';
  return letter - '0' - is_letter * ('A' - '9' - 1);
}
constexpr int DigitSum(int number) { return number / 10 + number % 10; }

/// What a character adds to a checksum that doubles every second digit, [0] when its last
/// digit stays single and [1] when that is doubled. Tables, because the characters are
/// random and a branch on them would be mispredicted.
struct Addends {
  uint8_t cusip[2][36];
  uint8_t isin[2][36];
};
constexpr Addends MakeAddends() {
  Addends addends{};
  for (int value = 0; value < 36; ++value) {
    const int high = value / 10;
    const int low = value % 10;
    addends.cusip[0][value] = DigitSum(value);
    addends.cusip[1][value] = DigitSum(2 * value);
    addends.isin[0][value] = low + DigitSum(2 * high);
    addends.isin[1][value] = DigitSum(2 * low) + high;
  }
  return addends;
}
constexpr Addends kAddends = MakeAddends();

constexpr char CheckDigit(int sum) {
  return static_cast<char>('0' + (10 - sum % 10) % 10);
}

}  // namespace

char CusipCheckDigit(const char* body) {
  int sum = 0;
  for (int i = 0; i < 8; ++i) sum += kAddends.cusip[i % 2][ValueOf(body[i])];
  return CheckDigit(sum);
}

char IsinCheckDigit(const char* body) {
  int sum = 0;
  int doubles = 1;  // the digit left of the check digit is doubled
  for (int i = 10; i >= 0; --i) {
    const int value = ValueOf(body[i]);
    sum += kAddends.isin[doubles][value];
    // A letter stands for two digits and leaves the parity as it was.
    doubles ^= static_cast<int>(value < 10);
  }
  return CheckDigit(sum);
}

void WriteCusip(uint64_t bits, char* out) {
  static constexpr char kLetters[] = "ABCDEFGHJKLMNPQRSTUVWXYZ";
  out[0] = kLetters[Below(bits, 24)];
  WriteAlphanumerics(bits * 24, 7, out + 1);
  out[8] = CusipCheckDigit(out);
}

}  // namespace windrow::source
