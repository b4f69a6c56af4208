// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/label_functions.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/compute/function.h>
#include <arrow/compute/kernel.h>
#include <arrow/compute/registry.h>
#include <arrow/type.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "windrow/column/label_columns.h"
#include "windrow/column/label_json.h"
#include "windrow/column/label_set.h"
#include "windrow/column/text_memo.h"
#include "windrow/column/text_values.h"

namespace windrow::column {
namespace {

namespace cp = arrow::compute;

class LabelOptionsType : public cp::FunctionOptionsType {
 public:
  const char* type_name() const override { return "WindrowLabelOptions"; }
  std::string Stringify(const cp::FunctionOptions& options) const override;
  bool Compare(const cp::FunctionOptions& a, const cp::FunctionOptions& b) const override;
  std::unique_ptr<cp::FunctionOptions> Copy(
      const cp::FunctionOptions& options) const override;
};

const LabelOptionsType* OptionsType() {
  static const LabelOptionsType type;
  return &type;
}

struct LabelOptions : cp::FunctionOptions {
  LabelOptions(std::optional<std::vector<std::string>> keys, int64_t memo_bytes)
      : FunctionOptions(OptionsType()), keys(std::move(keys)), memo_bytes(memo_bytes) {}
  std::optional<std::vector<std::string>> keys;
  int64_t memo_bytes;
};

const LabelOptions& Of(const cp::FunctionOptions& options) {
  return static_cast<const LabelOptions&>(options);
}

std::string LabelOptionsType::Stringify(const cp::FunctionOptions& options) const {
  std::string text;
  for (const std::string& key : Of(options).keys.value_or(std::vector<std::string>()))
    text += (text.empty() ? "" : ", ") + key;
  return text;
}

bool LabelOptionsType::Compare(const cp::FunctionOptions& a,
                               const cp::FunctionOptions& b) const {
  return Of(a).keys == Of(b).keys && Of(a).memo_bytes == Of(b).memo_bytes;
}

std::unique_ptr<cp::FunctionOptions> LabelOptionsType::Copy(
    const cp::FunctionOptions& options) const {
  return std::make_unique<LabelOptions>(Of(options).keys, Of(options).memo_bytes);
}

/// Results by code of the dictionary seen last. Holds the dictionary's buffers, so that
/// no other one can take their place unnoticed.
class CodeMemo {
 public:
  /// Forgets everything unless `texts` has the dictionary of before and `memo` the age.
  void Follow(const TextValues& texts, const TextMemo& memo) {
    const arrow::ArraySpan& dictionary = texts.dictionary();
    std::array<std::shared_ptr<arrow::Buffer>, 3> buffers;
    for (int b = 0; b < 3; ++b) buffers[b] = dictionary.GetBuffer(b);
    const bool is_same = buffers == buffers_ && dictionary.offset == offset_ &&
                         dictionary.length == std::ssize(numbers_) && memo.age() == age_;
    if (is_same) return;
    buffers_ = std::move(buffers);
    offset_ = dictionary.offset;
    age_ = memo.age();
    numbers_.assign(static_cast<size_t>(dictionary.length), -1);
  }

  int64_t number(int64_t code, const TextMemo& memo) const {
    return memo.age() == age_ ? numbers_[static_cast<size_t>(code)] : -1;
  }

  void Set(int64_t code, int64_t number, const TextMemo& memo) {
    if (memo.age() != age_) {
      std::fill(numbers_.begin(), numbers_.end(), -1);
      age_ = memo.age();
    }
    numbers_[static_cast<size_t>(code)] = number;
  }

 private:
  std::array<std::shared_ptr<arrow::Buffer>, 3> buffers_;
  int64_t offset_ = 0;
  int64_t age_ = -1;
  std::vector<int64_t> numbers_;
};

/// What one thread works with.
struct Workplace {
  Workplace(arrow::MemoryPool* pool, int64_t memo_bytes)
      : remembers(memo_bytes > 0), memo(memo_bytes, pool) {}
  bool remembers;
  TextMemo memo;
  CodeMemo codes;
  LabelParser parser;
  std::vector<Label> labels;
  std::vector<Label> before;
  std::vector<Label> merged;
  std::string key;
  std::string text;  ///< result of the row
};

/// A bound call. Threads borrow workplaces, so each has a memo of its own and none waits.
class LabelState : public cp::KernelState {
 public:
  explicit LabelState(const LabelOptions& options)
      : memo_bytes_(options.memo_bytes), keeps_all_(!options.keys.has_value()) {
    if (keeps_all_) return;
    for (const std::string& key : *options.keys)
      EscapeLabelText(key, &keys_.emplace_back());
    std::sort(keys_.begin(), keys_.end(), LabelTextLess);
  }

