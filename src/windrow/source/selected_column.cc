// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/selected_column.h"

#include <arrow/array/data.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/buffer_builder.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/checked_cast.h>
#include <parquet/types.h>

#include <cstring>

namespace windrow::source {
namespace {

using arrow::bit_util::GetBit;
using arrow::bit_util::SetBit;
using Bytes = std::span<const uint8_t>;
using BufferPtr = std::shared_ptr<arrow::Buffer>;

Result<BufferPtr> AllocateZeroed(int64_t bytes, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(BufferPtr buffer, arrow::AllocateBuffer(bytes, pool));
  if (bytes > 0) std::memset(buffer->mutable_data(), 0, bytes);
  return buffer;
}

Result<BufferPtr> CopyOf(Bytes bytes, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(BufferPtr buffer, arrow::AllocateBuffer(bytes.size(), pool));
  if (!bytes.empty()) std::memcpy(buffer->mutable_data(), bytes.data(), bytes.size());
  return buffer;
}

/// Which output rows got a value.
class Validity {
 public:
  Validity(int64_t num_rows, arrow::MemoryPool* pool)
      : num_rows_(num_rows), pool_(pool) {}

  int64_t null_count() const { return num_rows_ - num_valid_; }

  Status Add(std::span<const uint32_t> targets) {
    if (bits_ == nullptr) {
      const bool is_gapless =
          !targets.empty() && targets.front() == num_valid_ &&
          static_cast<size_t>(targets.back() - targets.front()) + 1 == targets.size();
      if (targets.empty() || is_gapless) {
        num_valid_ += static_cast<int64_t>(targets.size());
        return Status::OK();
      }
      ARROW_ASSIGN_OR_RAISE(bits_, arrow::AllocateEmptyBitmap(num_rows_, pool_));
      arrow::bit_util::SetBitsTo(bits_->mutable_data(), 0, num_valid_, true);
    }
    uint8_t* bits = bits_->mutable_data();
    for (const uint32_t target : targets) SetBit(bits, target);
    num_valid_ += static_cast<int64_t>(targets.size());
    return Status::OK();
  }

  /// Null when every row is valid.
  Result<BufferPtr> Finish() {
    if (null_count() == 0) return nullptr;
    if (bits_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(bits_, arrow::AllocateEmptyBitmap(num_rows_, pool_));
      arrow::bit_util::SetBitsTo(bits_->mutable_data(), 0, num_valid_, true);
    }
    return bits_;
  }

 private:
  const int64_t num_rows_;
  arrow::MemoryPool* pool_;
  int64_t num_valid_ = 0;
  BufferPtr bits_;  ///< null while rows 0 to num_valid_ are the valid ones
};

class SelectedFixed : public SelectedColumn {
 public:
  SelectedFixed(std::shared_ptr<arrow::DataType> type, int stored_width, int64_t num_rows,
                arrow::MemoryPool* pool)
      : type_(std::move(type)),
        stored_width_(stored_width),
        width_(type_->bit_width() / 8),
        num_rows_(num_rows),
        pool_(pool),
        validity_(num_rows, pool) {}

  Status Open() { return AllocateZeroed(num_rows_ * width_, pool_).Value(&values_); }

  Status TakeDictionary(Bytes values, int64_t count) override {
    const auto width = static_cast<uint64_t>(stored_width_);
    if (count < 0 || static_cast<uint64_t>(count) > values.size() / width) {
      return DataError(count, " dictionary values of ", width, " bytes in ",
                       values.size(), " bytes");
    }
    dictionary_size_ = static_cast<size_t>(count);
    return CopyOf(values.first(dictionary_size_ * width), pool_).Value(&dictionary_);
  }

  Status AddPlain(Bytes values, const WantedValues& wanted) override {
    if (wanted.size() > 0 && wanted.indices.back() >= values.size() / stored_width_) {
      return DataError("value ", wanted.indices.back(), " of a page with ", values.size(),
                       " bytes of ", stored_width_, "-byte values");
    }
    return Copy(values.data(), wanted);
  }

