// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"
#include "windrow/exec/task_slots.h"

namespace windrow::sink {

/// A run with two slots and a folder of its own.
struct TestRun {
  TestRun() {
    context.pool = arrow::default_memory_pool();
    context.slots = &slots;
    std::filesystem::create_directories(folder);
  }
  ~TestRun() { std::filesystem::remove_all(folder); }

  std::string folder = testing::TempDir() + "sink-" + std::to_string(getpid());
  exec::TaskSlots slots{2};
  exec::RunContext context;
};

inline std::shared_ptr<arrow::Array> Json(const std::shared_ptr<arrow::DataType>& type,
                                          const std::string& text) {
  return arrow::json::ArrayFromJSONString(type, text).ValueOrDie();
}

inline std::shared_ptr<arrow::Array> Coded(
    const std::string& codes, const std::shared_ptr<arrow::DataType>& code_type,
    const std::string& values, const std::shared_ptr<arrow::DataType>& type) {
  return arrow::json::DictArrayFromJSONString(arrow::dictionary(code_type, type), codes,
                                              values)
      .ValueOrDie();
}

inline std::shared_ptr<arrow::RecordBatch> BatchOf(
    const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  const int64_t num_rows = arrays.empty() ? 0 : arrays.front()->length();
  return arrow::RecordBatch::Make(arrow::schema(fields), num_rows, arrays);
}

/// Four rows of every type that both formats hold, with a null in each column.
inline std::shared_ptr<arrow::RecordBatch> EveryPlainType() {
  std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>> columns;
  auto add = [&](const std::shared_ptr<arrow::DataType>& type, const std::string& text) {
    columns.emplace_back(type->ToString() + std::to_string(columns.size()),
                         Json(type, text));
  };
  for (const auto& type :
       {arrow::int8(), arrow::int16(), arrow::int32(), arrow::int64(), arrow::uint8(),
        arrow::uint16(), arrow::uint32(), arrow::uint64(), arrow::float32(),
        arrow::float64(), arrow::date32(), arrow::time32(arrow::TimeUnit::MILLI),
        arrow::time64(arrow::TimeUnit::MICRO), arrow::time64(arrow::TimeUnit::NANO),
        arrow::timestamp(arrow::TimeUnit::MILLI), arrow::timestamp(arrow::TimeUnit::NANO),
        arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
        arrow::duration(arrow::TimeUnit::MICRO)}) {
    add(type, "[1, null, 3, 100]");
  }
  add(arrow::null(), "[null, null, null, null]");
  add(arrow::boolean(), "[true, null, false, true]");
  add(arrow::decimal128(9, 2), R"(["1.25", null, "-3.00", "0.01"])");
  add(arrow::decimal256(50, 2), R"(["1.25", null, "-3.00", "0.01"])");
  add(arrow::fixed_size_binary(3), R"(["abc", null, "def", "ghi"])");
  for (const auto& type : {arrow::utf8(), arrow::large_utf8(), arrow::binary(),
                           arrow::large_binary(), arrow::utf8_view()}) {
    add(type, R"(["", null, "a text longer than twelve bytes", "z"])");
  }
  add(arrow::list(arrow::int32()), "[[1, null], null, [], [4]]");
  add(arrow::large_list(arrow::utf8()), R"([["x"], null, [], ["y", null]])");
  add(arrow::fixed_size_list(arrow::int8(), 2), "[[1, 2], null, [null, 3], [4, 5]]");
  add(arrow::struct_(
          {arrow::field("a", arrow::int32()), arrow::field("b", arrow::utf8())}),
      R"([{"a": 1, "b": "x"}, null, {"a": null, "b": "y"}, {"a": 3, "b": null}])");
  add(arrow::map(arrow::utf8(), arrow::int32()),
      R"([[["k", 1]], null, [], [["l", null], ["m", 2]]])");
  return BatchOf(columns);
}

/// Encodes and writes `batches`, then finishes and commits.
inline Status WriteAll(exec::Sink* sink,
                       const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches) {
  for (const auto& batch : batches) {
    ARROW_ASSIGN_OR_RAISE(auto encoded, sink->Encode(batch));
    ARROW_RETURN_NOT_OK(sink->Write(std::move(encoded)));
  }
  ARROW_RETURN_NOT_OK(sink->Finish());
  return sink->Commit();
}

}  // namespace windrow::sink
