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
        table = connection.sql(f"SELECT {picked} {joined}").to_arrow_table()
        # Names that differ in case only come back changed.
        return table.rename_columns(names)

    return run


def group_sql(case: Case) -> str:
    """Returns the query of a grouping; the one by sort leaves the lists to the client."""
    columns = ", ".join(case["columns"])
    rows = f"FROM read_parquet('{case['pings']}') WHERE src_addr IS NOT NULL"
    item = "struct_pack(" + ", ".join(f"{name} := {name}" for name in case["columns"]) + ")"
    lists = {
        "list_order_by": f"list({item} ORDER BY event_time)",
        # Structs compare by their first field first.
        "list_sort": f"list_sort(list({item}))",
    }
    if case["plan"] == "sort":
        return f"SELECT src_addr, {columns} {rows} ORDER BY src_addr, event_time"
    return f"SELECT src_addr, {lists[case['plan']]} AS pings {rows} GROUP BY src_addr"


def group_batches(case: Case, groups_at_once: int) -> Any:
    """Yields the groups as Arrow batches."""
    from sorted_groups import grouped

    query = connection.sql(group_sql(case))
    if case["plan"] == "sort":
        yield from grouped(query.to_arrow_reader(1 << 20), "src_addr")
    else:
        yield from query.to_arrow_reader(groups_at_once)


def group(case: Case) -> Query:
    """Groups pings into ordered lists; see probe_rows.py for the case."""
    import pyarrow as pa

    return lambda: pa.Table.from_batches(group_batches(case, 1 << 14))


def group_to_file(case: Case) -> Query:
    """Does the same within a memory limit and writes the groups to an Arrow file."""
    import pyarrow as pa
    from written_files import ArrowFile

    connection.execute(f"SET memory_limit = '{case['memory'] // 1_000_000}MB'")
    connection.execute(f"SET temp_directory = '{case['spill']}'")

    def run() -> Any:
        batches = group_batches(case, 256)
        first = next(batches)
        with pa.ipc.new_file(case["output"], first.schema) as writer:
            writer.write_batch(first)
            for batch in batches:
                writer.write_batch(batch)
        return ArrowFile(case["output"])

    return run


if __name__ == "__main__":
    serve_works(prepare, {"enrich": enrich, "group": group, "group_to_file": group_to_file})
