# SPDX-License-Identifier: Apache-2.0
"""Random aggregates, their input and job documents, and the rows each must give, in order.

DuckDB does the work on row numbers beside the columns, so that first and last are of input
order and groups come in the order of their first rows.
"""

import math
import random
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet
import yaml
from random_values import draw_value

KEYS = {
    "name": pa.utf8(),
    "long": pa.large_utf8(),
    "id": pa.int32(),
    "wide": pa.int64(),
    "tiny": pa.uint8(),
    "flag": pa.bool_(),
    "day": pa.date32(),
    "time": pa.timestamp("us"),
    "real": pa.float64(),
    "price": pa.decimal128(20, 2),
    "coded": pa.dictionary(pa.int32(), pa.utf8()),
}
ARGUMENTS = {
    "text": pa.utf8(),
    "number": pa.int64(),
    "small": pa.int16(),
    "positive": pa.uint64(),
    "double": pa.float64(),
    "single": pa.float32(),
    "money": pa.decimal128(20, 2),
    "date": pa.date32(),
    "moment": pa.timestamp("us"),
    "truth": pa.bool_(),
    "label": pa.dictionary(pa.int16(), pa.utf8()),
}
NUMBERS = ["number", "small", "positive", "double", "single", "money"]
FUNCTIONS = ["sum", "avg", "mean", "min", "max", "first", "last", "count", "count distinct"]
LARGE_SEEDS = (19, 39)


@dataclass(frozen=True)
class RandomAggregate:
    """One job in its folder: the words of its command and the table it must write."""

    arguments: list[str]
    expected: pa.Table


