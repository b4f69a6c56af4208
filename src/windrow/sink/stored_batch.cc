// SPDX-License-Identifier: Apache-2.0
#include "windrow/sink/stored_batch.h"

#include <arrow/api.h>
#include <arrow/array/concatenate.h>
#include <arrow/compute/api.h>
#include <arrow/extension_type.h>
#include <arrow/util/checked_cast.h>

#include <algorithm>

namespace windrow::sink {
namespace {

using arrow::Array;
using arrow::ArrayData;
using arrow::DataType;
using arrow::Field;
using arrow::MemoryPool;
using arrow::Type;
using arrow::internal::checked_cast;
using TypePtr = std::shared_ptr<DataType>;
using ArrayPtr = std::shared_ptr<Array>;

const TypePtr& StorageOf(const TypePtr& type) {
  return checked_cast<const arrow::ExtensionType&>(*type).storage_type();
}

bool Contains(const DataType& type, const std::function<bool(Type::type)>& wanted) {
  if (wanted(type.id())) return true;
  if (type.id() == Type::EXTENSION) {
    return Contains(*checked_cast<const arrow::ExtensionType&>(type).storage_type(),
                    wanted);
  }
  return std::any_of(type.fields().begin(), type.fields().end(),
                     [&](const auto& field) { return Contains(*field->type(), wanted); });
}

bool ContainsDictionary(const DataType& type) {
  return Contains(type, [](Type::type id) { return id == Type::DICTIONARY; });
}

bool ContainsView(const DataType& type) {
  return Contains(type, [](Type::type id) {
    return id == Type::STRING_VIEW || id == Type::BINARY_VIEW;
  });
}

/// The type a dictionary stores its values in; view arrays have no take and no
/// unification.
TypePtr WithoutView(const TypePtr& type) {
  if (type->id() == Type::STRING_VIEW) return arrow::utf8();
  if (type->id() == Type::BINARY_VIEW) return arrow::binary();
  return type;
}

/// `type` with the child types `fields`.
TypePtr WithFields(const DataType& type, arrow::FieldVector fields) {
  switch (type.id()) {
    case Type::LIST:
      return arrow::list(fields[0]);
    case Type::LARGE_LIST:
      return arrow::large_list(fields[0]);
    case Type::LIST_VIEW:
      return arrow::list_view(fields[0]);
    case Type::LARGE_LIST_VIEW:
      return arrow::large_list_view(fields[0]);
    case Type::FIXED_SIZE_LIST:
      return arrow::fixed_size_list(
          fields[0], checked_cast<const arrow::FixedSizeListType&>(type).list_size());
    case Type::MAP:
      return std::make_shared<arrow::MapType>(
          fields[0]->type()->field(0), fields[0]->type()->field(1),
          checked_cast<const arrow::MapType&>(type).keys_sorted());
    case Type::STRUCT:
      return arrow::struct_(std::move(fields));
    case Type::SPARSE_UNION:
      return arrow::sparse_union(
          std::move(fields), checked_cast<const arrow::UnionType&>(type).type_codes());
    case Type::DENSE_UNION:
      return arrow::dense_union(std::move(fields),
                                checked_cast<const arrow::UnionType&>(type).type_codes());
    case Type::RUN_END_ENCODED:
      return arrow::run_end_encoded(fields[0]->type(), fields[1]->type());
    default:
      return nullptr;
  }
}

/// `type` without any dictionary.
TypePtr PlainType(const TypePtr& type) {
  if (!ContainsDictionary(*type)) return type;
  if (type->id() == Type::EXTENSION) return PlainType(StorageOf(type));
  if (type->id() == Type::DICTIONARY) {
    const auto& dictionary = checked_cast<const arrow::DictionaryType&>(*type);
    return PlainType(WithoutView(dictionary.value_type()));
  }
  arrow::FieldVector fields;
  for (const auto& field : type->fields()) {
    fields.push_back(field->WithType(PlainType(field->type())));
  }
  return WithFields(*type, std::move(fields));
}

arrow::compute::ExecContext Context(MemoryPool* pool) {
  arrow::compute::ExecContext context(pool);
  context.set_use_threads(false);
  return context;
}

Result<ArrayPtr> CastTo(const ArrayPtr& array, const TypePtr& type, MemoryPool* pool) {
  if (array->type()->Equals(*type)) return array;
  auto context = Context(pool);
  return arrow::compute::Cast(*array, type, arrow::compute::CastOptions::Safe(),
                              &context);
}

Result<std::shared_ptr<ArrayData>> PlainData(const ArrayData& data, MemoryPool* pool) {
  auto plain = data.Copy();
  if (!ContainsDictionary(*data.type)) return plain;
  if (data.type->id() == Type::EXTENSION) {
    plain->type = StorageOf(data.type);
    return PlainData(*plain, pool);
  }
  if (data.type->id() == Type::DICTIONARY) {
    ARROW_ASSIGN_OR_RAISE(auto values, PlainData(*data.dictionary, pool));
    ArrayPtr dictionary = arrow::MakeArray(values);
    ARROW_ASSIGN_OR_RAISE(dictionary,
                          CastTo(dictionary, WithoutView(dictionary->type()), pool));
    plain->type = checked_cast<const arrow::DictionaryType&>(*data.type).index_type();
    plain->dictionary = nullptr;
    auto context = Context(pool);
    ARROW_ASSIGN_OR_RAISE(
        auto taken,
        arrow::compute::Take(*dictionary, *arrow::MakeArray(plain),
                             arrow::compute::TakeOptions::BoundsCheck(), &context));
    return taken->data();
  }
  for (auto& child : plain->child_data) {
    ARROW_ASSIGN_OR_RAISE(child, PlainData(*child, pool));
  }
  plain->type = PlainType(data.type);
  return plain;
}

/// Copies the rows of `array` alone; its variadic buffers may hold many more.
Result<ArrayPtr> CompactViews(const ArrayPtr& array, MemoryPool* pool) {
  std::unique_ptr<arrow::ArrayBuilder> builder;
  ARROW_RETURN_NOT_OK(arrow::MakeBuilder(pool, array->type(), &builder));
  const Status copied =
      builder->AppendArraySlice(arrow::ArraySpan(*array->data()), 0, array->length());
  if (copied.IsNotImplemented()) return array;
  ARROW_RETURN_NOT_OK(copied);
  return builder->Finish();
}

Result<ArrayPtr> Encode(const ArrayPtr& plain, MemoryPool* pool) {
  auto context = Context(pool);
  ARROW_ASSIGN_OR_RAISE(
      auto encoded,
      arrow::compute::DictionaryEncode(
          plain, arrow::compute::DictionaryEncodeOptions::Defaults(), &context));
  return encoded.make_array();
}

/// `array`, a dictionary or plain, as a dictionary of `type` whose values are not null.
Result<ArrayPtr> ToDictionary(ArrayPtr array, const TypePtr& type, MemoryPool* pool) {
  const auto& stored = checked_cast<const arrow::DictionaryType&>(*type);
  const bool has_null_values =
      array->type_id() == Type::DICTIONARY &&
      checked_cast<const arrow::DictionaryArray&>(*array).dictionary()->null_count() > 0;
  if (array->type()->Equals(*type) && !has_null_values) return array;
  if (has_null_values) {
    ARROW_ASSIGN_OR_RAISE(array, Decode(array, pool));
  }
  if (array->type_id() != Type::DICTIONARY) {
    ARROW_ASSIGN_OR_RAISE(array, CastTo(array, stored.value_type(), pool));
    ARROW_ASSIGN_OR_RAISE(array, Encode(array, pool));
  }
  const auto& encoded = checked_cast<const arrow::DictionaryArray&>(*array);
  ARROW_ASSIGN_OR_RAISE(auto indices,
                        CastTo(encoded.indices(), stored.index_type(), pool));
  ARROW_ASSIGN_OR_RAISE(auto values,
                        CastTo(encoded.dictionary(), stored.value_type(), pool));
  return std::make_shared<arrow::DictionaryArray>(type, indices, values);
}

Result<ArrayPtr> ToStoredColumn(ArrayPtr array, const TypePtr& type, MemoryPool* pool) {
  if (type->id() == Type::DICTIONARY) return ToDictionary(std::move(array), type, pool);
  if (ContainsDictionary(*array->type())) {
    ARROW_ASSIGN_OR_RAISE(array, Decode(array, pool));
  }
  if (ContainsView(*array->type())) {
    ARROW_ASSIGN_OR_RAISE(array, CompactViews(array, pool));
  }
  return CastTo(array, type, pool);
}

template <typename Offset>
std::shared_ptr<arrow::Buffer> UsedBytes(const ArrayData& data) {
  if (data.buffers[1] == nullptr || data.buffers[2] == nullptr) return data.buffers[2];
  const int64_t used = data.length == 0 ? 0 : data.GetValues<Offset>(1)[data.length];
  if (used < 0 || used >= data.buffers[2]->size()) return data.buffers[2];
  return arrow::SliceBuffer(data.buffers[2], 0, used);
}

/// `data` with string bytes that end where the last string does. What an array holds
/// beyond depends on how it was made, and the IPC writer pads with it.
std::shared_ptr<ArrayData> Trimmed(const std::shared_ptr<ArrayData>& data) {
  auto trimmed = data->Copy();
  if (arrow::is_binary_like(data->type->id())) {
    trimmed->buffers[2] = UsedBytes<int32_t>(*data);
  } else if (arrow::is_large_binary_like(data->type->id())) {
    trimmed->buffers[2] = UsedBytes<int64_t>(*data);
  }
  for (auto& child : trimmed->child_data) child = Trimmed(child);
  return trimmed;
}

}  // namespace

std::shared_ptr<arrow::Schema> StoredSchema(const arrow::Schema& schema,
                                            const KeepsDictionary& keeps,
                                            const TypePtr& index_type) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    TypePtr type = field->type();
    if (type->id() == Type::DICTIONARY) {
      const auto& dictionary = checked_cast<const arrow::DictionaryType&>(*type);
      const TypePtr values = WithoutView(dictionary.value_type());
      const TypePtr& indices =
          index_type == nullptr ? dictionary.index_type() : index_type;
      type = keeps(*values) ? arrow::dictionary(indices, values, dictionary.ordered())
                            : PlainType(type);
    } else {
      type = PlainType(type);
    }
    fields.push_back(field->WithType(type));
  }
  return arrow::schema(std::move(fields), schema.metadata());
}

