// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/parquet_selection.h"

#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/checked_cast.h>
#include <parquet/column_page.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include <algorithm>

#include "windrow/base/check.h"
#include "windrow/source/selected_column.h"

namespace windrow::source {
namespace {

using arrow::internal::checked_cast;
using parquet::LogicalType;

bool IsUnit(LogicalType::TimeUnit::unit stored, arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::MILLI:
      return stored == LogicalType::TimeUnit::MILLIS;
    case arrow::TimeUnit::MICRO:
      return stored == LogicalType::TimeUnit::MICROS;
    case arrow::TimeUnit::NANO:
      return stored == LogicalType::TimeUnit::NANOS;
    case arrow::TimeUnit::SECOND:
      break;
  }
  return false;
}

bool HasUnit(const parquet::ColumnDescriptor& leaf, const arrow::DataType& type) {
  const LogicalType* logical = leaf.logical_type().get();
  if (logical == nullptr) return false;
  if (type.id() == arrow::Type::TIMESTAMP) {
    return logical->is_timestamp() &&
           IsUnit(
               checked_cast<const parquet::TimestampLogicalType&>(*logical).time_unit(),
               checked_cast<const arrow::TimestampType&>(type).unit());
  }
  return logical->is_time() &&
         IsUnit(checked_cast<const parquet::TimeLogicalType&>(*logical).time_unit(),
                checked_cast<const arrow::TimeType&>(type).unit());
}

/// True when values are stored as `type` holds them, but for the width of small integers.
bool IsStoredAs(const parquet::ColumnDescriptor& leaf, const arrow::DataType& type) {
  const parquet::Type::type stored = leaf.physical_type();
  switch (type.id()) {
    case arrow::Type::BOOL:
      return stored == parquet::Type::BOOLEAN;
    case arrow::Type::INT8:
    case arrow::Type::UINT8:
    case arrow::Type::INT16:
    case arrow::Type::UINT16:
    case arrow::Type::INT32:
    case arrow::Type::UINT32:
    case arrow::Type::DATE32:
      return stored == parquet::Type::INT32;
    case arrow::Type::INT64:
    case arrow::Type::UINT64:
      return stored == parquet::Type::INT64;
    case arrow::Type::TIME32:
      return stored == parquet::Type::INT32 && HasUnit(leaf, type);
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP:
      return stored == parquet::Type::INT64 && HasUnit(leaf, type);
    case arrow::Type::FLOAT:
      return stored == parquet::Type::FLOAT;
    case arrow::Type::DOUBLE:
      return stored == parquet::Type::DOUBLE;
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return stored == parquet::Type::BYTE_ARRAY;
    case arrow::Type::FIXED_SIZE_BINARY: {
      const int width =
          checked_cast<const arrow::FixedSizeBinaryType&>(type).byte_width();
      return stored == parquet::Type::FIXED_LEN_BYTE_ARRAY && width > 0 &&
             leaf.type_length() == width;
    }
    default:
      return false;
  }
}

int StoredWidth(const parquet::ColumnDescriptor& leaf) {
  return leaf.physical_type() == parquet::Type::FIXED_LEN_BYTE_ARRAY
             ? leaf.type_length()
             : parquet::GetTypeByteSize(leaf.physical_type());
}

/// The wanted rows, taken page by page.
class PageRows {
 public:
  explicit PageRows(std::span<const uint32_t> rows) : rows_(rows) {}

  bool is_done() const { return end_ == rows_.size(); }
  int64_t num_passed() const { return page_end_; }

  /// Moves on to a page of `num_rows` rows; false when none of them is wanted.
  bool Enter(int64_t num_rows) {
    if (num_rows < 0) throw parquet::ParquetException("a page of fewer than no rows");
    page_begin_ = page_end_;
    page_end_ += num_rows;
    begin_ = end_;
    const auto after = std::lower_bound(
        rows_.begin() + begin_, rows_.end(), page_end_,
        [](uint32_t row, int64_t end) { return static_cast<int64_t>(row) < end; });
    end_ = static_cast<size_t>(after - rows_.begin());
    return end_ > begin_;
  }

  Status FindWanted(const DataPageParts& page, WantedValues* wanted) const {
    return page.FindWanted(rows_.subspan(begin_, end_ - begin_),
                           static_cast<uint32_t>(page_begin_),
                           static_cast<uint32_t>(begin_), wanted);
  }

