// SPDX-License-Identifier: Apache-2.0
#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/type.h>
#include <arrow/util/checked_cast.h>
#include <arrow/util/decimal.h>

#include <cstring>
#include <limits>

#include "windrow/base/check.h"
#include "windrow/format/big_endian.h"
#include "windrow/format/copy_binary.h"
#include "windrow/format/copy_epoch.h"
#include "windrow/format/copy_numeric.h"

namespace windrow::format {
namespace {

using arrow::internal::checked_cast;

constexpr int64_t kLengthBytes = 4;

/// Writes the fields of one column.
class FieldWriter {
 public:
  explicit FieldWriter(const arrow::Array& array) : array_(array) {}
  virtual ~FieldWriter() = default;
  /// At least what all fields together take.
  virtual int64_t MostBytes() const = 0;

  /// Writes the field of `row`; gives the place after it.
  uint8_t* Put(int64_t row, uint8_t* to) const {
    if (array_.IsNull(row)) return StoreBig<int32_t>(-1, to);
    uint8_t* const end = PutValue(row, to + kLengthBytes);
    StoreBig(static_cast<int32_t>(end - to - kLengthBytes), to);
    return end;
  }

 protected:
  virtual uint8_t* PutValue(int64_t row, uint8_t* to) const = 0;
  int64_t num_rows() const { return array_.length(); }

 private:
  const arrow::Array& array_;
};

class BoolWriter : public FieldWriter {
 public:
  explicit BoolWriter(const arrow::Array& array)
      : FieldWriter(array), values_(checked_cast<const arrow::BooleanArray&>(array)) {}
  int64_t MostBytes() const override { return num_rows() * (kLengthBytes + 1); }

 protected:
  uint8_t* PutValue(int64_t row, uint8_t* to) const override {
    return StoreBig<uint8_t>(values_.Value(row) ? 1 : 0, to);
  }

 private:
  const arrow::BooleanArray& values_;
};

/// Numbers of one width; `shift` is taken from each, as where the epochs differ.
template <typename Array>
class NumberWriter : public FieldWriter {
 public:
  using Number = typename Array::value_type;

  explicit NumberWriter(const arrow::Array& array, Number shift = 0)
      : FieldWriter(array), values_(checked_cast<const Array&>(array)), shift_(shift) {}
  int64_t MostBytes() const override {
    return num_rows() * (kLengthBytes + static_cast<int64_t>(sizeof(Number)));
  }

 protected:
  uint8_t* PutValue(int64_t row, uint8_t* to) const override {
    Number value = values_.Value(row);
    if constexpr (std::is_integral_v<Number>) {
      // The ends of the range mean infinity, so what falls off is put beside its end: the
      // server refuses it.
      using Limits = std::numeric_limits<Number>;
      if (shift_ != 0 && (__builtin_sub_overflow(value, shift_, &value) ||
                          value == Limits::min() || value == Limits::max())) {
        value = Limits::min() + 1;
      }
    }
    return StoreBig(value, to);
  }

 private:
  const Array& values_;
  const Number shift_;
};

class NumericWriter : public FieldWriter {
 public:
  explicit NumericWriter(const arrow::Array& array)
      : FieldWriter(array),
        values_(checked_cast<const arrow::Decimal128Array&>(array)),
        scale_(checked_cast<const arrow::Decimal128Type&>(*array.type()).scale()) {
    WINDROW_CHECK(scale_ >= 0);
  }
  int64_t MostBytes() const override {
    constexpr int64_t kMost = kLengthBytes + 8 + 2 * CopyNumeric::kMostDigits;
    return num_rows() * kMost;
  }

