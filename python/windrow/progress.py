# SPDX-License-Identifier: Apache-2.0
"""How far a run is, as one line that is drawn again and again."""

import sys
import time
from types import TracebackType
from typing import IO

from windrow import _native

_BEFORE_FIRST_SECONDS = 0.5
_BETWEEN_SECONDS = 0.2
_WIDTH = 30


class ProgressLine:
    """Draws on a terminal's stderr, or in a notebook's output; elsewhere it shows nothing."""

    def __init__(self, is_wanted: bool) -> None:
        self._stream: IO[str] | None = _stream() if is_wanted else None
        self._next = time.monotonic() + _BEFORE_FIRST_SECONDS
        self._shown = 0

    def __enter__(self) -> "ProgressLine":
        return self

    def update(self, run: _native.Run | _native.ClusterJob) -> None:
        """Draws the line when it is time to."""
        if self._stream is None or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _BETWEEN_SECONDS
        self._draw(progress_text(*run.progress()))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown:
            self._draw("")

    def _draw(self, text: str) -> None:
        assert self._stream is not None
        self._stream.write("\r" + text.ljust(self._shown) + ("\r" if not text else ""))
        self._stream.flush()
        self._shown = len(text)


def progress_text(rows: int, total_rows: int) -> str:
    """The line for so many rows read of a total, 0 when that is not known."""
    if total_rows <= 0:
        return f"{rows:,} rows read"
    # A step that reads a source twice reads more rows than there are.
    share = min(1.0, rows / total_rows)
    bar = "█" * int(share * _WIDTH)
    return f"{bar:░<{_WIDTH}} {share:4.0%}  {rows:,} of {total_rows:,} rows read"


def _stream() -> IO[str] | None:
    if _is_notebook():
        return sys.stdout
    return sys.stderr if sys.stderr is not None and sys.stderr.isatty() else None


def _is_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and "IPKernelApp" in shell.config
