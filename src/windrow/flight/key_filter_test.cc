// SPDX-License-Identifier: Apache-2.0
#include "windrow/flight/key_filter.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <gmock/gmock.h>
#include <parquet/bloom_filter.h>
#include <support/damaged_bytes.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>

namespace windrow::flight {
namespace {

using ::testing::HasSubstr;
using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;
using Random = std::mt19937_64;

arrow::MemoryPool* Pool() { return arrow::default_memory_pool(); }

template <typename Number>
ArrayPtr Numbers(const std::vector<Number>& values, const TypePtr& type) {
  auto bytes = arrow::Buffer::FromVector(values);
  return arrow::MakeArray(arrow::ArrayData::Make(
      type, static_cast<int64_t>(values.size()), {nullptr, std::move(bytes)}));
}

ArrayPtr Int64s(const std::vector<int64_t>& values) {
  return Numbers(values, arrow::int64());
}

/// These values, which ascend, and the 48 that follow the first: too many for sorted keys
/// to be shorter than the least Bloom filter.
template <typename Number>
ArrayPtr Filled(const std::vector<Number>& values, const TypePtr& type) {
  std::set<Number> keys(values.begin(), values.end());
  for (int i = 1; i <= 48; ++i) keys.insert(static_cast<Number>(values[0] + i));
  return Numbers(std::vector<Number>(keys.begin(), keys.end()), type);
}

template <typename Builder = arrow::StringBuilder>
ArrayPtr Texts(const std::vector<std::string>& values) {
  Builder builder;
  for (const std::string& value : values) EXPECT_TRUE(builder.Append(value).ok());
  return *builder.Finish();
}

KeyFilter Make(const ArrayPtr& keys, double bits_per_key = 10) {
  const auto made = KeyFilter::Make(*keys, bits_per_key);
  EXPECT_TRUE(made.ok()) << made.status();
  return *made;
}

/// A filter of these keys that has the form of a Bloom filter.
KeyFilter MakeBloom(const ArrayPtr& keys) {
  const KeyFilter made = Make(keys, 0.001);
  EXPECT_EQ(made.form(), KeyFilter::Form::kBloom);
  return made;
}

ArrayPtr Sorted(const KeyFilter& filter, const TypePtr& type) {
  const auto keys = filter.SortedKeys(type, Pool());
  EXPECT_TRUE(keys.ok()) << keys.status();
  return *keys;
}

std::vector<bool> Passes(const KeyFilter& filter, const ArrayPtr& keys) {
  const auto tested = filter.Test(*keys, Pool());
  EXPECT_TRUE(tested.ok()) << tested.status();
  EXPECT_TRUE((*tested)->ValidateFull().ok());
  EXPECT_EQ((*tested)->null_count(), 0);
  std::vector<bool> passes;
  for (int64_t i = 0; i < keys->length(); ++i) passes.push_back((*tested)->Value(i));
  return passes;
}

std::vector<int64_t> RandomKeys(size_t count, int bits, Random& random) {
  std::set<int64_t> keys;
  while (keys.size() < count) {
    keys.insert(static_cast<int64_t>(random()) >> (64 - bits));
  }
  return {keys.begin(), keys.end()};
}

void ExpectDamaged(const Status& status, const std::string& words) {
  EXPECT_EQ(BlameOf(status), Blame::kData) << status;
  EXPECT_THAT(status.message(), HasSubstr("the key filter: "));
  EXPECT_THAT(status.message(), HasSubstr(words));
}

TEST(KeyFilter, SortedKeysAreGaps) {
  const KeyFilter filter = Make(Int64s({-3, -2, 498}));
  const std::string header("WKF\1\0\0\1\0\3\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0l", 25);
  EXPECT_EQ(filter.bytes(), header + "\x05\x01\xf4\x03");
  EXPECT_EQ(filter.form(), KeyFilter::Form::kSorted);
  EXPECT_EQ(filter.num_keys(), 3);
  EXPECT_EQ(filter.id().size(), 64u);
}

TEST(KeyFilter, GivesSortedKeysBack) {
  constexpr auto kLeast = std::numeric_limits<int64_t>::min();
  constexpr auto kMost = std::numeric_limits<int64_t>::max();
  for (const auto& values : std::vector<std::vector<int64_t>>{
           {},
           {0},
           {kMost},
           {kLeast},
           {kLeast, kMost},
           {-1, 0, 1},
           {kLeast, -1, 0, kMost},
           {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 1000, 1001}}) {
    const auto keys = Int64s(values);
    const KeyFilter filter = *KeyFilter::Parse(Make(keys, 1000).bytes());
    EXPECT_EQ(filter.num_keys(), keys->length());
    EXPECT_TRUE(Sorted(filter, arrow::int64())->Equals(keys)) << keys->ToString();
    EXPECT_TRUE(Sorted(filter, arrow::int64())->ValidateFull().ok());
  }
  const auto keys =
      Numbers<uint64_t>({0, 1, uint64_t{1} << 63, ~uint64_t{0}}, arrow::uint64());
  EXPECT_TRUE(Sorted(Make(keys), arrow::uint64())->Equals(keys));
}

TEST(KeyFilter, KeysThatATypeCannotHoldAreLeftOut) {
  const auto below = [](int bits) { return int64_t{1} << bits; };
  const KeyFilter filter =
      Make(Int64s({-below(40), -below(31) - 1, -below(31), -129, -128, -1, 0, 127, 128,
                   255, 256, below(31) - 1, below(31), below(32) - 1, below(32)}),
           1000);
  const auto expect = [&](const TypePtr& type, const std::string& values) {
    const auto keys = Sorted(filter, type);
    EXPECT_TRUE(keys->ValidateFull().ok());
    std::string found;
    for (int64_t i = 0; i < keys->length(); ++i) {
      found += (*keys->GetScalar(i))->ToString() + " ";
    }
    EXPECT_EQ(found, values) << type->ToString();
  };
  expect(arrow::int8(), "-128 -1 0 127 ");
  expect(arrow::uint8(), "0 127 128 255 ");
  expect(arrow::int16(), "-129 -128 -1 0 127 128 255 256 ");
  expect(arrow::uint16(), "0 127 128 255 256 ");
  expect(arrow::int32(), "-2147483648 -129 -128 -1 0 127 128 255 256 2147483647 ");
  expect(arrow::uint32(), "0 127 128 255 256 2147483647 2147483648 4294967295 ");
  expect(arrow::uint64(),
         "0 127 128 255 256 2147483647 2147483648 4294967295 4294967296 ");
  const KeyFilter wide = Make(
      Numbers<uint64_t>({7, uint64_t{1} << 63, ~uint64_t{0}}, arrow::uint64()), 1000);
  EXPECT_TRUE(Sorted(wide, arrow::int64())->Equals(Int64s({7})));
}

/// One array of ascending keys for each type but strings.
arrow::ArrayVector KeysOfEachType() {
  arrow::ArrayVector all = {Filled<int8_t>({-128, 0, 127}, arrow::int8()),
                            Filled<uint8_t>({0, 200, 255}, arrow::uint8()),
                            Filled<int16_t>({-300, 0, 300}, arrow::int16()),
                            Filled<uint16_t>({0, 1, 65535}, arrow::uint16()),
                            Filled<uint32_t>({0, 1, ~uint32_t{0}}, arrow::uint32())};
  for (const auto& type :
       {arrow::int32(), arrow::date32(), arrow::time32(arrow::TimeUnit::SECOND)}) {
    all.push_back(Filled<int32_t>({-86400000, 0, 86400000}, type));
  }
  for (const auto& type :
       {arrow::int64(), arrow::date64(), arrow::time64(arrow::TimeUnit::NANO),
        arrow::timestamp(arrow::TimeUnit::MICRO),
        arrow::timestamp(arrow::TimeUnit::SECOND, "Europe/Berlin"),
        arrow::duration(arrow::TimeUnit::MILLI)}) {
    all.push_back(Filled<int64_t>({-86400000, 0, 86400000}, type));
  }
  return all;
}

TEST(KeyFilter, TakesEveryTypeOfNumberAndTime) {
  for (const auto& keys : KeysOfEachType()) {
    SCOPED_TRACE(keys->type()->ToString());
    EXPECT_TRUE(KeyFilter::Supports(*keys->type()));
    const KeyFilter filter = *KeyFilter::Parse(Make(keys).bytes());
    EXPECT_EQ(filter.form(), KeyFilter::Form::kSorted);
    EXPECT_TRUE(filter.type()->Equals(keys->type()));
    EXPECT_TRUE(Sorted(filter, keys->type())->Equals(keys));
    EXPECT_TRUE(Sorted(Make(keys->Slice(1, 2)), keys->type())->Equals(keys->Slice(1, 2)));
    const KeyFilter bloom = *KeyFilter::Parse(MakeBloom(keys).bytes());
    EXPECT_EQ(Passes(bloom, keys), std::vector<bool>(keys->length(), true));
  }
}

TEST(KeyFilter, OtherTypesAreRefused) {
  for (const auto& type :
       {arrow::float64(), arrow::boolean(), arrow::null(), arrow::decimal128(9, 2),
        arrow::fixed_size_binary(16), arrow::list(arrow::int64()),
        arrow::dictionary(arrow::int32(), arrow::utf8())}) {
    EXPECT_FALSE(KeyFilter::Supports(*type)) << type->ToString();
    const auto keys = *arrow::MakeEmptyArray(type);
    EXPECT_EQ(BlameOf(KeyFilter::Make(*keys).status()), Blame::kUser);
  }
}

TEST(KeyFilter, KeysOfAnotherKindAreRefused) {
  const auto berlin = arrow::timestamp(arrow::TimeUnit::SECOND, "Europe/Berlin");
  const auto utc = arrow::timestamp(arrow::TimeUnit::SECOND, "UTC");
  const auto naive = arrow::timestamp(arrow::TimeUnit::SECOND);
  const auto zoned_keys = Filled<int64_t>({1}, berlin);
  const KeyFilter zoned = Make(zoned_keys);
  EXPECT_TRUE(Sorted(zoned, utc)->Equals(Filled<int64_t>({1}, utc)));
  const auto milli = arrow::timestamp(arrow::TimeUnit::MILLI, "UTC");
  for (const auto& type : {naive, milli, arrow::int64(), arrow::utf8(), arrow::null(),
                           arrow::duration(arrow::TimeUnit::SECOND)}) {
    EXPECT_EQ(BlameOf(zoned.SortedKeys(type, Pool()).status()), Blame::kUser);
    const auto keys = *arrow::MakeEmptyArray(type);
    EXPECT_EQ(BlameOf(MakeBloom(zoned_keys).Test(*keys, Pool()).status()), Blame::kUser);
  }
  const KeyFilter texts = Make(Texts({"a"}));
  EXPECT_EQ(BlameOf(texts.Test(*Int64s({1}), Pool()).status()), Blame::kUser);
}

TEST(KeyFilter, WhatMakeRequires) {
  EXPECT_EQ(BlameOf(KeyFilter::Make(*Int64s({2, 1})).status()), Blame::kInternal);
  EXPECT_EQ(BlameOf(KeyFilter::Make(*Int64s({1, 1})).status()), Blame::kInternal);
  EXPECT_EQ(BlameOf(KeyFilter::Make(*Int64s({1}), 0).status()), Blame::kInternal);
  EXPECT_EQ(BlameOf(KeyFilter::Make(*Int64s({1}), std::nan("")).status()),
            Blame::kInternal);
  const auto nulls = *arrow::MakeArrayOfNull(arrow::int64(), 2);
  EXPECT_EQ(BlameOf(KeyFilter::Make(*nulls).status()), Blame::kInternal);
  EXPECT_EQ(BlameOf(Make(Int64s({1})).Test(*Int64s({1}), Pool()).status()),
            Blame::kInternal);
  EXPECT_EQ(BlameOf(MakeBloom(Filled<int64_t>({1}, arrow::int64()))
                        .SortedKeys(arrow::int64(), Pool())
                        .status()),
            Blame::kInternal);
}

TEST(KeyFilter, TakesTheShorterForm) {
  Random random(7);
  // 10 bits a key, rounded up: 2,048 bytes for 1,500 keys.
  const KeyFilter dense = Make(Int64s(RandomKeys(1500, 16, random)));
  EXPECT_EQ(dense.form(), KeyFilter::Form::kSorted);
  EXPECT_LT(dense.bytes().size(), 2048u + 25);
  const KeyFilter sparse = Make(Int64s(RandomKeys(1500, 60, random)));
  EXPECT_EQ(sparse.form(), KeyFilter::Form::kBloom);
  EXPECT_EQ(sparse.bytes().size(), 2048u + 25);
  EXPECT_EQ(Make(Texts({})).bytes().size(), 32u + 25);
}

TEST(KeyFilter, BloomLetsAllKeysAndFewOthersThrough) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  Random random(seed);
  // 52,428 keys of 10 bits fill the 64 KiB they are rounded up to; others have more room.
  for (const size_t count : {1u, 100u, 20000u, 52428u}) {
    const auto keys = RandomKeys(count, 62, random);
    const KeyFilter filter = *KeyFilter::Parse(Make(Int64s(keys), 10).bytes());
    EXPECT_EQ(filter.form() == KeyFilter::Form::kBloom, count > 1) << count;
    if (filter.form() == KeyFilter::Form::kSorted) continue;
    const auto own = Passes(filter, Int64s(keys));
    ASSERT_EQ(std::count(own.begin(), own.end(), true), keys.size());
    std::vector<int64_t> others(100000);
    for (int64_t& other : others) {
      do other = static_cast<int64_t>(random()) >> 2;
      while (std::binary_search(keys.begin(), keys.end(), other));
    }
    const auto passed = Passes(filter, Int64s(others));
    EXPECT_LT(std::count(passed.begin(), passed.end(), true), 3000) << count;
  }
}

TEST(KeyFilter, BloomHasTheBitsOfParquets) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  Random random(seed);
  const auto bits_of = [](const parquet::BlockSplitBloomFilter& parquets) {
    const auto sink = *arrow::io::BufferOutputStream::Create();
    parquets.WriteTo(sink.get());
    const std::string bytes = (*sink->Finish())->ToString();
    return bytes.substr(bytes.size() - parquets.GetBitsetSize());
  };
  const auto keys = RandomKeys(1000, 60, random);
  std::vector<std::string> texts;
  parquet::BlockSplitBloomFilter of_numbers;
  parquet::BlockSplitBloomFilter of_texts;
  of_numbers.Init(2048);
  of_texts.Init(2048);
  for (const int64_t key : keys) {
    of_numbers.InsertHash(of_numbers.Hash(key));
    texts.push_back(std::to_string(key));
    of_texts.InsertHash(of_texts.Hash(std::string_view(texts.back())));
  }
  EXPECT_EQ(Make(Int64s(keys)).bytes().substr(25), bits_of(of_numbers));
  EXPECT_EQ(Make(Texts(texts)).bytes().substr(25), bits_of(of_texts));
}

