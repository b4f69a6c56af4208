# SPDX-License-Identifier: Apache-2.0
"""A Ray cluster of three nodes on this machine, and runs of cases on it."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import case_run

import windrow as wr

# A lost node counts as lost after some seconds instead of half a minute; sooner would make
# a busy one count as lost, too.
SOON_LOST = {
    "health_check_initial_delay_ms": 2000,
    "health_check_period_ms": 1000,
    "health_check_timeout_ms": 3000,
    "health_check_failure_threshold": 4,
    "object_manager_pull_timeout_ms": 1000,
}
# Pieces so small that every exchange has several.
SMALL = {"split_rows": 1, "piece_bytes": 8}


@contextlib.contextmanager
def three_nodes() -> Iterator[wr.Cluster]:
    with wr.Cluster("ray:3", settings=SOON_LOST) as cluster:
        yield cluster


@contextlib.contextmanager
def working_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


class ClusterCaseRun(case_run.CaseRun):
    """A case as `case_run` runs it, but in this process on a cluster that is there."""

    def __init__(self, case: case_run.Case, folder: Path, cluster: wr.Cluster):
        super().__init__(case, folder, case_run.find_binary())
        self._cluster = cluster
        self.as_fragments()
        self._matrix = [[]]

    def _explain(self) -> list[str]:
        return []  # the command says the same whatever runs the plan

    def _run(self, words: list[str]) -> case_run.Outcome:
        with working_in(self._folder):
            try:
                wr.run(Path(words[1]), on=self._cluster, switches=SMALL)
            except wr.WindrowError as error:
                codes = {
                    wr.UserError: 2,
                    wr.DataError: 3,
                    wr.StorageError: 4,
                    wr.ResourceError: 5,
                }
                code = next((codes[kind] for kind in codes if isinstance(error, kind)), 1)
                return case_run.Outcome(code, "", f"windrow: {error}")
        return case_run.Outcome(0, "", "")
