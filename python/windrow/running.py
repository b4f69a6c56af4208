# SPDX-License-Identifier: Apache-2.0
"""Runs of jobs."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack

from windrow import _native
from windrow.job import document_text
from windrow.options import RunOptions, native_options, shows_progress
from windrow.progress import ProgressLine
from windrow.sources import memory_rows

_WAIT_SECONDS = 0.1


def finish(run: _native.Run, options: RunOptions) -> dict[str, Any]:
    """Waits for the end of a run and gives its report. Ctrl-C ends the run."""
    try:
        with ProgressLine(shows_progress(options)) as line:
            while not run.wait(_WAIT_SECONDS):
                line.update(run)
    except BaseException:
        run.close()
        raise
    report: dict[str, Any] = json.loads(run.report())
    return report


def run(
    job: str | os.PathLike[str] | Mapping[str, Any],
    *,
    variables: Mapping[str, str] | None = None,
    inputs: Mapping[str, object] | None = None,
    **options: Unpack[RunOptions],
) -> dict[str, Any]:
    """Runs a job document and returns the run report.

    `job` is a path, the text of a document (which has a line break or begins with ``{``) or
    the same as a dict. `variables` fill ``${NAME}`` in a text. `inputs` are tables in
    memory, or anything that `from_arrow` takes, for sources of these names.

    Raises `UserError` for a job that is wrong, with every problem of the document at once,
    and the other errors when the run fails; outputs then hold what they held before.

    >>> report = wr.run({
    ...     "windrow": 1,
    ...     "sources": {"pings": {"generate": "pings", "rows": 1000}},
    ...     "steps": {"v6": {"filter": "ip_version = 6"}},
    ...     "sinks": [{"collect": "v6"}],
    ... })
    >>> report["rows_in"]
    {'pings': 1000}
    """
    if isinstance(job, Mapping):
        text, name = document_text(job), "job"
    elif isinstance(job, str) and ("\n" in job or job.lstrip().startswith("{")):
        text, name = job, "job"
    else:
        text, name = Path(job).read_text(encoding="utf-8"), os.fspath(job)
    rows = {source: memory_rows(table) for source, table in (inputs or {}).items()}
    started = _native.Run(text, name, dict(variables or {}), rows, native_options(options), False)
    return finish(started, options)
