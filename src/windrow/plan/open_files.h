// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <vector>

#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"
#include "windrow/exec/table.h"
#include "windrow/flight/server_access.h"
#include "windrow/fs/object_store.h"
#include "windrow/op/rebatch.h"
#include "windrow/plan/job_spec.h"
#include "windrow/plan/open_postgres.h"
#include "windrow/sink/partitioned_sink.h"

namespace windrow::plan {

/// Opens the table a source names: files by listing, generated data, a database's, a
/// server's. Reads metadata only.
Result<std::shared_ptr<exec::Table>> OpenTable(const SourceSpec& source,
                                               const Databases& databases,
                                               const fs::ObjectAccess& objects,
                                               const flight::ServerAccess& servers);

/// Some chunks of a table as a table of their own (source/table_part.h).
std::shared_ptr<exec::Table> OpenTablePart(std::shared_ptr<exec::Table> table,
                                           exec::ChunkRange chunks);

/// A table of rows that are in memory already.
std::shared_ptr<exec::Table> OpenBatch(std::shared_ptr<arrow::RecordBatch> rows);

/// The same as batches that all have `schema`, of another library perhaps; see
/// source/memory_table.h.
std::shared_ptr<exec::Table> OpenBatches(
    std::shared_ptr<arrow::Schema> schema,
    std::vector<std::shared_ptr<arrow::RecordBatch>> rows);

/// The rows of an exchange's pieces; see source/piece_table.h.
Result<std::shared_ptr<exec::Table>> OpenPieces(
    std::shared_ptr<arrow::Schema> schema,
    const std::vector<std::shared_ptr<arrow::Buffer>>& pieces);
/// The same, each piece fetched when its turn to be read has come.
std::shared_ptr<exec::Table> OpenPieceStream(
    std::shared_ptr<arrow::Schema> schema, size_t pieces,
    std::function<Result<std::shared_ptr<arrow::Buffer>>(size_t)> fetch);

/// Opens a reader of a stream's rows. Called by the thread that fetches, once a scan.
using ReaderOpener = std::function<Result<std::shared_ptr<arrow::RecordBatchReader>>()>;

/// A table whose rows are pulled while a scan goes on; see source/stream_table.h.
std::shared_ptr<exec::Table> OpenStream(std::shared_ptr<arrow::Schema> schema,
                                        ReaderOpener open, bool is_read_once);

/// The table through which the rows of a step are read that another stage keeps.
std::shared_ptr<exec::Table> OpenKeptTable(std::shared_ptr<arrow::Schema> schema);

/// The format a file is written in: the one given, or what its name says.
FileFormat FormatOf(const WriteSpec& write);

/// Size of the batches a file with these columns is written in.
op::Rebatch::Size SinkBatch(const WriteSpec& write, const arrow::Schema& schema,
                            const exec::RunContext& context);

/// Opens the file a sink writes; an unwritable path fails here.
Result<std::unique_ptr<exec::Sink>> OpenWriteSink(
    const WriteSpec& write, const std::shared_ptr<arrow::Schema>& schema,
    exec::RunContext* context);

/// The same for a sink with partition_by.
Result<std::unique_ptr<sink::PartitionedSink>> OpenPartitionedSink(
    const WriteSpec& write, const std::shared_ptr<arrow::Schema>& schema,
    exec::RunContext* context);

}  // namespace windrow::plan
