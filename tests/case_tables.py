# SPDX-License-Identifier: Apache-2.0
"""The Arrow side of text cases: type names, values, writing inputs, comparing outputs."""

import datetime
import decimal
import json
import math
import re
from pathlib import Path

import case_file
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet
from case_file import NULL, Column, Expectation, Input, Null

PLAIN_TYPES = {
    "utf8": pa.utf8(),
    "large_utf8": pa.large_utf8(),
    "binary": pa.binary(),
    "bool": pa.bool_(),
    "date32": pa.date32(),
    "null": pa.null(),
    "float32": pa.float32(),
    "float64": pa.float64(),
} | {
    f"{sign}int{bits}": getattr(pa, f"{sign}int{bits}")()
    for sign in ("", "u")
    for bits in (8, 16, 32, 64)
}
NESTED_TYPE = re.compile(r"(\w+)\s*[\[(<](.*)[\])>]")
CORRUPT_BYTES = 8
FLOAT_TOLERANCE = 1e-12


def read_type(text: str) -> pa.DataType:
    """The Arrow type a case calls `text`; ValueError when there is none."""
    text = text.strip()
    if text in PLAIN_TYPES:
        return PLAIN_TYPES[text]
    match = NESTED_TYPE.fullmatch(text)
    if not match:
        raise ValueError(f"unknown type {text!r}")
    kind, inside = match[1], match[2]
    if kind == "timestamp":
        unit, _, zone = inside.partition(",")
        return pa.timestamp(unit.strip(), zone.strip() or None)
    if kind == "duration":
        return pa.duration(inside)
    if kind == "decimal128":
        precision, scale = inside.split(",")
        return pa.decimal128(int(precision), int(scale))
    if kind == "dictionary":
        return pa.dictionary(pa.int32(), read_type(inside))
    if kind == "list":
        return pa.list_(read_type(inside))
    if kind == "struct":
        parts = case_file.split(inside, ",", "[(<", 0)
        return pa.struct(
            [
                (name.strip(), read_type(rest))
                for name, _, rest in (part.partition(":") for part in parts)
            ]
        )
    raise ValueError(f"unknown type {text!r}")


def read_value(text: str | Null, type_: pa.DataType):
    """`text` as the Python value Arrow makes of `type_`; ValueError when it is none."""
    if text is NULL:
        return None
    if pa.types.is_dictionary(type_):
        return read_value(text, type_.value_type)
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return text
    if pa.types.is_binary(type_) or pa.types.is_large_binary(type_):
        return text.encode()
    if pa.types.is_boolean(type_):
        return {"true": True, "false": False}[text]
    if pa.types.is_integer(type_) or pa.types.is_duration(type_):
        return int(text)
    if pa.types.is_floating(type_):
        return float(text)
    if pa.types.is_decimal(type_):
        return decimal.Decimal(text)
    if pa.types.is_date(type_):
        return datetime.date.fromisoformat(text)
    if pa.types.is_timestamp(type_):
        return _read_timestamp(text, type_)
    if pa.types.is_nested(type_):
        return json.loads(text)
    raise ValueError(f"no value of type {type_} is written {text!r}")


