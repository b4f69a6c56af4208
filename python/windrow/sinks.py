# SPDX-License-Identifier: Apache-2.0
"""Where rows go: the part of a frame that writes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias, Unpack

from windrow.options import RunOptions

Path: TypeAlias = "str | os.PathLike[str]"
Report: TypeAlias = dict[str, Any]


class _Writes(Protocol):
    def _write(self, sink: Mapping[str, Any], options: RunOptions) -> Report: ...


class Sinks:
    """Methods of `LazyFrame` that run it and write its rows.

    Each returns the run report. An output appears whole or not at all: after an error its
    path holds what it held before.
    """

    __slots__ = ()

    def sink_parquet(
        self: _Writes,
        path: Path,
        *,
        compression: str | None = None,
        row_group_rows: int | None = None,
        types: Mapping[str, str] | None = None,
        partition_by: Mapping[str, Sequence[str]] | None = None,
        preserve_order: bool = True,
        **options: Unpack[RunOptions],
    ) -> Report:
        """Writes a Parquet file.

        `compression` is a codec, perhaps with a level, such as "zstd:3" ("snappy").
        `row_group_rows` bounds the rows of a row group. `types` stores columns as SQL types.
        `partition_by` gives a column of text and its values: a file each, where `path` holds
        the column's name in braces. Without `preserve_order` rows may be written as they are
        ready.

        >>> report = wr.from_dict({"id": [1, 2]}).sink_parquet("out.parquet")
        >>> report["rows_out"]
        {'out.parquet': 2}
        """
        sink = _sink(path, "parquet", compression, types, partition_by, preserve_order)
        if row_group_rows is not None:
            sink["row_group_rows"] = row_group_rows
        return self._write(sink, options)

    def sink_ipc(
        self: _Writes,
        path: Path,
        *,
        compression: str | None = None,
        types: Mapping[str, str] | None = None,
        partition_by: Mapping[str, Sequence[str]] | None = None,
        preserve_order: bool = True,
        **options: Unpack[RunOptions],
    ) -> Report:
        """Writes an Arrow IPC file, or with the ending `.arrows` a stream.

        `compression` is "none", "lz4" or "zstd", perhaps with a level ("none"). Other
        arguments are those of `sink_parquet`.

        >>> wr.from_dict({"id": [1, 2]}).sink_ipc("out.arrow")["rows_out"]
        {'out.arrow': 2}
        """
        sink = _sink(path, "arrow", compression, types, partition_by, preserve_order)
        return self._write(sink, options)

    def sink_ndjson(
        self: _Writes,
        path: Path,
        *,
        types: Mapping[str, str] | None = None,
        partition_by: Mapping[str, Sequence[str]] | None = None,
        preserve_order: bool = True,
        **options: Unpack[RunOptions],
    ) -> Report:
        """Writes a JSON object for each row, one a line. Arguments are those of `sink_parquet`.

        >>> _ = wr.from_dict({"id": [1]}).sink_ndjson("out.ndjson")
        >>> open("out.ndjson").read()
        '{"id":1}\\n'
        """
        sink = _sink(path, "ndjson", None, types, partition_by, preserve_order)
        return self._write(sink, options)

    def sink_array_record(
        self: _Writes,
        path: Path,
        *,
        compression: str | None = None,
        group_size: int | None = None,
        partition_by: Mapping[str, Sequence[str]] | None = None,
        **options: Unpack[RunOptions],
    ) -> Report:
        """Writes an ArrayRecord file: the one column, of bytes or text, a record each row.

        `group_size` records are compressed and read together (1). `compression` is "zstd:3"
        otherwise.

        >>> _ = wr.from_dict({"record": [b"a", b"b"]}).sink_array_record("out.arrayrecord")
        """
        sink = _sink(path, "arrayrecord", compression, None, partition_by, True)
        if group_size is not None:
            sink["group_size"] = group_size
        return self._write(sink, options)

    def sink_postgres(
        self: _Writes,
        url: str,
        *,
        table: str,
        replace_where: str | None = None,
        parallel: int | None = None,
        **options: Unpack[RunOptions],
    ) -> Report:
        """Writes into a table of PostgreSQL in one transaction, columns paired by name.

        Rows of the table for which the SQL condition `replace_where` is true make room.
        `parallel` connections take rows.

        >>> frame.sink_postgres(
        ...     "postgresql://me@db.example/cost", table="daily"
        ... )  # doctest: +SKIP
        """
        sink: dict[str, Any] = {"write": url, "table": table}
        if replace_where is not None:
            sink["replace_where"] = replace_where
        if parallel is not None:
            sink["parallel"] = parallel
        return self._write(sink, options)


def _sink(
    path: Path,
    format: str,
    compression: str | None,
    types: Mapping[str, str] | None,
    partition_by: Mapping[str, Sequence[str]] | None,
    preserve_order: bool,
) -> dict[str, Any]:
    sink: dict[str, Any] = {"write": os.fspath(path), "format": format}
    if compression is not None:
        sink["compression"] = compression
    if types is not None:
        sink["types"] = dict(types)
    if partition_by is not None:
        sink["partition_by"] = {name: list(values) for name, values in partition_by.items()}
    if not preserve_order:
        sink["preserve_order"] = False
    return sink
