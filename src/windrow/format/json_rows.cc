// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/json_rows.h"

#include <arrow/array.h>
#include <arrow/buffer_builder.h>
#include <arrow/extension_type.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/base64.h>
#include <arrow/util/checked_cast.h>
#include <arrow/util/decimal.h>
#include <arrow/util/formatting.h>
#include <arrow/visit_type_inline.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <string>
#include <string_view>

#include "windrow/base/decimal_text.h"

namespace windrow::format {
namespace {

using arrow::internal::checked_cast;
using ArrayPtr = std::shared_ptr<arrow::Array>;
using JsonWriter =
    rapidjson::Writer<rapidjson::StringBuffer, rapidjson::UTF8<>, rapidjson::UTF8<>,
                      rapidjson::CrtAllocator, rapidjson::kWriteValidateEncodingFlag>;

/// Writes the value of one row of an array. Used by one thread at a time.
using WriteCell = std::function<Status(int64_t row, JsonWriter& json)>;

Result<WriteCell> CellsOf(const ArrayPtr& array, bool is_json);

void WriteRaw(std::string_view text, JsonWriter& json) {
  json.RawValue(text.data(), text.size(), rapidjson::kNumberType);
}

Status WriteText(std::string_view text, JsonWriter& json) {
  if (json.String(text.data(), static_cast<rapidjson::SizeType>(text.size()))) {
    return Status::OK();
  }
  return DataError("found text that is not UTF-8");
}

/// Line breaks outside the strings of a JSON text are blanks, and inside they are
/// escaped.
void WriteJson(std::string_view text, JsonWriter& json) {
  if (text.find_first_of("\n\r") == std::string_view::npos) return WriteRaw(text, json);
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  std::replace(line.begin(), line.end(), '\r', ' ');
  WriteRaw(line, json);
}

template <typename Number>
Status WriteNumber(Number number, JsonWriter& json) {
  if constexpr (std::is_floating_point_v<Number>) {
    if (!std::isfinite(number)) {
      return DataError("found ", number, ", expected a finite number");
    }
  }
  std::array<char, 32> text;
  const char* end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  WriteRaw({text.data(), static_cast<size_t>(end - text.data())}, json);
  return Status::OK();
}

/// "2025-10-01 12:00:00.500000Z" as "2025-10-01T12:00:00.5Z".
Status WriteTime(std::string_view text, JsonWriter& json) {
  // The formatter's own words for what has no date.
  if (text.starts_with('<')) return DataError("found ", text.substr(1, text.size() - 2));
  const bool is_zoned = text.ends_with('Z');
  if (is_zoned) text.remove_suffix(1);
  if (text.find('.') != std::string_view::npos) {
    text = text.substr(0, text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.remove_suffix(1);
  }
  std::string iso(text);
  std::replace(iso.begin(), iso.end(), ' ', 'T');
  return WriteText(is_zoned ? iso + "Z" : iso, json);
}

/// Makes the WriteCell of an array by its type; the value it writes is not null.
class CellMaker {
 public:
  CellMaker(const ArrayPtr& array, bool is_json) : array_(array), is_json_(is_json) {}

  Result<WriteCell> Make() && {
    ARROW_RETURN_NOT_OK(arrow::VisitTypeInline(*array_->type(), this));
    return std::move(write_);
  }

  /// What CheckJsonType refuses.
  Status Visit(const arrow::DataType& type) {
    return InternalError(type.ToString(), " has no form in JSON");
  }

  Status Visit(const arrow::NullType&) {
    write_ = [](int64_t, JsonWriter& json) {
      json.Null();
      return Status::OK();
    };
    return Status::OK();
  }

  Status Visit(const arrow::BooleanType&) {
    write_ = [values = As<arrow::BooleanArray>()](int64_t row, JsonWriter& json) {
      json.Bool(values->Value(row));
      return Status::OK();
    };
    return Status::OK();
  }

  template <typename Type>
    requires(arrow::is_integer_type<Type>::value ||
             arrow::is_physical_floating_type<Type>::value)
  Status Visit(const Type&) {
    using Array = typename arrow::TypeTraits<Type>::ArrayType;
    write_ = [values = As<Array>()](int64_t row, JsonWriter& json) {
      return WriteNumber(values->Value(row), json);
    };
    return Status::OK();
  }

  template <typename Type>
    requires(arrow::is_decimal_type<Type>::value)
  Status Visit(const Type& type) {
    using Array = typename arrow::TypeTraits<Type>::ArrayType;
    using Decimal = typename arrow::TypeTraits<Type>::CType;
    write_ = [values = As<Array>(), scale = type.scale()](int64_t row, JsonWriter& json) {
      std::string text;
      AppendDecimal(Decimal(values->GetValue(row)).ToIntegerString(), -scale, &text);
      WriteRaw(text, json);
      return Status::OK();
    };
    return Status::OK();
  }

  template <typename Type>
    requires(arrow::is_base_binary_type<Type>::value ||
             arrow::is_binary_view_like_type<Type>::value ||
             std::is_same_v<Type, arrow::FixedSizeBinaryType>)
  Status Visit(const Type&) {
    using Array = typename arrow::TypeTraits<Type>::ArrayType;
    write_ = [values = As<Array>(), is_json = is_json_](int64_t row, JsonWriter& json) {
      const std::string_view bytes = values->GetView(row);
      if (!Type::is_utf8) return WriteText(arrow::util::base64_encode(bytes), json);
      if (!is_json) return WriteText(bytes, json);
      WriteJson(bytes, json);
      return Status::OK();
    };
    return Status::OK();
  }

  template <typename Type>
    requires(arrow::is_date_type<Type>::value || arrow::is_time_type<Type>::value ||
             arrow::is_timestamp_type<Type>::value)
  Status Visit(const Type& type) {
    using Array = typename arrow::TypeTraits<Type>::ArrayType;
    arrow::internal::StringFormatter<Type> formatter(&type);
    write_ = [values = As<Array>(), formatter](int64_t row, JsonWriter& json) mutable {
      return formatter(values->Value(row),
                       [&](std::string_view text) { return WriteTime(text, json); });
    };
    return Status::OK();
  }

  template <typename Type>
    requires(arrow::is_var_length_list_type<Type>::value ||
             std::is_same_v<Type, arrow::FixedSizeListType>)
  Status Visit(const Type&) {
    using Array = typename arrow::TypeTraits<Type>::ArrayType;
    const auto lists = As<Array>();
    ARROW_ASSIGN_OR_RAISE(WriteCell write_value, CellsOf(lists->values(), is_json_));
    write_ = [lists, write_value](int64_t row, JsonWriter& json) -> Status {
      json.StartArray();
      const int64_t begin = lists->value_offset(row);
      for (int64_t i = begin; i < begin + lists->value_length(row); ++i) {
        ARROW_RETURN_NOT_OK(write_value(i, json));
      }
      json.EndArray();
      return Status::OK();
    };
    return Status::OK();
  }

  Status Visit(const arrow::StructType& type) {
    const auto structs = As<arrow::StructArray>();
    std::vector<WriteCell> members;
    for (const auto& field : structs->fields()) {
      ARROW_ASSIGN_OR_RAISE(WriteCell write_member, CellsOf(field, false));
      members.push_back(std::move(write_member));
    }
    std::vector<std::string> names;
    for (const auto& field : type.fields()) names.push_back(field->name());
    write_ = [names, members](int64_t row, JsonWriter& json) -> Status {
      json.StartObject();
      for (size_t i = 0; i < members.size(); ++i) {
        ARROW_RETURN_NOT_OK(WriteText(names[i], json));
        ARROW_RETURN_NOT_OK(members[i](row, json));
      }
      json.EndObject();
      return Status::OK();
    };
    return Status::OK();
  }

  Status Visit(const arrow::MapType&) {
    const auto maps = As<arrow::MapArray>();
    ARROW_ASSIGN_OR_RAISE(WriteCell write_item, CellsOf(maps->items(), false));
    write_ = [maps, write_item](int64_t row, JsonWriter& json) -> Status {
      json.StartObject();
      const int64_t begin = maps->value_offset(row);
      for (int64_t i = begin; i < begin + maps->value_length(row); ++i) {
        ARROW_ASSIGN_OR_RAISE(const auto key, maps->keys()->GetScalar(i));
        ARROW_RETURN_NOT_OK(WriteText(key->ToString(), json));
        ARROW_RETURN_NOT_OK(write_item(i, json));
      }
      json.EndObject();
      return Status::OK();
    };
    return Status::OK();
  }

  Status Visit(const arrow::DictionaryType&) {
    const auto coded = As<arrow::DictionaryArray>();
    ARROW_ASSIGN_OR_RAISE(WriteCell write_value, CellsOf(coded->dictionary(), is_json_));
    write_ = [coded, write_value](int64_t row, JsonWriter& json) {
      return write_value(coded->GetValueIndex(row), json);
    };
    return Status::OK();
  }

  Status Visit(const arrow::ExtensionType&) {
    return CellsOf(As<arrow::ExtensionArray>()->storage(), is_json_).Value(&write_);
  }

 private:
  template <typename Array>
  std::shared_ptr<const Array> As() const {
    return std::static_pointer_cast<const Array>(array_);
  }

  ArrayPtr array_;
  bool is_json_;
  WriteCell write_;
};

Result<WriteCell> CellsOf(const ArrayPtr& array, bool is_json) {
  ARROW_ASSIGN_OR_RAISE(WriteCell write, CellMaker(array, is_json).Make());
  if (array->null_count() == 0) return write;
  return [array, write = std::move(write)](int64_t row, JsonWriter& json) {
    if (array->IsValid(row)) return write(row, json);
    json.Null();
    return Status::OK();
  };
}

bool IsMapKey(const arrow::DataType& type) {
  return arrow::is_string(type.id()) || arrow::is_integer(type.id());
}

}  // namespace

Status CheckJsonType(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::HALF_FLOAT:
    case arrow::Type::DURATION:
    case arrow::Type::INTERVAL_MONTHS:
    case arrow::Type::INTERVAL_DAY_TIME:
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
    case arrow::Type::SPARSE_UNION:
    case arrow::Type::DENSE_UNION:
    case arrow::Type::LIST_VIEW:
    case arrow::Type::LARGE_LIST_VIEW:
    case arrow::Type::RUN_END_ENCODED:
      return UserError(type.ToString(), " has no form in JSON");
    case arrow::Type::EXTENSION:
      return CheckJsonType(
          *checked_cast<const arrow::ExtensionType&>(type).storage_type());
    case arrow::Type::DICTIONARY:
      return CheckJsonType(
          *checked_cast<const arrow::DictionaryType&>(type).value_type());
    case arrow::Type::MAP: {
      const auto& map = checked_cast<const arrow::MapType&>(type);
      if (!IsMapKey(*map.key_type())) {
        return UserError(type.ToString(),
                         " has no form in JSON; expected a map's keys to "
                         "be text or integers");
      }
      return CheckJsonType(*map.item_type());
    }
    default:
      for (const auto& field : type.fields()) {
        ARROW_RETURN_NOT_OK(CheckJsonType(*field->type()));
      }
      return Status::OK();
  }
}

Result<std::shared_ptr<arrow::Buffer>> JsonLines(const arrow::RecordBatch& batch,
                                                 const std::vector<bool>& is_json,
                                                 arrow::MemoryPool* pool) {
  std::vector<WriteCell> cells;
  for (int c = 0; c < batch.num_columns(); ++c) {
    ARROW_ASSIGN_OR_RAISE(WriteCell write, CellsOf(batch.column(c), is_json[c]));
    cells.push_back(std::move(write));
  }
  arrow::BufferBuilder lines(pool);
  rapidjson::StringBuffer line;
  JsonWriter json(line);
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    line.Clear();
    json.Reset(line);
    json.StartObject();
    for (size_t c = 0; c < cells.size(); ++c) {
      const std::string& name = batch.schema()->field(static_cast<int>(c))->name();
      ARROW_RETURN_NOT_OK(WriteText(name, json));
      const Status status = cells[c](row, json);
      if (!status.ok()) return At("column '" + name + "'", status);
    }
    json.EndObject();
    line.Put('\n');
    ARROW_RETURN_NOT_OK(
        lines.Append(line.GetString(), static_cast<int64_t>(line.GetSize())));
  }
  return lines.Finish();
}

}  // namespace windrow::format
