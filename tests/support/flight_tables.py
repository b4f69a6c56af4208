# SPDX-License-Identifier: Apache-2.0
"""Small tables of every kind that a server may be given, and the rows each must deliver."""

import datetime
import decimal
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 1000
BATCH_ROWS = 150


@dataclass(frozen=True)
class ServedTable:
    path: str  # a file or a glob
    expected: pa.Table


def write_ipc(
    path: Path, table: pa.Table, batch_rows: int = BATCH_ROWS, compression: str | None = None
) -> Path:
    options = pa.ipc.IpcWriteOptions(compression=compression)
    make = pa.ipc.new_stream if path.suffix == ".arrows" else pa.ipc.new_file
    with make(path, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=batch_rows)
    return path


def plain_table(rows: int = ROWS, first: int = 0) -> pa.Table:
    """Columns id (ascending), name (few values, some null), price, and text (all differ)."""
    numbers = range(first, first + rows)
    return pa.table(
        {
            "id": pa.array(numbers, pa.int64()),
            "name": pa.array([None if n % 11 == 0 else f"name {n % 7}" for n in numbers]),
            "price": pa.array([None if n % 5 == 0 else n / 8 for n in numbers], pa.float64()),
            "text": pa.array([f"row {n} of the table" for n in numbers]),
        }
    )


def _dictionaries(words: Sequence[str], rows: int) -> pa.Table:
    values = [None if row % 13 == 0 else words[row % len(words)] for row in range(rows)]
    inner = pa.array(values).dictionary_encode()
    lists = pa.ListArray.from_arrays(pa.array([*range(rows), rows], pa.int32()), inner)
    wide = pa.array(values, pa.large_utf8()).dictionary_encode()
    columns = {"n": pa.array(range(rows)), "word": inner, "wide": wide, "words": lists}
    return pa.table(columns)


def _nested(rows: int) -> pa.Table:
    def null_or(row: int, value: object) -> object:
        return None if row % 9 == 0 else value

    lists = [null_or(row, [row, None, -row][: row % 4]) for row in range(rows)]
    structs = [null_or(row, {"x": row, "y": [str(row)] * (row % 3)}) for row in range(rows)]
    maps = [null_or(row, [(f"k{row}", row), ("z", None)][: row % 3]) for row in range(rows)]
    pairs = [null_or(row, [row, row + 1]) for row in range(rows)]
    struct = pa.struct([("x", pa.int32()), ("y", pa.list_(pa.utf8()))])
    return pa.table(
        {
            "lists": pa.array(lists, pa.list_(pa.int16())),
            "large": pa.array(lists, pa.large_list(pa.int64())),
            "structs": pa.array(structs, struct),
            "maps": pa.array(maps, pa.map_(pa.utf8(), pa.int64())),
            "pairs": pa.array(pairs, pa.list_(pa.int32(), 2)),
        }
    )


def _scalars(rows: int) -> pa.Table:
    numbers = range(rows)
    moment = datetime.datetime(2024, 2, 29, 12)
    second = datetime.timedelta(seconds=1)
    half = [decimal.Decimal(n - 500).scaleb(-2) if n % 3 else None for n in numbers]
    wide = [decimal.Decimal(10) ** 50 + n for n in numbers]
    times = [moment + n * second for n in numbers]
    return pa.table(
        {
            "decimal": pa.array(half, pa.decimal128(20, 2)),
            "wide": pa.array(wide, pa.decimal256(60, 0)),
            "moment": pa.array(times, pa.timestamp("us", "UTC")),
            "naive": pa.array(times, pa.timestamp("ms")),
            "day": pa.array([time.date() for time in times], pa.date32()),
            "time": pa.array([time.time() for time in times], pa.time64("us")),
            "wait": pa.array([n * second for n in numbers], pa.duration("ms")),
            "flag": pa.array([None if n % 4 == 0 else n % 3 == 0 for n in numbers]),
            "bytes": pa.array([b"\0" * (n % 5) for n in numbers], pa.binary()),
            "fixed": pa.array([n.to_bytes(4, "big") for n in numbers], pa.binary(4)),
            "small": pa.array([n % 100 for n in numbers], pa.uint8()),
            "half": pa.array([float(n) for n in numbers], pa.float16()),
            "large": pa.array([str(n) for n in numbers], pa.large_utf8()),
        }
    )


def _nulls(rows: int) -> pa.Table:
    columns = {"n": pa.array(range(rows)), "nothing": pa.nulls(rows)}
    return pa.table({**columns, "lists": pa.array([[None]] * rows, pa.list_(pa.null()))})