  Status AddCodes(Bytes values, WantedValues* wanted) override {
    ARROW_RETURN_NOT_OK(PickCodes(values, dictionary_size_, wanted));
    return Copy(dictionary_->data(), *wanted);
  }

  Result<std::shared_ptr<arrow::Array>> Finish() override {
    ARROW_ASSIGN_OR_RAISE(BufferPtr bits, validity_.Finish());
    return arrow::MakeArray(arrow::ArrayData::Make(
        type_, num_rows_, {std::move(bits), values_}, validity_.null_count()));
  }

 private:
  Status Copy(const uint8_t* from, const WantedValues& wanted) {
    if (stored_width_ == 8 && width_ == 8) {
      CopyOfWidth<8, 8>(from, wanted);
    } else if (stored_width_ == 4 && width_ == 4) {
      CopyOfWidth<4, 4>(from, wanted);
    } else if (stored_width_ == 4 && width_ == 2) {
      CopyOfWidth<4, 2>(from, wanted);
    } else if (stored_width_ == 4 && width_ == 1) {
      CopyOfWidth<4, 1>(from, wanted);
    } else {
      uint8_t* out = values_->mutable_data();
      for (size_t i = 0; i < wanted.size(); ++i) {
        std::memcpy(out + static_cast<int64_t>(wanted.targets[i]) * width_,
                    from + static_cast<int64_t>(wanted.indices[i]) * stored_width_,
                    width_);
      }
    }
    return validity_.Add(wanted.targets);
  }

  /// Small integers are the low bytes of what is stored.
  template <int kStored, int kWidth>
  void CopyOfWidth(const uint8_t* from, const WantedValues& wanted) {
    uint8_t* out = values_->mutable_data();
    for (size_t i = 0; i < wanted.size(); ++i) {
      std::memcpy(out + static_cast<int64_t>(wanted.targets[i]) * kWidth,
                  from + static_cast<int64_t>(wanted.indices[i]) * kStored, kWidth);
    }
  }

  std::shared_ptr<arrow::DataType> type_;
  const int stored_width_;
  const int width_;
  const int64_t num_rows_;
  arrow::MemoryPool* pool_;
  Validity validity_;
  BufferPtr values_;
  BufferPtr dictionary_;
  size_t dictionary_size_ = 0;
};

class SelectedBools : public SelectedColumn {
 public:
  SelectedBools(int64_t num_rows, arrow::MemoryPool* pool)
      : num_rows_(num_rows), pool_(pool), validity_(num_rows, pool) {}

  Status Open() { return arrow::AllocateEmptyBitmap(num_rows_, pool_).Value(&values_); }

  Status TakeDictionary(Bytes, int64_t) override {
    return DataError("a dictionary of booleans");
  }

  Status AddPlain(Bytes values, const WantedValues& wanted) override {
    if (wanted.size() > 0 && wanted.indices.back() / 8 >= values.size()) {
      return DataError("value ", wanted.indices.back(), " of a page with ", values.size(),
                       " bytes of booleans");
    }
    uint8_t* out = values_->mutable_data();
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (GetBit(values.data(), wanted.indices[i])) SetBit(out, wanted.targets[i]);
    }
    return validity_.Add(wanted.targets);
  }

  Status AddCodes(Bytes, WantedValues*) override {
    return DataError("dictionary codes of booleans");
  }

  Result<std::shared_ptr<arrow::Array>> Finish() override {
    ARROW_ASSIGN_OR_RAISE(BufferPtr bits, validity_.Finish());
    return arrow::MakeArray(arrow::ArrayData::Make(
        arrow::boolean(), num_rows_, {std::move(bits), values_}, validity_.null_count()));
  }

 private:
  const int64_t num_rows_;
  arrow::MemoryPool* pool_;
  Validity validity_;
  BufferPtr values_;
};

template <typename Offset>
class SelectedBytes : public SelectedColumn {
 public:
  SelectedBytes(std::shared_ptr<arrow::DataType> type, int64_t num_rows,
                arrow::MemoryPool* pool)
      : type_(std::move(type)),
        num_rows_(num_rows),
        pool_(pool),
        validity_(num_rows, pool),
        bytes_(pool) {}

