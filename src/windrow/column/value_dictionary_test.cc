// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/value_dictionary.h"

#include <arrow/array.h>
#include <arrow/memory_pool.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <support/random_columns.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>

namespace windrow::column {
namespace {

using testing::Pick;
using testing::Random;
using Strings = std::vector<std::string>;

std::vector<uint32_t> Intern(ValueDictionary* dictionary, const Strings& values,
                             std::vector<uint32_t>* tags = nullptr) {
  const std::vector<std::string_view> views(values.begin(), values.end());
  std::vector<uint32_t> codes(values.size());
  if (tags != nullptr) tags->resize(values.size());
  EXPECT_TRUE(
      dictionary->Intern(views, codes.data(), tags == nullptr ? nullptr : tags->data())
          .ok());
  return codes;
}

/// Texts of 0 to 20 bytes, all bytes possible; many of them share a prefix.
Strings RandomTexts(size_t count, Random& random) {
  Strings texts;
  for (size_t i = 0; i < count; ++i) {
    std::string text = testing::Chance(random, 0.5) ? "a common prefix" : "";
    for (int64_t n = Pick(random, 0, 5); n > 0; --n) {
      text += static_cast<char>(Pick(random, 0, 255));
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

TEST(ValueDictionary, CodesStayAsValuesComeIn) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  Random random(seed);
  ValueDictionary dictionary(arrow::default_memory_pool());
  std::map<std::string, uint32_t> known;
  for (int round = 0; round < 20; ++round) {
    const Strings texts = RandomTexts(2'000, random);
    const std::vector<uint32_t> codes = Intern(&dictionary, texts);
    for (size_t i = 0; i < texts.size(); ++i) {
      EXPECT_EQ(known.emplace(texts[i], codes[i]).first->second, codes[i]);
    }
  }
  std::set<uint32_t> distinct;
  for (const auto& [text, code] : known) {
    EXPECT_NE(code, ValueDictionary::kNullCode);
    EXPECT_LT(code, dictionary.code_limit());
    EXPECT_EQ(dictionary.value(code), text);
    distinct.insert(code);
  }
  EXPECT_EQ(distinct.size(), known.size());
  EXPECT_EQ(dictionary.size(), static_cast<int64_t>(known.size()));
  EXPECT_GT(dictionary.bytes(), 0);
}

TEST(ValueDictionary, AnEmptyTextIsAValueAndNullIsNone) {
  ValueDictionary dictionary(arrow::default_memory_pool());
  EXPECT_EQ(dictionary.size(), 0);
  EXPECT_EQ(dictionary.value(ValueDictionary::kNullCode), "");
  const std::vector<uint32_t> codes = Intern(&dictionary, {"", std::string("\0", 1), ""});
  EXPECT_EQ(codes[0], codes[2]);
  EXPECT_NE(codes[0], codes[1]);
  EXPECT_NE(codes[0], ValueDictionary::kNullCode);
  EXPECT_EQ(dictionary.CopyValues(codes), (Strings{"", std::string("\0", 1), ""}));
}

TEST(ValueDictionary, TagsOfValuesBeforeAndAfter) {
  ValueDictionary dictionary(arrow::default_memory_pool());
  std::vector<uint32_t> tags;
  const std::vector<uint32_t> early = Intern(&dictionary, {"a", "bb"}, &tags);
  EXPECT_EQ(tags, (std::vector<uint32_t>{0, 0}));
  const auto by_length = [](std::string_view text) {
    return static_cast<uint32_t>(text.size());
  };
  dictionary.SetTags(by_length, 77);
  EXPECT_EQ(Intern(&dictionary, {"bb", "a"}, &tags),
            (std::vector<uint32_t>{early[1], early[0]}));
  EXPECT_EQ(tags, (std::vector<uint32_t>{2, 1}));
  const std::vector<uint32_t> late = Intern(&dictionary, {"dddd"}, &tags);
  EXPECT_EQ(tags[0], 4);
  EXPECT_EQ(dictionary.null_tag(), 77);
  PoolVector<uint32_t> all(arrow::default_memory_pool());
  ASSERT_TRUE(dictionary.CopyTags(&all).ok());
  EXPECT_EQ(all.size(), dictionary.code_limit());
  EXPECT_EQ(all[ValueDictionary::kNullCode], 77);
  EXPECT_EQ(all[early[1]], 2);
  EXPECT_EQ(all[late[0]], 4);
  EXPECT_EQ(std::count(all.begin(), all.end(), 0u), all.size() - 4);
  dictionary.SetTags([](std::string_view) { return 5u; }, 6);
  ASSERT_TRUE(dictionary.CopyTags(&all).ok());
  EXPECT_EQ(std::count(all.begin(), all.end(), 5u), 3);
  EXPECT_EQ(all[ValueDictionary::kNullCode], 6);
}

TEST(ValueDictionary, CodesInOrderOfTheirBytes) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  Random random(seed);
  ValueDictionary dictionary(arrow::default_memory_pool());
  Strings texts = RandomTexts(3'000, random);
  for (const std::string& text : Strings{"", std::string("\0", 1), std::string("\0\0", 2),
                                         "12345678", std::string("12345678\0", 9)}) {
    texts.push_back(text);
  }
  Intern(&dictionary, texts);
  PoolVector<uint32_t> codes(arrow::default_memory_pool());
  ASSERT_TRUE(dictionary.CodesInOrder(&codes).ok());
  const std::set<std::string> expected(texts.begin(), texts.end());
  Strings found;
  for (const uint32_t code : codes) found.emplace_back(dictionary.value(code));
  EXPECT_TRUE(found == Strings(expected.begin(), expected.end()));
}

TEST(ValueDictionary, ValuesByCodeAsAnArray) {
  ValueDictionary dictionary(arrow::default_memory_pool());
  const Strings texts = {"x", "", "long enough to be no prefix", "ä"};
  const std::vector<uint32_t> codes = Intern(&dictionary, texts);
  for (const auto& type :
       {arrow::utf8(), arrow::binary(), arrow::large_utf8(), arrow::large_binary()}) {
    const auto array =
        dictionary.ToArray(type, arrow::default_memory_pool()).ValueOrDie();
    EXPECT_TRUE(array->ValidateFull().ok());
    EXPECT_TRUE(array->type()->Equals(*type));
    EXPECT_EQ(array->length(), dictionary.code_limit());
    EXPECT_EQ(array->null_count(), 1);
    EXPECT_TRUE(array->IsNull(ValueDictionary::kNullCode));
    for (size_t i = 0; i < texts.size(); ++i) {
      const auto scalar = array->GetScalar(codes[i]).ValueOrDie();
      EXPECT_EQ(static_cast<const arrow::BaseBinaryScalar&>(*scalar).view(), texts[i]);
    }
  }
}

TEST(ValueDictionary, ManyThreadsAgreeOnCodes) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  ValueDictionary dictionary(arrow::default_memory_pool());
  std::array<std::map<std::string, uint32_t>, 4> known;
  std::vector<std::thread> threads;
  for (size_t t = 0; t < known.size(); ++t) {
    threads.emplace_back([&, t] {
      Random random(seed + t / 2);  // pairs of threads see the same texts
      for (int round = 0; round < 30; ++round) {
        const Strings texts = RandomTexts(300, random);
        const std::vector<uint32_t> codes = Intern(&dictionary, texts);
        for (size_t i = 0; i < texts.size(); ++i) {
          EXPECT_EQ(known[t].emplace(texts[i], codes[i]).first->second, codes[i]);
        }
        if (t == 0 && round == 15) {
          dictionary.SetTags([](std::string_view) { return 9u; }, 9);
        }
        EXPECT_EQ(dictionary.CopyValues(std::vector<uint32_t>{codes[0]})[0], texts[0]);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(known[0], known[1]);
  EXPECT_EQ(known[2], known[3]);
  std::map<std::string, uint32_t> all = known[0];
  for (const auto& [text, code] : known[2]) {
    EXPECT_EQ(all.emplace(text, code).first->second, code);
  }
  EXPECT_EQ(dictionary.size(), static_cast<int64_t>(all.size()));
  PoolVector<uint32_t> tags(arrow::default_memory_pool());
  ASSERT_TRUE(dictionary.CopyTags(&tags).ok());
  EXPECT_EQ(std::count(tags.begin(), tags.end(), 9u), dictionary.size() + 1);
}

}  // namespace
}  // namespace windrow::column
