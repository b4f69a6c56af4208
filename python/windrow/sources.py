# SPDX-License-Identifier: Apache-2.0
"""Where rows come from: files, servers, data bases, memory."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

from windrow import _native
from windrow.errors import UserError
from windrow.job import DOCUMENT, Job, Source
from windrow.options import RunOptions, native_options
from windrow.table import Table

if TYPE_CHECKING:
    from windrow.frame import LazyFrame

Paths: TypeAlias = "str | os.PathLike[str] | Sequence[str | os.PathLike[str]]"

# Their streams are their memory: read at once, without a copy, as often as one likes.
_HELD = {
    ("pyarrow", "Table"),
    ("pyarrow", "RecordBatch"),
    ("pyarrow", "ChunkedArray"),
    ("polars", "DataFrame"),
    ("pandas", "DataFrame"),
    ("nanoarrow", "Array"),
}


def scan(
    paths: Paths,
    *,
    format: str | None = None,
    schema: Mapping[str, str] | None = None,
    allow_empty: bool = False,
    name: str | None = None,
    **options: Unpack[RunOptions],
) -> LazyFrame:
    """Files, folders, globs, ``s3://`` objects or tables of ``grpc://`` servers, read as one table.

    `format` is "arrow", "parquet" or "arrayrecord"; without it the content of each file
    decides. `schema` declares the columns, whatever each file has, by SQL types; with it,
    `allow_empty` lets paths have no files. `name` is the source's name in the job. Only
    metadata is read; `options` say how to reach it, and `configure` sets them for the
    runs, too.

    Raises `StorageError` for a path that matches nothing and `DataError` for a damaged file.

    >>> wr.from_dict({"id": [1, 2]}).sink_parquet("ids.parquet")["rows_out"]
    {'ids.parquet': 2}
    >>> wr.scan("ids.parquet").schema
    Schema({'id': 'int64'})
    """
    texts = _texts(paths)
    spec: dict[str, Any] = {"scan": texts[0] if len(texts) == 1 else texts}
    if format is not None:
        spec["format"] = format
    if schema is not None:
        spec["schema"] = dict(schema)
    if allow_empty:
        spec["allow_empty"] = True
    return _open(name or _name_of(texts[0]), spec, options)


def scan_parquet(paths: Paths, **options: Unpack[RunOptions]) -> LazyFrame:
    """Parquet files; see `scan`.

    >>> _ = wr.from_dict({"id": [1, 2]}).sink_parquet("ids.parquet")
    >>> wr.scan_parquet("ids.parquet").collect().num_rows
    2
    """
    return scan(paths, format="parquet", **options)


def scan_ipc(paths: Paths, **options: Unpack[RunOptions]) -> LazyFrame:
    """Arrow IPC files, also called Feather; see `scan`.

    >>> _ = wr.from_dict({"id": [1, 2]}).sink_ipc("ids.arrow")
    >>> wr.scan_ipc("ids.arrow").collect().num_rows
    2
    """
    return scan(paths, format="arrow", **options)


def scan_array_record(paths: Paths, **options: Unpack[RunOptions]) -> LazyFrame:
    """ArrayRecord files, as one column `record` of bytes; see `scan`.

    >>> _ = wr.from_dict({"record": [b"a", b"b"]}).sink_array_record("r.arrayrecord")
    >>> wr.scan_array_record("r.arrayrecord").collect().to_pydict()
    {'record': [b'a', b'b']}
    """
    return scan(paths, format="arrayrecord", **options)


def scan_postgres(
    url: str,
    *,
    table: str | None = None,
    query: str | None = None,
    name: str | None = None,
    **options: Unpack[RunOptions],
) -> LazyFrame:
    """A table, view or query of a PostgreSQL data base. One of `table` and `query` is given.

    `url` is libpq's, with its parameters; ``schema=S`` names the schema of the tables.

    >>> nodes = wr.scan_postgres(
    ...     "postgresql://me@db.example/cost", table="nodes"
    ... )  # doctest: +SKIP
    """
    spec: dict[str, Any] = {"scan": url}
    if table is not None:
        spec["table"] = table
    if query is not None:
        spec["query"] = query
    return _open(name or (_word(table) if table else "") or "query", spec, options)


def generate(
    dataset: str, rows: int, *, seed: int | None = None, **settings: str | int | float | bool
) -> LazyFrame:
    """A data set made by rule, the same for the same seed, such as "quotes" or "pings".

    ``windrow help datasets`` lists them and their settings.

    >>> wr.generate("pings", 10).select("src_addr", "rtt").schema
    Schema({'src_addr': 'string', 'rtt': 'double'})
    """
    spec: dict[str, Any] = {"generate": dataset, "rows": rows, **settings}
    if seed is not None:
        spec["seed"] = seed
    return _open(dataset, spec, {})


def from_arrow(data: object, *, name: str = "rows") -> LazyFrame:
    """Rows in memory, or streamed from another library, without a copy.

    `data` has ``__arrow_c_stream__`` or ``__arrow_c_array__``, such as tables and batches of
    pyarrow, polars, pandas and nanoarrow, relations of DuckDB and results of Windrow; or it
    is an iterator of such batches. Tables in memory can be used again and again. What is a
    stream is read bit by bit while a run asks for it, within its memory; an iterator and a
    `pyarrow.RecordBatchReader` by one run only. What it raises comes out of the run as it
    is. `name` is the source's name in the job.

    >>> import pyarrow as pa
    >>> wr.from_arrow(pa.table({"id": [1, 2]})).collect().num_rows
    2
    >>> batches = (pa.record_batch({"id": [i]}) for i in range(3))
    >>> wr.from_arrow(batches).collect().to_pydict()
    {'id': [0, 1, 2]}
    """
    from windrow.frame import LazyFrame

    if isinstance(data, LazyFrame):
        return data
    rows = memory_rows(data)
    return LazyFrame._of(Source(_word(name) or "rows", {}, rows.schema, rows))


def from_dict(data: Mapping[str, Iterable[Any]], *, name: str = "rows") -> LazyFrame:
    """Columns of Python values, by way of `pyarrow.table`.

    >>> wr.from_dict({"id": [1, 2], "name": ["a", None]}).schema
    Schema({'id': 'int64', 'name': 'string'})
    """
    import pyarrow

    return from_arrow(pyarrow.table(dict(data)), name=name)


def memory_rows(data: object) -> _native.Table | _native.Stream:
    """`data` as the engine takes it."""
    from windrow.frame import LazyFrame

    if isinstance(data, Table):
        return data._native
    kind = type(data)
    is_held = (kind.__module__.split(".")[0], kind.__name__) in _HELD
    is_capsule = kind.__name__ == "PyCapsule"
    if is_held or is_capsule or hasattr(data, "__arrow_c_array__"):
        return _native.Table.from_arrow(data)
    if isinstance(data, LazyFrame) or hasattr(data, "__arrow_c_stream__"):
        return _native.Stream(data)
    if hasattr(data, "__next__"):
        return _native.Stream(data)
    raise TypeError(
        f"found {kind.__name__}; expected an object with __arrow_c_stream__ or "
        "__arrow_c_array__, or an iterator of such batches"
    )


def _open(name: str, spec: Mapping[str, Any], options: RunOptions) -> LazyFrame:
    from windrow.frame import LazyFrame

    source = Source(name, spec)
    schema = _native.schema_of(Job.of(source).text, DOCUMENT, {}, native_options(options))
    return LazyFrame._of(Source(name, spec, schema))


def _texts(paths: Paths) -> list[str]:
    if isinstance(paths, str | os.PathLike):
        paths = [paths]
    texts = [os.fspath(path) for path in paths]
    if not texts:
        raise UserError("found no path; expected at least one")
    return texts


def _name_of(path: str) -> str:
    """The last part of a path that says something, without its ending."""
    for part in reversed(re.split(r"[/\\]", path.split("?")[0])):
        if word := _word(part.split(".")[0]):
            return word
    return "source"


def _word(text: str) -> str:
    return re.sub(r"\W+", "_", text).strip("_")
