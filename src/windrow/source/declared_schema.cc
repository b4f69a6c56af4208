// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/declared_schema.h"

#include <arrow/scalar.h>
#include <arrow/type.h>

#include <utility>

#include "windrow/column/declared_type.h"
#include "windrow/source/declared_table.h"

namespace windrow::source {
namespace {

std::string PlaceOf(const OpenedFile& file, const std::string& column) {
  return file.path + ": column '" + column + "'";
}

/// The file's column of that name, or -1.
Result<int> FindColumn(const OpenedFile& file, const std::string& name) {
  const auto found = file.table->schema()->GetAllFieldIndices(name);
  if (found.size() > 1) {
    return DataError(PlaceOf(file, name), " is there more than once; expected one");
  }
  return found.empty() ? -1 : found[0];
}

/// What the file's folders say the column is; null when they say nothing.
Result<std::shared_ptr<arrow::Scalar>> FolderValue(
    const OpenedFile& file, const std::string& name,
    const std::shared_ptr<arrow::DataType>& type) {
  for (const auto& [key, value] : file.partitions) {
    if (key != name) continue;
    if (!value.has_value()) break;
    const auto scalar = arrow::Scalar::Parse(type, *value);
    if (scalar.ok()) return *scalar;
    return DataError(file.path, ": found the folder ", key, "=", *value, ", expected ",
                     type->ToString());
  }
  return arrow::MakeNullScalar(type);
}

bool IsFolderKey(const OpenedFile& file, const std::string& name) {
  for (const auto& [key, value] : file.partitions) {
    if (key == name) return true;
  }
  return false;
}

/// The type of a column that keeps the one it has in the files.
Result<std::shared_ptr<arrow::DataType>> OwnType(const std::string& name,
                                                 const std::vector<OpenedFile>& files) {
  const OpenedFile* first = nullptr;
  std::shared_ptr<arrow::DataType> type = arrow::null();
  for (const OpenedFile& file : files) {
    ARROW_ASSIGN_OR_RAISE(const int column, FindColumn(file, name));
    if (column < 0 && !IsFolderKey(file, name)) continue;
    const auto& found =
        column < 0 ? arrow::utf8() : file.table->schema()->field(column)->type();
    if (first == nullptr) {
      first = &file;
      type = found;
    } else if (!found->Equals(*type)) {
      return DataError(PlaceOf(file, name), " is ", found->ToString(), "; expected ",
                       type->ToString(), " as in ", first->path);
    }
  }
  return type;
}

}  // namespace

Result<std::shared_ptr<arrow::Schema>> SchemaOf(const DeclaredSchema& declared,
                                                const std::vector<OpenedFile>& files) {
  arrow::FieldVector fields;
  for (const DeclaredColumn& column : declared.columns) {
    std::shared_ptr<arrow::DataType> type;
    if (column.type.has_value()) {
      type = column::DeclaredArrowType(*column.type);
    } else {
      ARROW_ASSIGN_OR_RAISE(type, OwnType(column.name, files));
    }
    fields.push_back(arrow::field(column.name, std::move(type)));
  }
  return arrow::schema(std::move(fields));
}

Result<std::shared_ptr<exec::Table>> DeclareTable(
    const OpenedFile& file, const DeclaredSchema& declared,
    const std::shared_ptr<arrow::Schema>& schema) {
  std::vector<ColumnOrigin> origins;
  for (size_t c = 0; c < declared.columns.size(); ++c) {
    const DeclaredColumn& column = declared.columns[c];
    const auto& type = schema->field(static_cast<int>(c))->type();
    ColumnOrigin origin;
    ARROW_ASSIGN_OR_RAISE(origin.file_column, FindColumn(file, column.name));
    if (origin.file_column < 0) {
      ARROW_ASSIGN_OR_RAISE(origin.constant, FolderValue(file, column.name, type));
    } else if (column.type.has_value()) {
      const auto& stored = *file.table->schema()->field(origin.file_column)->type();
      ARROW_RETURN_NOT_OK(
          At(PlaceOf(file, column.name), column::CheckReadable(stored, *column.type)));
      if (!column::IsReadAsStored(stored, *column.type)) origin.read_as = column.type;
    }
    origins.push_back(std::move(origin));
  }
  return std::make_shared<DeclaredTable>(file.path, file.table, schema,
                                         std::move(origins));
}

}  // namespace windrow::source
