// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/job_spec.h"

#include <array>

namespace windrow::plan {

std::string FormatPlace(std::string_view document_name, Place place) {
  std::string text(document_name.empty() ? "job" : document_name);
  if (place.line == 0) return text;
  return text + ':' + std::to_string(place.line) + ':' + std::to_string(place.column);
}

std::string_view KindName(const StepKind& kind) {
  constexpr std::array<std::string_view, std::variant_size_v<StepKind>> kNames = {
      "filter",  "select",    "with_columns",       "join",          "sort", "limit",
      "collect", "aggregate", "probe_measurements", "probe_records", "union"};
  return kNames[kind.index()];
}

std::vector<const PlacedText*> InputsOf(const StepKind& kind) {
  if (const auto* join = std::get_if<JoinSpec>(&kind)) return {&join->left, &join->right};
  if (const auto* all = std::get_if<UnionSpec>(&kind)) {
    std::vector<const PlacedText*> inputs;
    for (const PlacedText& input : all->inputs) inputs.push_back(&input);
    return inputs;
  }
  return std::visit(
      [](const auto& spec) -> std::vector<const PlacedText*> {
        if constexpr (requires { spec.from; }) return {&spec.from};
        return {};
      },
      kind);
}

std::string TargetOf(const WriteSpec& write) {
  if (!write.table.has_value()) return write.path.value;
  return write.path.value + " " + write.table->value;
}

const PlacedText& InputOf(const SinkSpec& sink) {
  return std::visit([](const auto& spec) -> const PlacedText& { return spec.from; },
                    sink);
}

std::string_view FormatName(FileFormat format) {
  constexpr std::array<std::string_view, 4> kNames = {"arrow", "parquet", "arrayrecord",
                                                      "ndjson"};
  return kNames[static_cast<size_t>(format)];
}

std::string_view JoinHowName(JoinHow how) {
  constexpr std::array<std::string_view, 4> kNames = {"inner", "left", "semi", "anti"};
  return kNames[static_cast<size_t>(how)];
}

bool MayJoinWithoutKeys(const JoinSpec& join) {
  return join.where.has_value() || join.how == JoinHow::kInner ||
         join.how == JoinHow::kLeft;
}

std::string_view NullSourceName(NullSource null_source) {
  constexpr std::array<std::string_view, 3> kNames = {"drop", "error", "empty"};
  return kNames[static_cast<size_t>(null_source)];
}

std::string_view ProbeSplitName(ProbeSplit split) {
  return split == ProbeSplit::kHash ? "hash" : "sorted";
}

}  // namespace windrow::plan
