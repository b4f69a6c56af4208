# SPDX-License-Identifier: Apache-2.0
"""Every text case of tests/cases, through the command: `pytest -k filter/nulls` picks one."""

from pathlib import Path

import case_file
import pytest
from case_run import CaseRun, find_binary

CASES = Path(__file__).resolve().parent / "cases"
NAMES = sorted(path.relative_to(CASES).with_suffix("").as_posix() for path in CASES.rglob("*.case"))


@pytest.mark.parametrize("name", NAMES)
def test_case(name: str, tmp_path: Path):
    binary = find_binary()
    assert binary.is_file(), f"found no command at {binary}; run make build"
    case = case_file.parse((CASES / f"{name}.case").read_text(encoding="utf-8"))
    complaints = CaseRun(case, tmp_path, binary).complaints()
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)