 private:
  std::span<const uint32_t> rows_;
  size_t begin_ = 0;  ///< the wanted rows of the page are [begin_, end_)
  size_t end_ = 0;
  int64_t page_begin_ = 0;
  int64_t page_end_ = 0;
};

/// Adds the page's wanted values; false when it is encoded in another way.
Result<bool> AddPage(const DataPageParts& page, const PageRows& rows, bool has_dictionary,
                     WantedValues* wanted, SelectedColumn* column) {
  if (page.encoding == PageEncoding::kOther) return false;
  ARROW_RETURN_NOT_OK(rows.FindWanted(page, wanted));
  if (page.encoding == PageEncoding::kPlain) {
    ARROW_RETURN_NOT_OK(column->AddPlain(page.values, *wanted));
    return true;
  }
  if (!has_dictionary) return DataError("dictionary codes without a dictionary");
  ARROW_RETURN_NOT_OK(column->AddCodes(page.values, wanted));
  return true;
}

Status TakeDictionary(const parquet::DictionaryPage& page, bool has_dictionary,
                      SelectedColumn* column) {
  const bool is_plain = page.encoding() == parquet::Encoding::PLAIN ||
                        page.encoding() == parquet::Encoding::PLAIN_DICTIONARY;
  if (has_dictionary || !is_plain) {
    return DataError(has_dictionary ? "a second dictionary page"
                                    : "a dictionary page that is not plain");
  }
  return column->TakeDictionary({page.data(), static_cast<size_t>(page.size())},
                                page.num_values());
}

}  // namespace

bool CanSelect(const parquet::ColumnDescriptor& leaf,
               const parquet::ColumnChunkMetaData& chunk, const arrow::DataType& type) {
  const auto& encodings = chunk.encodings();
  return leaf.max_repetition_level() == 0 && leaf.max_definition_level() <= 1 &&
         IsStoredAs(leaf, type) &&
         std::all_of(encodings.begin(), encodings.end(), [](const auto encoding) {
           return encoding == parquet::Encoding::PLAIN ||
                  encoding == parquet::Encoding::RLE ||
                  encoding == parquet::Encoding::BIT_PACKED ||
                  encoding == parquet::Encoding::RLE_DICTIONARY ||
                  encoding == parquet::Encoding::PLAIN_DICTIONARY;
         });
}

Result<std::shared_ptr<arrow::Array>> SelectRows(
    parquet::RowGroupReader& row_group, int leaf,
    const std::shared_ptr<arrow::DataType>& type, std::span<const uint32_t> rows,
    arrow::MemoryPool* pool) {
  const parquet::ColumnDescriptor& descriptor =
      *row_group.metadata()->schema()->Column(leaf);
  const bool is_optional = descriptor.max_definition_level() > 0;
  ARROW_ASSIGN_OR_RAISE(auto column,
                        MakeSelectedColumn(type, StoredWidth(descriptor),
                                           static_cast<int64_t>(rows.size()), pool));
  PageRows wanted_rows(rows);
  WantedValues wanted;
  bool has_dictionary = false;
  const auto pages = row_group.GetColumnPageReader(leaf);
  pages->set_data_page_filter([&](const parquet::DataPageStats& page) {
    return !wanted_rows.Enter(page.num_values);
  });
  while (!wanted_rows.is_done()) {
    const std::shared_ptr<parquet::Page> page = pages->NextPage();
    if (page == nullptr) {
      return DataError(wanted_rows.num_passed(), " rows, expected more than ",
                       rows.back());
    }
    if (page->type() == parquet::PageType::DICTIONARY_PAGE) {
      ARROW_RETURN_NOT_OK(
          TakeDictionary(checked_cast<const parquet::DictionaryPage&>(*page),
                         has_dictionary, column.get()));
      has_dictionary = true;
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(const auto parts, DataPageParts::Split(*page, is_optional));
    if (!parts.has_value()) continue;
    ARROW_ASSIGN_OR_RAISE(
        const bool is_added,
        AddPage(*parts, wanted_rows, has_dictionary, &wanted, column.get()));
    if (!is_added) return nullptr;
  }
  return column->Finish();
}

}  // namespace windrow::source
