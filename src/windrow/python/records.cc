// SPDX-License-Identifier: Apache-2.0
#include "windrow/python/records.h"

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <string>
#include <vector>

#include "windrow/python/gil.h"
#include "windrow/python/raise.h"
#include "windrow/python/result_table.h"
#include "windrow/source/record_reader.h"

namespace windrow::python {
namespace {

namespace nb = nanobind;
using namespace nb::literals;
using source::RecordReader;

std::shared_ptr<RecordReader> Open(const std::vector<std::string>& paths) {
  return ValueOrRaise([&]() -> Result<std::shared_ptr<RecordReader>> {
    const WithoutGil unlocked;
    return RecordReader::Open(paths);
  }());
}

nb::bytes Read(const RecordReader& reader, int64_t number) {
  const auto bytes = ValueOrRaise([&] {
    const WithoutGil unlocked;
    return reader.Read(number, arrow::default_memory_pool());
  }());
  return nb::bytes(bytes->data(), static_cast<size_t>(bytes->size()));
}

Result<std::shared_ptr<arrow::RecordBatch>> RowsOf(const RecordReader& reader,
                                                   int64_t number,
                                                   const std::string& column) {
  arrow::MemoryPool* pool = arrow::default_memory_pool();
  ARROW_ASSIGN_OR_RAISE(const auto bytes, reader.Read(number, pool));
  auto rows = source::ReadIpcRecord(bytes, column, pool);
  if (rows.ok()) return rows;
  return At(internal::Words(reader.PathOf(number), ": record ", number), rows.status());
}

ResultTable ReadRows(const RecordReader& reader, const std::vector<int64_t>& numbers,
                     const std::string& column) {
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  RaiseIfFailed([&]() -> Status {
    const WithoutGil unlocked;
    for (const int64_t number : numbers) {
      ARROW_ASSIGN_OR_RAISE(batches.emplace_back(), RowsOf(reader, number, column));
      if (!batches.back()->schema()->Equals(*batches[0]->schema())) {
        return DataError(reader.PathOf(number), ": record ", number, ": found columns ",
                         batches.back()->schema()->ToString(), "; expected ",
                         batches[0]->schema()->ToString());
      }
    }
    return Status::OK();
  }());
  if (batches.empty()) throw nb::value_error("expected at least one record");
  auto schema = batches[0]->schema();
  return {std::move(schema), std::move(batches)};
}

}  // namespace

void DefineRecords(nb::module_& module) {
  nb::class_<RecordReader>(module, "RecordReader")
      .def(nb::new_(&Open), "paths"_a)
      .def("__len__", &RecordReader::num_records)
      .def("read", &Read, "number"_a)
      .def("read_rows", &ReadRows, "numbers"_a, "column"_a);
}

}  // namespace windrow::python