  bool keeps_all() const { return keeps_all_; }

  /// Those of `labels` that are wanted; `kept` is where they may be put.
  const std::vector<Label>& Wanted(const std::vector<Label>& labels,
                                   std::vector<Label>* kept) const {
    if (keeps_all_) return labels;
    KeepLabels(labels, keys_, kept);
    return *kept;
  }

  std::unique_ptr<Workplace> Borrow(arrow::MemoryPool* pool) {
    const std::scoped_lock lock(mutex_);
    if (idle_.empty()) return std::make_unique<Workplace>(pool, memo_bytes_);
    std::unique_ptr<Workplace> place = std::move(idle_.back());
    idle_.pop_back();
    return place;
  }

  void Return(std::unique_ptr<Workplace> place) {
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(place));
  }

 private:
  const int64_t memo_bytes_;
  const bool keeps_all_;
  std::vector<std::string> keys_;  ///< escaped, ascending
  std::mutex mutex_;
  std::vector<std::unique_ptr<Workplace>> idle_;
};

Result<std::unique_ptr<cp::KernelState>> MakeState(cp::KernelContext*,
                                                   const cp::KernelInitArgs& args) {
  return std::make_unique<LabelState>(Of(*args.options));
}

using OptionalText = std::optional<std::string_view>;

// What a function gives for one text: false for null, else the result in place->text.

Result<bool> LabelsOf(std::string_view text, const LabelState& state, Workplace* place) {
  ARROW_ASSIGN_OR_RAISE(const bool is_set, place->parser.ReadJson(text));
  if (is_set) {
    WriteLabels(state.Wanted(place->parser.labels(), &place->merged), &place->text);
  }
  return is_set;
}

Result<bool> PipeLabelsOf(std::string_view text, const LabelState& state,
                          Workplace* place) {
  ARROW_RETURN_NOT_OK(place->parser.ReadPipes(text));
  WriteLabels(state.Wanted(place->parser.labels(), &place->merged), &place->text);
  return true;
}

Result<bool> FilterOf(std::string_view text, const LabelState& state, Workplace* place) {
  ARROW_RETURN_NOT_OK(ReadLabels(text, &place->labels));
  WriteLabels(state.Wanted(place->labels, &place->merged), &place->text);
  return true;
}

Result<bool> ValueOf(std::string_view text, const LabelState& state, Workplace* place) {
  ARROW_RETURN_NOT_OK(ReadLabels(text, &place->labels));
  const std::vector<Label>& wanted = state.Wanted(place->labels, &place->merged);
  if (wanted.empty() || wanted[0].is_null) return false;
  UnescapeLabelText(wanted[0].value, &place->text);
  return true;
}

/// Computes and appends a result that is not remembered. The number it
/// is remembered by, or -1.
template <typename Compute>
Result<int64_t> AppendNew(std::string_view key, uint64_t hash, const Compute& compute,
                          Workplace* place, arrow::StringBuilder* out) {
  place->text.clear();
  ARROW_ASSIGN_OR_RAISE(const bool has_text, compute());
  const OptionalText result = has_text ? OptionalText(place->text) : std::nullopt;
  ARROW_RETURN_NOT_OK(result ? out->Append(*result) : out->AppendNull());
  if (!place->remembers) return -1;
  const Result<int64_t> number = place->memo.Add(key, hash, result);
  if (!number.ok()) place->remembers = false;  // memory was denied: go on without
  return number.ok() ? *number : -1;
}

Status AppendKnown(const TextMemo& memo, int64_t number, arrow::StringBuilder* out) {
  const OptionalText result = memo.result(number);
  return result ? out->Append(*result) : out->AppendNull();
}

template <Result<bool> (*kOf)(std::string_view, const LabelState&, Workplace*)>
Status MapTexts(const TextValues& texts, int64_t rows, const LabelState& state,
                Workplace* place, arrow::StringBuilder* out) {
  const bool by_code = texts.is_dictionary() && place->remembers;
  if (by_code) place->codes.Follow(texts, place->memo);
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t code = by_code ? texts.Code(row) : -1;
    int64_t number = code >= 0 ? place->codes.number(code, place->memo) : -1;
    if (number >= 0) {
      ARROW_RETURN_NOT_OK(AppendKnown(place->memo, number, out));
      continue;
    }
    OptionalText text = texts.Value(row);
    if (!text && kOf == PipeLabelsOf) text = "";
    if (!text) {
      ARROW_RETURN_NOT_OK(out->AppendNull());
      continue;
    }
    const uint64_t hash = place->remembers ? TextMemo::HashOf(*text) : 0;
    number = place->remembers ? place->memo.Find(*text, hash) : -1;
    if (number >= 0) {
      ARROW_RETURN_NOT_OK(AppendKnown(place->memo, number, out));
    } else {
      const auto compute = [&] { return kOf(*text, state, place); };
      ARROW_ASSIGN_OR_RAISE(number, AppendNew(*text, hash, compute, place, out));
    }
    if (code >= 0 && number >= 0) place->codes.Set(code, number, place->memo);
  }
  return Status::OK();
}

