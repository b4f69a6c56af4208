// SPDX-License-Identifier: Apache-2.0
#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_decimal.h>
#include <arrow/array/builder_nested.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/builder_time.h>
#include <arrow/type.h>
#include <arrow/util/checked_cast.h>
#include <arrow/util/decimal.h>

#include <limits>
#include <string>

#include "windrow/format/big_endian.h"
#include "windrow/format/copy_binary.h"
#include "windrow/format/copy_epoch.h"
#include "windrow/format/copy_numeric.h"

namespace windrow::format {
namespace {

using arrow::internal::checked_cast;

/// Appends the fields of one column to a builder. Messages say what was found; the caller
/// adds the column.
class FieldReader {
 public:
  virtual ~FieldReader() = default;
  virtual arrow::ArrayBuilder* builder() = 0;
  virtual Status Append(std::string_view field) = 0;
};

Status WrongSize(std::string_view field, std::string_view what) {
  return DataError("found ", field.size(), " bytes; expected ", what);
}

template <typename Builder>
class NumberReader : public FieldReader {
 public:
  using Number = typename Builder::value_type;

  NumberReader(const std::shared_ptr<arrow::DataType>& type, arrow::MemoryPool* pool,
               Number shift)
      : builder_(type, pool), shift_(shift) {}
  arrow::ArrayBuilder* builder() override { return &builder_; }

  Status Append(std::string_view field) override {
    if (field.size() != sizeof(Number))
      return WrongSize(field, builder_.type()->ToString());
    Number value = LoadBig<Number>(field.data());
    if constexpr (std::is_integral_v<Number>) {
      using Limits = std::numeric_limits<Number>;
      if (shift_ != 0 && (value == Limits::min() || value == Limits::max())) {
        return DataError("found ", value > 0 ? "infinity" : "-infinity",
                         "; expected a finite ", builder_.type()->ToString());
      }
      if (__builtin_add_overflow(value, shift_, &value)) {
        return DataError("found a time too late for ", builder_.type()->ToString());
      }
    }
    return builder_.Append(value);
  }

 private:
  Builder builder_;
  const Number shift_;
};

class BoolReader : public FieldReader {
 public:
  explicit BoolReader(arrow::MemoryPool* pool) : builder_(pool) {}
  arrow::ArrayBuilder* builder() override { return &builder_; }

  Status Append(std::string_view field) override {
    if (field.size() != 1) return WrongSize(field, "a boolean");
    return builder_.Append(field[0] != 0);
  }

 private:
  arrow::BooleanBuilder builder_;
};

class DecimalReader : public FieldReader {
 public:
  DecimalReader(const CopyType& type, const std::shared_ptr<arrow::DataType>& arrow_type,
                arrow::MemoryPool* pool)
      : builder_(arrow_type, pool), precision_(type.precision), scale_(type.scale) {}
  arrow::ArrayBuilder* builder() override { return &builder_; }

  Status Append(std::string_view field) override {
    const auto value = ReadNumeric(field, precision_, scale_);
    if (value.has_value()) return builder_.Append(*value);
    return DataError("found ", ReadNumericText(field).value_or("no numeric"),
                     "; expected numeric(", precision_, ",", scale_, ")");
  }

 private:
  arrow::Decimal128Builder builder_;
  const int32_t precision_;
  const int32_t scale_;
};

/// Fields that become texts or bytes. `Convert` makes the bytes from the field.
template <typename Builder>
class BytesReader : public FieldReader {
 public:
  BytesReader(arrow::MemoryPool* pool, CopyKind kind) : builder_(pool), kind_(kind) {}
  arrow::ArrayBuilder* builder() override { return &builder_; }

  Status Append(std::string_view field) override {
    switch (kind_) {
      case CopyKind::kJsonb:
        if (field.empty() || field[0] != 1) return DataError("found an unknown jsonb");
        return builder_.Append(field.substr(1));
      case CopyKind::kUuid:
        if (field.size() != kUuidBytes) return WrongSize(field, "a uuid");
        return builder_.Append(UuidText(field));
      case CopyKind::kNumeric: {
        const auto text = ReadNumericText(field);
        if (!text.has_value()) return DataError("found no numeric");
        return builder_.Append(*text);
      }
      default:
        return builder_.Append(field);
    }
  }

 private:
  static constexpr size_t kUuidBytes = 16;

  static std::string UuidText(std::string_view bytes) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string text;
    for (size_t i = 0; i < kUuidBytes; ++i) {
      if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
      const auto byte = static_cast<uint8_t>(bytes[i]);
      text += kHex[byte >> 4];
      text += kHex[byte & 15];
    }
    return text;
  }

  Builder builder_;
  const CopyKind kind_;
};

/// Cuts fields off the front of rows.
class FieldCursor {
 public:
  explicit FieldCursor(std::string_view bytes) : bytes_(bytes) {}

  /// The next big-endian number, or nullopt at the end of the bytes.
  template <typename Number>
  std::optional<Number> Take() {
    if (bytes_.size() < sizeof(Number)) return std::nullopt;
    const auto number = LoadBig<Number>(bytes_.data());
    bytes_.remove_prefix(sizeof(Number));
    return number;
  }

  /// The next field into `reader`.
  Status TakeInto(FieldReader* reader) {
    const auto length = Take<int32_t>();
    if (!length.has_value() || *length < -1 ||
        static_cast<int64_t>(bytes_.size()) < *length) {
      return DataError("found a row that ends too early");
    }
    if (*length == -1) return reader->builder()->AppendNull();
    const std::string_view field = bytes_.substr(0, static_cast<size_t>(*length));
    bytes_.remove_prefix(field.size());
    return reader->Append(field);
  }

