# SPDX-License-Identifier: Apache-2.0
"""Random collects, their input and job documents, and the rows each must give, in order.

DuckDB groups and orders row numbers; values are then taken from the table by row number.
"""

import random
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet
import yaml

WORDS = ["", "a", "ab", "b", "Zürich", "zebra", "a longer word than twelve bytes"]
KEYS = ["name", "id", "flag", "time"]
ORDERS = ["text", "number", "time", "id", "flag"]
LISTS = ["text", "number", "words", "time", "flag"]
LARGE_SEED = 39


@dataclass(frozen=True)
class RandomCollect:
    """One job in its folder: the words of its command and the table it must write."""

    arguments: list[str]
    expected: pa.Table


class Maker:
    """Makes everything about one RandomCollect from its seed."""

    def __init__(self, seed: int, folder: Path):
        self._random = random.Random(seed)
        self._folder = folder
        self._is_large = seed == LARGE_SEED

    def make(self) -> RandomCollect:
        table = self._table()
        by = self._random.sample(KEYS, self._random.choice([1, 1, 2, 3]))
        columns = [n for n in LISTS if n not in by and self._random.random() < 0.7] or ["number"]
        if self._is_large:
            columns = [name for name in LISTS if name not in by]
        self._random.shuffle(columns)
        order = [
            (name, self._random.random() < 0.5, self._random.random() < 0.5)
            for name in self._random.sample(ORDERS, self._random.choice([0, 1, 2]))
        ]
        if self._random.random() < 0.4:
            table = table.take(self._row_numbers(table, [(name, False, False) for name in by]))
        spec = {"by": by, "columns": columns}
        if order:
            spec["order"] = [
                f"{name}{' desc' if desc else ''}{' nulls first' if first else ''}"
                for name, desc, first in order
            ]
        max_rows = 100 if self._is_large else self._random.choice([None, None, 1, 3, 100])
        if max_rows:
            spec["max_rows"] = max_rows
        job = {
            "windrow": 1,
            "sources": {"a": {"scan": self._write(table)}},
            "steps": {"out": {"collect": spec, "from": "a"}},
            "sinks": [{"write": "out.arrow", "from": "out"}],
        }
        text = yaml.safe_dump(job, sort_keys=False, allow_unicode=True)
        self._folder.joinpath("job.yaml").write_text(text, encoding="utf-8")
        lists = self._lists(table, by, order, max_rows)
        return RandomCollect(self._arguments(), self._expected(table, by, columns, lists))

    def _table(self) -> pa.Table:
        rows = 300_000 if self._is_large else self._random.choice([0, 1, 2, 60, 1000, 5000])
        groups = max(1, int(rows * self._random.choice([0, 0.01, 0.3, 1])))
        share = self._random.choice([0, 0.05])
        dominant = self._random.choice([0, 0, 0.9])

        def group() -> int:
            return 0 if self._random.random() < dominant else self._random.randrange(groups)

        def column(draw, type_: pa.DataType) -> pa.Array:
            values = [None if self._random.random() < share else draw() for _ in range(rows)]
            return pa.array(values, type_)

        word = self._random.choice
        number = self._random.randrange
        return pa.table(
            {
                "name": column(lambda: f"{word(WORDS)}{group()}", pa.utf8()),
                "id": column(lambda: group() - groups // 2, pa.int32()),
                "flag": column(lambda: word([True, False]), pa.bool_()),
                "time": column(lambda: number(-5, 5), pa.timestamp("us", "UTC")),
                "text": column(lambda: word(WORDS) + self._pad(), pa.utf8()),
                "number": pa.array(range(rows), pa.int64()),
                "words": column(lambda: [1, 2][: number(3)], pa.list_(pa.int64())),
            }
        )

    def _pad(self) -> str:
        """What makes the rows of a large table wide, and their text distinct."""
        return f"{self._random.random()}" + "x" * 400 if self._is_large else ""

    @staticmethod
    def _query(table: pa.Table, query: str) -> pa.Table:
        columns = [name for name in table.column_names if name != "words"]
        numbered = table.select(columns).append_column(
            "row", pa.array(range(table.num_rows), pa.int64())
        )
        with duckdb.connect(config={"threads": 1}) as database:
            database.register("t", numbered)
            return database.sql(query).to_arrow_table()

    @staticmethod
    def _order_text(order: list[tuple[str, bool, bool]]) -> str:
        keys = [
            f"{name} {'DESC' if desc else 'ASC'} NULLS {'FIRST' if first else 'LAST'}"
            for name, desc, first in order
        ]
        return ", ".join([*keys, "row"])

    def _row_numbers(self, table: pa.Table, order: list[tuple[str, bool, bool]]) -> pa.Array:
        query = f"SELECT row FROM t ORDER BY {self._order_text(order)}"
        return self._query(table, query)["row"].combine_chunks()

    def _lists(self, table: pa.Table, by, order, max_rows) -> list[list[int]]:
        """Row numbers of the input for each row of the output."""
        keys = ", ".join(f"{name} NULLS LAST" for name in by)
        query = (
            f"SELECT list(row ORDER BY {self._order_text(order)}) AS rows FROM t "
            f"GROUP BY {', '.join(by)} ORDER BY {keys}"
        )
        lists = []
        for rows in self._query(table, query)["rows"].to_pylist():
            most = max_rows or len(rows)
            lists += [rows[begin : begin + most] for begin in range(0, len(rows), most)]
        return lists

    @staticmethod
    def _expected(table: pa.Table, by, columns, lists: list[list[int]]) -> pa.Table:
        firsts = pa.array([rows[0] for rows in lists], pa.int64())
        arrays = [table[name].take(firsts).combine_chunks() for name in by]
        offsets = [0]
        for rows in lists:
            offsets.append(offsets[-1] + len(rows))
        flat = pa.array([row for rows in lists for row in rows], pa.int64())
        for name in columns:
            values = table[name].take(flat).combine_chunks()
            arrays.append(pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values))
        return pa.Table.from_arrays(arrays, [*by, *columns])

    def _write(self, table: pa.Table) -> str:
        rows = self._random.choice([1 + table.num_rows // 10, table.num_rows + 1, 177])
        if self._is_large:
            rows = 20_000
        if self._random.random() < 0.5:
            pa.parquet.write_table(
                table,
                self._folder / "a.parquet",
                row_group_size=rows,
                use_dictionary=self._random.random() < 0.7,
            )
            return "a.parquet"
        with pa.ipc.new_file(self._folder / "a.arrow", table.schema) as writer:
            writer.write_table(table, max_chunksize=rows)
        return "a.arrow"

    def _arguments(self) -> list[str]:
        arguments = ["--slots", self._random.choice(["1", "2", "4"])]
        if self._is_large:
            return [*arguments, "--memory", "64MiB"]
        rows = self._random.choice([1, 10, 100, 10_000])
        arguments += ["--set", f"morsel_rows={rows}"]
        if self._random.random() < 0.3:
            arguments += ["--set", "sorted_keys=off"]
        return arguments


def make(seed: int, folder: Path) -> RandomCollect:
    """The collect of `seed`, its input file and job.yaml written into `folder`."""
    return Maker(seed, folder).make()
