# SPDX-License-Identifier: Apache-2.0
"""Random collects through the command, compared with DuckDB row by row and in order.

One of the seeds run by default has more rows than its memory holds.
"""

from pathlib import Path

import case_tables
import pytest
import random_collect
import random_runs


@pytest.mark.parametrize("seed", random_runs.seeds(40))
def test_random_collect(seed: int, tmp_path: Path):
    collect = random_collect.make(seed, tmp_path)
    random_runs.check(
        seed,
        __file__,
        tmp_path,
        collect.arguments,
        lambda: _difference(case_tables.read_output(tmp_path / "out.arrow"), collect.expected),
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
            if value != wanted:
                return f"{name}[{row}] is {str(value)[:200]}, expected {str(wanted)[:200]}"
    return ""