 private:
  std::string_view bytes_;
};

class ArrayReader : public FieldReader {
 public:
  ArrayReader(std::unique_ptr<FieldReader> elements, arrow::MemoryPool* pool)
      : elements_(std::move(elements)),
        // The list builder shares the builder of the elements, which lives as long.
        builder_(pool, std::shared_ptr<arrow::ArrayBuilder>(
                           elements_->builder(), [](arrow::ArrayBuilder*) {})) {}
  arrow::ArrayBuilder* builder() override { return &builder_; }

  Status Append(std::string_view field) override {
    FieldCursor cursor(field);
    const auto dimensions = cursor.Take<int32_t>();
    cursor.Take<int32_t>();   // whether there are nulls
    cursor.Take<uint32_t>();  // the type of the elements
    ARROW_RETURN_NOT_OK(builder_.Append());
    if (dimensions == 0) return Status::OK();
    if (dimensions != 1) {
      return DataError("found an array of ", dimensions.value_or(0),
                       " dimensions; expected one");
    }
    const int32_t length = cursor.Take<int32_t>().value_or(0);
    cursor.Take<int32_t>();  // the first index
    for (int32_t i = 0; i < length; ++i) {
      ARROW_RETURN_NOT_OK(cursor.TakeInto(elements_.get()));
    }
    return Status::OK();
  }

 private:
  std::unique_ptr<FieldReader> elements_;
  arrow::ListBuilder builder_;
};

template <typename Builder>
std::unique_ptr<FieldReader> NumberReaderOf(const std::shared_ptr<arrow::DataType>& type,
                                            arrow::MemoryPool* pool,
                                            typename Builder::value_type shift = 0) {
  return std::make_unique<NumberReader<Builder>>(type, pool, shift);
}

std::unique_ptr<FieldReader> MakeReader(const CopyType& type, arrow::MemoryPool* pool) {
  const auto arrow_type = DecodedTypeOf(type);
  if (type.is_array) {
    CopyType element = type;
    element.is_array = false;
    return std::make_unique<ArrayReader>(MakeReader(element, pool), pool);
  }
  switch (type.kind) {
    case CopyKind::kBool:
      return std::make_unique<BoolReader>(pool);
    case CopyKind::kInt2:
      return NumberReaderOf<arrow::Int16Builder>(arrow_type, pool);
    case CopyKind::kInt4:
      return NumberReaderOf<arrow::Int32Builder>(arrow_type, pool);
    case CopyKind::kInt8:
      return NumberReaderOf<arrow::Int64Builder>(arrow_type, pool);
    case CopyKind::kFloat4:
      return NumberReaderOf<arrow::FloatBuilder>(arrow_type, pool);
    case CopyKind::kFloat8:
      return NumberReaderOf<arrow::DoubleBuilder>(arrow_type, pool);
    case CopyKind::kNumeric:
      if (arrow_type->id() == arrow::Type::DECIMAL128) {
        return std::make_unique<DecimalReader>(type, arrow_type, pool);
      }
      return std::make_unique<BytesReader<arrow::StringBuilder>>(pool, type.kind);
    case CopyKind::kText:
    case CopyKind::kJsonb:
    case CopyKind::kUuid:
      return std::make_unique<BytesReader<arrow::StringBuilder>>(pool, type.kind);
    case CopyKind::kBytea:
      return std::make_unique<BytesReader<arrow::BinaryBuilder>>(pool, type.kind);
    case CopyKind::kDate:
      return NumberReaderOf<arrow::Date32Builder>(arrow_type, pool, kCopyEpochDays);
    case CopyKind::kTime:
      return NumberReaderOf<arrow::Time64Builder>(arrow_type, pool);
    case CopyKind::kTimestamp:
    case CopyKind::kTimestampTz:
      return NumberReaderOf<arrow::TimestampBuilder>(arrow_type, pool, kCopyEpochMicros);
  }
  return nullptr;
}

}  // namespace

Result<size_t> CopyHeaderSize(std::string_view bytes) {
  const std::string_view known = CopyHeader();
  constexpr size_t kSignature = 11;
  if (bytes.size() < known.size() ||
      bytes.substr(0, kSignature) != known.substr(0, kSignature)) {
    return DataError("found no header of a binary COPY");
  }
  const auto extension = LoadBig<uint32_t>(bytes.data() + kSignature + 4);
  if (extension > bytes.size() - known.size()) {
    return DataError("found a header of a binary COPY that ends too early");
  }
  return known.size() + extension;
}

Result<std::vector<std::shared_ptr<arrow::Array>>> DecodeCopyRows(
    std::string_view rows, const std::vector<CopyType>& types,
    const std::vector<std::string>& names, int64_t num_rows, arrow::MemoryPool* pool) {
  std::vector<std::unique_ptr<FieldReader>> readers;
  for (const CopyType& type : types) {
    readers.push_back(MakeReader(type, pool));
    ARROW_RETURN_NOT_OK(readers.back()->builder()->Reserve(num_rows));
  }
  FieldCursor cursor(rows);
  for (int64_t row = 0; row < num_rows; ++row) {
    const auto num_fields = cursor.Take<int16_t>();
    if (num_fields != static_cast<int16_t>(types.size())) {
      return DataError("found a row of ", num_fields.value_or(0), " columns; expected ",
                       types.size());
    }
    for (size_t i = 0; i < readers.size(); ++i) {
      const Status status = cursor.TakeInto(readers[i].get());
      if (!status.ok()) return At("column '" + names[i] + "'", status);
    }
  }
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const auto& reader : readers) {
    ARROW_ASSIGN_OR_RAISE(auto column, reader->builder()->Finish());
    columns.push_back(std::move(column));
  }
  return columns;
}

}  // namespace windrow::format