TEST(KeyFilter, BloomFindsTextsOfEveryType) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  Random random(seed);
  std::vector<std::string> keys = {""};
  for (int i = 0; i < 3000; ++i) keys.push_back(testing::RandomBytes(i % 40 + 4, random));
  const arrow::ArrayVector arrays = {
      Texts<arrow::BinaryBuilder>(keys),      Texts<arrow::LargeBinaryBuilder>(keys),
      Texts<arrow::BinaryViewBuilder>(keys),  Texts<arrow::StringBuilder>(keys),
      Texts<arrow::LargeStringBuilder>(keys), Texts<arrow::StringViewBuilder>(keys)};
  const std::string body = Make(arrays[0]).bytes().substr(25);
  for (const auto& array : arrays) {
    SCOPED_TRACE(array->type()->ToString());
    const KeyFilter filter = *KeyFilter::Parse(Make(array).bytes());
    EXPECT_TRUE(filter.type()->Equals(array->type()));
    EXPECT_TRUE(filter.bytes().ends_with(body));
    EXPECT_EQ(Passes(filter, array), std::vector<bool>(keys.size(), true));
    EXPECT_EQ(Passes(filter, array->Slice(5, 77)), std::vector<bool>(77, true));
    EXPECT_EQ(Passes(filter, array->Slice(5, 0)), std::vector<bool>());
  }
  std::vector<std::string> others;
  for (int i = 0; i < 10000; ++i) others.push_back("x" + std::to_string(i));
  const auto passed = Passes(Make(arrays[0]), Texts(others));
  EXPECT_LT(std::count(passed.begin(), passed.end(), true), 300);
}