 protected:
  uint8_t* PutValue(int64_t row, uint8_t* to) const override {
    const CopyNumeric numeric =
        ToCopyNumeric(arrow::Decimal128(values_.GetValue(row)), scale_);
    to = StoreBig(static_cast<uint16_t>(numeric.num_digits), to);
    to = StoreBig(static_cast<int16_t>(numeric.weight), to);
    to = StoreBig<uint16_t>(numeric.is_negative ? 0x4000 : 0, to);
    to = StoreBig(static_cast<uint16_t>(scale_), to);
    for (int i = 0; i < numeric.num_digits; ++i) to = StoreBig(numeric.digits[i], to);
    return to;
  }

 private:
  const arrow::Decimal128Array& values_;
  const int32_t scale_;
};

/// Numerics without bounds, whose values are decimal digits.
class NumericTextWriter : public FieldWriter {
 public:
  explicit NumericTextWriter(const arrow::Array& array)
      : FieldWriter(array), values_(checked_cast<const arrow::StringArray&>(array)) {}
  int64_t MostBytes() const override {
    return num_rows() * (kLengthBytes + MostNumericBytes(0)) +
           values_.total_values_length();
  }

 protected:
  uint8_t* PutValue(int64_t row, uint8_t* to) const override {
    return StoreNumericText(values_.GetView(row), to);
  }

 private:
  const arrow::StringArray& values_;
};

/// Texts and bytes; a jsonb has the number of its version in front.
class BytesWriter : public FieldWriter {
 public:
  BytesWriter(const arrow::Array& array, bool has_version)
      : FieldWriter(array),
        values_(checked_cast<const arrow::BinaryArray&>(array)),
        has_version_(has_version) {}
  int64_t MostBytes() const override {
    return num_rows() * (kLengthBytes + 1) + values_.total_values_length();
  }

 protected:
  uint8_t* PutValue(int64_t row, uint8_t* to) const override {
    const std::string_view value = values_.GetView(row);
    if (has_version_) *to++ = 1;
    std::memcpy(to, value.data(), value.size());
    return to + value.size();
  }

 private:
  const arrow::BinaryArray& values_;
  const bool has_version_;
};

class UuidWriter : public FieldWriter {
 public:
  explicit UuidWriter(const arrow::Array& array)
      : FieldWriter(array),
        values_(checked_cast<const arrow::FixedSizeBinaryArray&>(array)) {}
  int64_t MostBytes() const override { return num_rows() * (kLengthBytes + kBytes); }

 protected:
  uint8_t* PutValue(int64_t row, uint8_t* to) const override {
    std::memcpy(to, values_.GetValue(row), kBytes);
    return to + kBytes;
  }

 private:
  static constexpr int64_t kBytes = 16;
  const arrow::FixedSizeBinaryArray& values_;
};

std::unique_ptr<FieldWriter> MakeWriter(const CopyType& type, const arrow::Array& array);

class ArrayWriter : public FieldWriter {
 public:
  ArrayWriter(const CopyType& type, const arrow::Array& array)
      : FieldWriter(array),
        lists_(checked_cast<const arrow::ListArray&>(array)),
        first_(lists_.value_offset(0)),
        values_(
            lists_.values()->Slice(first_, lists_.value_offset(array.length()) - first_)),
        element_oid_(type.element_oid) {
    CopyType element = type;
    element.is_array = false;
    elements_ = MakeWriter(element, *values_);
  }
  int64_t MostBytes() const override {
    constexpr int64_t kFrame = 5 * 4;
    return num_rows() * (kLengthBytes + kFrame) + elements_->MostBytes();
  }

 protected:
  uint8_t* PutValue(int64_t row, uint8_t* to) const override {
    const int32_t begin = lists_.value_offset(row) - first_;
    const int32_t length = lists_.value_length(row);
    int32_t has_nulls = 0;
    for (int32_t i = begin; i < begin + length; ++i) {
      has_nulls |= static_cast<int32_t>(values_->IsNull(i));
    }
    to = StoreBig<int32_t>(length > 0 ? 1 : 0, to);
    to = StoreBig(has_nulls, to);
    to = StoreBig(element_oid_, to);
    if (length == 0) return to;
    to = StoreBig(length, to);
    to = StoreBig<int32_t>(1, to);
    for (int32_t i = begin; i < begin + length; ++i) to = elements_->Put(i, to);
    return to;
  }

