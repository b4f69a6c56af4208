#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Loads pod-usage rows again and again while something goes wrong, and looks at the table.

    soak_pod_usage.py --seconds 600 --runs 1000
    soak_pod_usage.py --seed 1234567 --runs 1       # repeats one

Each run draws from a seed of its own what it loads, how, and what befalls it: the command or
the server is killed, the store cuts connections or answers 503 for a while or for good,
another run loads the same days. The table must then hold the old days or the new ones; which of
them follows from the exit code. Prints the seed of a run that failed, and exits 1.
"""

import argparse
import contextlib
import dataclasses
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import command
from support.fault_proxy import Answer, Cut, Fault, FaultProxy, Request
from support.pod_usage.summary_tables import SummaryTables, shows_password
from support.pod_usage.two_states import PODS, TwoStates
from support.postgres_server import PostgresServer
from support.s3_server import SECRET_KEY, S3Server, environment

BUCKET = "reports"
END_SECONDS = 90
ALONE = "select count(*) = 1 from pg_stat_activity where datname = current_database()"


@dataclasses.dataclass
class Ended:
    loads: str  # the state it was to load
    exit_code: int
    stderr: str


class Soak:
    """What stays from run to run: servers, inputs, the table."""

    def __init__(self, server: PostgresServer, store: S3Server, proxy: FaultProxy, folder: Path):
        self._server = server
        self._proxy = proxy
        self._env = environment(proxy.url, WINDROW_STORE_TRIES="3")
        self._states = TwoStates(folder, SummaryTables(server))
        self._next = ""  # the state to load
        store.make_bucket(BUCKET)
        for name in PODS:
            store.put_folder(BUCKET, f"{name}/", folder / name)
        self._faults: dict[str, Callable[[random.Random], list[Ended]]] = {
            "none": self._undisturbed,
            "kill": self._killed,
            "kill server": self._without_server,
            "store for a while": self._store_recovers,
            "store for good": self._store_fails,
            "two at once": self._two_at_once,
        }

    def run(self, seed: int) -> tuple[str, str]:
        """What befell the run and what the table held, and what is wrong: nothing, or words."""
        draw = random.Random(seed)
        fault = draw.choice(list(self._faults))
        before = draw.choice(list(PODS))
        self._states.put(before)
        self._next = next(name for name in PODS if name != before)
        try:
            ended = self._faults[fault](draw)
        finally:
            self._proxy.rule = lambda request: None
        held = self._states.held()
        end = "stays" if held == before else "changes"
        return f"{fault}, {end}", self._wrong(fault, before, ended, held)

    def _start(self, name: str, draw: random.Random) -> subprocess.Popen:
        options = ["--parallel", draw.choice("1124"), "--slots", draw.choice("124")]
        if draw.random() < 0.3:
            options += ["--set", "binary_copy=off"]
        reports = f"s3://{BUCKET}/{name}" if draw.random() < 0.7 else None
        words = self._states.words(name, *options, reports=reports, connect_timeout="1")
        return command.start(*words, cwd=self._states.folder, env=self._env)

    def _end(self, name: str, process: subprocess.Popen) -> Ended:
        try:
            stdout, stderr = process.communicate(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return Ended(name, 1, f"no end after {END_SECONDS} s")
        return Ended(name, process.returncode, stdout + stderr)

    def _moment(self, draw: random.Random) -> float:
        return draw.random() * 2.5 * self._states.seconds  # reading from the store takes longer

    def _undisturbed(self, draw: random.Random) -> list[Ended]:
        return [self._end(self._next, self._start(self._next, draw))]

    def _killed(self, draw: random.Random) -> list[Ended]:
        name = self._next
        process = self._start(name, draw)
        time.sleep(self._moment(draw))
        process.kill()
        ended = self._end(name, process)
        self._states.tables.database.wait_until(ALONE)
        return [ended]

    def _without_server(self, draw: random.Random) -> list[Ended]:
        name = self._next
        process = self._start(name, draw)
        time.sleep(self._moment(draw))
        self._server.kill()
        ended = self._end(name, process)
        self._server.start()
        return [ended]

    def _store_recovers(self, draw: random.Random) -> list[Ended]:
        """Each request fails less often than it is tried."""
        fault, most = self._fault(draw), draw.choice([1, 2])
        tries: Counter = Counter()
        lock = threading.Lock()

        def rule(request: Request) -> Fault:
            key = (request.kind, request.path, request.range, str(request.query))
            with lock:
                tries[key] += 1
                return fault if tries[key] <= most else None

        self._proxy.rule = rule
        return self._undisturbed(draw)

    def _store_fails(self, draw: random.Random) -> list[Ended]:
        fault, after = self._fault(draw), draw.randrange(20)
        seen: list[Request] = []

        def rule(request: Request) -> Fault:
            seen.append(request)
            return fault if len(seen) > after else None

        self._proxy.rule = rule
        return self._undisturbed(draw)

    def _fault(self, draw: random.Random) -> Fault:
        return draw.choice([Cut(0), Cut(500), Answer(503, "SlowDown"), Answer(503), Answer(500)])

    def _two_at_once(self, draw: random.Random) -> list[Ended]:
        started = []
        for name in PODS:
            started.append((name, self._start(name, draw)))
            time.sleep(draw.choice([0, 0, self._moment(draw)]))
        return [self._end(name, process) for name, process in started]

    def _wrong(self, fault: str, before: str, ended: list[Ended], held: str) -> str:
        done = [run.loads for run in ended if run.exit_code == 0]
        allowed = set(done) or {before}
        codes = {"kill": {0, -9}, "kill server": {0, 4}, "store for good": {0, 4}}
        for run in ended:
            story = f"{fault}: {before} -> {run.loads}, exit code {run.exit_code}: {run.stderr}"
            if run.exit_code not in codes.get(fault, {0}):
                return story
            if shows_password(run.stderr) or SECRET_KEY in run.stderr:
                return f"a secret is shown: {story}"
            if run.exit_code == -9 or "no answer to COMMIT" in run.stderr:
                allowed |= {before, run.loads}
        if held not in allowed:
            return f"{fault}: {before} -> {ended}, expected {allowed}, found {held}"
        return ""


@contextlib.contextmanager
def servers() -> Iterator[Soak]:
    folder = Path(tempfile.mkdtemp(prefix="windrow_soak_"))
    server = PostgresServer.create()
    try:
        server.start()
        with S3Server() as store, FaultProxy(store.port) as proxy:
            yield Soak(server, store, proxy, folder)
    finally:
        server.remove()
        shutil.rmtree(folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600, help="begin no run after these")
    parser.add_argument("--runs", type=int, default=1000, help="most runs")
    parser.add_argument("--seed", type=int, help="of the first run; the next ones count up")
    arguments = parser.parse_args()
    first = arguments.seed if arguments.seed is not None else random.randrange(1 << 32)
    counts: Counter = Counter()
    with servers() as soak:
        begun = time.monotonic()
        for seed in range(first, first + arguments.runs):
            if time.monotonic() - begun > arguments.seconds:
                break
            what, wrong = soak.run(seed)
            counts[what] += 1
            if wrong:
                print(f"{wrong}\nreplay: {Path(__file__).name} --seed {seed} --runs 1")
                return 1
    print(f"{counts.total()} runs from seed {first}; what befell them, and the table:")
    for what, count in sorted(counts.items()):
        print(f"{count:5} {what}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