TEST(KeyFilter, BloomTestsKeysOfAnotherWidth) {
  const KeyFilter filter =
      MakeBloom(Filled<int64_t>({-5, 7, 70000, 1LL << 40}, arrow::int64()));
  EXPECT_EQ(Passes(filter, Numbers<int8_t>({-5, 7}, arrow::int8())),
            std::vector<bool>(2, true));
  EXPECT_EQ(Passes(filter, Numbers<uint32_t>({7, 70000}, arrow::uint32())),
            std::vector<bool>(2, true));
  EXPECT_EQ(Passes(filter, Numbers<uint64_t>({uint64_t{1} << 40}, arrow::uint64())),
            std::vector<bool>(1, true));
}

TEST(KeyFilter, NullsDoNotPass) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  Random random(seed);
  arrow::Int32Builder numbers;
  arrow::StringViewBuilder texts;
  for (int i = 0; i < 300; ++i) {
    if (random() % 3 == 0) {
      ASSERT_TRUE(numbers.AppendNull().ok() && texts.AppendNull().ok());
    } else {
      ASSERT_TRUE(numbers.Append(0).ok() && texts.Append("").ok());
    }
  }
  for (const ArrayPtr& keys : {*numbers.Finish(), *texts.Finish()}) {
    const bool is_text = keys->type_id() == arrow::Type::STRING_VIEW;
    const KeyFilter filter =
        is_text ? Make(Texts({""})) : MakeBloom(Filled<int32_t>({-1}, arrow::int32()));
    for (const int64_t offset : {0, 3, 64, 299, 300}) {
      const auto slice = keys->Slice(offset);
      const auto passed = Passes(filter, slice);
      for (int64_t i = 0; i < slice->length(); ++i) {
        ASSERT_EQ(passed[i], slice->IsValid(i)) << offset << " " << i;
      }
    }
  }
}

