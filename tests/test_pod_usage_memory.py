# SPDX-License-Identifier: Apache-2.0
"""pod-usage within 64 MiB and 300 MB that the kernel keeps: the rows of a run with plenty."""

import json
from pathlib import Path

import command
import pytest
from support.pod_usage import run
from support.pod_usage.comparison import difference
from support.pod_usage.edge_cases import make
from test_memory_promise import ALLOWANCE, BUDGET, run_within


@pytest.mark.parametrize("rows", [763_200, 1_017_600])
def test_hourly_reports(rows: int, tmp_path: Path):
    words = ["--rows", str(rows), "--option", "layout=hourly", "--progress", "none", "-o", "in"]
    command.run_well("generate", "pod-usage", *words, cwd=tmp_path)
    places = {"layout": "hourly", "reference": "in/reference.json"}
    words = run.words(make([]), **places, to="tight.ndjson")
    report = run_within(BUDGET + ALLOWANCE, *words, cwd=tmp_path)
    assert report["spill_bytes"] > 0
    assert report["peak_memory_bytes"] < BUDGET + ALLOWANCE
    command.run_well(*run.words(make([]), "--memory", "2GiB", **places), cwd=tmp_path)
    with (tmp_path / "tight.ndjson").open() as tight, (tmp_path / run.OUTPUT).open() as roomy:
        for line, expected in zip(tight, roomy, strict=True):
            # Sums may differ in their last digits, the order of rows may not.
            if line != expected:
                assert difference([json.loads(line)], [json.loads(expected)]) == ""
