# SPDX-License-Identifier: Apache-2.0
"""The types and values of random joins."""

import decimal
import random

import pyarrow as pa

WORDS = ["", "a", "ab", "b", "Zürich", "zebra", "a longer word than twelve bytes", "ab\0c"]
KEY_FAMILIES = {
    "integer": [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint32()],
    "unsigned": [pa.uint64()],
    "text": [
        pa.utf8(),
        pa.large_utf8(),
        pa.dictionary(pa.int32(), pa.utf8()),
        pa.dictionary(pa.int8(), pa.utf8()),
    ],
    "date": [pa.date32()],
    "timestamp": [pa.timestamp(unit) for unit in ("s", "ms", "us", "ns")],
    "float": [pa.float64()],
    "boolean": [pa.bool_()],
}
PAYLOAD_TYPES = [
    pa.int64(),
    pa.uint8(),
    pa.float64(),
    pa.float32(),
    pa.bool_(),
    pa.utf8(),
    pa.large_utf8(),
    pa.binary(),
    pa.binary(3),
    pa.date32(),
    pa.timestamp("us", "UTC"),
    pa.time64("us"),
    pa.duration("ms"),
    pa.decimal128(20, 2),
    pa.null(),
    pa.list_(pa.int32()),
    pa.list_(pa.utf8()),
    pa.struct([("x", pa.int16()), ("y", pa.utf8())]),
    pa.dictionary(pa.int16(), pa.utf8()),
]


def draw_value(draw: random.Random, type_: pa.DataType):
    """A value of `type_`, never null itself."""
    if pa.types.is_null(type_):
        return None
    if pa.types.is_dictionary(type_):
        return draw.choice(WORDS)
    if pa.types.is_struct(type_):
        return {"x": draw.choice([None, 1, -7]), "y": draw.choice([None, *WORDS])}
    if pa.types.is_list(type_):
        inner = type_.value_type
        return [draw_value(draw, inner) for _ in range(draw.choice([0, 1, 3]))]
    if pa.types.is_boolean(type_):
        return draw.random() < 0.5
    if pa.types.is_fixed_size_binary(type_):
        return bytes(draw.choices(range(256), k=type_.byte_width))
    if pa.types.is_binary(type_):
        return bytes(draw.choices(range(256), k=draw.choice([0, 2, 20])))
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return draw.choice(WORDS) * draw.choice([1, 1, 3])
    if pa.types.is_floating(type_):
        return draw.choice([0.0, -0.0, 1.5, float("nan"), float(draw.randint(-9, 9))])
    if pa.types.is_decimal(type_):
        return decimal.Decimal(draw.randint(-(10**6), 10**6)).scaleb(-2)
    return draw.randint(0, 200)


def as_parquet(table: pa.Table) -> pa.Table:
    """Parquet has no timestamps in seconds."""
    types = [pa.timestamp("ms") if t == pa.timestamp("s") else t for t in table.schema.types]
    return table.cast(pa.schema(zip(table.column_names, types, strict=True)))


def fits(number: int, type_: pa.DataType) -> bool:
    signed = pa.types.is_signed_integer(type_)
    low = -(2 ** (type_.bit_width - 1)) if signed else 0
    return low <= number < low + 2**type_.bit_width


def make_array(values: list, type_: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(type_):
        return pa.array(values, type_.value_type).dictionary_encode().cast(type_)
    return pa.array(values, type_)


def for_duckdb(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Dictionaries as their values, timestamps in the one unit all others convert to."""
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column.cast(pa.timestamp("ns")) if pa.types.is_timestamp(column.type) else column
