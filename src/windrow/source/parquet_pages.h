// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "windrow/base/status.h"

namespace parquet {
class DictionaryPage;
class Page;
struct ByteArray;
}  // namespace parquet

namespace windrow::source {

/// The rows wanted from one data page that hold a value, both ascending: where each
/// value stands among the page's values, and the output row it goes to.
struct WantedValues {
  std::vector<uint32_t> indices;
  std::vector<uint32_t> targets;

  size_t size() const { return indices.size(); }
  void Clear() {
    indices.clear();
    targets.clear();
  }
};

/// How the values of a page are stored.
enum class PageEncoding { kPlain, kCodes, kOther };

/// A data page of a flat column, split into its parts; borrows from the page.
struct DataPageParts {
  PageEncoding encoding;
  int64_t num_rows;
  std::optional<std::span<const uint8_t>> levels;  ///< runs of width 1; none if required
  std::span<const uint8_t> values;

  /// Nothing for a page that is no data page.
  static Result<std::optional<DataPageParts>> Split(const parquet::Page& page,
                                                    bool is_optional);

  /// Fills `wanted` with those of the ascending `rows` that are valid; row r of the chunk
  /// is row r - first_row of the page, and rows[i] goes to output first_target + i.
  Status FindWanted(std::span<const uint32_t> rows, uint32_t first_row,
                    uint32_t first_target, WantedValues* wanted) const;
};

/// Puts the codes of the wanted values of a kCodes page in place of their indices. All
/// are below `num_values`.
Status PickCodes(std::span<const uint8_t> values, size_t num_values,
                 WantedValues* wanted);

/// Where the values of a plain page of byte arrays lie, at most `count` of them.
Result<std::vector<parquet::ByteArray>> SplitByteArrays(std::span<const uint8_t> values,
                                                        int64_t count);

/// The byte arrays at the ascending `indices` of a plain page.
Status PickByteArrays(std::span<const uint8_t> values, std::span<const uint32_t> indices,
                      std::vector<parquet::ByteArray>* picked);

}  // namespace windrow::source