/// Merges the texts of one row, the first first.
Result<bool> MergeRow(std::span<const OptionalText> texts, Workplace* place) {
  ARROW_RETURN_NOT_OK(ReadLabels(*texts[0], &place->merged));
  for (const OptionalText& text : texts.subspan(1)) {
    ARROW_RETURN_NOT_OK(ReadLabels(*text, &place->labels));
    std::swap(place->before, place->merged);
    MergeLabels(place->before, place->labels, &place->merged);
  }
  WriteLabels(place->merged, &place->text);
  return true;
}

Status MergeRows(const std::vector<TextValues>& arguments, int64_t rows, Workplace* place,
                 arrow::StringBuilder* out) {
  std::vector<OptionalText> texts(arguments.size());
  for (int64_t row = 0; row < rows; ++row) {
    for (size_t a = 0; a < arguments.size(); ++a) texts[a] = arguments[a].Value(row);
    if (std::find(texts.begin(), texts.end(), std::nullopt) != texts.end()) {
      ARROW_RETURN_NOT_OK(out->AppendNull());
      continue;
    }
    const auto compute = [&] { return MergeRow(texts, place); };
    int64_t number = -1;
    uint64_t hash = 0;
    if (place->remembers) {
      place->key.clear();
      for (const OptionalText& text : texts) {
        const auto size = static_cast<uint32_t>(text->size());
        place->key.append(reinterpret_cast<const char*>(&size), sizeof(size));
        place->key += *text;
      }
      hash = TextMemo::HashOf(place->key);
      number = place->memo.Find(place->key, hash);
    }
    if (number >= 0) {
      ARROW_RETURN_NOT_OK(AppendKnown(place->memo, number, out));
    } else {
      ARROW_RETURN_NOT_OK(AppendNew(place->key, hash, compute, place, out).status());
    }
  }
  return Status::OK();
}

/// Runs `fill` with a borrowed workplace and hands over what it built.
template <typename Fill>
Status Run(cp::KernelContext* context, int64_t rows, const Fill& fill,
           cp::ExecResult* out) {
  auto& state = static_cast<LabelState&>(*context->state());
  arrow::StringBuilder builder(context->memory_pool());
  ARROW_RETURN_NOT_OK(builder.Reserve(rows));
  std::unique_ptr<Workplace> place = state.Borrow(context->memory_pool());
  ARROW_RETURN_NOT_OK(fill(state, place.get(), &builder));
  state.Return(std::move(place));
  ARROW_ASSIGN_OR_RAISE(const auto array, builder.Finish());
  out->value = array->data();
  return Status::OK();
}

template <Result<bool> (*kOf)(std::string_view, const LabelState&, Workplace*)>
Status ExecTexts(cp::KernelContext* context, const cp::ExecSpan& batch,
                 cp::ExecResult* out) {
  ARROW_ASSIGN_OR_RAISE(const TextValues texts, TextValues::Of(batch[0]));
  const auto fill = [&](const LabelState& state, Workplace* place,
                        arrow::StringBuilder* builder) {
    return MapTexts<kOf>(texts, batch.length, state, place, builder);
  };
  return Run(context, batch.length, fill, out);
}

