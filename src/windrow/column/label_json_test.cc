// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/label_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace windrow::column {
namespace {

using testing::HasSubstr;

/// The canonical text, "no set", or the message.
std::string Read(std::string_view text) {
  LabelParser parser;
  const Result<bool> is_set = parser.ReadJson(text);
  if (!is_set.ok()) {
    EXPECT_EQ(BlameOf(is_set.status()), Blame::kData);
    return is_set.status().message();
  }
  if (!*is_set) return "no set";
  std::string canonical;
  WriteLabels(parser.labels(), &canonical);
  std::vector<Label> again;
  EXPECT_TRUE(ReadLabels(canonical, &again).ok()) << canonical;
  return canonical;
}

std::string ReadPipes(std::string_view text) {
  LabelParser parser;
  const Status status = parser.ReadPipes(text);
  if (!status.ok()) return status.message();
  std::string canonical;
  WriteLabels(parser.labels(), &canonical);
  return canonical;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(LabelJson, ReadsObjectsIntoOneForm) {
  const Pairs cases = {
      {"{}", "{}"},
      {" { } ", "{}"},
      {R"({"b":"2","a":"1"})", R"({"a":"1","b":"2"})"},
      {"\t{\"a\" :\n\"x\" , \"b\":null}\r", R"({"a":"x","b":null})"},
      {R"({"":""})", R"({"":""})"},
      {R"({"t":true,"f":false,"n":null})", R"({"f":"false","n":null,"t":"true"})"},
      {"null", "no set"},
      {" null\n", "no set"},
      {R"({"a":"null"})", R"({"a":"null"})"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(Read(text), expected) << text;
}

TEST(LabelJson, NumbersBecomeTrinosTexts) {
  const Pairs cases = {
      {"0", "0"},
      {"-0", "-0"},
      {"42", "42"},
      {"-17", "-17"},
      {std::string(400, '9'), std::string(400, '9')},
      {"1.0", "1.0E0"},
      {"1e3", "1.0E3"},
      {"1E+3", "1.0E3"},
      {"0.1", "1.0E-1"},
      {"0.0", "0E0"},
      {"-0.0", "-0E0"},
      {"-0e5", "-0E0"},
      {"123.456", "1.23456E2"},
      {"1e400", "Infinity"},
      {"-1e400", "-Infinity"},
      {"1e-400", "0E0"},
      {"-1.5e-400", "-0E0"},
      {"5e-324", "5.0E-324"},
      {"0.1e99999999999999999999", "Infinity"},
      {"1.7976931348623157e308", "1.7976931348623157E308"},
  };
  for (const auto& [number, text] : cases) {
    EXPECT_EQ(Read("{\"n\":" + number + "}"), "{\"n\":\"" + text + "\"}");
  }
  EXPECT_EQ(DoubleText(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(FloatText(0.1F), "1.0E-1");
}

TEST(LabelJson, EscapesAreReadAndWrittenInOneWay) {
  const Pairs cases = {
      {R"({"a":"\u00e9\/"})", R"({"a":"é/"})"},
      {R"({"a":"\ud83d\ude00"})", R"({"a":"😀"})"},
      {R"({"a":"\uD83D\uDE00x"})", R"({"a":"😀x"})"},
      {R"({"a":"\ud83d"})", R"({"a":"?"})"},
      {R"({"a":"\ude00\ud83d!"})", R"({"a":"??!"})"},
      {R"({"a":"\ud83d\ud83d\ude00"})", R"({"a":"?😀"})"},
      {R"({"a":"\ud83d\n"})", R"({"a":"?\n"})"},
      {R"({"\u0061":"\u0022\u005c"})", R"({"a":"\"\\"})"},
      {R"({"a":"\b\f\n\r\t\u0008\u000A"})", R"({"a":"\b\f\n\r\t\b\n"})"},
      {R"({"a":"\u001F\u0000\u007f"})", "{\"a\":\"\\u001f\\u0000\x7f\"}"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(Read(text), expected) << text;
}

TEST(LabelJson, KeysAreOrderedByTheBytesTheyStandFor) {
  // '"' and '\n' sort by themselves, not by the backslash that escapes them.
  EXPECT_EQ(Read(R"({"a!":"1","a\"":"2","a\\":"3","a\n":"4","a#":"5","a":"6"})"),
            R"({"a":"6","a\n":"4","a!":"1","a\"":"2","a#":"5","a\\":"3"})");
  EXPECT_EQ(Read(R"({"é":"1","z":"2"})"), R"({"z":"2","é":"1"})");
}

TEST(LabelJson, RefusesWhatIsNoSet) {
  const Pairs cases = {
      {"", "found '', which is empty, expected a JSON object of texts, numbers"},
      {"  ", "which is empty"},
      {"[]", "found '[]', which is no object"},
      {"\"x\"", "which is no object"},
      {"5", "which is no object"},
      {"true", "which is no object"},
      {"nul", "which is no object"},
      {"nullx", "with text after its end"},
      {"{} {}", "with text after its end"},
      {R"({"a":"1","b":"2","a":"3"})", "with the key 'a' twice"},
      {R"({"a":1,"\u0061":1})", "with the key 'a' twice"},
      {R"({"a":[1]})", "with an array or object as a value"},
      {R"({"a":{}})", "with an array or object as a value"},
      {R"({"a":"1",})", "which is not JSON"},
      {R"({"a":"1")", "which is not JSON"},
      {R"({"a")", "which is not JSON"},
      {R"({"a":})", "which is not JSON"},
      {R"({a:1})", "which is not JSON"},
      {R"({'a':'1'})", "which is not JSON"},
      {R"({"a":01})", "which is not JSON"},
      {R"({"a":-})", "which is not JSON"},
      {R"({"a":1.})", "which is not JSON"},
      {R"({"a":.5})", "which is not JSON"},
      {R"({"a":1e})", "which is not JSON"},
      {R"({"a":+1})", "which is not JSON"},
      {R"({"a":NaN})", "which is not JSON"},
      {R"({"a":truex})", "which is not JSON"},
      {R"({"a":"\x"})", "which is not JSON"},
      {R"({"a":"\u12"})", "which is not JSON"},
      {R"({"a":"\u+123"})", "which is not JSON"},
      {"{\"a\":\"\n\"}", "which is not JSON"},
      {R"({"a":"1)", "which is not JSON"},
      {"\xEF\xBB\xBF{}", "which is no object"},
      {"{\"a\":\"\xFF\"}", "which is not UTF-8"},
      {"{\"a\":\"\xED\xA0\x80\"}", "which is not UTF-8"},
  };
  for (const auto& [text, words] : cases) EXPECT_THAT(Read(text), HasSubstr(words));
  EXPECT_THAT(Read("{\"a\":\"" + std::string(99, 'x')),
              HasSubstr("found '{\"a\":\"" + std::string(54, 'x') + "...',"));
}

TEST(LabelJson, ReadsPipes) {
  const Pairs cases = {
      {"", "{}"},
      {"app:x|tier:y", R"({"app":"x","tier":"y"})"},
      {"tier:y|app:x|", R"({"app":"x","tier":"y"})"},
      {"app|tier:y", R"({"tier":"y"})"},
      {"url:http://x|tier:y", R"({"tier":"y"})"},
      {"label_app:x|my_label_tier:label_y", R"({"app":"x","my_tier":"label_y"})"},
      {"lablabel_el_a:1", R"({"label_a":"1"})"},
      {"a:1|b:2|a:3", R"({"a":"3","b":"2"})"},
      {"label_a:1|a:2", R"({"a":"2"})"},
      {":|x:", R"({"":"","x":""})"},
      {"a:\"q\"|b:\\", R"({"a":"\"q\"","b":"\\"})"},
      {"null", "{}"},
      {R"({"b":"2","a":1.5})", R"({"a":"1.5E0","b":"2"})"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(ReadPipes(text), expected) << text;
  EXPECT_THAT(ReadPipes("a:\xFF"), HasSubstr("which is not UTF-8, expected KEY:VALUE"));
  EXPECT_THAT(ReadPipes("{a:b|c:d"), HasSubstr("which is not JSON"));
}

TEST(LabelSet, ReadsOnlyWhatItWouldWrite) {
  std::vector<Label> labels;
  for (const std::string_view good :
       {"{}", R"({"a":"1"})", R"({"a":null,"b":""})", R"({"a":"\u001f\n\\"})"}) {
    EXPECT_TRUE(ReadLabels(good, &labels).ok()) << good;
    std::string text;
    WriteLabels(labels, &text);
    EXPECT_EQ(text, good);
  }
  for (const std::string_view bad :
       {"", "null", "{ }", R"({"a": "1"})", R"({"b":"1","a":"2"})",
        R"({"a":"1","a":"1"})", R"({"a":1})", R"({"a":"\/"})", R"({"a":"\u0061"})",
        R"({"a":"\u000a"})", R"({"a":"\u001F"})", R"({"a":"1"}x)", R"({"a":"1",})",
        R"({"a":"1)", "{\"a\":\"\n\"}", "{\"a\":\"\xFF\"}", R"({"a":"\)"}) {
    const Status status = ReadLabels(bad, &labels);
    EXPECT_THAT(status.message(), HasSubstr("expected the text of a label set")) << bad;
  }
}

}  // namespace
}  // namespace windrow::column
