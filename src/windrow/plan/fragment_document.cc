// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/fragment_document.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/type.h>
#include <arrow/util/base64.h>

#include "windrow/base/check.h"
#include "windrow/plan/plan_json.h"

namespace windrow::plan {
namespace {

using Json = rapidjson::Value;
using SchemaPtr = std::shared_ptr<arrow::Schema>;

/// Bytes of any kind.
std::string Coded(std::string_view bytes) { return arrow::util::base64_encode(bytes); }

Result<std::string> Decoded(const Json& json) {
  return arrow::util::base64_decode(TextOf(json));
}

std::string SchemaText(const arrow::Schema& schema) {
  const auto bytes = arrow::ipc::SerializeSchema(schema).ValueOrDie();
  return Coded(std::string_view(*bytes));
}

Result<SchemaPtr> SchemaOf(const Json& json) {
  ARROW_ASSIGN_OR_RAISE(const std::string bytes, Decoded(json));
  arrow::io::BufferReader reader(arrow::Buffer::FromString(bytes));
  arrow::ipc::DictionaryMemo memo;
  return arrow::ipc::ReadSchema(&reader, &memo);
}

/// Types as a schema of nameless columns.
SchemaPtr TypesAsSchema(const std::vector<std::shared_ptr<arrow::DataType>>& types) {
  arrow::FieldVector fields;
  for (const auto& type : types) fields.push_back(arrow::field("", type));
  return arrow::schema(std::move(fields));
}

void PutExchange(PlanWriter& json, const ExchangeSpec& exchange) {
  json.StartObject();
  Put(json, "kind", static_cast<int64_t>(exchange.kind));
  Put(json, "partitions", int64_t{exchange.partitions});
  json.Key("keys");
  PutTexts(json, exchange.keys);
  Put(json, "types", SchemaText(*TypesAsSchema(exchange.types)));
  Put(json, "null_keys", static_cast<int64_t>(exchange.null_keys));
  json.Key("sort_keys");
  PutSortKeys(json, exchange.sort_keys);
  json.Key("bounds");
  json.StartArray();
  for (const std::string& bound : exchange.bounds) PutText(json, Coded(bound));
  json.EndArray();
  json.Key("takes_sample");
  json.Bool(exchange.takes_sample);
  json.EndObject();
}

Result<ExchangeSpec> ExchangeOf(const Json& json) {
  ExchangeSpec exchange;
  exchange.kind = static_cast<ExchangeSpec::Kind>(json["kind"].GetInt64());
  exchange.partitions = json["partitions"].GetInt();
  exchange.keys = TextsOf(json["keys"]);
  ARROW_ASSIGN_OR_RAISE(const SchemaPtr types, SchemaOf(json["types"]));
  for (const auto& field : types->fields()) exchange.types.push_back(field->type());
  exchange.null_keys = static_cast<ExchangeSpec::NullKeys>(json["null_keys"].GetInt64());
  exchange.sort_keys = SortKeysOf(json["sort_keys"]);
  for (const Json& bound : json["bounds"].GetArray()) {
    ARROW_ASSIGN_OR_RAISE(exchange.bounds.emplace_back(), Decoded(bound));
  }
  exchange.takes_sample = json["takes_sample"].GetBool();
  return exchange;
}

/// A document of this kind and version.
Result<rapidjson::Document> Parsed(std::string_view text, const char* kind) {
  rapidjson::Document json;
  json.Parse(text.data(), text.size());
  if (json.HasParseError() || !json.IsObject() || !json.HasMember(kind) ||
      !json[kind].IsInt()) {
    return InternalError("found no document of a ", kind);
  }
  if (json[kind].GetInt() != kFragmentVersion) {
    return InternalError("found version ", json[kind].GetInt(), " of a ", kind,
                         "; expected ", kFragmentVersion,
                         ": all nodes need the same version of Windrow");
  }
  return json;
}

}  // namespace

std::string WriteFragment(const Fragment& fragment, const std::string& job) {
  rapidjson::StringBuffer text;
  PlanWriter json(text);
  json.StartObject();
  Put(json, "windrow_fragment", int64_t{kFragmentVersion});
  Put(json, "id", int64_t{fragment.id});
  Put(json, "job", job);
  json.Key("sources");
  PutTexts(json, fragment.sources);
  json.Key("inputs");
  json.StartObject();
  for (const auto& [name, schema] : fragment.inputs) {
    Put(json, name.c_str(), SchemaText(*schema));
  }
  json.EndObject();
  json.Key("plan");
  PutPlan(json, *fragment.root);
  json.Key("exchange");
  PutExchange(json, fragment.exchange);
  json.EndObject();
  return text.GetString();
}

std::string WriteTask(const Fragment& fragment, size_t task) {
  const FragmentTask& written = fragment.tasks[task];
  rapidjson::StringBuffer text;
  PlanWriter json(text);
  json.StartObject();
  Put(json, "windrow_task", int64_t{kFragmentVersion});
  Put(json, "fragment", int64_t{fragment.id});
  Put(json, "task", static_cast<int64_t>(task));
  Put(json, "first_row", written.first_row);
  if (written.split.has_value()) {
    json.Key("split");
    json.StartObject();
    Put(json, "source", written.split->source);
    Put(json, "begin", written.split->chunks.begin);
    Put(json, "end", written.split->chunks.end);
    Put(json, "table_rows", written.split->table_rows);
    json.EndObject();
  }
  json.Key("pieces");
  json.StartArray();
  for (const PieceInput& input : written.inputs) {
    json.StartArray();
    PutText(json, input.name);
    json.Uint64(input.pieces.size());
    json.EndArray();
  }
  json.EndArray();
  json.EndObject();
  return text.GetString();
}

std::string WriteTaskResult(const TaskResult& result) {
  rapidjson::StringBuffer text;
  PlanWriter json(text);
  json.StartObject();
  Put(json, "windrow_result", int64_t{kFragmentVersion});
  Put(json, "fragment", int64_t{result.fragment});
  Put(json, "task", int64_t{result.task});
  json.Key("pieces");
  json.StartArray();
  for (const PieceSize& piece : result.pieces) {
    json.Int64(piece.rows);
    json.Int64(piece.bytes);
  }
  json.EndArray();
  json.Key("sample");
  json.StartArray();
  for (const std::string& key : result.sample) PutText(json, Coded(key));
  json.EndArray();
  Put(json, "steps", result.steps);
  json.EndObject();
  return text.GetString();
}

Result<TaskDocument> ReadTask(std::string_view document) {
  ARROW_ASSIGN_OR_RAISE(const auto json, Parsed(document, "windrow_task"));
  TaskDocument task;
  task.fragment = json["fragment"].GetInt();
  task.task = json["task"].GetInt();
  task.first_row = json["first_row"].GetInt64();
  if (json.HasMember("split")) {
    const Json& split = json["split"];
    task.split = {TextOf(split["source"]),
                  {split["begin"].GetInt64(), split["end"].GetInt64()},
                  split["table_rows"].GetInt64()};
  }
  for (const Json& input : json["pieces"].GetArray()) {
    task.inputs.emplace_back(TextOf(input[0]), input[1].GetUint64());
  }
  return task;
}

Result<TaskResult> ReadTaskResult(std::string_view document) {
  ARROW_ASSIGN_OR_RAISE(const auto json, Parsed(document, "windrow_result"));
  TaskResult result;
  result.fragment = json["fragment"].GetInt();
  result.task = json["task"].GetInt();
  const auto& pieces = json["pieces"].GetArray();
  for (rapidjson::SizeType i = 0; i + 1 < pieces.Size(); i += 2) {
    result.pieces.push_back({pieces[i].GetInt64(), pieces[i + 1].GetInt64()});
  }
  for (const Json& key : json["sample"].GetArray()) {
    ARROW_ASSIGN_OR_RAISE(result.sample.emplace_back(), Decoded(key));
  }
  result.steps = TextOf(json["steps"]);
  return result;
}

Result<FragmentDocument> ReadFragment(std::string_view document) {
  ARROW_ASSIGN_OR_RAISE(const auto json, Parsed(document, "windrow_fragment"));
  FragmentDocument fragment;
  fragment.job = TextOf(json["job"]);
  fragment.sources = TextsOf(json["sources"]);
  for (const auto& input : json["inputs"].GetObject()) {
    ARROW_ASSIGN_OR_RAISE(fragment.inputs[TextOf(input.name)], SchemaOf(input.value));
  }
  return fragment;
}

Result<LogicalPlan> ReadFragmentPlan(std::string_view document, const TaskDocument& task,
                                     const OpenTables& tables) {
  ARROW_ASSIGN_OR_RAISE(const auto json, Parsed(document, "windrow_fragment"));
  LogicalPlan plan;
  ARROW_ASSIGN_OR_RAISE(plan.root, PlanOf(json["plan"], tables, task.first_row));
  ARROW_ASSIGN_OR_RAISE(ExchangeSpec exchange, ExchangeOf(json["exchange"]));
  exchange.first_partition = task.task;
  plan.exchange = std::make_shared<const ExchangeSpec>(std::move(exchange));
  return plan;
}

}  // namespace windrow::plan
