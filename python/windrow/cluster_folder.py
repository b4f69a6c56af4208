# SPDX-License-Identifier: Apache-2.0
"""The folder of nodes that a process started: their sockets, logs, and what they spill."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

_ROOT = Path("/tmp")  # Ray's sockets need a short path
_LOCK = "windrow.lock"
# Younger ones may not be locked yet.
_OLD_SECONDS = 60


class ClusterFolder:
    """Goes with its process. One whose process was killed goes when the next is made."""

    def __init__(self) -> None:
        _remove_abandoned()
        self.path = Path(tempfile.mkdtemp(prefix="wr", dir=_ROOT))
        # What Ray still writes on its way out is removed after it, as this is registered first.
        atexit.register(shutil.rmtree, self.path, ignore_errors=True)
        self._lock = os.open(self.path / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        """Once the nodes have ended."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _remove_abandoned() -> None:
    for lock in _ROOT.glob(f"wr*/{_LOCK}"):
        with contextlib.suppress(OSError):
            state = lock.lstat()
            is_old = state.st_mtime < time.time() - _OLD_SECONDS
            if is_old and state.st_uid == lock.parent.lstat().st_uid == os.getuid():
                _remove_unless_locked(lock)


def _remove_unless_locked(lock: Path) -> None:
    descriptor = os.open(lock, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(lock.parent, ignore_errors=True)
    finally:
        os.close(descriptor)
