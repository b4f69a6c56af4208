# SPDX-License-Identifier: Apache-2.0
"""The benchmarks of pod-usage at a small size: DuckDB's SQL, and the run of all scales."""

import shlex
import sys
from pathlib import Path

import pytest
from case_run import find_binary

BENCH = Path(__file__).resolve().parent.parent / "bench"
sys.path.insert(0, str(BENCH))

import pod_usage_inputs  # noqa: E402
import pod_usage_scales  # noqa: E402

ROWS = "480"


def scales(folder: Path, windrow: Path, *names: str) -> int:
    words = ["--scale", *names, "--rows", ROWS, "--windrow", str(windrow)]
    return pod_usage_scales.main([*words, "--results", str(folder)])


def test_the_first_scales_from_reports_to_rows(tmp_path: Path, capsys: pytest.CaptureFixture):
    assert scales(tmp_path, find_binary(), "22K", "100K") == 0
    lines = capsys.readouterr().out.splitlines()
    [kept] = tmp_path.iterdir()
    assert kept.read_text(encoding="utf-8").splitlines() == lines
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    assert [(row[:3], row[-1]) for row in cells] == [
        (["22K", ROWS, "23"], "yes"),
        (["100K", ROWS, "23"], "yes"),
    ]


@pytest.mark.parametrize(
    ("scale", "found"),
    [("22K", "23 rows, expected 23"), ("100K", "column 'cluster_alias': values differ")],
)
def test_a_wrong_answer_ends_the_run(
    scale: str, found: str, tmp_path: Path, capsys: pytest.CaptureFixture
):
    other = tmp_path / "windrow"
    other.write_text(
        '#!/bin/sh\nfor word in "$@"; do\n'
        f'  [ "$word" = {pod_usage_inputs.CLUSTER_ALIAS} ] && word=Other\n'
        '  set -- "$@" "$word"\n  shift\ndone\n'
        f'exec {shlex.quote(str(find_binary()))} "$@"\n',
        encoding="utf-8",
    )
    other.chmod(0o755)
    assert scales(tmp_path / "results", other, scale, "250K") == 1
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1] == f"| {scale} |  |  |  |  | no |"
    assert f"failed: {scale}: wrong answer: {found}" in captured.err
