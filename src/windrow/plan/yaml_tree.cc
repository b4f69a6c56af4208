// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "windrow/base/near_name.h"

namespace windrow::plan {
namespace {

constexpr size_t kTextBytesMax = size_t{4} << 20;
constexpr size_t kDepthMax = 32;

Place PlaceOf(const YAML::Mark& mark) {
  return mark.is_null() ? Place{1, 1} : Place{mark.line + 1, mark.column + 1};
}

/// Builds the tree from the parser's events. Aliases are never followed, so the tree is
/// no larger than the text.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(ProblemList& problems) : problems_(problems) {}

  YamlNode TakeRoot() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    Attach({.kind = YamlNode::Kind::kNull, .place = PlaceOf(mark)});
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    problems_.Add(PlaceOf(mark), "found an alias; expected the value itself");
    Attach({.kind = YamlNode::Kind::kNull, .place = PlaceOf(mark)});
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    const bool is_plain = tag == "?" || tag.empty();
    if (!is_plain && tag != "!") RefuseTag(mark, tag);
    Attach({.kind = YamlNode::Kind::kScalar,
            .place = PlaceOf(mark),
            .style = is_plain ? YamlNode::Style::kPlain : YamlNode::Style::kQuoted,
            .text = value});
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    Open(mark, tag, YamlNode::Kind::kSequence);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    Open(mark, tag, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct OpenNode {
    YamlNode node;
    /// Of a map entry whose value comes next; nowhere when the entry is to be left out.
    std::optional<PlacedText> key;
  };

  void RefuseTag(const YAML::Mark& mark, const std::string& tag) {
    problems_.Add(PlaceOf(mark), "found the tag '", tag,
                  "'; expected a value without one");
  }

  void Open(const YAML::Mark& mark, const std::string& tag, YamlNode::Kind kind) {
    if (open_.size() >= kDepthMax) {
      throw YAML::ParserException(
          mark, "values nested more than " + std::to_string(kDepthMax) + " deep");
    }
    if (!tag.empty() && tag != "?" && tag != "!") RefuseTag(mark, tag);
    open_.push_back({{.kind = kind, .place = PlaceOf(mark)}, std::nullopt});
  }

  void Close() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    Attach(std::move(node));
  }

  void Attach(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    OpenNode& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::kSequence) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key.has_value()) {
      if (node.kind != YamlNode::Kind::kScalar) {
        problems_.Add(node.place, "found a key that is not text; expected a name");
      }
      const bool is_text = node.kind == YamlNode::Kind::kScalar;
      parent.key.emplace(std::move(node.text), is_text ? node.place : Place{});
    } else {
      if (parent.key->place.line > 0) {
        parent.node.entries.push_back({*std::move(parent.key), std::move(node)});
      }
      parent.key.reset();
    }
  }

  ProblemList& problems_;
  YamlNode root_;
  std::vector<OpenNode> open_;
};

/// The text of ${name} at the front of `rest`, or nothing when no brace closes it.
std::optional<std::string_view> VariableName(std::string_view rest) {
  const size_t end = rest.find('}');
  if (end == std::string_view::npos) return std::nullopt;
  return rest.substr(2, end - 2);
}

void FillScalar(const std::map<std::string, std::string>& variables, YamlNode& node,
                ProblemList& problems) {
  std::string filled;
  std::string_view rest = node.text;
  while (!rest.empty()) {
    if (rest.starts_with("$$")) {
      filled += '$';
      rest.remove_prefix(2);
      continue;
    }
    if (!rest.starts_with("${")) {
      filled += rest.front();
      rest.remove_prefix(1);
      continue;
    }
    const auto name = VariableName(rest);
    if (!name.has_value()) {
      problems.Add(node.place,
                   "found '${' without '}'; expected ${NAME}, or $${ for '${'");
      return;
    }
    const auto variable = variables.find(std::string(*name));
    if (variable != variables.end()) {
      filled += variable->second;
    } else {
      std::vector<std::string> names;
      for (const auto& [known, value] : variables) names.push_back(known);
      problems.Add(node.place, "found no value for the variable '", *name,
                   "'; expected -D ", *name, "=VALUE", DidYouMean(*name, names));
    }
    node.style = YamlNode::Style::kFilled;
    rest.remove_prefix(name->size() + 3);
  }
  node.text = std::move(filled);
}

}  // namespace

std::optional<YamlNode> ParseYaml(std::string_view text, ProblemList& problems) {
  if (text.size() > kTextBytesMax) {
    problems.Add({1, 1}, "found a document of ", text.size(), " bytes; expected at most ",
                 kTextBytesMax);
    return std::nullopt;
  }
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder builder(problems);
    parser.HandleNextDocument(builder);
    YamlNode root = builder.TakeRoot();
    if (root.place.line == 0) root.place = {1, 1};
    TreeBuilder second(problems);
    if (parser.HandleNextDocument(second)) {
      problems.Add(second.TakeRoot().place, "found a second document; expected one");
    }
    return root;
  } catch (const YAML::Exception& error) {
    problems.Add(PlaceOf(error.mark), "found a YAML error: ", error.msg,
                 "; expected a YAML or JSON document");
  } catch (const std::exception& error) {
    problems.Add({1, 1}, "found unreadable YAML: ", error.what(),
                 "; expected a YAML or JSON document");
  }
  return std::nullopt;
}

void FillVariables(const std::map<std::string, std::string>& variables, YamlNode& node,
                   ProblemList& problems) {
  if (node.kind == YamlNode::Kind::kScalar) FillScalar(variables, node, problems);
  for (YamlNode& item : node.items) FillVariables(variables, item, problems);
  for (YamlEntry& entry : node.entries) FillVariables(variables, entry.value, problems);
}

std::string EscapeDollars(std::string_view text) {
  std::string escaped;
  for (size_t i = 0; i < text.size(); ++i) {
    escaped += text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (text[i] == '$' && (next == '$' || next == '{')) escaped += '$';
  }
  return escaped;
}

}  // namespace windrow::plan