 private:
  const arrow::ListArray& lists_;
  const int32_t first_;                         ///< offset of the first row
  const std::shared_ptr<arrow::Array> values_;  ///< of these rows
  const uint32_t element_oid_;
  std::unique_ptr<FieldWriter> elements_;
};

std::unique_ptr<FieldWriter> MakeWriter(const CopyType& type, const arrow::Array& array) {
  if (type.is_array) return std::make_unique<ArrayWriter>(type, array);
  switch (type.kind) {
    case CopyKind::kBool:
      return std::make_unique<BoolWriter>(array);
    case CopyKind::kInt2:
      return std::make_unique<NumberWriter<arrow::Int16Array>>(array);
    case CopyKind::kInt4:
      return std::make_unique<NumberWriter<arrow::Int32Array>>(array);
    case CopyKind::kInt8:
      return std::make_unique<NumberWriter<arrow::Int64Array>>(array);
    case CopyKind::kFloat4:
      return std::make_unique<NumberWriter<arrow::FloatArray>>(array);
    case CopyKind::kFloat8:
      return std::make_unique<NumberWriter<arrow::DoubleArray>>(array);
    case CopyKind::kNumeric:
      if (array.type_id() == arrow::Type::STRING) {
        return std::make_unique<NumericTextWriter>(array);
      }
      return std::make_unique<NumericWriter>(array);
    case CopyKind::kText:
    case CopyKind::kBytea:
      return std::make_unique<BytesWriter>(array, false);
    case CopyKind::kJsonb:
      return std::make_unique<BytesWriter>(array, true);
    case CopyKind::kUuid:
      return std::make_unique<UuidWriter>(array);
    case CopyKind::kDate:
      return std::make_unique<NumberWriter<arrow::Date32Array>>(array, kCopyEpochDays);
    case CopyKind::kTime:
      return std::make_unique<NumberWriter<arrow::Time64Array>>(array);
    case CopyKind::kTimestamp:
    case CopyKind::kTimestampTz:
      return std::make_unique<NumberWriter<arrow::TimestampArray>>(array,
                                                                   kCopyEpochMicros);
  }
  return nullptr;
}

}  // namespace

std::string_view CopyHeader() {
  using std::string_view_literals::operator""sv;
  return "PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0"sv;
}

std::string_view CopyTrailer() { return "\xff\xff"; }

Result<std::shared_ptr<arrow::Buffer>> EncodeCopyRows(
    const std::vector<CopyType>& types,
    const std::vector<std::shared_ptr<arrow::Array>>& columns, int64_t num_rows,
    arrow::MemoryPool* pool) {
  WINDROW_CHECK(types.size() == columns.size());
  std::vector<std::unique_ptr<FieldWriter>> writers;
  int64_t most_bytes = num_rows * static_cast<int64_t>(sizeof(int16_t));
  for (size_t i = 0; i < columns.size(); ++i) {
    WINDROW_CHECK(columns[i]->type()->id() == EncodedTypeOf(types[i])->id() ||
                  types[i].kind == CopyKind::kNumeric);
    WINDROW_CHECK(columns[i]->length() == num_rows);
    writers.push_back(MakeWriter(types[i], *columns[i]));
    most_bytes += writers.back()->MostBytes();
  }
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(most_bytes, pool));
  uint8_t* to = buffer->mutable_data();
  for (int64_t row = 0; row < num_rows; ++row) {
    to = StoreBig(static_cast<int16_t>(writers.size()), to);
    for (const auto& writer : writers) to = writer->Put(row, to);
  }
  ARROW_RETURN_NOT_OK(buffer->Resize(to - buffer->data()));
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

}  // namespace windrow::format
