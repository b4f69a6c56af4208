// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace windrow::exec {

/// The rows that one task wrote for one partition of an exchange.
struct ExchangedPiece {
  /// An Arrow IPC stream, uncompressed, every buffer at a multiple of 64 bytes from its
  /// start; in memory of the run that made it.
  std::shared_ptr<arrow::Buffer> stream;
  int64_t rows = 0;
};

/// What one task wrote to an exchange, by partition.
struct ExchangedRows {
  std::vector<ExchangedPiece> pieces;
  /// Keys of some of the rows, spread evenly over them, as column::EncodeSortKeys encodes
  /// them. Only where an exchange asks for a sample.
  std::vector<std::string> sample;
};

}  // namespace windrow::exec
