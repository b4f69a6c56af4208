// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/row_order.h"

#include <arrow/array.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "windrow/base/check.h"
#include "windrow/column/ordered_word.h"

namespace windrow::column {

using arrow::Type;
using ArrayPtr = std::shared_ptr<arrow::Array>;

namespace {

enum class Kind { kNothing, kWord, kBytes, kLargeBytes, kFixedBytes, kDecimal };

Kind KindOf(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::NA:
      return Kind::kNothing;
    case Type::STRING:
    case Type::BINARY:
      return Kind::kBytes;
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY:
      return Kind::kLargeBytes;
    case Type::FIXED_SIZE_BINARY:
      return Kind::kFixedBytes;
    case Type::DECIMAL128:
      return Kind::kDecimal;
    default:
      return Kind::kWord;
  }
}

}  // namespace

/// One column; a dictionary is read through its codes.
struct RowOrder::Column {
  OrderKey key;
  Kind kind;
  ArrayPtr rows;    ///< what a row number counts in
  ArrayPtr values;  ///< rows itself, or the values of its dictionary
  const arrow::DictionaryArray* codes = nullptr;
  bool has_nulls = false;

  int64_t Place(int64_t row) const {
    return codes == nullptr ? row : codes->GetValueIndex(row);
  }
  bool IsNull(int64_t row) const {
    if (!has_nulls) return false;
    return rows->IsNull(row) || (codes != nullptr && values->IsNull(Place(row)));
  }
  std::string_view Bytes(int64_t row) const {
    const int64_t place = Place(row);
    switch (kind) {
      case Kind::kBytes:
        return static_cast<const arrow::BinaryArray&>(*values).GetView(place);
      case Kind::kLargeBytes:
        return static_cast<const arrow::LargeBinaryArray&>(*values).GetView(place);
      default:
        return static_cast<const arrow::FixedSizeBinaryArray&>(*values).GetView(place);
    }
  }
};

bool HasOrder(const arrow::DataType& type) {
  if (type.id() == Type::DICTIONARY) {
    return HasOrder(*static_cast<const arrow::DictionaryType&>(type).value_type());
  }
  return HasOrderedWord(type) || KindOf(type) != Kind::kWord;
}

Result<RowOrder> RowOrder::Make(const std::vector<OrderKey>& keys,
                                const std::vector<ArrayPtr>& columns,
                                arrow::MemoryPool* pool) {
  WINDROW_CHECK(keys.size() == columns.size());
  RowOrder order(pool);
  for (size_t k = 0; k < keys.size(); ++k) {
    auto column = std::make_shared<Column>();
    column->key = keys[k];
    column->rows = columns[k];
    column->values = columns[k];
    column->has_nulls = columns[k]->null_count() > 0;
    if (columns[k]->type_id() == Type::DICTIONARY) {
      column->codes = static_cast<const arrow::DictionaryArray*>(columns[k].get());
      column->values = column->codes->dictionary();
      column->has_nulls |= column->values->null_count() > 0;
    }
    column->kind = KindOf(*column->values->type());
    WINDROW_CHECK(HasOrder(*column->values->type()));
    order.columns_.push_back(std::move(column));
  }
  ARROW_RETURN_NOT_OK(order.FillPrefixes());
  return order;
}

Status RowOrder::FillPrefixes() {
  if (columns_.empty()) return Status::OK();
  const Column& first = *columns_[0];
  const int64_t rows = first.rows->length();
  ARROW_RETURN_NOT_OK(prefixes_.Resize(rows));
  prefix_decides_ = columns_.size() == 1 && first.kind == Kind::kWord && !first.has_nulls;
  switch (first.kind) {
    case Kind::kNothing:
    case Kind::kDecimal:
      std::fill(prefixes_.begin(), prefixes_.end(), 0);
      prefix_decides_ = false;
      return Status::OK();
    case Kind::kWord:
      if (first.codes == nullptr) {
        OrderedWords(*first.values, prefixes_.data());
      } else {
        for (int64_t row = 0; row < rows; ++row) {
          if (!first.IsNull(row)) {
            prefixes_[row] = OrderedWord(*first.values, first.Place(row));
          }
        }
      }
      break;
    default:
      for (int64_t row = 0; row < rows; ++row) {
        if (first.IsNull(row)) continue;
        const std::string_view bytes = first.Bytes(row);
        uint64_t word = 0;
        std::memcpy(&word, bytes.data(), std::min(bytes.size(), sizeof(word)));
        prefixes_[row] = __builtin_bswap64(word);
      }
  }
  if (first.key.descending) {
    for (uint64_t& prefix : prefixes_) prefix = ~prefix;
  }
  // Nulls share the outermost number with values that have it; the comparison decides.
  if (first.has_nulls) {
    for (int64_t row = 0; row < rows; ++row) {
      if (first.IsNull(row)) prefixes_[row] = first.key.nulls_first ? 0 : UINT64_MAX;
    }
  }
  return Status::OK();
}

int RowOrder::CompareValues(const Column& left, int64_t a, const Column& right,
                            int64_t b) {
  switch (left.kind) {
    case Kind::kNothing:
      return 0;
    case Kind::kWord: {
      const uint64_t x = OrderedWord(*left.values, left.Place(a));
      const uint64_t y = OrderedWord(*right.values, right.Place(b));
      return x < y ? -1 : static_cast<int>(x > y);
    }
    case Kind::kDecimal: {
      const arrow::Decimal128 x(reinterpret_cast<const uint8_t*>(left.Bytes(a).data()));
      const arrow::Decimal128 y(reinterpret_cast<const uint8_t*>(right.Bytes(b).data()));
      return x < y ? -1 : static_cast<int>(y < x);
    }
    default:
      return left.Bytes(a).compare(right.Bytes(b));
  }
}

int RowOrder::CompareRows(const RowOrder& left, int64_t a, const RowOrder& right,
                          int64_t b) {
  for (size_t k = 0; k < left.columns_.size(); ++k) {
    const Column& x = *left.columns_[k];
    const Column& y = *right.columns_[k];
    const bool x_null = x.IsNull(a);
    const bool y_null = y.IsNull(b);
    if (x_null || y_null) {
      if (x_null && y_null) continue;
      return x_null == x.key.nulls_first ? -1 : 1;
    }
    // Equal codes of one dictionary need no look at the values.
    if (x.codes != nullptr && x.values == y.values && x.Place(a) == y.Place(b)) continue;
    const int compared = CompareValues(x, a, y, b);
    if (compared != 0) return x.key.descending ? -compared : compared;
  }
  return 0;
}

}  // namespace windrow::column
