# SPDX-License-Identifier: Apache-2.0
"""Recipes within a limit that the kernel keeps: the budget and 300 MB.

The inputs are several times the budget, so the run has to spill to get through.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import command
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet
import pytest
from case_run import find_binary

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))

from cgroup import memory_group

BUDGET = 64 << 20
ALLOWANCE = 300_000_000


def run_within(limit: int, *words: str | Path, cwd: Path) -> dict:
    """Runs the command in a memory group and returns its report."""
    line = [str(find_binary()), *map(str, words), "--memory", str(BUDGET)]
    line += ["--report", "report.json", "--progress", "none"]
    with memory_group(limit) as within:
        if not within:
            pytest.skip("no memory group can be made here")
        outcome = subprocess.run(
            [*within, *line], cwd=cwd, capture_output=True, text=True, timeout=240
        )
    assert outcome.returncode == 0, outcome.stderr
    return json.loads((cwd / "report.json").read_text(encoding="utf-8"))


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.mark.parametrize("ordered", ["true", "false"])
def test_probe_rows_stay_within_the_budget(ordered: str, tmp_path: Path):
    words = ["--rows", "5000000", "--option", f"ordered={ordered}", "-o", "pings.parquet"]
    command.run_well("generate", "pings", *words, cwd=tmp_path, timeout=120)
    probe_rows = ["probe-rows", "--input", "pings.parquet", "--output"]
    report = run_within(BUDGET + ALLOWANCE, *probe_rows, "out", cwd=tmp_path)
    assert report["spill_bytes"] > 0
    assert report["peak_memory_bytes"] < BUDGET + ALLOWANCE
    (tmp_path / "out").rename(tmp_path / "tight")
    command.run_well(*probe_rows, "out", "--memory", "4GiB", cwd=tmp_path, timeout=120)
    assert digests(tmp_path / "tight") == digests(tmp_path / "out")


def test_one_probe_larger_than_the_budget(tmp_path: Path):
    """Five million rows of one source, which come out as records of 8 MB."""
    words = ["--rows", "5000000", "--option", "probes=1", "--option", "null_keys=0"]
    command.run_well("generate", "pings", *words, "-o", "p.parquet", cwd=tmp_path, timeout=120)
    probe_rows = ["probe-rows", "--input", "p.parquet", "--output"]
    report = run_within(BUDGET + ALLOWANCE, *probe_rows, "out", cwd=tmp_path)
    assert report["spill_bytes"] > 0
    (tmp_path / "out").rename(tmp_path / "tight")
    command.run_well(*probe_rows, "out", "--memory", "4GiB", cwd=tmp_path, timeout=120)
    assert digests(tmp_path / "tight") == digests(tmp_path / "out")
    command.run_well("probe-rows", "--output", "out", "--verify", cwd=tmp_path, timeout=120)


@pytest.mark.parametrize("key", ["id", "name"])
def test_five_million_groups_stay_within_the_budget(key: str, tmp_path: Path):
    """Each key comes twice, so that what went to disk has to be brought together."""
    groups, step = 5_000_000, 2_147_483_647  # they have no common factor
    with pa.parquet.ParquetWriter(
        tmp_path / "a.parquet",
        pa.schema([("id", pa.int64()), ("name", pa.utf8()), ("x", pa.int64())]),
    ) as writer:
        for begin in range(0, 2 * groups, 500_000):
            row = pa.array(range(begin, begin + 500_000), pa.int64())
            whole = pc.multiply(pc.divide(pc.multiply(row, step), groups), groups)
            id_ = pc.subtract(pc.multiply(row, step), whole)
            name = pc.binary_join_element_wise("host", pc.cast(id_, pa.utf8()), "-")
            writer.write_table(pa.table({"id": id_, "name": name, "x": row}))
    spec = f"{{by: {key}, columns: {{n: count(*), s: sum(x), top: max(name)}}}}"
    (tmp_path / "job.yaml").write_text(
        "windrow: 1\nsources: {a: {scan: a.parquet}}\n"
        f"steps: {{out: {{aggregate: {spec}, from: a}}}}\n"
        "sinks: [{write: out.arrow, from: out}]\n",
        encoding="utf-8",
    )
    report = run_within(BUDGET + ALLOWANCE, "run", "job.yaml", cwd=tmp_path)
    assert report["spill_bytes"] > 0
    assert report["peak_memory_bytes"] < BUDGET + ALLOWANCE
    table = pa.ipc.open_file(tmp_path / "out.arrow").read_all()
    assert table.num_rows == groups
    assert pc.all(pc.equal(table["n"], 2)).as_py()
    # Row r and row r + groups have the same key, and the first of them says the order.
    row = pa.array(range(groups), pa.int64())
    assert table["s"].combine_chunks().equals(pc.add(pc.multiply(row, 2), groups))
