# SPDX-License-Identifier: Apache-2.0
"""Cases that join, group, sort or collect, on three Ray nodes."""

import re
from collections.abc import Iterator
from pathlib import Path

import case_file
import pytest
from support.ray_cluster import ClusterCaseRun, three_nodes

import windrow as wr

CASES = Path(__file__).resolve().parent / "cases"
STEPS = re.compile(r"\b(join|aggregate|sort|collect|limit|union)\s*:")


def _cases() -> dict[str, case_file.Case]:
    found = {}
    for path in sorted(CASES.rglob("*.case")):
        case = case_file.parse(path.read_text(encoding="utf-8"))
        is_run = case.command is None and not case.runs_once and not case.stdout
        if is_run and case.job is not None and STEPS.search(case.job):
            found[path.relative_to(CASES).with_suffix("").as_posix()] = case
    return found


@pytest.fixture(scope="module")
def cluster() -> Iterator[wr.Cluster]:
    with three_nodes() as cluster:
        yield cluster


@pytest.mark.parametrize(("name", "case"), _cases().items(), ids=_cases().keys())
def test_case_on_a_cluster(name: str, case: case_file.Case, tmp_path: Path, cluster: wr.Cluster):
    complaints = ClusterCaseRun(case, tmp_path, cluster).complaints()
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)
