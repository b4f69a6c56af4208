// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/label_columns.h"

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <utility>
#include <vector>

#include "windrow/column/label_json.h"
#include "windrow/column/label_set.h"
#include "windrow/column/plain_column.h"

namespace windrow::column {
namespace {

using arrow::Type;

bool IsText(Type::type id) { return id == Type::STRING || id == Type::LARGE_STRING; }

bool IsPlainValue(const arrow::DataType& type) {
  if (type.id() == Type::DICTIONARY) {
    return IsText(static_cast<const arrow::DictionaryType&>(type).value_type()->id());
  }
  return IsText(type.id()) || type.id() == Type::BOOL || type.id() == Type::NA ||
         arrow::is_integer(type.id()) || arrow::is_floating(type.id()) ||
         arrow::is_decimal(type.id());
}

/// Text of the number that `digits` is, if it has a fraction.
std::string DecimalText(const std::string& digits) {
  if (digits.find_first_of(".E") == std::string::npos) return digits;
  return DoubleText(std::strtod(digits.c_str(), nullptr));
}

template <typename Array>
std::string IntegerText(const arrow::Array& values, int64_t row) {
  return std::to_string(static_cast<const Array&>(values).Value(row));
}

/// The text of one value that is not null.
std::string ValueText(const arrow::Array& values, int64_t row) {
  switch (values.type_id()) {
    case Type::STRING:
      return static_cast<const arrow::StringArray&>(values).GetString(row);
    case Type::LARGE_STRING:
      return static_cast<const arrow::LargeStringArray&>(values).GetString(row);
    case Type::BOOL:
      return static_cast<const arrow::BooleanArray&>(values).Value(row) ? "true"
                                                                        : "false";
    case Type::INT8:
      return IntegerText<arrow::Int8Array>(values, row);
    case Type::INT16:
      return IntegerText<arrow::Int16Array>(values, row);
    case Type::INT32:
      return IntegerText<arrow::Int32Array>(values, row);
    case Type::INT64:
      return IntegerText<arrow::Int64Array>(values, row);
    case Type::UINT8:
      return IntegerText<arrow::UInt8Array>(values, row);
    case Type::UINT16:
      return IntegerText<arrow::UInt16Array>(values, row);
    case Type::UINT32:
      return IntegerText<arrow::UInt32Array>(values, row);
    case Type::UINT64:
      return IntegerText<arrow::UInt64Array>(values, row);
    case Type::FLOAT:
      return FloatText(static_cast<const arrow::FloatArray&>(values).Value(row));
    case Type::DOUBLE:
      return DoubleText(static_cast<const arrow::DoubleArray&>(values).Value(row));
    case Type::DECIMAL128:
      return DecimalText(
          static_cast<const arrow::Decimal128Array&>(values).FormatValue(row));
    default:
      return DecimalText(
          static_cast<const arrow::Decimal256Array&>(values).FormatValue(row));
  }
}

/// Collects the entries of one row and writes them.
class RowWriter {
 public:
  explicit RowWriter(arrow::MemoryPool* pool) : builder_(pool) {}

  void Add(const std::string& key, const arrow::Array& values, int64_t row) {
    const bool is_null = values.IsNull(row);
    const std::string text = is_null ? "" : ValueText(values, row);
    Entry& entry = entries_.emplace_back();
    EscapeLabelText(key, &entry.key);
    EscapeLabelText(text, &entry.value);
    entry.is_null = is_null;
  }

  Status AppendNull() { return builder_.AppendNull(); }

  Status Append() {
    std::vector<Label> labels;
    for (const Entry& entry : entries_) {
      labels.push_back({entry.key, entry.value, entry.is_null});
    }
    std::sort(labels.begin(), labels.end(),
              [](const Label& a, const Label& b) { return LabelTextLess(a.key, b.key); });
    text_.clear();
    WriteLabels(labels, &text_);
    entries_.clear();
    return AppendText();
  }

  Result<std::shared_ptr<arrow::Array>> Finish() { return builder_.Finish(); }

 private:
  struct Entry {
    std::string key;
    std::string value;
    bool is_null = false;
  };

  Status AppendText() {
    // Reading it back finds keys that come twice, and what is not UTF-8.
    std::vector<Label> labels;
    if (!ReadLabels(text_, &labels).ok()) {
      return DataError("found the labels ", ShownText(text_),
                       ", expected UTF-8 and each key once");
    }
    return builder_.Append(text_);
  }

  std::vector<Entry> entries_;
  std::string text_;
  arrow::StringBuilder builder_;
};

Status WriteMaps(const arrow::MapArray& maps, arrow::MemoryPool* pool, RowWriter* out) {
  ARROW_ASSIGN_OR_RAISE(const auto keys, PlainColumn(maps.keys(), pool));
  ARROW_ASSIGN_OR_RAISE(const auto items, PlainColumn(maps.items(), pool));
  for (int64_t row = 0; row < maps.length(); ++row) {
    if (maps.IsNull(row)) {
      ARROW_RETURN_NOT_OK(out->AppendNull());
      continue;
    }
    const int64_t end = maps.value_offset(row) + maps.value_length(row);
    for (int64_t i = maps.value_offset(row); i < end; ++i) {
      out->Add(ValueText(*keys, i), *items, i);
    }
    ARROW_RETURN_NOT_OK(out->Append());
  }
  return Status::OK();
}

Status WriteStructs(const arrow::StructArray& structs, arrow::MemoryPool* pool,
                    RowWriter* out) {
  arrow::ArrayVector fields;
  for (int f = 0; f < structs.num_fields(); ++f) {
    ARROW_ASSIGN_OR_RAISE(fields.emplace_back(), PlainColumn(structs.field(f), pool));
  }
  for (int64_t row = 0; row < structs.length(); ++row) {
    if (structs.IsNull(row)) {
      ARROW_RETURN_NOT_OK(out->AppendNull());
      continue;
    }
    for (int f = 0; f < structs.num_fields(); ++f) {
      const arrow::Array& field = *fields[static_cast<size_t>(f)];
      if (field.IsValid(row)) out->Add(structs.type()->field(f)->name(), field, row);
    }
    ARROW_RETURN_NOT_OK(out->Append());
  }
  return Status::OK();
}

}  // namespace

bool HoldsLabels(const arrow::DataType& type) {
  if (type.id() == Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    return IsText(map.key_type()->id()) && IsPlainValue(*map.item_type());
  }
  if (type.id() != Type::STRUCT) return false;
  std::set<std::string> names;
  return std::all_of(type.fields().begin(), type.fields().end(), [&](const auto& field) {
    return IsPlainValue(*field->type()) && names.insert(field->name()).second;
  });
}

Result<std::shared_ptr<arrow::Array>> NestedLabels(const arrow::Array& column,
                                                   arrow::MemoryPool* pool) {
  RowWriter out(pool);
  if (column.type_id() == Type::MAP) {
    ARROW_RETURN_NOT_OK(
        WriteMaps(static_cast<const arrow::MapArray&>(column), pool, &out));
  } else {
    ARROW_RETURN_NOT_OK(
        WriteStructs(static_cast<const arrow::StructArray&>(column), pool, &out));
  }
  return out.Finish();
}

}  // namespace windrow::column
