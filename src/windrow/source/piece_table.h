// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <vector>

#include "windrow/exec/table.h"

// The rows of an exchange's pieces, one piece after another. Each piece is an IPC stream
// as exec::ExchangedPiece describes it; columns point into it, without a copy. A stream
// of another number of columns is an InternalError.
namespace windrow::source {

/// exec::Table::scan_kind of both.
inline constexpr char kPieceScan[] = "exchanged";

/// Pieces that are all at hand.
Result<std::shared_ptr<exec::Table>> MakePieceTable(
    std::shared_ptr<arrow::Schema> schema,
    const std::vector<std::shared_ptr<arrow::Buffer>>& pieces);

/// Pieces that are fetched, by number, when their turn to be read has come, by the thread
/// that fetches for the scan.
using PieceFetcher = std::function<Result<std::shared_ptr<arrow::Buffer>>(size_t)>;
std::shared_ptr<exec::Table> MakePieceStream(std::shared_ptr<arrow::Schema> schema,
                                             size_t pieces, PieceFetcher fetch);

}  // namespace windrow::source
