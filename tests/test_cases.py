# SPDX-License-Identifier: Apache-2.0
"""Every text case of tests/cases, through the command: `pytest -k filter/nulls` picks one."""

from pathlib import Path

import case_file
import pytest
from case_run import CaseRun, find_binary

CASES = Path(__file__).resolve().parent / "cases"
NAMES = sorted(path.relative_to(CASES).with_suffix("").as_posix() for path in CASES.rglob("*.case"))


def _run(name: str, folder: Path) -> CaseRun:
    binary = find_binary()
    assert binary.is_file(), f"found no command at {binary}; run make build"
    case = case_file.parse((CASES / f"{name}.case").read_text(encoding="utf-8"))
    return CaseRun(case, folder, binary)


def _fail_on(complaints: list[str]) -> None:
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)


@pytest.mark.parametrize("name", NAMES)
def test_case(name: str, tmp_path: Path):
    _fail_on(_run(name, tmp_path).complaints())


@pytest.mark.parametrize("name", NAMES)
def test_case_as_fragments(name: str, tmp_path: Path):
    run = _run(name, tmp_path)
    if not run.runs_a_plan:
        pytest.skip("the case is about a command that runs no plan")
    _fail_on(run.as_fragments().complaints())
