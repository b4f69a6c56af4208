# SPDX-License-Identifier: Apache-2.0
"""Jobs that move rows between files and PostgreSQL, run by the windrow command."""

import json
from pathlib import Path

import command
import pyarrow as pa
import pyarrow.parquet
import yaml
from case_run import Outcome
from support.postgres_server import PostgresServer

BINARY_COPY = {"binary": [], "text": ["--set", "binary_copy=off"]}


def write_job(folder: Path, source: dict, sink: dict, name: str = "job.yaml") -> str:
    """A document that copies the source to the sink."""
    job = {"windrow": 1, "sources": {"rows": source}, "sinks": [{**sink, "from": "rows"}]}
    (folder / name).write_text(yaml.safe_dump(job, sort_keys=False), encoding="utf-8")
    return name


def load_job(
    folder: Path, database: PostgresServer, table: str, rows: pa.Table | Path | str, **keys
) -> str:
    """A document that loads `rows` into `table`; `keys` are more keys of the sink."""
    if isinstance(rows, pa.Table):
        path = folder / f"{table.replace('.', '_')}.parquet"
        pyarrow.parquet.write_table(rows, path)
        rows = path
    sink = {"write": database.url(), "table": table, **keys}
    return write_job(folder, {"scan": str(rows)}, sink, name=f"load_{table}.yaml")


def load(
    folder: Path,
    database: PostgresServer,
    table: str,
    rows: pa.Table | Path | str,
    *options: str,
    **keys,
) -> Outcome:
    job = load_job(folder, database, table, rows, **keys)
    return command.run("run", job, "--progress", "none", *options, cwd=folder)


def load_well(
    folder: Path, database: PostgresServer, table: str, rows, *options, **keys
) -> Outcome:
    outcome = load(folder, database, table, rows, *options, **keys)
    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.stderr == ""
    return outcome


def read(folder: Path, database: PostgresServer, *options: str, **source: str) -> pa.Table:
    """The rows that a scan of the data base gives."""
    job = write_job(
        folder, {"scan": database.url(), **source}, {"write": "read.parquet"}, name="read.yaml"
    )
    command.run_well("run", job, "--progress", "none", *options, cwd=folder)
    return pyarrow.parquet.read_table(folder / "read.parquet")


def report_of(folder: Path, job: str) -> dict:
    command.run_well("run", job, "--progress", "none", "--report", "report.json", cwd=folder)
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))
