# SPDX-License-Identifier: Apache-2.0
"""Random aggregates through the command, compared with DuckDB row by row and in order.

Some of the seeds run by default have more groups than their memory holds.
"""

import math
from pathlib import Path

import case_tables
import pytest
import random_aggregate
import random_runs


@pytest.mark.parametrize("seed", random_runs.seeds(60))
def test_random_aggregate(seed: int, tmp_path: Path):
    aggregate = random_aggregate.make(seed, tmp_path)
    random_runs.check(
        seed,
        __file__,
        tmp_path,
        aggregate.arguments,
        lambda: _difference(case_tables.read_output(tmp_path / "out.arrow"), aggregate.expected),
    )


def _difference(table, expected) -> str:
    """What is wrong with the output, in a line; empty when nothing is."""
    table.validate(full=True)
    if table.column_names != expected.column_names:
        return f"columns {table.column_names}, expected {expected.column_names}"
    if table.num_rows != expected.num_rows:
        return f"{table.num_rows} rows, expected {expected.num_rows}"
    for name in expected.column_names:
        if table[name].type != expected[name].type:
            return f"{name} has type {table[name].type}, expected {expected[name].type}"
        pairs = zip(table[name].to_pylist(), expected[name].to_pylist(), strict=True)
        for row, (value, wanted) in enumerate(pairs):
            if not _is_same(value, wanted):
                return f"{name}[{row}] is {str(value)[:200]}, expected {str(wanted)[:200]}"
    return ""


def _is_same(value, wanted) -> bool:
    if isinstance(value, float) and isinstance(wanted, float):
        if math.isnan(value) or math.isnan(wanted):
            return math.isnan(value) and math.isnan(wanted)
        return math.isclose(value, wanted, rel_tol=1e-12, abs_tol=1e-9)
    return value == wanted