def _read_timestamp(text: str, type_: pa.TimestampType) -> int:
    """Ticks since 1970 in the unit of `type_`: Python's own type stops at microseconds."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    moment = datetime.datetime.fromisoformat(whole)
    seconds = (moment - datetime.datetime(1970, 1, 1)) // datetime.timedelta(seconds=1)
    nanos = seconds * 10**9 + int(fraction.ljust(9, "0"))
    return nanos // {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[type_.unit]


def make_array(values: list[str | Null], type_: pa.DataType) -> pa.Array:
    python_values = [read_value(value, type_) for value in values]
    if pa.types.is_dictionary(type_):
        return pa.array(python_values, type_.value_type).dictionary_encode().cast(type_)
    if pa.types.is_timestamp(type_):
        return pa.array(python_values, pa.int64()).cast(type_)
    return pa.array(python_values, type_)


def make_table(source: Input) -> pa.Table:
    if not source.columns:
        empty_rows = pa.array([{}] * source.options.get("rows", 0), pa.struct([]))
        return pa.Table.from_batches([pa.RecordBatch.from_struct_array(empty_rows)])
    fields, arrays = [], []
    for index, column in enumerate(source.columns):
        array = make_array([row[index] for row in source.rows], read_type(column.type))
        if source.options.get("dictionary") == column.name:
            array = array.dictionary_encode()
        fields.append(pa.field(column.name, array.type))
        arrays.append(array)
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def write_input(folder: Path, source: Input, chunk_rows: int | None = None) -> None:
    """Writes a file in row groups or batches of the rows the case says, or of `chunk_rows`."""
    path = folder / source.file
    path.parent.mkdir(parents=True, exist_ok=True)
    by_suffix = {".parquet": "parquet", ".arrows": "stream"}.get(path.suffix, "file")
    if source.options.get("format", by_suffix) == "parquet":
        pa.parquet.write_table(
            make_table(source),
            path,
            row_group_size=source.options.get("row_group", chunk_rows),
            compression=source.options.get("compression", "none"),
        )
    else:
        is_stream = source.options.get("format", by_suffix) == "stream"
        _write_ipc(path, source, is_stream, source.options.get("batch", chunk_rows))
    _damage(path, source.options)


def _write_ipc(path: Path, source: Input, is_stream: bool, chunk_rows: int | None) -> None:
    table = make_table(source)
    options = pa.ipc.IpcWriteOptions(compression=source.options.get("compression"))
    batches = table.to_batches(max_chunksize=chunk_rows)
    if source.options.get("empty") == "yes":
        empty = table.slice(0, 0).combine_chunks().to_batches() or [
            pa.RecordBatch.from_arrays(
                [pa.array([], field.type) for field in table.schema], schema=table.schema
            )
        ]
        batches = [one for batch in batches for one in (empty[0], batch)] + empty
    make_writer = pa.ipc.new_stream if is_stream else pa.ipc.new_file
    with make_writer(path, table.schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)


def _damage(path: Path, options: dict) -> None:
    content = bytearray(path.read_bytes())
    if "corrupt" in options:
        start = options["corrupt"] % len(content)
        for index in range(start, min(start + CORRUPT_BYTES, len(content))):
            content[index] ^= 0xFF
    if "truncate" in options:
        content = content[: options["truncate"]]
    if "corrupt" in options or "truncate" in options:
        path.write_bytes(content)


def read_output(path: Path) -> pa.Table:
    magic = path.read_bytes()[:6]
    if magic[:4] == b"PAR1":
        return pa.parquet.read_table(path)
    if magic == b"ARROW1":
        with pa.ipc.open_file(path) as reader:
            return reader.read_all()
    with pa.ipc.open_stream(path) as reader:
        return reader.read_all()


def complaints(name: str, table: pa.Table, expected: Expectation) -> list[str]:
    """What is wrong with an output, as lines to show; empty when nothing is."""
    if expected.columns is not None:
        wanted = [(column.name, str(read_type(column.type))) for column in expected.columns]
        found = [(field.name, str(field.type)) for field in table.schema]
        if wanted != found:
            return [
                f"{name} has other columns:",
                *align(["expected", "found"], _pairs(wanted, found)),
            ]
    if expected.num_rows is not None and expected.num_rows != table.num_rows:
        return [f"{name} has {table.num_rows} rows, expected {expected.num_rows}"]
    if expected.rows is None:
        return []
    return _compare_rows(name, table, expected)


def _pairs(wanted: list[tuple[str, str]], found: list[tuple[str, str]]) -> list[list[str]]:
    length = max(len(wanted), len(found))
    columns = ([":".join(pair) for pair in side] for side in (wanted, found))
    return [
        list(row)
        for row in zip(*(side + [""] * (length - len(side)) for side in columns), strict=True)
    ]


def _compare_rows(name: str, table: pa.Table, expected: Expectation) -> list[str]:
    found = _python_rows(table)
    types = [field.type for field in table.schema]
    wanted, problem = [], ""
    for row in expected.rows:
        try:
            wanted.append([read_value(text, type_) for text, type_ in zip(row, types, strict=True)])
        except (ValueError, KeyError, decimal.InvalidOperation) as error:
            problem = f" (row {row} does not fit the columns: {error})"
            break
    if not problem:
        if not expected.is_ordered:
            wanted, found = sorted(wanted, key=_sort_key), sorted(found, key=_sort_key)
        if len(wanted) == len(found) and all(map(_same, wanted, found)):
            return []
    order = "" if expected.is_ordered else ", sorted here"
    names = [field.name for field in table.schema]
    expected_text = [[_show(text) for text in row] for row in expected.rows]
    if not expected.is_ordered and not problem:
        expected_text = [[_show(value) for value in row] for row in wanted]
    found_text = [[_show(value) for value in row] for row in found]
    marked = [
        [*row, "" if index < len(wanted) and _same(found[index], wanted[index]) else "<"]
        for index, row in enumerate(found_text)
    ]
    return [
        f"{name} has other rows{problem}",
        f"expected {len(expected.rows)} rows{order}:",
        *align(names, expected_text),
        f"found {len(found)} rows{order}, < differs:",
        *align([*names, ""], marked),
    ]


def _python_rows(table: pa.Table) -> list[list]:
    """Rows as read_value makes them: timestamps as ticks, dictionaries as their values."""
    columns = []
    for column in table.columns:
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.int64())
        columns.append(column.to_pylist())
    return [list(row) for row in zip(*columns, strict=True)]


def _same(left, right) -> bool:
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, float) and isinstance(right, float):
        if math.isnan(left) or math.isnan(right):
            return math.isnan(left) and math.isnan(right)
        return left == right or math.isclose(left, right, rel_tol=FLOAT_TOLERANCE)
    return left == right


def _sort_key(row: list) -> str:
    return repr([0.0 if value == 0 and isinstance(value, float) else value for value in row])


def _show(value) -> str:
    if value is None or value is NULL:
        return "-"
    return "''" if value == "" else str(value)


def align(head: list[str], rows: list[list[str]]) -> list[str]:
    """A table as lines of text with columns of equal width."""
    width = max(map(len, [head, *rows]))
    lines = [[*row, *[""] * (width - len(row))] for row in [head, *rows]]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  " + "  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]


def check_types(columns: list[Column]) -> None:
    for column in columns:
        read_type(column.type)
