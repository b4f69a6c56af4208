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
        lambda: random_runs.difference(
            case_tables.read_output(tmp_path / "out.arrow"), aggregate.expected, _is_same
        ),
    )


def _is_same(value, wanted) -> bool:
    if isinstance(value, float) and isinstance(wanted, float):
        if math.isnan(value) or math.isnan(wanted):
            return math.isnan(value) and math.isnan(wanted)
        return math.isclose(value, wanted, rel_tol=1e-12, abs_tol=1e-9)
    return value == wanted
