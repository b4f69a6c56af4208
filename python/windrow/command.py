# SPDX-License-Identifier: Apache-2.0
"""The `windrow` command, which comes inside the package."""

import os
import sys
from pathlib import Path
from typing import NoReturn


def main() -> NoReturn:
    """Becomes the command, with this process's arguments."""
    program = Path(__file__).parent / "bin" / "windrow"
    # Its runs on a Ray cluster come back to this environment.
    environment = {"WINDROW_PYTHON": sys.executable, **os.environ}
    os.execve(program, ["windrow", *sys.argv[1:]], environment)
