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
        lambda: random_runs.difference(
            case_tables.read_output(tmp_path / "out.arrow"), collect.expected
        ),
    )
