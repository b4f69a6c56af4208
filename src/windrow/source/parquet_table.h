// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "windrow/exec/table.h"

namespace windrow::source {

/// Opens one local Parquet file and reads its footer. The schema is the Arrow schema
/// stored in the file, or the one its Parquet types stand for; string and binary views
/// become plain strings and binaries. A unit of a scan, and a chunk of the row store, is
/// a row group. The row store gives a string or binary column as dictionary<int32> in
/// those row groups that store it wholly dictionary encoded, and as it is in the others.
/// Pruning and column statistics need the functions of arrow::compute::Initialize.
/// Fails with kStorage when the file cannot be read and kData when it is damaged,
/// encrypted or not Parquet.
Result<std::shared_ptr<exec::Table>> OpenParquetTable(const std::string& path);

struct ParquetFile;

/// The same for a file that is open already, such as an object in a store.
std::shared_ptr<exec::Table> MakeParquetTable(std::shared_ptr<const ParquetFile> file);

}  // namespace windrow::source