class Maker:
    """Makes everything about one RandomAggregate from its seed."""

    def __init__(self, seed: int, folder: Path):
        self._random = random.Random(seed)
        self._folder = folder
        self._is_large = seed in LARGE_SEEDS

    def make(self) -> RandomAggregate:
        draw = self._random
        keys = draw.sample(sorted(KEYS), draw.choice([0, 1, 1, 2, 3, 4]))
        if self._is_large:
            keys = draw.sample(["name", "wide"], 2)
        table = self._table()
        calls = [self._call() for _ in range(draw.choice([0, 1, 3, 6]))]
        if not keys or self._is_large:
            calls += [("count", "*"), ("max", "text"), ("count distinct", "number")]
        columns = {f"c{i}": self._text(*call) for i, call in enumerate(calls)}
        by = [key if draw.random() < 0.8 else {key: key} for key in keys]
        steps = {"out": {"aggregate": {"by": by, "columns": columns}, "from": "a"}}
        job = {
            "windrow": 1,
            "sources": {"a": {"scan": self._write(table)}},
            "steps": steps,
            "sinks": [{"write": "out.arrow", "from": "out"}],
        }
        text = yaml.safe_dump(job, sort_keys=False, allow_unicode=True)
        self._folder.joinpath("job.yaml").write_text(text, encoding="utf-8")
        return RandomAggregate(self._arguments(), self._expected(table, keys, calls))

    def _call(self) -> tuple[str, str]:
        function = self._random.choice(FUNCTIONS)
        if function == "count" and self._random.random() < 0.5:
            return function, "*"
        adds = function in ("sum", "avg", "mean")
        return function, self._random.choice(NUMBERS if adds else sorted(ARGUMENTS))

    @staticmethod
    def _text(function: str, argument: str) -> str:
        if function == "count distinct":
            return f"count(distinct {argument})"
        return f"{function}({argument})"

    def _table(self) -> pa.Table:
        draw = self._random
        rows = 150_000 if self._is_large else draw.choice([0, 1, 2, 60, 1000, 9000])
        groups = max(1, int(rows * draw.choice([0, 0.001, 0.3, 1])))
        if self._is_large:
            groups = rows
        null_share = draw.choice([0, 0.05])
        is_clustered = draw.random() < 0.3

        def group(row: int) -> int:
            return row * groups // rows if is_clustered else draw.randrange(groups)

        pad = "a pod of some name " * 8 if self._is_large else "pod-"

        def key(number: int, type_: pa.DataType):
            if pa.types.is_boolean(type_):
                return number % 2 == 0
            if pa.types.is_floating(type_):
                return [0.0, -0.0, math.nan, number / 2][min(number, 3)]
            if pa.types.is_decimal(type_):
                return number - groups // 2
            if pa.types.is_integer(type_) and type_.bit_width == 8:
                return number % 200
            if pa.types.is_integer(type_):
                return number - groups // 2
            if pa.types.is_date(type_) or pa.types.is_timestamp(type_):
                return number
            return f"{pad * (number % 3)}{number}"

        columns = {}
        for name, type_ in KEYS.items():
            values = [
                None if draw.random() < null_share else key(group(row), type_)
                for row in range(rows)
            ]
            columns[name] = self._array(values, type_)
        for name, type_ in ARGUMENTS.items():
            values = [
                None if draw.random() < null_share else self._value(type_) for _ in range(rows)
            ]
            columns[name] = self._array(values, type_)
        return pa.table(columns)

    def _value(self, type_: pa.DataType):
        """Of floats the sums are exact, so that they compare whatever is added first."""
        if pa.types.is_floating(type_) and self._random.random() < 0.999:
            return float(self._random.randint(-99, 99)) / 4
        if type_ == pa.int64():
            return self._random.randint(-(10**12), 10**12)
        if type_ == pa.uint64():
            return self._random.randint(0, 5)
        return draw_value(self._random, type_)

    @staticmethod
    def _array(values: list, type_: pa.DataType) -> pa.Array:
        if pa.types.is_dictionary(type_):
            return pa.array(values, pa.utf8()).dictionary_encode().cast(type_)
        return pa.array(values, type_)

    @staticmethod
    def _value_type(type_: pa.DataType) -> pa.DataType:
        return type_.value_type if pa.types.is_dictionary(type_) else type_

    def _type_of(self, function: str, argument: str) -> pa.DataType:
        if function.startswith("count"):
            return pa.int64()
        if function in ("avg", "mean"):
            return pa.float64()
        type_ = self._value_type(ARGUMENTS[argument])
        if function != "sum":
            return type_
        if pa.types.is_floating(type_):
            return pa.float64()
        return pa.decimal128(38, 2) if pa.types.is_decimal(type_) else pa.int64()

    def _expected(self, table: pa.Table, keys: list[str], calls) -> pa.Table:
        plain = table.cast(
            pa.schema([(f.name, self._value_type(f.type)) for f in table.schema])
        ).append_column("row", pa.array(range(table.num_rows), pa.int64()))
        words = []
        for number, (function, argument) in enumerate(calls):
            if function in ("first", "last"):
                text = f"{function}({argument} ORDER BY row)"
            elif function in ("min", "max") and argument == "truth":
                text = f"{function}({argument}::int)::boolean"
            else:
                text = self._text(function, argument)
                if function in ("avg", "mean") or (function == "sum" and argument == "single"):
                    text = f"{function}({argument}::double)"
            words.append(f"{text} AS c{number}")
        fields = [(key, self._value_type(KEYS[key])) for key in keys]
        fields += [(f"c{i}", self._type_of(*call)) for i, call in enumerate(calls)]
        selected = ", ".join([*keys, *words, "min(row) AS row"])
        grouped = f"GROUP BY {', '.join(keys)}" if keys else ""
        query = f"SELECT {selected} FROM t {grouped} ORDER BY row"
        with duckdb.connect(config={"threads": 1}) as database:
            database.register("t", plain)
            found = database.sql(query).to_arrow_table().drop_columns("row")
        return found.cast(pa.schema(fields))

    def _write(self, table: pa.Table) -> str:
        draw = self._random
        rows = draw.choice([1 + table.num_rows // 10, table.num_rows + 1, 177])
        if self._is_large:
            rows = 20_000
        if draw.random() < 0.6:
            pa.parquet.write_table(
                table,
                self._folder / "a.parquet",
                row_group_size=rows,
                use_dictionary=draw.random() < 0.7,
            )
            return "a.parquet"
        with pa.ipc.new_file(self._folder / "a.arrow", table.schema) as writer:
            writer.write_table(table.unify_dictionaries(), max_chunksize=rows)
        return "a.arrow"

    def _arguments(self) -> list[str]:
        draw = self._random
        arguments = ["--slots", draw.choice(["1", "2", "4"])]
        for switch in ("partial_aggregation", "dictionary_keys", "push_filters"):
            if draw.random() < 0.2:
                arguments += ["--set", f"{switch}=off"]
        if self._is_large:
            return [*arguments, "--memory", "64MiB"]
        return [*arguments, "--set", f"morsel_rows={draw.choice([1, 10, 100, 10_000])}"]


def make(seed: int, folder: Path) -> RandomAggregate:
    """The aggregate of `seed`, its input file and job.yaml written into `folder`."""
    return Maker(seed, folder).make()