  Status Open() {
    return AllocateZeroed((num_rows_ + 1) * static_cast<int64_t>(sizeof(Offset)), pool_)
        .Value(&offsets_);
  }

  Status TakeDictionary(Bytes values, int64_t count) override {
    ARROW_ASSIGN_OR_RAISE(dictionary_bytes_, CopyOf(values, pool_));
    const Bytes copied(dictionary_bytes_->data(), values.size());
    return SplitByteArrays(copied, count).Value(&dictionary_);
  }

  Status AddPlain(Bytes values, const WantedValues& wanted) override {
    picked_.clear();
    ARROW_RETURN_NOT_OK(PickByteArrays(values, wanted.indices, &picked_));
    return AddPicked(wanted.targets);
  }

  Status AddCodes(Bytes values, WantedValues* wanted) override {
    ARROW_RETURN_NOT_OK(PickCodes(values, dictionary_.size(), wanted));
    picked_.clear();
    for (const uint32_t code : wanted->indices) picked_.push_back(dictionary_[code]);
    return AddPicked(wanted->targets);
  }

  Result<std::shared_ptr<arrow::Array>> Finish() override {
    auto* offsets = reinterpret_cast<Offset*>(offsets_->mutable_data());
    for (int64_t row = 0; row < num_rows_; ++row) offsets[row + 1] += offsets[row];
    ARROW_ASSIGN_OR_RAISE(BufferPtr bits, validity_.Finish());
    ARROW_ASSIGN_OR_RAISE(BufferPtr bytes, bytes_.Finish(/*shrink_to_fit=*/false));
    return arrow::MakeArray(arrow::ArrayData::Make(
        type_, num_rows_, {std::move(bits), offsets_, std::move(bytes)},
        validity_.null_count()));
  }

 private:
  /// Notes the lengths where the offsets will be, and appends the bytes.
  Status AddPicked(std::span<const uint32_t> targets) {
    auto* lengths = reinterpret_cast<Offset*>(offsets_->mutable_data()) + 1;
    int64_t added = 0;
    for (size_t i = 0; i < targets.size(); ++i) {
      lengths[targets[i]] = static_cast<Offset>(picked_[i].len);
      added += picked_[i].len;
    }
    if (sizeof(Offset) == sizeof(int32_t) && bytes_.length() + added > INT32_MAX) {
      return Status::CapacityError("string values of one batch pass 2 GiB");
    }
    ARROW_RETURN_NOT_OK(bytes_.Reserve(added));
    for (const auto& value : picked_) bytes_.UnsafeAppend(value.ptr, value.len);
    return validity_.Add(targets);
  }

  std::shared_ptr<arrow::DataType> type_;
  const int64_t num_rows_;
  arrow::MemoryPool* pool_;
  Validity validity_;
  BufferPtr offsets_;
  arrow::BufferBuilder bytes_;
  BufferPtr dictionary_bytes_;
  std::vector<parquet::ByteArray> dictionary_;
  std::vector<parquet::ByteArray> picked_;  ///< of the page at hand
};

template <typename Column>
Result<std::unique_ptr<SelectedColumn>> Opened(std::unique_ptr<Column> column) {
  ARROW_RETURN_NOT_OK(column->Open());
  return column;
}

}  // namespace

Result<std::unique_ptr<SelectedColumn>> MakeSelectedColumn(
    const std::shared_ptr<arrow::DataType>& type, int stored_width, int64_t num_rows,
    arrow::MemoryPool* pool) {
  switch (type->id()) {
    case arrow::Type::BOOL:
      return Opened(std::make_unique<SelectedBools>(num_rows, pool));
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return Opened(std::make_unique<SelectedBytes<int32_t>>(type, num_rows, pool));
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return Opened(std::make_unique<SelectedBytes<int64_t>>(type, num_rows, pool));
    default:
      return Opened(std::make_unique<SelectedFixed>(type, stored_width, num_rows, pool));
  }
}

}  // namespace windrow::source
