# SPDX-License-Identifier: Apache-2.0
"""Contestants of the pod-usage benchmark: DuckDB with its SQL, and loads into PostgreSQL.

rows          DuckDB; the summary in memory
file          DuckDB; the summary in a Parquet file
load          DuckDB; its summary as CSV, which psql copies into the table
windrow_load  our command with PostgreSQL as its target
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb_peer
import pod_usage_sql
import windrow_peer
from serve import Case, Query, serve_works
from written_files import ParquetFile

TABLE = "reporting_ocpusagelineitem_daily_summary"


def prepare() -> dict[str, Any]:
    """Gets DuckDB ready where it is the contestant."""
    return {} if sys.argv[1] == "windrow_load" else duckdb_peer.prepare()


def summary(case: Case) -> str:
    """Makes the functions of the query and returns the query."""
    folder = Path(case["folder"])
    duckdb_peer.connection.execute(pod_usage_sql.macros(folder / "reference.json"))
    return pod_usage_sql.summary_sql(case["plan"], folder, case["settings"])


def rows(case: Case) -> Query:
    """Computes the summary as an Arrow table."""
    query = summary(case)
    return lambda: duckdb_peer.connection.sql(query).to_arrow_table()


def file(case: Case) -> Query:
    """Writes the summary to a Parquet file."""
    query, output = summary(case), case["output"]

    def run() -> ParquetFile:
        duckdb_peer.connection.execute(f"COPY ({query}) TO '{output}' (FORMAT parquet)")
        return ParquetFile(output)

    return run


@dataclass(frozen=True)
class Table:
    """The rows of the summary's table."""

    case: Case

    def psql(self, statement: str) -> bytes:
        """Returns what psql prints for a statement."""
        words = [self.case["psql"], "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1"]
        words += ["-d", self.case["url"], "-c", statement]
        return subprocess.run(words, check=True, capture_output=True).stdout

    @property
    def name(self) -> str:
        """The table's name with its schema."""
        return f'"{self.case["schema"]}".{TABLE}'

    @property
    def num_rows(self) -> int:
        """The rows of the table."""
        return int(self.psql(f"SELECT count(*) FROM {self.name}"))

    def empty(self) -> None:
        """Removes every row, and leaves the server nothing to do later."""
        self.psql(f"TRUNCATE {self.name}")
        self.psql("CHECKPOINT")

    def write_answer(self, path: str) -> int:
        """Reads the rows back; PostgreSQL's own text of labels is as good as any."""
        import io

        import pyarrow as pa
        import pyarrow.csv as csv

        names = self.case["columns"]
        text = self.psql(
            f"COPY (SELECT {', '.join(names)} FROM {self.name}) TO STDOUT (FORMAT csv, HEADER)"
        )
        floats = dict.fromkeys(filter(pod_usage_sql.is_number, names), pa.float64())
        texts = {name: pa.string() for name in names if name not in floats}
        options = csv.ConvertOptions(
            column_types={**floats, **texts},
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        )
        table = csv.read_csv(io.BytesIO(text), convert_options=options)
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)
        return int(table.num_rows)


class Load:
    """A load into the empty table. Emptying it is not timed."""

    def __init__(self, case: Case, work: Query) -> None:
        self._table, self._work = Table(case), work

    def get_ready(self) -> None:
        """Empties the table."""
        self._table.empty()

    def __call__(self) -> Table:
        """Loads it."""
        self._work()
        return self._table


def windrow_load(case: Case) -> Query:
    """Has our command compute and load."""
    return Load(case, windrow_peer.command(case))


def load(case: Case) -> Query:
    """Has DuckDB compute, and psql load."""
    query, table = summary(case), Table(case)
    names = ", ".join(["uuid", *case["columns"]])
    output = case["output"]

    def work() -> None:
        duckdb_peer.connection.execute(
            f"COPY (SELECT uuid() AS uuid, {', '.join(case['columns'])} FROM ({query})) "
            f"TO '{output}' (FORMAT csv, HEADER)"
        )
        table.psql(f"\\copy {table.name} ({names}) FROM '{output}' (FORMAT csv, HEADER)")

    return Load(case, work)


if __name__ == "__main__":
    serve_works(prepare, {"rows": rows, "file": file, "load": load, "windrow_load": windrow_load})
