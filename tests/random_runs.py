# SPDX-License-Identifier: Apache-2.0
"""Runs of random jobs against an oracle, and the line that replays one that differs.

WINDROW_FUZZ_SEEDS=5000 runs more of them, WINDROW_FUZZ_FIRST=17 starts at another seed. The
folder of a job that failed is kept, with its inputs, job document and output.
"""

import operator
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from case_run import find_binary

TIMEOUT_SECONDS = 60
# Every so many jobs are run again as a cluster would.
FRAGMENTS_ONE_IN = 3
FRAGMENTS = ["--on", "local:3", "--set", "split_rows=20", "--set", "piece_bytes=400"]


def seeds(count: int) -> range:
    """The seeds to run: `count` of them, unless the environment says otherwise."""
    first = int(os.environ.get("WINDROW_FUZZ_FIRST", "0"))
    return range(first, first + int(os.environ.get("WINDROW_FUZZ_SEEDS", str(count))))


def check(
    seed: int, test: str, folder: Path, arguments: Sequence[str], difference: Callable[[], str]
) -> None:
    """Runs `job.yaml` of the folder; fails with what `difference` finds in the output."""
    _check(seed, test, folder, arguments, difference)
    if seed % FRAGMENTS_ONE_IN == 0:
        _check(seed, test, folder, [*arguments, *FRAGMENTS], difference)
    shutil.rmtree(folder)


def _check(
    seed: int, test: str, folder: Path, arguments: Sequence[str], difference: Callable[[], str]
) -> None:
    command = [str(find_binary()), "run", "job.yaml", *arguments]
    run = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
    )
    failure = f"exit code {run.returncode}: {run.stderr.strip()}" if run.returncode else ""
    found = failure or difference()
    if found:
        pytest.fail(
            f"{found}\n"
            f"replay: WINDROW_FUZZ_FIRST={seed} WINDROW_FUZZ_SEEDS=1 pytest {Path(test).name}\n"
            f"command: cd {shlex.quote(str(folder))} && {shlex.join(command)}",
            pytrace=False,
        )


def difference(table, expected, is_same: Callable[[object, object], bool] = operator.eq) -> str:
    """What is wrong with an output, in a line; empty when nothing is."""
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
            if not is_same(value, wanted):
                return f"{name}[{row}] is {str(value)[:200]}, expected {str(wanted)[:200]}"
    return ""
