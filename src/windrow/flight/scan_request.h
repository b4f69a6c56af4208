// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/base/status.h"

namespace windrow::flight {

/// The longest text that is read as a request.
inline constexpr size_t kScanRequestBytesMax = size_t{16} << 20;

/// One scan of a served table, as a client asks for it and as tickets carry it.
struct ScanRequest {
  std::string table;
  /// In the order they come back; nothing: all of the table's; an empty list: rows
  /// without columns.
  std::optional<std::vector<std::string>> columns;
  std::string where;             ///< SQL expression; "": every row
  std::optional<int64_t> limit;  ///< most rows
  /// Rows whose value in this column is not in the filter are left out, the others may
  /// be; "": no filter.
  std::string key_column;
  std::string key_filter;  ///< KeyFilter::id of one the server has; "": the keys come by
                           ///< themselves, in a DoExchange
  std::string codec;       ///< none, lz4 or zstd:N; "": the server chooses
  int64_t link_rate = 0;   ///< bytes a second, by which it does; 0: unknown
  int64_t message_bytes = 0;     ///< most bytes of a batch, about; 0: the server's own
  std::optional<int> endpoints;  ///< most endpoints, 1 or more; nothing: the server's own
                                 ///< choice
  bool operator==(const ScanRequest&) const = default;
};

/// As JSON on one line, with "windrow_scan": 1 and a key for each member that is set.
std::string WriteScanRequest(const ScanRequest& request);

/// Of such JSON or, where `text` does not begin with '{', of a bare table name. UserError
/// says which key is unknown (and the near name), missing or of the wrong type, and when
/// the version is not 1. Texts are UTF-8 without NUL. Safe on any bytes.
Result<ScanRequest> ReadScanRequest(std::string_view text);

}  // namespace windrow::flight
