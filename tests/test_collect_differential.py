# SPDX-License-Identifier: Apache-2.0
"""Random collects through the command, compared with DuckDB row by row and in order.

WINDROW_FUZZ_SEEDS=5000 runs more of them, WINDROW_FUZZ_FIRST=17 starts at another seed. One
of the seeds run by default has more rows than its memory holds.
"""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import case_tables
import pytest
import random_collect
from case_run import find_binary

FIRST = int(os.environ.get("WINDROW_FUZZ_FIRST", "0"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("WINDROW_FUZZ_SEEDS", "40")))
TIMEOUT_SECONDS = 60


@pytest.mark.parametrize("seed", SEEDS)
def test_random_collect(seed: int, tmp_path: Path):
    collect = random_collect.make(seed, tmp_path)
    command = [str(find_binary()), "run", "job.yaml", *collect.arguments]
    run = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
    )
    if run.returncode:
        found = f"exit code {run.returncode}: {run.stderr.strip()}"
    else:
        found = _difference(case_tables.read_output(tmp_path / "out.arrow"), collect.expected)
    if found:
        pytest.fail(
            f"{found}\n"
            f"replay: WINDROW_FUZZ_FIRST={seed} WINDROW_FUZZ_SEEDS=1 pytest {Path(__file__).name}\n"
            f"command: cd {shlex.quote(str(tmp_path))} && {shlex.join(command)}",
            pytrace=False,
        )
    shutil.rmtree(tmp_path)


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
