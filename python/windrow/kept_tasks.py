# SPDX-License-Identifier: Apache-2.0
"""What tasks made, kept in files so that a run that was killed can be gone on with.

A task is a function of its documents and of the pieces it reads, so its file is named by
the hash of them: what is found under that name is what the task would make again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

_ALIGNMENT = 64


class KeptTasks:
    """The files of one run of one job, in a folder that all nodes see."""

    def __init__(self, folder: str, signature: str) -> None:
        self._run = hashlib.sha256(signature.encode()).hexdigest()[:32]
        self.folder = Path(folder) / f"windrow-resume-{self._run}"
        self.folder.mkdir(exist_ok=True)

    def name(self, fragment: str, task: str, pieces: Iterable[str]) -> str:
        """The file of a task that reads pieces with these names."""
        text = "\n".join([self._run, fragment, task, *pieces])
        return str(self.folder / hashlib.sha256(text.encode()).hexdigest())

    def remove(self) -> None:
        """After the run's outputs were published."""
        shutil.rmtree(self.folder, ignore_errors=True)


def read_task(path: str) -> tuple[list[pa.Buffer | None], Any] | None:
    """The pieces and what the driver was told, if the task was kept. Nothing is copied."""
    if not os.path.exists(path):
        return None
    file = pa.memory_map(path).read_buffer()
    head = int.from_bytes(file.slice(0, 8).to_pybytes(), "little")
    sizes, told = json.loads(file.slice(8, head).to_pybytes())
    at = _aligned(8 + head)
    pieces: list[pa.Buffer | None] = []
    for size in sizes:
        pieces.append(None if size is None else file.slice(at, size))
        at = _aligned(at + (size or 0))
    return pieces, told


def keep_task(path: str, pieces: Sequence[pa.Buffer | None], told: Any) -> None:
    """Keeps a task; its file appears whole or not at all."""
    head = json.dumps([[None if piece is None else piece.size for piece in pieces], told]).encode()
    beside = f"{path}.{os.getpid()}.tmp"
    with open(beside, "wb") as file:
        file.write(len(head).to_bytes(8, "little") + head)
        for piece in pieces:
            file.write(b"\0" * (_aligned(file.tell()) - file.tell()))
            if piece is not None:
                file.write(piece)
    os.replace(beside, path)


def _aligned(place: int) -> int:
    return -(-place // _ALIGNMENT) * _ALIGNMENT
