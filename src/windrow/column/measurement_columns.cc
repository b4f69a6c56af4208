// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/measurement_columns.h"

#include <arrow/array.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/checked_cast.h>

#include <array>

#include "windrow/base/check.h"

namespace windrow::column {
namespace {

using arrow::internal::checked_cast;
using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;

const TypePtr& TimeType() {
  static const TypePtr kType = arrow::timestamp(arrow::TimeUnit::MICRO);
  return kType;
}

bool IsText(const arrow::DataType& type) {
  return arrow::is_string(type.id()) || type.id() == arrow::Type::STRING_VIEW;
}

struct Rule {
  const char* name;
  const char* expected;
  /// The type the column comes out with; null when it cannot.
  TypePtr (*output)(const arrow::DataType& stored);
};

TypePtr TimesOf(const arrow::DataType& stored) {
  return stored.id() == arrow::Type::TIMESTAMP ? TimeType() : nullptr;
}

TypePtr TextsOf(const arrow::DataType& stored) {
  if (IsText(stored)) return arrow::utf8();
  if (stored.id() != arrow::Type::DICTIONARY) return nullptr;
  const auto& coded = checked_cast<const arrow::DictionaryType&>(stored);
  if (!IsText(*coded.value_type())) return nullptr;
  return arrow::dictionary(arrow::int32(), arrow::utf8());
}

TypePtr VersionsOf(const arrow::DataType& stored) {
  return arrow::is_integer(stored.id()) ? arrow::int8() : nullptr;
}

TypePtr RttsOf(const arrow::DataType& stored) {
  const bool is_float =
      stored.id() == arrow::Type::FLOAT || stored.id() == arrow::Type::DOUBLE;
  return is_float ? arrow::float32() : nullptr;
}

constexpr std::array<Rule, kNumMeasurementColumns> kRules = {
    Rule{"event_time", "a timestamp", TimesOf},
    Rule{"src_addr", "a string or a dictionary of strings", TextsOf},
    Rule{"dst_addr", "a string or a dictionary of strings", TextsOf},
    Rule{"ip_version", "an integer", VersionsOf}, Rule{"rtt", "float or double", RttsOf}};

Result<ArrayPtr> Cast(const ArrayPtr& values, const TypePtr& type,
                      arrow::MemoryPool* pool) {
  if (values->type()->Equals(*type)) return values;
  auto options = arrow::compute::CastOptions::Safe(type);
  options.allow_time_truncate = true;
  arrow::compute::ExecContext compute(pool);
  compute.set_use_threads(false);
  ARROW_ASSIGN_OR_RAISE(const arrow::Datum cast,
                        arrow::compute::Cast(values, options, &compute));
  return cast.make_array();
}

/// The same values under another type of the same layout.
ArrayPtr Retyped(const ArrayPtr& values, const TypePtr& type) {
  auto data = values->data()->Copy();
  data->type = type;
  return arrow::MakeArray(std::move(data));
}

Result<ArrayPtr> ToTimes(const ArrayPtr& values, arrow::MemoryPool* pool) {
  const auto unit = checked_cast<const arrow::TimestampType&>(*values->type()).unit();
  return Cast(Retyped(values, arrow::timestamp(unit)), TimeType(), pool);
}

Result<ArrayPtr> ToTexts(const ArrayPtr& values, arrow::MemoryPool* pool) {
  if (values->type_id() != arrow::Type::DICTIONARY) {
    return Cast(values, arrow::utf8(), pool);
  }
  const auto& coded = checked_cast<const arrow::DictionaryArray&>(*values);
  if (coded.dictionary()->null_count() > 0) {
    arrow::compute::ExecContext compute(pool);
    compute.set_use_threads(false);
    ARROW_ASSIGN_OR_RAISE(const auto plain,
                          arrow::compute::Take(*coded.dictionary(), *coded.indices(),
                                               arrow::compute::TakeOptions(), &compute));
    return Cast(plain, arrow::utf8(), pool);
  }
  const auto type = arrow::dictionary(arrow::int32(), arrow::utf8());
  if (coded.indices()->type_id() == arrow::Type::INT32 &&
      coded.dictionary()->type_id() == arrow::Type::STRING) {
    return checked_cast<const arrow::DictionaryType&>(*values->type()).ordered()
               ? Retyped(values, type)
               : values;
  }
  ARROW_ASSIGN_OR_RAISE(const auto codes, Cast(coded.indices(), arrow::int32(), pool));
  ARROW_ASSIGN_OR_RAISE(const auto texts, Cast(coded.dictionary(), arrow::utf8(), pool));
  return std::make_shared<arrow::DictionaryArray>(type, codes, texts);
}

bool IsCodedText(const arrow::DataType& type, bool allow_uint32) {
  if (type.id() != arrow::Type::DICTIONARY) return false;
  const auto& coded = checked_cast<const arrow::DictionaryType&>(type);
  const auto code = coded.index_type()->id();
  return coded.value_type()->id() == arrow::Type::STRING &&
         (code == arrow::Type::INT32 || (allow_uint32 && code == arrow::Type::UINT32));
}

/// The types that measurements come out with; text is plain.
const TypePtr& OutputType(int column) {
  static const std::array<TypePtr, kNumMeasurementColumns> kTypes = {
      TimeType(), arrow::utf8(), arrow::utf8(), arrow::int8(), arrow::float32()};
  return kTypes.at(column);
}

}  // namespace

bool IsMeasurementList(int column, const arrow::DataType& type) {
  if (column == kSrcAddr) {
    return type.id() == arrow::Type::STRING || IsCodedText(type, false);
  }
  if (type.id() != arrow::Type::LIST && type.id() != arrow::Type::LARGE_LIST) {
    return false;
  }
  const auto& value = *checked_cast<const arrow::BaseListType&>(type).value_type();
  return value.Equals(*OutputType(column)) ||
         (column == kDstAddr && IsCodedText(value, true));
}

Result<std::array<int, kNumMeasurementColumns>> FindMeasurementLists(
    const arrow::Schema& schema) {
  std::array<int, kNumMeasurementColumns> places;
  for (int column = 0; column < kNumMeasurementColumns; ++column) {
    const std::string expected = column == kSrcAddr
                                     ? "string or a dictionary of it"
                                     : "a list of " + OutputType(column)->ToString();
    const char* name = kRules[column].name;
    places[column] = schema.GetFieldIndex(name);
    if (places[column] < 0) {
      return UserError("no column '", name, "'; expected ", expected);
    }
    const auto& type = *schema.field(places[column])->type();
    if (!IsMeasurementList(column, type)) {
      return UserError("column '", name, "' is ", type.ToString(), "; expected ",
                       expected);
    }
  }
  return places;
}

const char* MeasurementColumnName(int column) { return kRules.at(column).name; }

Result<std::shared_ptr<arrow::Schema>> MeasurementSchemaOf(const arrow::Schema& input) {
  arrow::FieldVector fields;
  for (const Rule& rule : kRules) {
    const auto found = input.GetAllFieldIndices(rule.name);
    if (found.size() != 1) {
      return UserError(found.empty() ? "no column '" : "more than one column '",
                       rule.name, "'; expected ", rule.expected);
    }
    const auto& stored = *input.field(found[0])->type();
    TypePtr type = rule.output(stored);
    if (type == nullptr) {
      return UserError("column '", rule.name, "' is ", stored.ToString(), "; expected ",
                       rule.expected);
    }
    fields.push_back(arrow::field(rule.name, std::move(type)));
  }
  fields[kSrcAddr] = fields[kSrcAddr]->WithNullable(false);
  return arrow::schema(std::move(fields));
}

Result<ArrayPtr> ToMeasurementColumn(int column, const ArrayPtr& values,
                                     arrow::MemoryPool* pool) {
  WINDROW_CHECK(kRules.at(column).output(*values->type()) != nullptr);
  Result<ArrayPtr> converted = ArrayPtr();
  if (column == kEventTime) {
    converted = ToTimes(values, pool);
  } else if (column == kSrcAddr || column == kDstAddr) {
    converted = ToTexts(values, pool);
  } else {
    converted = Cast(values, OutputType(column), pool);
  }
  if (converted.ok()) return converted;
  return AtInput(internal::Words("column '", kRules[column].name, "'"),
                 converted.status());
}

}  // namespace windrow::column
