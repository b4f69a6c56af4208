# SPDX-License-Identifier: Apache-2.0
"""`python -m windrow.runner`: runs a job on a Ray cluster for the command.

Reads a request as JSON from stdin: the job's document, name and secrets, the options of the
run, and where the report and the metrics go. Writes a line for each output, and ends with
the command's exit codes.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from windrow import _native
from windrow.cluster import Cluster
from windrow.cluster_run import ClusterRun
from windrow.errors import DataError, ResourceError, StorageError, UserError, WindrowError
from windrow.progress import ProgressLine

_CANCELLED = 130
_EXIT_CODES = ((UserError, 2), (DataError, 3), (StorageError, 4), (ResourceError, 5))


def _exit_code(error: WindrowError) -> int:
    return next((code for kind, code in _EXIT_CODES if isinstance(error, kind)), 1)


def _cancel(number: int, frame: FrameType | None) -> NoReturn:
    # Another one would cut short what ends the tasks and the nodes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _write(path: str, text: str) -> None:
    """The file appears whole or not at all."""
    beside = Path(f"{path}.{os.getpid()}.tmp")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise StorageError(f"{path}: cannot be written: {error.strerror}") from None


def _tell(run: ClusterRun, request: dict[str, Any], exit_code: int) -> None:
    path = request["report"]
    if path:
        is_page = path.endswith(".html")
        text = run.job.page(run.name) if is_page else json.dumps(run.report(), indent=2) + "\n"
        _write(path, text)
    if request["metrics"]:
        _write(request["metrics"], run.job.metrics(run.name, exit_code))


def _run(request: dict[str, Any]) -> None:
    options = request["options"]
    # Ray tells of what it does again, and of what its own processes meet, on stdout, which is
    # for the outputs; what comes of it is said in the end.
    stdout = sys.stdout
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        Cluster(request["on"]) as cluster,
    ):
        run = ClusterRun(
            lambda nodes, slots, memory: _native.ClusterJob(
                request["document"],
                request["name"],
                {},
                {},
                request["secrets"],
                options,
                nodes,
                slots,
                memory,
            ),
            options,
            cluster.name,
            resume=request["resume"],
        )
        try:
            with ProgressLine(request["progress"] != "none") as line:
                run.run(line.update)
        except WindrowError as error:
            _tell(run, request, _exit_code(error))
            raise
        _tell(run, request, 0)
        if not request["is_quiet"]:
            print(*run.job.outputs(), sep="\n", file=stdout)


def main() -> int:
    """Runs the request on stdin; the exit code."""
    signal.signal(signal.SIGINT, _cancel)
    signal.signal(signal.SIGTERM, _cancel)
    try:
        # The command keeps them from a process that cannot handle them yet.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
        try:
            request = json.load(sys.stdin)
        except ValueError:
            raise UserError("stdin: found no request; expected that of the command") from None
        _run(request)
    except WindrowError as error:
        print(f"windrow: {error}", file=sys.stderr)
        return _exit_code(error)
    except KeyboardInterrupt:
        print("windrow: cancelled", file=sys.stderr)
        return _CANCELLED
    return 0


if __name__ == "__main__":
    sys.exit(main())
