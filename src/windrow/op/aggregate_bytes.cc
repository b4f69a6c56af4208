// SPDX-License-Identifier: Apache-2.0
#include <arrow/array/builder_binary.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <cstring>
#include <string_view>
#include <utility>

#include "windrow/column/ordered_key.h"
#include "windrow/op/aggregate_state.h"
#include "windrow/op/aggregate_state_parts.h"

namespace windrow::op {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;
using column::Aggregate;

namespace {

/// Copies of byte strings that stay where they are.
class ByteStore {
 public:
  explicit ByteStore(arrow::MemoryPool* pool) : pool_(pool) {}

  Result<std::string_view> Copy(std::string_view value) {
    const auto size = static_cast<int64_t>(value.size());
    if (size == 0) return std::string_view("");
    if (chunks_.empty() || used_ + size > chunks_.back()->size()) {
      const int64_t grown = std::min(kChunkMax, std::max(kChunkMin, bytes_));
      ARROW_ASSIGN_OR_RAISE(std::unique_ptr<arrow::Buffer> chunk,
                            arrow::AllocateBuffer(std::max(grown, size), pool_));
      bytes_ += chunk->size();
      chunks_.push_back(std::move(chunk));
      used_ = 0;
    }
    char* copy = reinterpret_cast<char*>(chunks_.back()->mutable_data()) + used_;
    std::memcpy(copy, value.data(), value.size());
    used_ += size;
    return std::string_view(copy, value.size());
  }
  int64_t bytes() const { return bytes_; }

 private:
  static constexpr int64_t kChunkMin = 1 << 10;
  static constexpr int64_t kChunkMax = 1 << 18;
  arrow::MemoryPool* pool_;
  std::vector<std::unique_ptr<arrow::Buffer>> chunks_;
  int64_t used_ = 0;  ///< of the last chunk
  int64_t bytes_ = 0;
};

/// The smallest, greatest, first or last byte string. What Update and Merge found points
/// to where it was found until Settle copies it, so a value that is replaced before is
/// never copied.
class BytesState : public AggregateState {
  enum Found : uint8_t { kNothing, kNull, kValue };

 public:
  BytesState(const AggregateKind& kind, arrow::MemoryPool* pool)
      : kind_(kind),
        pool_(pool),
        views_(pool),
        found_(pool),
        is_loose_(pool),
        loose_(pool),
        store_(pool) {}

  Status Resize(int64_t groups, bool) override {
    ARROW_RETURN_NOT_OK(Extend<std::string_view>(&views_, groups, {}));
    ARROW_RETURN_NOT_OK(Extend<uint8_t>(&is_loose_, groups, 0));
    return Extend<uint8_t>(&found_, groups, kNothing);
  }
  Status Update(const AggregateValues& values, const uint32_t* rows, int64_t count,
                const uint32_t* groups) override {
    ARROW_RETURN_NOT_OK(loose_.Reserve(loose_.size() + count));
    if (is_end()) {
      ForEachRow(rows, count, groups, [&](int64_t row, uint32_t group) {
        const bool is_value = values.IsValid(row);
        TakeEnd(group, is_value ? kValue : kNull,
                is_value ? values.view(row) : std::string_view());
      });
      return Status::OK();
    }
    const bool is_max = kind_.function == Aggregate::kMax;
    ForEachValid(values, rows, count, groups, [&](int64_t row, uint32_t group) {
      TakeExtreme(is_max, group, values.view(row));
    });
    return Status::OK();
  }
  Status Merge(const AggregateState& state, const uint32_t* rows, int64_t count,
               const uint32_t* groups) override {
    const auto& other = static_cast<const BytesState&>(state);
    const bool is_max = kind_.function == Aggregate::kMax;
    ARROW_RETURN_NOT_OK(loose_.Reserve(loose_.size() + count));
    ForEachRow(rows, count, groups, [&](int64_t row, uint32_t group) {
      if (other.found_[row] == kNothing) return;
      if (is_end()) {
        TakeEnd(group, other.found_[row], other.views_[row]);
      } else {
        TakeExtreme(is_max, group, other.views_[row]);
      }
    });
    return Status::OK();
  }
  bool has_values() const override { return false; }

  Status Settle() override {
    for (const uint32_t group : loose_) {
      ARROW_ASSIGN_OR_RAISE(views_[group], store_.Copy(views_[group]));
      live_bytes_ += static_cast<int64_t>(views_[group].size());
      is_loose_[group] = 0;
    }
    loose_.Clear();
    constexpr int64_t kSlack = 64 << 10;
    if (store_.bytes() <= 2 * live_bytes_ + kSlack) return Status::OK();
    ByteStore compact(pool_);
    for (std::string_view& view : views_) {
      ARROW_ASSIGN_OR_RAISE(view, compact.Copy(view));
    }
    store_ = std::move(compact);
    return Status::OK();
  }

