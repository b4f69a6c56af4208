# SPDX-License-Identifier: Apache-2.0
"""A child process whose output is a terminal."""

import contextlib
import os
import pty
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

TIMEOUT_SECONDS = 60


def run(words: Sequence[str], cwd: Path, env: Mapping[str, str]) -> tuple[int, str]:
    """The exit code, and what it wrote to stdout and stderr, which are the terminal."""
    reader, writer = pty.openpty()
    process = subprocess.Popen(
        words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer
    )
    os.close(writer)
    text = b""
    with contextlib.suppress(OSError):  # the other end is closed
        while part := os.read(reader, 4096):
            text += part
    os.close(reader)
    return process.wait(TIMEOUT_SECONDS), text.decode().replace("\r\n", "\n")