Status ExecLabels(cp::KernelContext* context, const cp::ExecSpan& batch,
                  cp::ExecResult* out) {
  if (!HoldsLabels(*batch[0].type())) return ExecTexts<LabelsOf>(context, batch, out);
  std::shared_ptr<arrow::Array> column;
  if (batch[0].is_scalar()) {
    ARROW_ASSIGN_OR_RAISE(column,
                          arrow::MakeArrayFromScalar(*batch[0].scalar, batch.length,
                                                     context->memory_pool()));
  } else {
    column = batch[0].array.ToArray();
  }
  ARROW_ASSIGN_OR_RAISE(const auto array, NestedLabels(*column, context->memory_pool()));
  if (!static_cast<const LabelState&>(*context->state()).keeps_all()) {
    const cp::ExecSpan sets({cp::ExecValue(*array->data())}, batch.length);
    return ExecTexts<FilterOf>(context, sets, out);
  }
  out->value = array->data();
  return Status::OK();
}

Status ExecMerge(cp::KernelContext* context, const cp::ExecSpan& batch,
                 cp::ExecResult* out) {
  std::vector<TextValues> arguments;
  for (int a = 0; a < batch.num_values(); ++a) {
    ARROW_ASSIGN_OR_RAISE(arguments.emplace_back(), TextValues::Of(batch[a]));
  }
  const auto fill = [&](const LabelState&, Workplace* place,
                        arrow::StringBuilder* builder) {
    return MergeRows(arguments, batch.length, place, builder);
  };
  return Run(context, batch.length, fill, out);
}

/// Accepts the types the function works on and no others.
class Accepted : public cp::TypeMatcher {
 public:
  explicit Accepted(bool nested) : nested_(nested) {}
  bool Matches(const arrow::DataType& type) const override {
    return TextValues::Takes(type) || (nested_ && HoldsLabels(type));
  }
  std::string ToString() const override { return nested_ ? "text or nested" : "text"; }
  bool Equals(const cp::TypeMatcher& other) const override {
    const auto* same = dynamic_cast<const Accepted*>(&other);
    return same != nullptr && same->nested_ == nested_;
  }

 private:
  bool nested_;
};

Status Add(const std::string& name, bool nested, bool is_varargs,
           cp::ArrayKernelExec exec, cp::FunctionRegistry* registry) {
  auto function = std::make_shared<cp::ScalarFunction>(
      name, is_varargs ? cp::Arity::VarArgs(1) : cp::Arity::Unary(),
      // pyarrow warns of an options class that it has no binding for.
      cp::FunctionDoc(name, "", {"value"}, /*options_class=*/"",
                      /*options_required=*/true));
  const cp::InputType input(std::make_shared<Accepted>(nested));
  cp::ScalarKernel kernel(cp::KernelSignature::Make({input}, arrow::utf8(), is_varargs),
                          exec, MakeState);
  kernel.null_handling = cp::NullHandling::COMPUTED_NO_PREALLOCATE;
  kernel.mem_allocation = cp::MemAllocation::NO_PREALLOCATE;
  ARROW_RETURN_NOT_OK(function->AddKernel(std::move(kernel)));
  return registry->AddFunction(std::move(function));
}

}  // namespace

std::shared_ptr<cp::FunctionOptions> MakeLabelOptions(
    std::optional<std::vector<std::string>> keys, int64_t memo_bytes) {
  return std::make_shared<LabelOptions>(std::move(keys), memo_bytes);
}

bool KeepsAllLabels(const std::string& function, const cp::FunctionOptions& options) {
  return (function == kLabelsFunction || function == kPipeLabelsFunction) &&
         !Of(options).keys.has_value();
}

Status RegisterLabelFunctions(cp::FunctionRegistry* registry) {
  ARROW_RETURN_NOT_OK(Add(kLabelsFunction, true, false, ExecLabels, registry));
  ARROW_RETURN_NOT_OK(
      Add(kPipeLabelsFunction, false, false, ExecTexts<PipeLabelsOf>, registry));
  ARROW_RETURN_NOT_OK(
      Add(kLabelFilterFunction, false, false, ExecTexts<FilterOf>, registry));
  ARROW_RETURN_NOT_OK(
      Add(kLabelValueFunction, false, false, ExecTexts<ValueOf>, registry));
  return Add(kLabelMergeFunction, false, true, ExecMerge, registry);
}

}  // namespace windrow::column