TEST(KeyFilter, AnEmptyFilterLetsNothingThrough) {
  EXPECT_EQ(Sorted(Make(Int64s({})), arrow::int64())->length(), 0);
  const auto passed = Passes(Make(Texts({})), Texts({"", "a", "b"}));
  EXPECT_EQ(passed, std::vector<bool>(3, false));
}

TEST(KeyFilter, TheIdIsOfTheBytes) {
  const KeyFilter filter = Make(Int64s({1, 2}));
  EXPECT_EQ(filter.id(), KeyFilter::Parse(filter.bytes())->id());
  EXPECT_NE(filter.id(), Make(Int64s({1, 3})).id());
  EXPECT_NE(filter.id(), Make(Numbers<int32_t>({1, 2}, arrow::int32())).id());
  EXPECT_EQ(Make(Int64s({})).id(),
            "0b02395f0b8fd5803ebcb63adbb55131618d3e2c5ba1e7ce27bedf9f4a0b237d");
}

TEST(KeyFilter, TakesNoMemoryBeyondItsResult) {
  std::vector<int64_t> keys(10000);
  for (size_t i = 0; i < keys.size(); ++i) keys[i] = static_cast<int64_t>(i * 1000003);
  arrow::ProxyMemoryPool pool(Pool());
  const auto tested = MakeBloom(Int64s(keys)).Test(*Int64s(keys), &pool);
  EXPECT_LE(pool.max_memory(), 1250 + 128);
  arrow::ProxyMemoryPool sorted_pool(Pool());
  const auto sorted = Make(Int64s(keys), 1000).SortedKeys(arrow::int64(), &sorted_pool);
  EXPECT_EQ((*sorted)->length(), 10000);
  EXPECT_LE(sorted_pool.max_memory(), 80000 + 128);
}

