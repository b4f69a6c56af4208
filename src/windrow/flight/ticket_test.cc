// SPDX-License-Identifier: Apache-2.0
#include "windrow/flight/ticket.h"

#include <gmock/gmock.h>
#include <support/damaged_bytes.h>

#include <random>

namespace windrow::flight {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kNow = 1'800'000'000;

Ticket Example() {
  return {.request = {.table = "quotes", .columns = {{"id\nline"}}, .where = "a > 1"},
          .snapshot = "17 files\n2026",
          .first_chunk = 3,
          .end_chunk = 9,
          .expires_at = kNow + 60};
}

TicketKey KeyOf(std::string_view token) { return *TicketKey::OfToken(token); }

/// The message that refuses `bytes`.
std::string Refusal(const TicketKey& key, std::string_view bytes, int64_t now = kNow) {
  const Status status = key.Check(bytes, now).status();
  EXPECT_EQ(BlameOf(status), Blame::kUser) << status;
  EXPECT_THAT(status.message(), HasSubstr("the ticket"));
  return status.message();
}

TEST(Ticket, GivesEveryMemberBack) {
  const TicketKey key = KeyOf("secret");
  EXPECT_EQ(*key.Check(*key.Sign(Example()), kNow), Example());
  const Ticket empty = {.request = {.table = "t"}, .expires_at = kNow + 1};
  EXPECT_EQ(*key.Check(*key.Sign(empty), kNow), empty);
}

TEST(Ticket, EveryServerWithTheTokenTakesIt) {
  const std::string bytes = *KeyOf("secret").Sign(Example());
  EXPECT_TRUE(KeyOf("secret").Check(bytes, kNow).ok());
  EXPECT_EQ(bytes, *KeyOf("secret").Sign(Example()));
  EXPECT_THAT(Refusal(KeyOf("secreT"), bytes), HasSubstr("another server"));
  EXPECT_THAT(Refusal(*TicketKey::Random(), bytes), HasSubstr("another server"));
}

TEST(Ticket, RandomKeysDiffer) {
  const TicketKey key = *TicketKey::Random();
  const std::string bytes = *key.Sign(Example());
  EXPECT_TRUE(key.Check(bytes, kNow).ok());
  Refusal(*TicketKey::Random(), bytes);
}

TEST(Ticket, AnEmptyTokenMakesNoKey) {
  EXPECT_EQ(BlameOf(TicketKey::OfToken("").status()), Blame::kUser);
}

TEST(Ticket, Expires) {
  const TicketKey key = KeyOf("secret");
  const std::string bytes = *key.Sign(Example());
  EXPECT_TRUE(key.Check(bytes, kNow + 59).ok());
  EXPECT_THAT(Refusal(key, bytes, kNow + 60), HasSubstr("expired 0 seconds"));
  EXPECT_THAT(Refusal(key, bytes, kNow + 90), HasSubstr("expired 30 seconds"));
}

TEST(Ticket, AnyChangeIsNoticed) {
  const TicketKey key = KeyOf("secret");
  const std::string bytes = *key.Sign(Example());
  testing::ForEachDamage(bytes,
                         [&](const std::string& damaged) { Refusal(key, damaged); });
  Refusal(key, bytes + "x");
  Refusal(key, "x" + bytes);
}

TEST(Ticket, AnExpiredTicketWithAWrongSignatureIsJustWrong) {
  std::string bytes = *KeyOf("secret").Sign(Example());
  bytes.back() ^= 1;
  EXPECT_THAT(Refusal(KeyOf("secret"), bytes, kNow + 1000), HasSubstr("it was changed"));
}

TEST(Ticket, LengthsAreCheckedFirst) {
  const TicketKey key = KeyOf("secret");
  EXPECT_THAT(Refusal(key, ""), HasSubstr("found 0 bytes"));
  EXPECT_THAT(Refusal(key, std::string(35, 'x')), HasSubstr("found 35 bytes"));
  const std::string long_bytes(kScanRequestBytesMax * 2, 'x');
  EXPECT_THAT(Refusal(key, long_bytes), HasSubstr("found 33554432 bytes"));
}

TEST(Ticket, OnlyTicketsThatCanBeReadAreSigned) {
  const TicketKey key = KeyOf("secret");
  Ticket ticket = Example();
  ticket.request.table = "";
  EXPECT_EQ(BlameOf(key.Sign(ticket).status()), Blame::kUser);
  ticket = Example();
  ticket.request.where.resize(kScanRequestBytesMax, 'x');
  EXPECT_EQ(BlameOf(key.Sign(ticket).status()), Blame::kUser);
  ticket = Example();
  ticket.snapshot.resize(2 * kScanRequestBytesMax, 'x');
  EXPECT_EQ(BlameOf(key.Sign(ticket).status()), Blame::kUser);
  ticket = Example();
  ticket.end_chunk = 2;
  EXPECT_EQ(BlameOf(key.Sign(ticket).status()), Blame::kUser);
  ticket = Example();
  ticket.first_chunk = -1;
  EXPECT_EQ(BlameOf(key.Sign(ticket).status()), Blame::kUser);
}

TEST(Ticket, ItsTextIsTwoLinesOfJson) {
  const Ticket ticket = {.request = {.table = "t"}, .snapshot = "s", .expires_at = 5};
  const std::string own =
      R"({"windrow_ticket":1,"snapshot":"s","first_chunk":0,"end_chunk":0,)"
      R"("expires_at":5})";
  EXPECT_EQ(WriteTicketText(ticket), own + "\n" + R"({"windrow_scan":1,"table":"t"})");
  EXPECT_EQ(*ReadTicketText(WriteTicketText(ticket)), ticket);
  const auto refusal = [](const std::string& text) {
    const Status status = ReadTicketText(text).status();
    EXPECT_EQ(BlameOf(status), Blame::kUser) << text;
    return status.message();
  };
  EXPECT_THAT(refusal(own), HasSubstr("one line"));
  EXPECT_THAT(refusal(own + "\n"), HasSubstr("key 'table'"));
  EXPECT_THAT(refusal("{}\n{}"), HasSubstr("key 'windrow_ticket' is missing"));
  std::string other = own;
  other.replace(other.find(":1"), 2, ":2");
  EXPECT_THAT(refusal(other + "\nt"), HasSubstr("found version 2"));
}

TEST(Ticket, SurvivesDamage) {
  const TicketKey key = KeyOf("secret");
  const std::string bytes = *key.Sign(Example());
  const std::string text = WriteTicketText(Example());
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto read_text = [](const std::string& damaged) {
    const auto read = ReadTicketText(damaged);
    if (read.ok()) {
      ASSERT_EQ(*ReadTicketText(WriteTicketText(*read)), *read);
    } else {
      ASSERT_EQ(BlameOf(read.status()), Blame::kUser);
    }
  };
  testing::ForEachDamage(text, read_text);
  for (int round = 0; round < 5000; ++round) {
    read_text(testing::Mutated(text, bytes, random));
    const std::string damaged = testing::Mutated(bytes, text, random);
    if (damaged != bytes) Refusal(key, damaged);
    Refusal(key, testing::RandomBytes(random() % 200, random));
  }
}

TEST(EqualInConstantTime, IsEquality) {
  EXPECT_TRUE(EqualInConstantTime("", ""));
  EXPECT_TRUE(EqualInConstantTime("abc", "abc"));
  EXPECT_FALSE(EqualInConstantTime("abc", "abd"));
  EXPECT_FALSE(EqualInConstantTime("abc", "ab"));
  EXPECT_FALSE(EqualInConstantTime("", "a"));
  EXPECT_FALSE(
      EqualInConstantTime(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
}

}  // namespace
}  // namespace windrow::flight
