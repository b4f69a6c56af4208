# SPDX-License-Identifier: Apache-2.0
"""Random joins through the command, compared with DuckDB row by row and in order."""

from pathlib import Path

import case_tables
import pyarrow as pa
import pytest
import random_join
import random_runs


@pytest.mark.parametrize("seed", random_runs.seeds(150))
def test_random_join(seed: int, tmp_path: Path):
    join = random_join.make(seed, tmp_path)
    random_runs.check(
        seed,
        __file__,
        tmp_path,
        join.arguments,
        lambda: difference(tmp_path / join.job["sinks"][0]["write"], join.expected),
    )


def difference(path: Path, expected: pa.Table) -> str:
    """What is wrong with the output, in a line; empty when nothing is."""
    table = case_tables.read_output(path)
    table.validate(full=True)
    if table.column_names != expected.column_names:
        return f"columns {table.column_names}, expected {expected.column_names}"
    if table.num_rows != expected.num_rows:
        return f"{table.num_rows} rows, expected {expected.num_rows}"
    wrong = []
    for name in expected.column_names:
        if _plain(table[name].type) != _plain(expected[name].type):
            return f"{name} has type {table[name].type}, expected {expected[name].type}"
        values, wanted = _comparable(table[name]), _comparable(expected[name])
        rows = [
            row for row, pair in enumerate(zip(values, wanted, strict=True)) if pair[0] != pair[1]
        ]
        if rows:
            row = rows[0]
            wrong.append(f"{name}[{row}] is {values[row]}, expected {wanted[row]}")
    if not wrong:
        return ""
    is_same_set = sorted(_rows(table)) == sorted(_rows(expected))
    return f"{'other order' if is_same_set else 'other rows'}: {'; '.join(wrong)}"


def _plain(type_: pa.DataType) -> pa.DataType:
    return type_.value_type if pa.types.is_dictionary(type_) else type_


def _comparable(column: pa.ChunkedArray) -> list:
    """Values as Python compares them: floats and times by their bits."""
    column = column.cast(_plain(column.type))
    type_ = column.type
    if pa.types.is_floating(type_) or pa.types.is_temporal(type_):
        bits = pa.int32() if type_.bit_width == 32 else pa.int64()
        column = pa.chunked_array([chunk.view(bits) for chunk in column.chunks], bits)
    return column.to_pylist()


def _rows(table: pa.Table) -> list[str]:
    columns = [_comparable(table[name]) for name in table.column_names]
    return [repr(row) for row in zip(*columns, strict=True)]