Result<std::shared_ptr<arrow::RecordBatch>> ToStored(
    const arrow::RecordBatch& batch, const std::shared_ptr<arrow::Schema>& stored,
    MemoryPool* pool) {
  if (batch.num_columns() != stored->num_fields()) {
    return InternalError("a batch of ", batch.num_columns(), " columns, expected ",
                         stored->num_fields());
  }
  arrow::ArrayVector columns;
  columns.reserve(batch.num_columns());
  for (int column = 0; column < batch.num_columns(); ++column) {
    const auto& field = stored->field(column);
    auto converted = ToStoredColumn(batch.column(column), field->type(), pool);
    if (!converted.ok()) return At("column '" + field->name() + "'", converted.status());
    columns.push_back(arrow::MakeArray(Trimmed((*converted)->data())));
  }
  return arrow::RecordBatch::Make(stored, batch.num_rows(), std::move(columns));
}

Result<ArrayPtr> Decode(const ArrayPtr& array, MemoryPool* pool) {
  if (array->type_id() == Type::DICTIONARY) {
    ARROW_ASSIGN_OR_RAISE(auto plain, PlainData(*array->data(), pool));
    return arrow::MakeArray(plain);
  }
  // Lets go of the rows outside a slice before their values are decoded.
  ARROW_ASSIGN_OR_RAISE(auto compact, arrow::Concatenate({array}, pool));
  ARROW_ASSIGN_OR_RAISE(auto plain, PlainData(*compact->data(), pool));
  return arrow::MakeArray(plain);
}

}  // namespace windrow::sink
