# SPDX-License-Identifier: Apache-2.0
"""DuckDB: SQL over Parquet files, or over mapped Arrow files through pyarrow."""

from __future__ import annotations

from typing import Any

from serve import Case, Query, serve_works, threads

connection: Any = None


def prepare() -> dict[str, Any]:
    """Opens an in-memory database and gives it its best settings for these works."""
    global connection
    import duckdb
    import pyarrow

    connection = duckdb.connect()
    connection.execute(f"SET threads = {threads()}")
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("SET parquet_metadata_cache = true")
    pyarrow.set_cpu_count(threads())
    return {"version": duckdb.__version__}


def relation(name: str, path: str, through: str) -> str:
    """Returns the SQL that reads `path`, registering Arrow data under `name`."""
    if through == "parquet":
        return f"read_parquet('{path}')"
    import pyarrow as pa
    import pyarrow.dataset as ds
    import pyarrow.fs as fs

    if through == "table":
        source: Any = pa.ipc.open_file(pa.memory_map(path)).read_all()
    else:
        mapped = fs.LocalFileSystem(use_mmap=True)
        source = ds.dataset(path, format="ipc", filesystem=mapped)
    connection.register(name, source)
    return name


def enrich(case: Case) -> Query:
    """Joins quotes with securities; see enrich.py for the case."""

    def run() -> Any:
        quotes = relation("quotes", case["quotes"], case["through"])
        securities = relation("securities", case["securities"], case["through"])
        joined = f"FROM {quotes} q JOIN {securities} s ON q.instrumentId = s.ID"
        if case["columns"] == "count":
            # fetchone would leave the result open and block the next run.
            return int(connection.execute(f"SELECT count(*) {joined}").fetchall()[0][0])
        names = case["quote_columns"] + case["security_columns"]
        picked = ", ".join(
            [f'q."{name}"' for name in case["quote_columns"]]
            + [f's."{name}"' for name in case["security_columns"]]
        )
        table = connection.execute(f"SELECT {picked} {joined}").to_arrow_table()
        # Names that differ in case only come back changed.
        return table.rename_columns(names)

    return run


if __name__ == "__main__":
    serve_works(prepare, {"enrich": enrich})
