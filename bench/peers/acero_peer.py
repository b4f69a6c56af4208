# SPDX-License-Identifier: Apache-2.0
"""Acero: plans declared through pyarrow over mapped IPC files or datasets."""

from __future__ import annotations

from typing import Any

from serve import Case, Query, serve_works, threads


def prepare() -> dict[str, Any]:
    """Sets the sizes of both of Arrow's pools."""
    import pyarrow as pa

    pa.set_cpu_count(threads())
    pa.set_io_thread_count(threads())
    return {"version": pa.__version__}


def source(path: str, columns: list[str], through: str) -> Any:
    """Declares a source of the given columns: a mapped table or a dataset scan."""
    import pyarrow as pa
    import pyarrow.acero as ac
    import pyarrow.compute as pc
    import pyarrow.dataset as ds
    import pyarrow.fs as fs

    if through == "table":
        file = pa.memory_map(path)
        names = pa.ipc.open_file(file).schema.names
        wanted = set(columns)
        fields = [i for i, name in enumerate(names) if name in wanted]
        options = pa.ipc.IpcReadOptions(included_fields=fields)
        table = pa.ipc.open_file(file, options=options).read_all()
        return ac.Declaration("table_source", ac.TableSourceNodeOptions(table))
    form = "parquet" if through == "parquet" else "ipc"
    filesystem = fs.LocalFileSystem(use_mmap=through != "parquet")
    data = ds.dataset(path, format=form, filesystem=filesystem)
    fields = {name: pc.field(name) for name in columns}
    scan = ac.Declaration("scan", ac.ScanNodeOptions(data, columns=fields))
    project = ac.ProjectNodeOptions(list(fields.values()), list(fields))
    return ac.Declaration("project", project, [scan])


def enrich(case: Case) -> Query:
    """Joins quotes with securities; Acero always builds on the right side."""
    import pyarrow as pa
    import pyarrow.acero as ac

    sides = {
        "quotes": ("instrumentId", case["quote_columns"]),
        "securities": ("ID", case["security_columns"]),
    }
    left = "securities" if case["build"] == "quotes" else "quotes"

    def declared(side: str) -> Any:
        key, columns = sides[side]
        picked = columns if key in columns else [key, *columns]
        return source(case[side], picked, case["through"])

    def run() -> Any:
        left_key, left_columns = sides[left]
        right_key, right_columns = sides[case["build"]]
        counting = case["columns"] == "count"
        options = ac.HashJoinNodeOptions(
            "inner",
            [left_key],
            [right_key],
            left_output=[left_key] if counting else left_columns,
            right_output=[] if counting else right_columns,
        )
        inputs = [declared(left), declared(case["build"])]
        plan = ac.Declaration("hashjoin", options, inputs)
        if counting:
            count = ac.AggregateNodeOptions([([], "count_all", None, "rows")])
            plan = ac.Declaration("aggregate", count, [plan])
            return int(plan.to_table(use_threads=True)["rows"][0].as_py())
        table: pa.Table = plan.to_table(use_threads=True)
        return table

    return run


if __name__ == "__main__":
    serve_works(prepare, {"enrich": enrich})
