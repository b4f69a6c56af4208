# SPDX-License-Identifier: Apache-2.0
"""Joins whose rows have very many partners: memory follows the budget, not the pairs."""

from pathlib import Path

import case_tables
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc
import pytest
import yaml
from command import run_well

ROWS = 4000


def _joined(folder: Path, columns: list[str], **join) -> pa.Table:
    """`columns` of the join of x and y, each 0 to ROWS and all with the key 7."""
    for name in "xy":
        table = pa.table({"k": pa.array([7] * ROWS, pa.int64()), name: pa.array(range(ROWS))})
        with pa.ipc.new_file(folder / f"{name}.arrow", table.schema) as writer:
            writer.write_table(table, max_chunksize=1500)
    job = {
        "windrow": 1,
        "sources": {name: {"scan": f"{name}.arrow"} for name in "xy"},
        "steps": {
            "joined": {"join": {"left": "x", "right": "y", **join}},
            "out": {"select": columns},
        },
        "sinks": [{"write": "out.arrow"}],
    }
    (folder / "job.yaml").write_text(yaml.safe_dump(job, sort_keys=False), encoding="utf-8")
    run_well("run", "job.yaml", "--memory", "64MiB", "--slots", "2", cwd=folder)
    return case_tables.read_output(folder / "out.arrow")


@pytest.mark.parametrize("on", [["k"], []])
def test_few_of_many_pairs_remain(tmp_path: Path, on: list[str]):
    # All 16 million pairs would take 128 MiB.
    found = _joined(tmp_path, ["x", "y"], on=on, suffix="_y", where="x = y + 1")
    assert found["x"].to_pylist() == list(range(1, ROWS))
    assert found["y"].to_pylist() == list(range(ROWS - 1))


def test_semi_and_anti_look_at_many_pairs(tmp_path: Path):
    where = "x > y + 3900"
    kept = _joined(tmp_path, ["x"], on=[], how="semi", suffix="_y", where=where)
    assert kept["x"].to_pylist() == list(range(3901, ROWS))
    others = _joined(tmp_path, ["x"], on=["k"], how="anti", where=where)
    assert others["x"].to_pylist() == list(range(3901))


def test_many_pairs_come_out_in_order(tmp_path: Path):
    # One batch of the left side has more pairs than may wait in memory.
    found = _joined(tmp_path, ["x", "y"], on=[], suffix="_y", where="x < 1000")
    assert found.num_rows == 1000 * ROWS
    numbers = pc.add(pc.multiply(found["x"], ROWS), found["y"])
    assert pc.all(pc.equal(numbers, pa.array(range(1000 * ROWS)))).as_py()
