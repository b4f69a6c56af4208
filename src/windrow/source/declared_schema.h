// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "windrow/column/sql_type.h"
#include "windrow/exec/table.h"
#include "windrow/fs/listing.h"

namespace windrow::source {

struct DeclaredColumn {
  std::string name;
  std::optional<column::SqlType> type;  ///< nothing: as the files have it
};

/// The columns a scan delivers, whatever its files have. Names differ.
struct DeclaredSchema {
  std::vector<DeclaredColumn> columns;
  bool allow_empty = false;  ///< whether there may be no file
};

/// A file and what its folders say of it.
struct OpenedFile {
  std::string path;
  std::shared_ptr<exec::Table> table;
  std::vector<fs::PartitionValue> partitions;
};

/// The schema of all files: the declared columns, in their order. A column without a type
/// has that of the files that have it, and Arrow's null type when none does; two files
/// that differ in it are a DataError naming both.
Result<std::shared_ptr<arrow::Schema>> SchemaOf(const DeclaredSchema& declared,
                                                const std::vector<OpenedFile>& files);

/// `file` with the columns of `schema`, which SchemaOf made: by name those of the file
/// (converted by column/declared_type.h), else of its folders, else null. A column that
/// cannot be read so is a DataError naming file, column and both types.
Result<std::shared_ptr<exec::Table>> DeclareTable(
    const OpenedFile& file, const DeclaredSchema& declared,
    const std::shared_ptr<arrow::Schema>& schema);

/// A table of `schema` without rows.
std::shared_ptr<exec::Table> MakeEmptyTable(std::shared_ptr<arrow::Schema> schema);

}  // namespace windrow::source