TEST(KeyFilter, HeadersThatCannotBeAreRefused) {
  const std::string bytes = Make(Int64s({-3, -2, 498})).bytes();
  const auto changed = [&](size_t place, const std::string& to) {
    std::string other = bytes;
    other.replace(place, to.size(), to);
    return KeyFilter::Parse(other).status();
  };
  ExpectDamaged(KeyFilter::Parse("").status(), "found 0 bytes");
  ExpectDamaged(KeyFilter::Parse(bytes.substr(0, 23)).status(), "too few for a header");
  ExpectDamaged(changed(3, "\2"), "none of this version");
  ExpectDamaged(changed(4, "\2"), "form 2");
  ExpectDamaged(changed(4, "\1"), "form 1 with 3 keys in 4 bytes");
  ExpectDamaged(changed(5, "\1"), "cannot be");
  ExpectDamaged(changed(6, "\7"), "found -2 bytes behind its type");
  ExpectDamaged(changed(8, "\5"), "form 0 with 5 keys in 4 bytes");
  ExpectDamaged(changed(15, "\x7f"), "cannot be");
  ExpectDamaged(changed(15, "\xff"), "cannot be");
  ExpectDamaged(changed(16, "\5"), "found 4 bytes behind its type, expected 5");
  ExpectDamaged(changed(24, "g"), "a type that no filter has");
  ExpectDamaged(changed(24, "?"), "a type that no filter has");
  ExpectDamaged(changed(24, "u"), "form 0");
  ExpectDamaged(changed(24, std::string(1, '\0')), "a type that no filter has");
  ExpectDamaged(KeyFilter::Parse(bytes + "x").status(), "found 5 bytes behind its type");
}

