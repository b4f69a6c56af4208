# SPDX-License-Identifier: Apache-2.0
"""Holds a contestant to a limit of memory that the kernel keeps."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
# Folder of a hierarchy, and the file in a group that takes the limit.
HIERARCHIES = ((ROOT / "memory", "memory.limit_in_bytes"), (ROOT, "memory.max"))
NUMBERS = itertools.count()


@contextlib.contextmanager
def memory_group(limit: int) -> Iterator[Sequence[str]]:
    """Makes a group and yields the words to put before a command so that it runs in it.

    No words where the machine does not let us make one.
    """
    folder = make_group(limit)
    try:
        if folder is None or shutil.which("sh") is None:
            yield []
        else:
            join = f'echo $$ > "{folder}/cgroup.procs" && exec "$@"'
            yield ["sh", "-c", join, "sh"]
    finally:
        if folder is not None:
            remove_group(folder)


def make_group(limit: int) -> Path | None:
    """Makes a group with a limit, or returns None."""
    name = f"windrow-bench-{os.getpid()}-{next(NUMBERS)}"
    for root, file in HIERARCHIES:
        folder = root / name
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            (folder / file).write_text(str(limit), encoding="ascii")
        except OSError:
            folder.rmdir()
            continue
        return folder
    return None


def remove_group(folder: Path) -> None:
    """Removes a group once the processes that were killed in it have left."""
    for _ in range(100):
        try:
            folder.rmdir()
            return
        except OSError:
            time.sleep(0.02)
