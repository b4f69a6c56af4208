// SPDX-License-Identifier: Apache-2.0
// Random arrays of every type that an Arrow IPC message can carry, sliced at every depth.
#pragma once

#include <arrow/api.h>
#include <arrow/extension/uuid.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "windrow/base/check.h"

namespace windrow::testing {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;

ArrayPtr RandomArray(const TypePtr& type, int64_t length, std::mt19937_64& random);

inline std::vector<TypePtr> TypesOfMessages() {
  const arrow::FieldVector pair = {arrow::field("n", arrow::int32()),
                                   arrow::field("s", arrow::utf8_view())};
  const auto codes = arrow::dictionary(arrow::int16(), arrow::utf8());
  return {arrow::null(),
          arrow::boolean(),
          arrow::int8(),
          arrow::uint16(),
          arrow::int32(),
          arrow::float16(),
          arrow::float64(),
          arrow::date32(),
          arrow::date64(),
          arrow::time32(arrow::TimeUnit::MILLI),
          arrow::timestamp(arrow::TimeUnit::NANO, "UTC"),
          arrow::duration(arrow::TimeUnit::SECOND),
          arrow::month_interval(),
          arrow::day_time_interval(),
          arrow::month_day_nano_interval(),
          arrow::decimal32(5, 2),
          arrow::decimal64(12, 2),
          arrow::decimal128(30, 2),
          arrow::decimal256(60, 2),
          arrow::fixed_size_binary(5),
          arrow::fixed_size_binary(0),
          arrow::utf8(),
          arrow::large_utf8(),
          arrow::binary(),
          arrow::large_binary(),
          arrow::utf8_view(),
          arrow::binary_view(),
          codes,
          arrow::dictionary(arrow::int32(), arrow::list(arrow::int8())),
          arrow::list(arrow::boolean()),
          arrow::list(codes),
          arrow::large_list(arrow::utf8()),
          arrow::list_view(arrow::int32()),
          arrow::large_list_view(arrow::utf8_view()),
          arrow::fixed_size_list(arrow::boolean(), 3),
          arrow::fixed_size_list(arrow::utf8(), 0),
          arrow::map(arrow::utf8(), arrow::list(arrow::int64())),
          arrow::struct_(arrow::FieldVector()),
          arrow::struct_(pair),
          arrow::struct_({arrow::field("l", arrow::list(arrow::struct_(pair))),
                          arrow::field("z", arrow::null())}),
          arrow::sparse_union(pair),
          arrow::dense_union(pair),
          arrow::list(arrow::dense_union({arrow::field("c", codes)}, {5})),
          arrow::extension::uuid(),
          arrow::run_end_encoded(arrow::int16(), arrow::boolean()),
          arrow::run_end_encoded(arrow::int32(), arrow::list(arrow::utf8())),
          arrow::struct_({arrow::field(
              "r", arrow::run_end_encoded(arrow::int64(), arrow::utf8()))})};
}

namespace internal {

using BufferPtr = std::shared_ptr<arrow::Buffer>;

inline int64_t Below(int64_t limit, std::mt19937_64& random) {
  return limit <= 0 ? 0 : static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
}

inline BufferPtr RandomBuffer(int64_t size, std::mt19937_64& random) {
  std::string bytes(static_cast<size_t>(size), '\0');
  // Few different bytes, so that compression has something to do.
  for (char& byte : bytes) byte = static_cast<char>('a' + random() % 4);
  return arrow::Buffer::FromString(std::move(bytes));
}

/// None, all set, or random.
inline BufferPtr RandomValidity(int64_t length, std::mt19937_64& random) {
  const auto kind = random() % 3;
  if (kind == 0) return nullptr;
  std::string bits(static_cast<size_t>(arrow::bit_util::BytesForBits(length)), '\xff');
  if (kind == 1) return arrow::Buffer::FromString(bits);
  for (char& byte : bits) byte = static_cast<char>(random());
  return arrow::Buffer::FromString(bits);
}

/// `length` + 1 numbers that ascend to `last` or less; the first is not always 0.
template <typename Number>
std::vector<Number> RandomOffsets(int64_t length, int64_t last, std::mt19937_64& random) {
  std::vector<Number> offsets(static_cast<size_t>(length) + 1);
  for (Number& offset : offsets) offset = static_cast<Number>(Below(last + 1, random));
  std::sort(offsets.begin(), offsets.end());
  return offsets;
}

template <typename Number>
std::vector<Number> RandomNumbers(int64_t length, int64_t limit,
                                  std::mt19937_64& random) {
  std::vector<Number> numbers(static_cast<size_t>(length));
  for (Number& number : numbers) number = static_cast<Number>(Below(limit, random));
  return numbers;
}

template <typename Builder>
ArrayPtr RandomViews(int64_t length, std::mt19937_64& random) {
  Builder builder;
  builder.SetBlockSize(64);
  for (int64_t i = 0; i < length; ++i) {
    const std::string text(static_cast<size_t>(Below(40, random)),
                           static_cast<char>('a' + random() % 20));
    const bool is_null = random() % 5 == 0;
    WINDROW_CHECK((is_null ? builder.AppendNull() : builder.Append(text)).ok());
  }
  return *builder.Finish();
}

template <typename Number>
arrow::ArrayData WithOffsets(int64_t length, const TypePtr& child_type,
                             BufferPtr validity, std::mt19937_64& random) {
  const int64_t last = Below(3 * length + 3, random);
  arrow::ArrayData made(nullptr, length);
  made.buffers = {std::move(validity),
                  arrow::Buffer::FromVector(RandomOffsets<Number>(length, last, random))};
  if (child_type == nullptr) {
    made.buffers.push_back(RandomBuffer(last, random));
  } else {
    made.child_data = {RandomArray(child_type, last, random)->data()};
  }
  return made;
}

template <typename Number>
arrow::ArrayData ListViews(int64_t length, const TypePtr& child_type, BufferPtr validity,
                           std::mt19937_64& random) {
  const int64_t last = Below(3 * length + 3, random);
  std::vector<Number> offsets = RandomNumbers<Number>(length, last + 1, random);
  std::vector<Number> sizes;
  for (const Number offset : offsets) {
    sizes.push_back(static_cast<Number>(Below(last - offset + 1, random)));
  }
  arrow::ArrayData made(nullptr, length);
  made.buffers = {std::move(validity), arrow::Buffer::FromVector(std::move(offsets)),
                  arrow::Buffer::FromVector(std::move(sizes))};
  made.child_data = {RandomArray(child_type, last, random)->data()};
  return made;
}

inline std::shared_ptr<arrow::ArrayData> WithoutNulls(const arrow::ArrayData& data) {
  auto made = data.Copy();
  made->buffers[0] = nullptr;
  made->SetNullCount(0);
  return made;
}

inline arrow::ArrayData Union(const arrow::UnionType& type, int64_t length,
                              std::mt19937_64& random) {
  const bool is_dense = type.mode() == arrow::UnionMode::DENSE;
  std::vector<int64_t> lengths(type.fields().size());
  std::vector<int8_t> codes;
  std::vector<int32_t> offsets;
  for (int64_t i = 0; i < length; ++i) {
    const auto child =
        static_cast<size_t>(Below(static_cast<int64_t>(lengths.size()), random));
    codes.push_back(type.type_codes()[child]);
    offsets.push_back(static_cast<int32_t>(lengths[child]++));
  }
  arrow::ArrayData made(nullptr, length);
  made.buffers = {nullptr, arrow::Buffer::FromVector(std::move(codes))};
  if (is_dense) made.buffers.push_back(arrow::Buffer::FromVector(std::move(offsets)));
  made.null_count = 0;
  for (size_t i = 0; i < lengths.size(); ++i) {
    const int64_t child_length = is_dense ? lengths[i] : length;
    made.child_data.push_back(
        RandomArray(type.field(static_cast<int>(i))->type(), child_length, random)
            ->data());
  }
  return made;
}

template <typename Number>
arrow::ArrayData Runs(const arrow::RunEndEncodedType& type, int64_t length,
                      std::mt19937_64& random) {
  std::vector<Number> ends;
  for (int64_t end = 0; end < length;) {
    end = std::min(length, end + 1 + Below(9, random));
    ends.push_back(static_cast<Number>(end));
  }
  const auto runs = static_cast<int64_t>(ends.size());
  arrow::ArrayData made(nullptr, length);
  made.buffers = {nullptr};
  made.null_count = 0;
  made.child_data = {
      arrow::ArrayData::Make(type.run_end_type(), runs,
                             {nullptr, arrow::Buffer::FromVector(std::move(ends))}, 0),
      RandomArray(type.value_type(), runs, random)->data()};
  return made;
}

template <typename Number>
arrow::ArrayData Codes(const arrow::DictionaryType& type, int64_t length,
                       BufferPtr validity, std::mt19937_64& random) {
  const int64_t values = 1 + Below(10, random);
  arrow::ArrayData made(nullptr, length);
  made.buffers = {std::move(validity), arrow::Buffer::FromVector(RandomNumbers<Number>(
                                           length, values, random))};
  made.dictionary = RandomArray(type.value_type(), values, random)->data();
  return made;
}

inline arrow::ArrayData WholeData(const TypePtr& type, int64_t length,
                                  std::mt19937_64& random) {
  arrow::ArrayData made(nullptr, length);
  BufferPtr validity = RandomValidity(length, random);
  switch (type->id()) {
    case arrow::Type::EXTENSION:
      return WholeData(static_cast<const arrow::ExtensionType&>(*type).storage_type(),
                       length, random);
    case arrow::Type::NA:
      return *arrow::NullArray(length).data();
    case arrow::Type::STRING_VIEW:
      return *RandomViews<arrow::StringViewBuilder>(length, random)->data();
    case arrow::Type::BINARY_VIEW:
      return *RandomViews<arrow::BinaryViewBuilder>(length, random)->data();
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return WithOffsets<int32_t>(length, nullptr, validity, random);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return WithOffsets<int64_t>(length, nullptr, validity, random);
    case arrow::Type::MAP: {
      made = WithOffsets<int32_t>(length, type->field(0)->type(), validity, random);
      made.child_data[0] = WithoutNulls(*made.child_data[0]);
      made.child_data[0]->child_data[0] =
          WithoutNulls(*made.child_data[0]->child_data[0]);
      return made;
    }
    case arrow::Type::LIST:
      return WithOffsets<int32_t>(length, type->field(0)->type(), validity, random);
    case arrow::Type::LARGE_LIST:
      return WithOffsets<int64_t>(length, type->field(0)->type(), validity, random);
    case arrow::Type::LIST_VIEW:
      return ListViews<int32_t>(length, type->field(0)->type(), validity, random);
    case arrow::Type::LARGE_LIST_VIEW:
      return ListViews<int64_t>(length, type->field(0)->type(), validity, random);
    case arrow::Type::SPARSE_UNION:
    case arrow::Type::DENSE_UNION:
      return Union(static_cast<const arrow::UnionType&>(*type), length, random);
    case arrow::Type::DICTIONARY: {
      const auto& coded = static_cast<const arrow::DictionaryType&>(*type);
      return coded.index_type()->id() == arrow::Type::INT16
                 ? Codes<int16_t>(coded, length, validity, random)
                 : Codes<int32_t>(coded, length, validity, random);
    }
    case arrow::Type::RUN_END_ENCODED: {
      const auto& runs = static_cast<const arrow::RunEndEncodedType&>(*type);
      if (runs.run_end_type()->id() == arrow::Type::INT16) {
        return Runs<int16_t>(runs, length, random);
      }
      return runs.run_end_type()->id() == arrow::Type::INT32
                 ? Runs<int32_t>(runs, length, random)
                 : Runs<int64_t>(runs, length, random);
    }
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::STRUCT: {
      const auto* lists = dynamic_cast<const arrow::FixedSizeListType*>(type.get());
      made.buffers = {validity};
      for (const auto& field : type->fields()) {
        const int64_t rows = lists == nullptr ? length : length * lists->list_size();
        made.child_data.push_back(RandomArray(field->type(), rows, random)->data());
      }
      return made;
    }
    default:  // of fixed width
      made.buffers = {
          validity,
          RandomBuffer(arrow::bit_util::BytesForBits(length * type->bit_width()),
                       random)};
      return made;
  }
}

}  // namespace internal

/// `length` rows of a longer array, so that offsets are seldom 0.
inline ArrayPtr RandomArray(const TypePtr& type, int64_t length,
                            std::mt19937_64& random) {
  const int64_t before = random() % 2 == 0 ? 0 : internal::Below(20, random);
  const int64_t behind = random() % 2 == 0 ? 0 : internal::Below(20, random);
  auto data = std::make_shared<arrow::ArrayData>(
      internal::WholeData(type, before + length + behind, random));
  data->type = type;
  return arrow::MakeArray(data)->Slice(before, length);
}

}  // namespace windrow::testing