  Result<std::vector<ArrayPtr>> Save(std::span<const uint32_t> groups,
                                     arrow::MemoryPool* pool) const override {
    ARROW_ASSIGN_OR_RAISE(ArrayPtr values,
                          Build(groups, arrow::LargeBinaryBuilder(pool)));
    ARROW_ASSIGN_OR_RAISE(
        ArrayPtr found,
        Gathered<uint8_t>(
            arrow::uint8(), groups, [&](uint32_t group) { return found_[group]; },
            [](uint32_t) { return true; }, pool));
    return std::vector<ArrayPtr>{std::move(values), std::move(found)};
  }
  Status Load(const std::vector<ArrayPtr>& columns) override {
    const auto& values = static_cast<const arrow::LargeBinaryArray&>(*columns[0]);
    const auto* found = columns[1]->data()->GetValues<uint8_t>(1);
    ARROW_RETURN_NOT_OK(Resize(values.length(), false));
    for (int64_t row = 0; row < values.length(); ++row) {
      found_[row] = found[row];
      if (found[row] != kValue) continue;
      views_[row] = values.GetView(row);
    }
    loaded_ = columns[0];
    return Status::OK();
  }
  Result<ArrayPtr> Finish(std::span<const uint32_t> groups,
                          arrow::MemoryPool* pool) const override {
    const TypePtr& type = kind_.argument;
    if (!arrow::is_base_binary_like(type->id())) {
      constexpr std::string_view kEncodedNull = "\x02";
      std::vector<std::string_view> encoded;
      encoded.reserve(groups.size());
      for (const uint32_t group : groups) {
        encoded.push_back(found_[group] == kValue ? views_[group] : kEncodedNull);
      }
      ARROW_ASSIGN_OR_RAISE(auto decoded,
                            column::DecodeOrderedKeys({type}, encoded, pool));
      return decoded[0];
    }
    ArrayPtr bytes;
    if (arrow::is_large_binary_like(type->id())) {
      ARROW_ASSIGN_OR_RAISE(bytes, Build(groups, arrow::LargeBinaryBuilder(pool)));
    } else {
      ARROW_ASSIGN_OR_RAISE(bytes, Build(groups, arrow::BinaryBuilder(pool)));
    }
    return bytes->View(type);
  }
  int64_t bytes() const override {
    return views_.size() * static_cast<int64_t>(sizeof(std::string_view) + 2) +
           store_.bytes();
  }

 private:
  bool is_end() const {
    return kind_.function == Aggregate::kFirst || kind_.function == Aggregate::kLast;
  }

  void TakeEnd(uint32_t group, uint8_t found, std::string_view value) {
    if (kind_.function == Aggregate::kFirst && found_[group] != kNothing) return;
    Point(group, found, value);
  }

  void TakeExtreme(bool is_max, uint32_t group, std::string_view value) {
    const std::string_view held = views_[group];
    if (found_[group] == kValue && (is_max ? value <= held : value >= held)) return;
    Point(group, kValue, value);
  }

  /// There is room in loose_ for every group.
  void Point(uint32_t group, uint8_t found, std::string_view value) {
    if (is_loose_[group] == 0) {
      live_bytes_ -= static_cast<int64_t>(views_[group].size());
      is_loose_[group] = 1;
      (void)loose_.Append(group);
    }
    found_[group] = found;
    views_[group] = value;
  }

  template <typename Builder>
  Result<ArrayPtr> Build(std::span<const uint32_t> groups, Builder builder) const {
    int64_t bytes = 0;
    for (const uint32_t group : groups) {
      bytes += static_cast<int64_t>(views_[group].size());
    }
    ARROW_RETURN_NOT_OK(builder.Reserve(static_cast<int64_t>(groups.size())));
    ARROW_RETURN_NOT_OK(builder.ReserveData(bytes));
    for (const uint32_t group : groups) {
      if (found_[group] == kValue) {
        builder.UnsafeAppend(views_[group]);
      } else {
        builder.UnsafeAppendNull();
      }
    }
    return builder.Finish();
  }

  const AggregateKind kind_;
  arrow::MemoryPool* pool_;
  column::PoolVector<std::string_view> views_;
  column::PoolVector<uint8_t> found_;
  column::PoolVector<uint8_t> is_loose_;  ///< its view is not in store_
  column::PoolVector<uint32_t> loose_;    ///< groups of which that is so
  ByteStore store_;
  int64_t live_bytes_ = 0;  ///< in store_, of views
  ArrayPtr loaded_;         ///< owner of the views of a state that was loaded
};

}  // namespace

std::unique_ptr<AggregateState> MakeBytesState(const AggregateKind& kind,
                                               arrow::MemoryPool* pool) {
  return std::make_unique<BytesState>(kind, pool);
}

}  // namespace windrow::op
