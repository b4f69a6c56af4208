// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/text_functions.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/compute/function.h>
#include <arrow/compute/kernel.h>
#include <arrow/compute/registry.h>
#include <arrow/type.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "windrow/column/like_pattern.h"
#include "windrow/column/text_values.h"

namespace windrow::column {
namespace {

namespace cp = arrow::compute;

Status ExecLike(cp::KernelContext* context, const cp::ExecSpan& batch,
                cp::ExecResult* out) {
  ARROW_ASSIGN_OR_RAISE(const TextValues texts, TextValues::Of(batch[0]));
  ARROW_ASSIGN_OR_RAISE(const TextValues patterns, TextValues::Of(batch[1]));
  std::unordered_map<std::string_view, LikePattern> known;
  arrow::BooleanBuilder builder(context->memory_pool());
  ARROW_RETURN_NOT_OK(builder.Reserve(batch.length));
  const LikePattern* pattern = nullptr;
  for (int64_t row = 0; row < batch.length; ++row) {
    const auto text = texts.Value(row);
    const auto pattern_text = patterns.Value(row);
    if (!text || !pattern_text) {
      builder.UnsafeAppendNull();
      continue;
    }
    if (!patterns.is_scalar() || pattern == nullptr) {
      pattern = &known.try_emplace(*pattern_text, *pattern_text).first->second;
    }
    builder.UnsafeAppend(pattern->Matches(*text));
  }
  ARROW_ASSIGN_OR_RAISE(const auto array, builder.Finish());
  out->value = array->data();
  return Status::OK();
}

Status FillRandom(std::vector<uint8_t>* bytes) {
  for (size_t filled = 0; filled < bytes->size();) {
    const ssize_t got = getrandom(bytes->data() + filled, bytes->size() - filled, 0);
    if (got < 0 && errno != EINTR) {
      return Status::IOError("the system gave no random bytes");
    }
    if (got > 0) filled += static_cast<size_t>(got);
  }
  return Status::OK();
}

/// As 8-4-4-4-12 hexadecimal digits, with the bits that say version 4.
std::array<char, 36> UuidText(const uint8_t* random) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<uint8_t, 16> bytes;
  std::copy_n(random, bytes.size(), bytes.begin());
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3F) | 0x80);
  std::array<char, 36> text;
  size_t at = 0;
  for (size_t b = 0; b < bytes.size(); ++b) {
    if (b == 4 || b == 6 || b == 8 || b == 10) text[at++] = '-';
    text[at++] = kHex[bytes[b] / 16];
    text[at++] = kHex[bytes[b] % 16];
  }
  return text;
}

Status ExecUuid(cp::KernelContext* context, const cp::ExecSpan& batch,
                cp::ExecResult* out) {
  std::vector<uint8_t> random(static_cast<size_t>(batch.length) * 16);
  ARROW_RETURN_NOT_OK(FillRandom(&random));
  arrow::StringBuilder builder(context->memory_pool());
  ARROW_RETURN_NOT_OK(builder.Reserve(batch.length));
  ARROW_RETURN_NOT_OK(builder.ReserveData(batch.length * 36));
  for (int64_t row = 0; row < batch.length; ++row) {
    const auto text = UuidText(random.data() + row * 16);
    builder.UnsafeAppend(std::string_view(text.data(), text.size()));
  }
  ARROW_ASSIGN_OR_RAISE(const auto array, builder.Finish());
  out->value = array->data();
  return Status::OK();
}

Status Add(std::shared_ptr<cp::ScalarFunction> function,
           std::vector<cp::InputType> inputs, const cp::OutputType& output,
           cp::ArrayKernelExec exec, cp::FunctionRegistry* registry) {
  cp::ScalarKernel kernel(std::move(inputs), output, exec);
  kernel.null_handling = cp::NullHandling::COMPUTED_NO_PREALLOCATE;
  kernel.mem_allocation = cp::MemAllocation::NO_PREALLOCATE;
  ARROW_RETURN_NOT_OK(function->AddKernel(std::move(kernel)));
  return registry->AddFunction(std::move(function));
}

}  // namespace

Status RegisterTextFunctions(cp::FunctionRegistry* registry) {
  ARROW_RETURN_NOT_OK(
      Add(std::make_shared<cp::ScalarFunction>(
              kLikeFunction, cp::Arity::Binary(),
              cp::FunctionDoc("SQL's LIKE without an escape", "", {"text", "pattern"})),
          {cp::InputType(), cp::InputType()}, arrow::boolean(), ExecLike, registry));
  return Add(std::make_shared<cp::ScalarFunction>(kUuidFunction, cp::Arity::Nullary(),
                                                  cp::FunctionDoc("Random UUIDs", "", {}),
                                                  nullptr, /*is_pure=*/false),
             {}, arrow::utf8(), ExecUuid, registry);
}

}  // namespace windrow::column
