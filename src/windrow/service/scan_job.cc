// SPDX-License-Identifier: Apache-2.0
#include "windrow/service/scan_job.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>

#include "windrow/plan/job_spec_check.h"
#include "windrow/plan/open_files.h"
#include "windrow/plan/step_chain.h"

namespace windrow::service {
namespace {

constexpr char kTable[] = "table";
constexpr char kKeys[] = "keys";

}  // namespace

std::vector<std::string> ColumnsOf(const flight::ScanRequest& request,
                                   const arrow::Schema& schema) {
  return request.columns.has_value() ? *request.columns : schema.field_names();
}

Result<plan::PreparedJob> PrepareScan(const flight::ScanRequest& request,
                                      const ScanPart& part,
                                      std::shared_ptr<arrow::Array> keys,
                                      const exec::Switches& switches) {
  const arrow::Schema& schema = *part.served->table->schema();
  const std::vector<std::string> columns = ColumnsOf(request, schema);
  for (const std::string& name : columns) {
    ARROW_RETURN_NOT_OK(part.served->CheckColumn(name));
  }
  plan::Access access;
  access.opened[kTable] = part.chunks.has_value()
                              ? plan::OpenTablePart(part.served->table, *part.chunks)
                              : part.served->table;
  plan::JobSpec job;
  job.document_name = "table " + part.served->name;
  job.sources.push_back({kTable, plan::ScanSpec{{part.served->name}, std::nullopt}});
  plan::StepChain chain(&job, kTable);
  if (!request.where.empty()) chain.Add("where", plan::FilterSpec{request.where, ""});
  if (!request.key_column.empty()) {
    ARROW_RETURN_NOT_OK(part.served->CheckColumn(request.key_column));
    const auto field = arrow::field(request.key_column, keys->type());
    access.opened[kKeys] = plan::OpenBatch(
        arrow::RecordBatch::Make(arrow::schema({field}), keys->length(), {keys}));
    job.sources.push_back({kKeys, plan::ScanSpec{{kKeys}, std::nullopt}});
    plan::JoinSpec join;
    join.left = kKeys;
    join.on = {{request.key_column, request.key_column}};
    chain.AddJoin("with keys", std::move(join));
  }
  plan::SelectSpec select;
  for (const std::string& name : columns) select.columns.push_back({name, std::nullopt});
  chain.Add("columns", std::move(select));
  if (request.limit.has_value()) chain.Add("limit", plan::LimitSpec{*request.limit, ""});
  job.sinks.push_back(plan::ResultSpec{std::string(kScanResult), chain.last()});
  ARROW_RETURN_NOT_OK(plan::CompleteJobSpec(job));
  return plan::PrepareJob(job, switches, access);
}

Status CheckScan(const flight::ScanRequest& request, const ServedTable& served,
                 const exec::Switches& switches) {
  flight::ScanRequest rows = request;
  if (!request.key_column.empty()) {
    ARROW_RETURN_NOT_OK(served.CheckColumn(request.key_column));
    if (request.key_filter.empty()) {
      return UserError("the scan request: key 'key_column' without 'key_filter'");
    }
    rows.key_column.clear();
    rows.key_filter.clear();
  }
  return PrepareScan(rows, {&served, std::nullopt}, nullptr, switches).status();
}

Result<std::shared_ptr<arrow::Schema>> SchemaOf(const flight::ScanRequest& request,
                                                const ServedTable& served) {
  arrow::FieldVector fields;
  for (const std::string& name : ColumnsOf(request, *served.table->schema())) {
    ARROW_RETURN_NOT_OK(served.CheckColumn(name));
    fields.push_back(served.table->schema()->GetFieldByName(name));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace windrow::service
