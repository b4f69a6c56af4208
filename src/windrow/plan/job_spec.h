// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "windrow/plan/placed.h"
#include "windrow/plan/step_spec.h"
#include "windrow/plan/values_spec.h"

namespace windrow::plan {

enum class FileFormat { kArrow, kParquet, kArrayRecord, kNdjson };

/// The type a column is declared to have; see column/sql_type.h.
struct ColumnType {
  PlacedText column;
  PlacedText type;
  bool operator==(const ColumnType&) const = default;
};

/// Reads files. `paths` holds at least one path or glob; without a
/// format, each file's name and content decide. Or reads `table` or `query` of the
/// database whose URL is the only path (database_spec.h).
struct ScanSpec {
  std::vector<PlacedText> paths;
  std::optional<FileFormat> format;
  std::vector<ColumnType> schema;  ///< the scan's columns; empty: as the files have them
  bool allow_empty = false;        ///< no file makes no rows; with a schema only
  std::optional<PlacedText> table;
  std::optional<PlacedText> query;
  std::map<std::string, std::string> secrets;  ///< of the URL; never shown
  bool operator==(const ScanSpec&) const = default;
};

/// Makes rows of a known data set. `options` are the data set's own, as text.
struct GenerateSpec {
  PlacedText dataset;
  Placed<int64_t> rows;
  std::optional<int64_t> seed;  ///< without one, the data set's own
  std::map<std::string, PlacedText> options;
  bool operator==(const GenerateSpec&) const = default;
};

struct SourceSpec {
  PlacedText name;
  std::variant<ScanSpec, GenerateSpec, ValuesSpec> kind;
  bool operator==(const SourceSpec&) const = default;
};

/// Which of a sink's files a row goes to: the one for its value of `column`. Every value
/// has a file, also one without rows; the column itself is not written.
struct PartitionSpec {
  PlacedText column;
  std::vector<PlacedText> values;  ///< at least one
  bool operator==(const PartitionSpec&) const = default;
};

/// Writes a file, or with `partition_by` several (see partition_files.h). `compression`
/// is CODEC or CODEC:LEVEL ("zstd:3"); what is left out is the format's default, and the
/// path's ending decides the format. Or writes into `table` of the database whose URL is
/// the path; rows for which the condition `replace_where` holds make room.
struct WriteSpec {
  PlacedText path;
  PlacedText from;
  std::optional<FileFormat> format;
  std::optional<PlacedText> compression;
  bool preserve_order = true;
  std::optional<Placed<int64_t>> row_group_rows;
  std::optional<Placed<int64_t>> group_size;  ///< records of a chunk of ArrayRecord
  std::optional<PartitionSpec> partition_by;
  std::optional<PlacedText> manifest;  ///< name of a JSON file beside them
  std::vector<ColumnType> types;       ///< what columns are stored as
  std::optional<PlacedText> table;
  std::optional<PlacedText> replace_where;
  std::optional<Placed<int64_t>> parallel;     ///< connections that take rows
  std::map<std::string, std::string> secrets;  ///< of the URL; never shown
  bool operator==(const WriteSpec&) const = default;
};

/// Keeps the result in memory under `name`.
struct ResultSpec {
  PlacedText name;
  PlacedText from;
  bool operator==(const ResultSpec&) const = default;
};

using SinkSpec = std::variant<WriteSpec, ResultSpec>;

/// One job: what is read, what is done, what is written. A job that was read or passed
/// CompleteJobSpec has its steps in topological order (each after the steps it reads;
/// otherwise as written), so a single pass over `steps` sees inputs before their readers.
struct JobSpec {
  std::string document_name;  ///< for errors; no part of equality
  std::vector<SourceSpec> sources;
  std::vector<StepSpec> steps;
  std::vector<SinkSpec> sinks;
  friend bool operator==(const JobSpec& a, const JobSpec& b) {
    return a.sources == b.sources && a.steps == b.steps && a.sinks == b.sinks;
  }
};

/// What a sink writes, for reports and messages: its path, with the table after it if
/// there is one.
std::string TargetOf(const WriteSpec& write);

/// What the sink reads.
const PlacedText& InputOf(const SinkSpec& sink);

std::string_view FormatName(FileFormat format);

}  // namespace windrow::plan