def _views(rows: int) -> tuple[pa.Table, pa.Table]:
    texts = [None if n % 7 == 0 else f"{'long ' * (n % 5)}{n}" for n in range(rows)]
    runs = pa.RunEndEncodedArray.from_arrays(
        pa.array([rows // 2, rows], pa.int32()), pa.array(["first", None])
    )
    found = pa.table(
        {
            "text": pa.array(texts, pa.string_view()),
            "bytes": pa.array([t and t.encode() for t in texts], pa.binary_view()),
            "runs": runs,
        }
    )
    expected = pa.table(
        {
            "text": pa.array(texts, pa.utf8()),
            "bytes": pa.array([t and t.encode() for t in texts], pa.binary()),
            "runs": pa.array(["first"] * (rows // 2) + [None] * (rows - rows // 2)),
        }
    )
    return found, expected


def _unions(rows: int) -> pa.Table:
    kinds = pa.array([n % 2 for n in range(rows)], pa.int8())
    children = [pa.array(range(rows)), pa.array([str(n) for n in range(rows)])]
    sparse = pa.UnionArray.from_sparse(kinds, children)
    offsets = pa.array([n // 2 for n in range(rows)], pa.int32())
    dense = pa.UnionArray.from_dense(kinds, offsets, children)
    return pa.table({"sparse": sparse, "dense": dense})


def _extensions(rows: int) -> pa.Table:
    ids = [uuid.UUID(int=n).bytes for n in range(rows)]
    storage = pa.array(ids, pa.binary(16))
    return pa.table({"uuid": pa.ExtensionArray.from_storage(pa.uuid(), storage)})


def write_tables(folder: Path) -> dict[str, ServedTable]:
    """Writes the tables into `folder`; by the names to serve them under."""
    plain = plain_table()
    served = {}

    def add(name: str, path: Path, expected: pa.Table) -> None:
        served[name] = ServedTable(str(path), expected)

    for codec in (None, "lz4", "zstd"):
        name = f"ipc_{codec or 'none'}"
        add(name, write_ipc(folder / f"{name}.arrow", plain, compression=codec), plain)
    add("stream", write_ipc(folder / "stream.arrows", plain), plain)
    add("parquet", folder / "plain.parquet", plain)
    pq.write_table(plain, folder / "plain.parquet", row_group_size=BATCH_ROWS)
    for number in range(3):
        part = plain_table(400, first=400 * number)
        write_ipc(folder / f"part-{number}.arrow", part)
        pq.write_table(part, folder / f"part-{number}.parquet", row_group_size=170)
    add("glob_ipc", folder / "part-*.arrow", plain_table(1200))
    add("glob_parquet", folder / "part-*.parquet", plain_table(1200))

    words = [_dictionaries(["a", "bb", "ccc"], 500), _dictionaries(["x", "a", "zz"], 500)]
    for number, table in enumerate(words):
        write_ipc(folder / f"words-{number}.arrow", table)
    add("dictionary", folder / "words-0.arrow", words[0])
    add("dictionaries", folder / "words-*.arrow", pa.concat_tables(words))

    for name, table in {
        "nested": _nested(ROWS),
        "scalars": _scalars(ROWS),
        "nulls": _nulls(ROWS),
        "unions": _unions(ROWS),
        "extensions": _extensions(ROWS),
        "empty": plain.slice(0, 0),
        "one": plain.slice(0, 1),
    }.items():
        add(name, write_ipc(folder / f"{name}.arrow", table), table)
    found, expected = _views(ROWS)
    add("views", write_ipc(folder / "views.arrow", found), expected)
    nested = _nested(ROWS).drop_columns(["pairs"])
    pq.write_table(nested, folder / "nested.parquet", row_group_size=BATCH_ROWS)
    add("nested_parquet", folder / "nested.parquet", nested)
    pq.write_table(plain.slice(0, 0), folder / "empty.parquet")
    add("empty_parquet", folder / "empty.parquet", plain.slice(0, 0))
    return served


def difference(found: pa.Table, expected: pa.Table) -> str:
    """What is wrong with `found`, in a line; empty when nothing is."""
    found.validate(full=True)
    if found.schema != expected.schema:
        return f"schema {found.schema}, expected {expected.schema}"
    if found.num_rows != expected.num_rows:
        return f"{found.num_rows} rows, expected {expected.num_rows}"
    for name in expected.column_names:
        # Dictionaries may differ where the values do not.
        if found[name].equals(expected[name]):
            continue
        values, wanted = found[name].to_pylist(), expected[name].to_pylist()
        rows = [row for row in range(len(wanted)) if values[row] != wanted[row]]
        if rows:
            return f"{name}[{rows[0]}] is {values[rows[0]]}, expected {wanted[rows[0]]}"
    return ""
