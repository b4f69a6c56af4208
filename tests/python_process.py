# SPDX-License-Identifier: Apache-2.0
"""Python with the package as a child process."""

import os
import subprocess
import sys
from pathlib import Path

from case_run import ROOT

TIMEOUT_SECONDS = 60


def environment() -> dict[str, str]:
    """This process's environment, with the package of this tree's build first."""
    return {**os.environ, "PYTHONPATH": str(ROOT / "build/release/python")}


def start(code: str, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(code: str, cwd: Path, timeout: float = TIMEOUT_SECONDS) -> subprocess.CompletedProcess[str]:
    """Runs `code` to its end; what it prints and how it ended is for the test to judge."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