TEST(KeyFilter, DamagedGapsAreRefused) {
  const auto with_body = [](const std::string& body, char num_keys, char type = 'l') {
    std::string bytes("WKF\1\0\0\1\0", 8);
    bytes += std::string{num_keys} + std::string(7, '\0');
    bytes += std::string{static_cast<char>(body.size())} + std::string(7, '\0');
    const auto filter = KeyFilter::Parse(bytes + type + body);
    if (!filter.ok()) return filter.status();
    return filter->SortedKeys(filter->type(), Pool()).status();
  };
  const std::string nines(8, '\x09');
  EXPECT_TRUE(with_body("\x05" + nines, 9).ok());
  ExpectDamaged(with_body("\x05" + nines + nines, 9), "8 bytes behind its keys");
  ExpectDamaged(with_body("\x05\x89\x09" + nines, 12), "form 0 with 12 keys");
  ExpectDamaged(with_body("\x05\x89", 2), "damaged at key 1 of 2");
  ExpectDamaged(with_body("\x89\x89", 2), "damaged at key 0 of 2");
  ExpectDamaged(with_body(std::string("\x05\0", 2), 2), "damaged at key 1 of 2");
  ExpectDamaged(with_body(std::string("\x05\1\1\1\0\1\1\1\1", 9), 9), "damaged at key 1");
  const std::string most("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01");  // 2^63 - 1
  EXPECT_TRUE(with_body(most, 1).ok());
  ExpectDamaged(with_body(most + "\x01", 2), "damaged at key 1");
  ExpectDamaged(with_body(most + nines, 9), "damaged at key 1");
  EXPECT_TRUE(with_body(most + nines, 9, 'L').ok());
  const std::string all_ones("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  ExpectDamaged(with_body(std::string("\x03", 1) + all_ones, 2, 'L'), "damaged at key 1");
  ExpectDamaged(with_body("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 1),
                "damaged at key 0");
  ExpectDamaged(with_body("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x01", 2), "at key 0");
}

/// Whatever can be read out of damaged bytes is used without a fault, and in memory that
/// goes with the bytes.
void UseIfRead(const std::string& bytes) {
  const auto filter = KeyFilter::Parse(bytes);
  if (!filter.ok()) {
    ASSERT_EQ(BlameOf(filter.status()), Blame::kData) << filter.status();
    return;
  }
  ASSERT_EQ(filter->bytes(), bytes);
  arrow::ProxyMemoryPool pool(Pool());
  if (filter->form() == KeyFilter::Form::kBloom) {
    const auto passes = filter->Test(*Int64s(std::vector<int64_t>(70, 5)), &pool);
    ASSERT_TRUE(passes.ok() || BlameOf(passes.status()) == Blame::kUser);
  } else {
    const auto keys = filter->SortedKeys(filter->type(), &pool);
    if (!keys.ok()) {
      ASSERT_EQ(BlameOf(keys.status()), Blame::kData) << keys.status();
    } else {
      ASSERT_LE((*keys)->length(), filter->num_keys());
      if (filter->type()->bit_width() == 64) {
        ASSERT_EQ((*keys)->length(), filter->num_keys());
        ASSERT_TRUE(KeyFilter::Make(**keys, 1e6).ok());
      }
    }
  }
  ASSERT_LE(pool.max_memory(), 8 * static_cast<int64_t>(bytes.size()) + 128);
}

TEST(KeyFilter, SurvivesDamage) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  Random random(seed);
  const std::string sorted = Make(Int64s(RandomKeys(60, 12, random)), 1000).bytes();
  const std::string zoned =
      Make(Numbers<int64_t>({-500, 7, 1 << 30},
                            arrow::timestamp(arrow::TimeUnit::NANO, "UTC")))
          .bytes();
  const std::string bloom = MakeBloom(Int64s(RandomKeys(20, 60, random))).bytes();
  for (const std::string& bytes : {sorted, zoned, bloom}) {
    testing::ForEachDamage(bytes, UseIfRead);
    for (int round = 0; round < 5000; ++round) {
      UseIfRead(testing::Mutated(bytes, sorted, random));
    }
  }
  for (int round = 0; round < 5000; ++round) {
    UseIfRead(testing::RandomBytes(random() % 100, random));
    UseIfRead(sorted.substr(0, 25) + testing::RandomBytes(random() % 100, random));
  }
}

TEST(KeyFilter, GivesRandomKeysBack) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  Random random(seed);
  for (int round = 0; round < 300; ++round) {
    const int bits = static_cast<int>(random() % 64) + 1;
    const size_t most = bits < 10 ? size_t{1} << (bits - 1) : 500;
    const auto keys = RandomKeys(random() % most, bits, random);
    const KeyFilter filter = *KeyFilter::Parse(Make(Int64s(keys), 1000).bytes());
    if (filter.form() == KeyFilter::Form::kSorted) {
      ASSERT_TRUE(Sorted(filter, arrow::int64())->Equals(Int64s(keys))) << round;
    } else {
      ASSERT_EQ(Passes(filter, Int64s(keys)), std::vector<bool>(keys.size(), true));
    }
  }
}

}  // namespace
}  // namespace windrow::flight
