// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/group_coding.h"

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/buffer.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include "windrow/base/check.h"
#include "windrow/column/ordered_key.h"
#include "windrow/column/plain_column.h"
#include "windrow/op/collect_piece.h"
#include "windrow/op/dictionary_map.h"

namespace windrow::op {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using column::PoolVector;

namespace {

/// Codes of a ValueDictionary are below 2^31, and null is one of them.
constexpr int kCodeBits = 31;

uint64_t MaskOf(int bits) {
  return bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
}

/// Bits of a value that is packed as it is; 0 for one that needs a dictionary.
int ValueBits(const arrow::DataType& type) {
  if (type.id() == arrow::Type::NA) return 0;
  if (type.id() == arrow::Type::BOOL) return 1;
  if (!arrow::is_primitive(type.id()) || type.bit_width() > 64) return 0;
  return type.bit_width();
}

template <typename Float>
Float Canonical(Float value) {
  if (std::isnan(value)) return std::numeric_limits<Float>::quiet_NaN();
  return value == 0 ? Float{0} : value;
}

/// Gives put(row, bits) the value of each row.
template <typename Put>
void ForEachValue(const arrow::Array& column, const Put& put) {
  const arrow::ArrayData& data = *column.data();
  const auto each = [&](const auto* values, const auto& bits_of) {
    for (int64_t row = 0; row < data.length; ++row) put(row, bits_of(values[row]));
  };
  const auto same = [](auto value) -> uint64_t { return value; };
  switch (column.type_id()) {
    case arrow::Type::BOOL: {
      const auto& flags = static_cast<const arrow::BooleanArray&>(column);
      for (int64_t row = 0; row < data.length; ++row)
        put(row, uint64_t{flags.Value(row)});
      return;
    }
    case arrow::Type::DOUBLE:
      return each(data.GetValues<double>(1),
                  [](double value) { return std::bit_cast<uint64_t>(Canonical(value)); });
    case arrow::Type::FLOAT:
      return each(data.GetValues<float>(1), [](float value) {
        return uint64_t{std::bit_cast<uint32_t>(Canonical(value))};
      });
    default:
      break;
  }
  switch (column.type()->bit_width()) {
    case 8:
      return each(data.GetValues<uint8_t>(1), same);
    case 16:
      return each(data.GetValues<uint16_t>(1), same);
    case 32:
      return each(data.GetValues<uint32_t>(1), same);
    default:
      return each(data.GetValues<uint64_t>(1), same);
  }
}

/// Bits in which valid[i] says whether row i has a value; null when all have one.
Result<std::shared_ptr<arrow::Buffer>> Bitmap(const PoolVector<uint8_t>& valid,
                                              arrow::MemoryPool* pool) {
  if (std::all_of(valid.begin(), valid.end(), [](uint8_t bit) { return bit != 0; })) {
    return nullptr;
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> bits,
                        arrow::AllocateEmptyBitmap(valid.size(), pool));
  for (int64_t i = 0; i < valid.size(); ++i) {
    arrow::bit_util::SetBitTo(bits->mutable_data(), i, valid[i] != 0);
  }
  return bits;
}

}  // namespace

/// Where one column's values stand in a key.
struct GroupCoding::Column {
  std::shared_ptr<arrow::DataType> type;
  int bits = 0;
  int word = 0;
  int shift = 0;
  int null_word = 0;
  int null_shift = -1;  ///< of the bit that says null; -1: none
  bool is_encoded = false;
  std::unique_ptr<DictionaryMap> map;  ///< of text, and of values encoded as bytes
};

GroupCoding::GroupCoding(const std::vector<std::shared_ptr<arrow::DataType>>& types,
                         bool has_nulls, exec::RunContext* context)
    : context_(context) {
  for (const auto& type : types) {
    auto column = std::make_unique<Column>();
    column->type = type;
    column->bits = ValueBits(*type);
    if (column->bits == 0 && type->id() != arrow::Type::NA) {
      column->bits = kCodeBits;
      column->is_encoded = !arrow::is_base_binary_like(type->id());
      column->map = std::make_unique<DictionaryMap>(SpillPoolOf(*context));
    }
    columns_.push_back(std::move(column));
  }
  Place(has_nulls);
}

GroupCoding::~GroupCoding() = default;

/// Gives each value and each bit for null the first word that has room for it, the widest
/// first.
void GroupCoding::Place(bool has_nulls) {
  struct Item {
    int bits;
    int* word;
    int* shift;
  };
  std::vector<Item> items;
  for (const auto& column : columns_) {
    if (column->bits > 0) items.push_back({column->bits, &column->word, &column->shift});
    if (has_nulls && column->bits > 0 && column->map == nullptr) {
      items.push_back({1, &column->null_word, &column->null_shift});
    }
  }
  std::stable_sort(items.begin(), items.end(),
                   [](const Item& a, const Item& b) { return a.bits > b.bits; });
  std::vector<int> used;
  for (const Item& item : items) {
    size_t word = 0;
    while (word < used.size() && used[word] + item.bits > 64) ++word;
    if (word == used.size()) used.push_back(0);
    *item.word = static_cast<int>(word);
    *item.shift = used[word];
    used[word] += item.bits;
  }
  words_ = static_cast<int>(used.size());
}

int GroupCoding::bits() const {
  WINDROW_CHECK(columns_.size() == 1);
  return columns_[0]->bits;
}

Status GroupCoding::CodeText(Column* column, const ArrayPtr& values,
                             uint64_t* keys) const {
  ArrayPtr text = values;
  if (column->is_encoded) {
    ARROW_ASSIGN_OR_RAISE(text, column::EncodeOrderedKeys({values}, context_->pool));
  }
  PoolVector<uint32_t> codes(context_->pool);
  ARROW_RETURN_NOT_OK(column->map->CodesOf(text, context_->pool, &codes, nullptr));
  uint64_t* out = keys + column->word;
  for (int64_t row = 0; row < codes.size(); ++row) {
    out[row * words_] |= uint64_t{codes[row]} << column->shift;
  }
  return Status::OK();
}

Status GroupCoding::Code(const std::vector<ArrayPtr>& columns, int64_t rows,
                         PoolVector<uint64_t>* keys) {
  ARROW_RETURN_NOT_OK(keys->Assign(rows * words_, 0));
  for (size_t i = 0; i < columns_.size(); ++i) {
    Column& column = *columns_[i];
    if (column.bits == 0) continue;
    if (column.map != nullptr) {
      ARROW_RETURN_NOT_OK(CodeText(&column, columns[i], keys->data()));
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(const ArrayPtr values,
                          column::PlainColumn(columns[i], context_->pool));
    uint64_t* out = keys->data() + column.word;
    const bool has_nulls = values->null_count() > 0;
    if (!has_nulls) {
      ForEachValue(*values, [&](int64_t row, uint64_t bits) {
        out[row * words_] |= bits << column.shift;
      });
      continue;
    }
    ForEachValue(*values, [&](int64_t row, uint64_t bits) {
      if (values->IsValid(row)) out[row * words_] |= bits << column.shift;
    });
    if (column.null_shift < 0) continue;
    uint64_t* nulls = keys->data() + column.null_word;
    for (int64_t row = 0; row < rows; ++row) {
      nulls[row * words_] |= uint64_t{values->IsNull(row)} << column.null_shift;
    }
  }
  return Status::OK();
}

Result<ArrayPtr> GroupCoding::DecodeBits(const Column& column, const uint64_t* keys,
                                         int64_t count, arrow::MemoryPool* pool) const {
  const bool is_bool = column.type->id() == arrow::Type::BOOL;
  const int width = is_bool ? 0 : column.bits / 8;
  const int64_t bytes = is_bool ? arrow::bit_util::BytesForBits(count) : count * width;
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> values,
                        arrow::AllocateBuffer(bytes, pool));
  PoolVector<uint8_t> valid(pool);
  ARROW_RETURN_NOT_OK(valid.Assign(count, 1));
  if (is_bool) std::memset(values->mutable_data(), 0, static_cast<size_t>(bytes));
  for (int64_t i = 0; i < count; ++i) {
    const uint64_t* key = keys + i * words_;
    const uint64_t bits = (key[column.word] >> column.shift) & MaskOf(column.bits);
    if (is_bool) {
      arrow::bit_util::SetBitTo(values->mutable_data(), i, bits != 0);
    } else {
      // The words of this machine have their low bytes first, as Arrow's values do.
      std::memcpy(values->mutable_data() + i * width, &bits, static_cast<size_t>(width));
    }
    if (column.null_shift >= 0) {
      valid[i] = ((key[column.null_word] >> column.null_shift) & 1) == 0;
    }
  }
  ARROW_ASSIGN_OR_RAISE(auto bitmap, Bitmap(valid, pool));
  return arrow::MakeArray(
      arrow::ArrayData::Make(column.type, count, {std::move(bitmap), std::move(values)}));
}

Result<ArrayPtr> GroupCoding::DecodeText(const Column& column, const uint64_t* keys,
                                         int64_t count, bool is_coding_over,
                                         arrow::MemoryPool* pool) const {
  PoolVector<uint32_t> codes(pool);
  ARROW_RETURN_NOT_OK(codes.Resize(count));
  for (int64_t i = 0; i < count; ++i) {
    codes[i] = static_cast<uint32_t>((keys[i * words_ + column.word] >> column.shift) &
                                     MaskOf(column.bits));
  }
  std::vector<std::string> copies;
  std::vector<std::string_view> views(static_cast<size_t>(count));
  if (is_coding_over) {
    for (int64_t i = 0; i < count; ++i) {
      views[static_cast<size_t>(i)] = column.map->values().value(codes[i]);
    }
  } else {
    copies = column.map->values().CopyValues(codes.view());
    std::copy(copies.begin(), copies.end(), views.begin());
  }
  if (column.is_encoded) {
    ARROW_ASSIGN_OR_RAISE(auto decoded,
                          column::DecodeOrderedKeys({column.type}, views, pool));
    return decoded[0];
  }
  int64_t bytes = 0;
  for (const std::string_view view : views) bytes += static_cast<int64_t>(view.size());
  const auto build = [&](auto builder) -> Result<ArrayPtr> {
    ARROW_RETURN_NOT_OK(builder.Reserve(count));
    ARROW_RETURN_NOT_OK(builder.ReserveData(bytes));
    for (int64_t i = 0; i < count; ++i) {
      if (codes[i] == column::ValueDictionary::kNullCode) {
        builder.UnsafeAppendNull();
      } else {
        builder.UnsafeAppend(views[static_cast<size_t>(i)]);
      }
    }
    return builder.Finish();
  };
  ArrayPtr text;
  if (arrow::is_large_binary_like(column.type->id())) {
    ARROW_ASSIGN_OR_RAISE(text, build(arrow::LargeBinaryBuilder(pool)));
  } else {
    ARROW_ASSIGN_OR_RAISE(text, build(arrow::BinaryBuilder(pool)));
  }
  return text->View(column.type);
}

Result<std::vector<ArrayPtr>> GroupCoding::Decode(const uint64_t* keys, int64_t count,
                                                  bool is_coding_over,
                                                  arrow::MemoryPool* pool) const {
  std::vector<ArrayPtr> columns;
  for (const auto& column : columns_) {
    if (column->bits == 0) {
      columns.push_back(std::make_shared<arrow::NullArray>(count));
    } else if (column->map != nullptr) {
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(),
                            DecodeText(*column, keys, count, is_coding_over, pool));
    } else {
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(),
                            DecodeBits(*column, keys, count, pool));
    }
  }
  return columns;
}

int64_t GroupCoding::row_bytes() const {
  int64_t bytes = 0;
  for (const auto& column : columns_) {
    bytes += column->bits / 8;
    if (column->map == nullptr) continue;
    const column::ValueDictionary& values = column->map->values();
    bytes += values.bytes() / std::max<int64_t>(values.size(), 1);
  }
  return bytes;
}

int64_t GroupCoding::bytes() const {
  int64_t bytes = 0;
  for (const auto& column : columns_) {
    if (column->map != nullptr) bytes += column->map->values().bytes();
  }
  return bytes;
}

}  // namespace windrow::op
