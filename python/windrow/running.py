# SPDX-License-Identifier: Apache-2.0
"""Runs of jobs."""

import json
import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Unpack

from windrow import _native
from windrow.cluster import Cluster, is_cluster
from windrow.job import Inputs, document_text
from windrow.options import RunOptions, native_options, place_of, resumes, shows_progress
from windrow.progress import ProgressLine
from windrow.sources import memory_rows

_WAIT_SECONDS = 0.1


@dataclass(frozen=True)
class Work:
    """A job, and what it reads from memory."""

    job: str | _native.Job
    name: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    inputs: Inputs = field(default_factory=dict)

    def start(self, options: RunOptions, *, is_stream: bool = False) -> _native.Run:
        """Starts it in this process."""
        native = native_options(options)
        if isinstance(self.job, _native.Job):
            return _native.Run(self.job, native)
        return _native.Run(self.job, self.name, self.variables, self.inputs, native, is_stream)

    def on_cluster(
        self, options: dict[str, Any], nodes: int, slots: int, memory: int
    ) -> _native.ClusterJob:
        """Plans it for a cluster."""
        if isinstance(self.job, _native.Job):
            return _native.ClusterJob(self.job, options, nodes, slots, memory)
        return _native.ClusterJob(
            self.job, self.name, self.variables, self.inputs, [], options, nodes, slots, memory
        )


def execute(
    work: Work, options: RunOptions
) -> tuple[dict[str, Any], _native.Run | _native.ClusterJob]:
    """Runs a job to its end, wherever the options say: its report, and what has the result."""
    place = place_of(options)
    if not is_cluster(place):
        run = work.start(options)
        return finish(run, options), run
    from windrow.cluster_run import ClusterRun

    with ExitStack() as stack:
        cluster = place if isinstance(place, Cluster) else stack.enter_context(Cluster(place))
        native = native_options(options)
        on_cluster = ClusterRun(
            lambda nodes, slots, memory: work.on_cluster(native, nodes, slots, memory),
            native,
            cluster.name,
            resume=resumes(options),
        )
        with ProgressLine(shows_progress(options)) as line:
            on_cluster.run(line.update)
        return on_cluster.report(), on_cluster.job


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
    report, _ = execute(Work(text, name, dict(variables or {}), rows), options)
    return report
