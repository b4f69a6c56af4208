# SPDX-License-Identifier: Apache-2.0
"""Random joins, their files and job documents, and the rows each must give, in order.

DuckDB says which rows join, by number; values are then taken from the tables by row number, so
that the answer does not depend on how another engine converts types.
"""

import random
import re
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet
import random_values
import yaml

ROWS_MAX = 5000
PAIRS_MAX = 60_000
SWITCHES = [
    "identity_keys=off",
    "dense_keys=off",
    "swap_sides=off",
    "late_payload=off",
    "push_filters=off",
    "prune_scans=off",
    "window_bytes=1KiB",
    "window_bytes=64KiB",
    "morsel_bytes=4KiB",
]


@dataclass
class RandomJoin:
    """One join with what comes after it. Writes its files into a folder."""

    seed: int
    left: pa.Table = None
    right: pa.Table = None
    job: dict = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)
    expected: pa.Table = None


class Maker:
    """Makes everything about one RandomJoin from its seed."""

    def __init__(self, seed: int, folder: Path):
        self._random = random.Random(seed)
        self._folder = folder
        self._how = self._random.choice(["inner", "left", "semi", "anti"])
        self._nulls_equal = self._random.random() < 0.15
        self._is_cross = self._random.random() < 0.1
        self._where = self._draw_where()
        self._steps = {}
        self._last = "joined"

    def make(self, seed: int) -> RandomJoin:
        join = RandomJoin(seed)
        families = self._random.choices(
            list(random_values.KEY_FAMILIES), k=self._random.choice([1, 1, 1, 2])
        )
        equal_names = self._random.random() < 0.3 and not self._is_cross
        sizes = [self._size(), self._size()]
        domains = [self._domain(family, sizes) for family in families]
        sides = []
        for side, rows in zip("lr", sizes, strict=True):
            keys = [
                self._keys(family, domain, rows)
                for family, domain in zip(families, domains, strict=True)
            ]
            names = [f"k{i}" if equal_names else f"{side}k{i}" for i in range(len(keys))]
            sides.append(self._table(side, names, keys, rows))
        num_keys = 0 if self._is_cross else len(families)
        sides = self._few_enough(sides, num_keys)
        sources = {}
        for name, table in zip(("left", "right"), sides, strict=True):
            table, sources[name] = self._write(name, table)
            setattr(join, name, table)
        rows = self._joined_rows(join, num_keys)
        result = self._joined(join, rows, num_keys)
        result = self._then(result)
        if self._random.random() < 0.3:
            result = self._ordered(result)
        join.job = {
            "windrow": 1,
            "sources": sources,
            "steps": self._steps,
            "sinks": [self._sink(result)],
        }
        is_parquet = join.job["sinks"][0]["write"].endswith("parquet")
        join.expected = random_values.as_parquet(result) if is_parquet else result
        join.arguments = self._arguments()
        self._folder.joinpath("job.yaml").write_text(
            yaml.safe_dump(join.job, sort_keys=False, allow_unicode=True), encoding="utf-8"
        )
        return join

    def _draw_where(self) -> str | None:
        """A condition on `ln` and `rn`, the numbers of the sides' rows, or none."""
        needs_one = self._is_cross and self._how in ("semi", "anti")
        if self._random.random() < 0.6 and not needs_one:
            return None
        bound = self._random.choice([0, 1, 7, 50, 1000])
        texts = ["ln < rn", "ln % 3 = rn % 3", "ln is null", "1 = 2", "null"]
        texts += [f"ln + rn > {bound}", f"abs(ln - rn) <= {bound}", f"ln < {bound} or rn is null"]
        texts += [f"rn >= {bound}", f"ln < {bound}", f"ln <> rn and rn < {bound}"]
        return self._random.choice(texts)

    # Tables.

    def _size(self) -> int:
        return self._random.choice(
            [0, 1, 2, self._random.randint(3, 60), self._random.randint(60, ROWS_MAX)]
            + [self._random.randint(60, 1000)] * 2
        )

    def _domain(self, family: str, sizes: list[int]) -> list:
        """The values keys are drawn from; the same for both sides, so that many match."""
        count = max(1, int(max(sizes) * self._random.choice([0.1, 0.5, 1, 1, 2])))
        start = self._random.choice([0, 1, -count // 2, 100])
        step = self._random.choice([1, 1, 3, 1000])
        numbers = [start + step * i for i in range(count)]
        if family == "unsigned":
            top = self._random.random() < 0.5
            return [(2**64 - 1 - i * step) if top else i * step for i in range(count)]
        if family == "text":
            return random_values.WORDS + [
                f"{self._random.choice(random_values.WORDS)}{n}" for n in numbers
            ]
        if family == "float":
            return [0.0, -0.0, float("nan"), float("inf"), -float("inf")] + [n / 4 for n in numbers]
        if family == "boolean":
            return [True, False]
        if family == "timestamp":
            return [n * self._random.choice([1000, 1000, 1001, 500]) for n in numbers]
        return numbers

    def _keys(self, family: str, domain: list, rows: int) -> pa.Array:
        type_ = self._random.choice(random_values.KEY_FAMILIES[family])
        if pa.types.is_timestamp(type_):
            # The domain counts milliseconds.
            scale = {"s": 0.001, "ms": 1, "us": 1000, "ns": 1_000_000}[type_.unit]
            domain = [int(n * scale) for n in domain]
        if pa.types.is_integer(type_):
            domain = [n for n in domain if random_values.fits(n, type_)] or [1]
        values = domain
        if pa.types.is_dictionary(type_) and type_.index_type == pa.int8():
            values = domain[:100]
        is_unique = len(values) >= rows and self._random.random() < 0.5
        if is_unique and self._random.random() < 0.5:
            drawn = list(values[:rows])
        elif is_unique:
            drawn = self._random.sample(values, rows)
        else:
            drawn = self._random.choices(values, k=rows)
        share = self._random.choice([0, 0, 0.1, 0.5, 1.0 if self._random.random() < 0.2 else 0])
        drawn = [None if self._random.random() < share else value for value in drawn]
        return random_values.make_array(drawn, type_)

    def _table(self, side: str, names: list[str], keys: list[pa.Array], rows: int) -> pa.Table:
        names = [*names, f"{side}n"]
        columns = [*keys, pa.array(self._maybe_null(range(rows), 0.05), pa.int64())]
        for number in range(self._random.randint(0, 5)):
            type_ = self._random.choice(random_values.PAYLOAD_TYPES)
            columns.append(self._payload(type_, rows))
            names.append(f"{side}p{number}")
        if self._random.random() < 0.3:
            columns.insert(0, columns.pop())
            names.insert(0, names.pop())
        return pa.Table.from_arrays(columns, names)

    def _maybe_null(self, values, share: float) -> list:
        return [None if self._random.random() < share else value for value in values]

    def _payload(self, type_: pa.DataType, rows: int) -> pa.Array:
        share = self._random.choice([0, 0.1, 0.9])
        values = [random_values.draw_value(self._random, type_) for _ in range(rows)]
        return random_values.make_array(self._maybe_null(values, share), type_)

    def _few_enough(self, sides: list[pa.Table], num_keys: int) -> list[pa.Table]:
        """Halves the tables until their join is small enough to compare value by value."""
        while self._count_pairs(sides, num_keys) > PAIRS_MAX:
            sides = [table.slice(0, table.num_rows // 2) for table in sides]
        return sides

    # The answer.

    def _condition(self, sides: list[pa.Table], num_keys: int) -> str:
        equals = "IS NOT DISTINCT FROM" if self._nulls_equal else "="
        return " AND ".join(["true"] + [f"l.k{i} {equals} r.k{i}" for i in range(num_keys)])

    def _query(self, sides: list[pa.Table], num_keys: int, query: str) -> pa.Table:
        with duckdb.connect(config={"threads": 1}) as database:
            for name, table in zip("lr", sides, strict=True):
                number = table[f"{name}n"]
                keys = self._key_names(table, num_keys)
                columns = [random_values.for_duckdb(table[key]) for key in keys]
                columns += [pa.array(range(table.num_rows), pa.int64()), number]
                names = [f"k{i}" for i in range(num_keys)] + ["row", "n"]
                plain = pa.Table.from_arrays(columns, names)
                database.register(name, plain)
            on = self._condition(sides, num_keys)
            where = re.sub(r"\b([lr])n\b", r"\1.n", self._where or "true")
            query = query.replace("{on}", on).replace("{where}", where)
            return database.sql(query).to_arrow_table()

    @staticmethod
    def _key_names(table: pa.Table, num_keys: int) -> list[str]:
        names = [name for name in table.column_names if name.lstrip("lr").startswith("k")]
        return sorted(names)[:num_keys]

    def _count_pairs(self, sides: list[pa.Table], num_keys: int) -> int:
        counted = self._query(sides, num_keys, "SELECT count(*) AS n FROM l JOIN r ON {on}")
        return counted["n"][0].as_py()

    def _joined_rows(self, join: RandomJoin, num_keys: int) -> pa.Table:
        kind = {"inner": "JOIN", "left": "LEFT JOIN", "semi": "SEMI JOIN", "anti": "ANTI JOIN"}
        is_filter = self._how in ("semi", "anti")
        return self._query(
            [join.left, join.right],
            num_keys,
            f"SELECT l.row AS l{'' if is_filter else ', r.row AS r'} FROM l {kind[self._how]} r "
            f"ON {{on}} AND ({{where}}) ORDER BY ALL",
        )

    def _joined(self, join: RandomJoin, rows: pa.Table, num_keys: int) -> pa.Table:
        left_keys = self._key_names(join.left, num_keys)
        right_keys = self._key_names(join.right, num_keys)
        spec = {
            "left": "left",
            "right": "right",
            "on": dict(zip(left_keys, right_keys, strict=True)) or [],
            "how": self._how,
        }
        if self._where:
            spec["where"] = self._where
        if self._nulls_equal:
            spec["nulls_equal"] = True
        self._steps["joined"] = {"join": spec}
        result = join.left.take(rows["l"])
        if self._how in ("semi", "anti"):
            return result
        kept = [name for name in join.right.column_names if name not in left_keys]
        if self._random.random() < 0.2 and "columns" not in spec:
            kept = [name for name in kept if self._random.random() < 0.6]
            spec["columns"] = kept
        for name in kept:
            result = result.append_column(name, join.right[name].take(rows["r"]))
        return result

    # What comes after the join.

    def _add(self, kind: str, value) -> None:
        name = f"step{len(self._steps)}"
        self._steps[name] = {kind: value, "from": self._last}
        self._last = name

    def _then(self, table: pa.Table) -> pa.Table:
        for _ in range(self._random.choice([0, 0, 1, 2, 3])):
            table = self._random.choice([self._filter, self._select, self._with_columns])(table)
        return table

    def _numbers(self, table: pa.Table) -> list[str]:
        return [name for name in ("ln", "rn", "sum") if name in table.column_names]

    def _filter(self, table: pa.Table) -> pa.Table:
        names = self._numbers(table)
        if not names:
            return table
        name = self._random.choice(names)
        values = table[name].to_pylist()
        bound = self._random.randint(0, max(2, max((v or 0 for v in values), default=0)))
        kind = self._random.choice(["<", ">=", "null", "not null"])
        if kind == "<":
            self._add("filter", f"{name} < {bound}")
            mask = [value is not None and value < bound for value in values]
        elif kind == ">=":
            self._add("filter", f"{name} >= {bound} or {name} is null")
            mask = [value is None or value >= bound for value in values]
        else:
            self._add("filter", f"{name} is {kind}")
            mask = [(value is None) == (kind == "null") for value in values]
        return table.filter(pa.array(mask, pa.bool_()))

    def _select(self, table: pa.Table) -> pa.Table:
        names = [name for name in table.column_names if self._random.random() < 0.7]
        names = names or table.column_names[:1]
        self._random.shuffle(names)
        self._add("select", names)
        return table.select(names)

    def _with_columns(self, table: pa.Table) -> pa.Table:
        names = self._numbers(table)
        if not names or "sum" in table.column_names:
            return table
        one, other = self._random.choice(names), self._random.choice(names)
        self._add("with_columns", {"sum": f"{one} + 2 * {other}"})
        sums = [
            None if a is None or b is None else a + 2 * b
            for a, b in zip(table[one].to_pylist(), table[other].to_pylist(), strict=True)
        ]
        return table.append_column("sum", pa.array(sums, pa.int64()))

    def _ordered(self, table: pa.Table) -> pa.Table:
        limit = self._random.choice([None, 0, 1, 7, self._random.randint(0, table.num_rows + 2)])
        names = self._numbers(table)
        if not names:
            if limit is not None:
                self._add("limit", limit)
            return table.slice(0, limit)
        self._random.shuffle(names)
        order = list(range(table.num_rows))
        texts = []
        for name in reversed(names):
            descending, nulls_first = self._random.random() < 0.5, self._random.random() < 0.5
            texts.insert(
                0,
                f"{name}{' desc' if descending else ''}{' nulls first' if nulls_first else ''}",
            )
            values = table[name].to_pylist()
            present = [row for row in order if values[row] is not None]
            absent = [row for row in order if values[row] is None]
            sign = -1 if descending else 1
            present.sort(key=lambda row, values=values, sign=sign: sign * values[row])
            order = absent + present if nulls_first else present + absent
        self._add("sort", texts)
        if limit is not None:
            self._steps[self._last]["limit"] = limit
        return table.take(pa.array(order, pa.int64())).slice(0, limit)

    # Files and settings.

    def _write(self, name: str, table: pa.Table) -> tuple[pa.Table, dict]:
        """The table as its readers see it, and the source of the job."""
        if self._random.random() < 0.15 and table.num_rows > 3:
            cut = self._random.randint(0, table.num_rows)
            self._write_file(f"{name}-1.arrow", table.slice(0, cut))
            self._write_file(f"{name}-2.arrow", table.slice(cut))
            return table, {"scan": f"{name}-*.arrow"}
        file = name + self._random.choice([".arrow", ".arrow", ".arrows", ".parquet"])
        self._write_file(file, table)
        return random_values.as_parquet(table) if file.endswith("parquet") else table, {
            "scan": file
        }

    def _write_file(self, file: str, table: pa.Table) -> None:
        path = self._folder / file
        rows = max(1, self._random.choice([1 + table.num_rows // 10, table.num_rows, 77]))
        if path.suffix == ".parquet":
            pa.parquet.write_table(
                table,
                path,
                row_group_size=rows,
                compression=self._random.choice(["none", "snappy", "zstd"]),
                use_dictionary=self._random.random() < 0.6,
                data_page_size=self._random.choice([None, 500]),
            )
            return
        codec = self._random.choice([None, "lz4", "zstd"])
        options = pa.ipc.IpcWriteOptions(compression=codec)
        make = pa.ipc.new_stream if path.suffix == ".arrows" else pa.ipc.new_file
        table = table.unify_dictionaries()
        with make(path, table.schema, options=options) as writer:
            writer.write_table(table, max_chunksize=rows)

    def _sink(self, table: pa.Table) -> dict:
        sink = {"write": "out.arrow", "from": self._last}
        if table.num_columns and self._random.random() < 0.3:
            sink["write"] = "out.parquet"
            if self._random.random() < 0.5:
                sink["row_group_rows"] = self._random.choice([1, 50, 1000])
        elif self._random.random() < 0.3:
            sink["compression"] = self._random.choice(["lz4", "zstd:1"])
        return sink

    def _arguments(self) -> list[str]:
        arguments = ["--slots", self._random.choice(["1", "4"])]
        rows = self._random.choice([1, 3, 10, 100, 1000, 10_000])
        arguments += ["--set", f"morsel_rows={rows}"]
        share = self._random.choice([0, 0.2, 0.6])
        for switch in SWITCHES:
            if self._random.random() < share:
                arguments += ["--set", switch]
        return arguments


def make(seed: int, folder: Path) -> RandomJoin:
    """The join of `seed`, its input files and job.yaml written into `folder`."""
    return Maker(seed, folder).make(seed)
