# SPDX-License-Identifier: Apache-2.0
"""Runs contestants as warm processes in pairs and keeps only the quiet pairs.

A contestant reads `prepare`, `answer PATH`, `run` and `quit` from stdin and answers each
with one JSON line (peers/serve.py says what is in it). Ours and a peer run in the order
A B B A A B ..., so drift of the machine falls on both alike.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from cases import Contestant
from machine import (
    Clock,
    anonymous_bytes,
    anonymous_bytes_alone,
    cpu_seconds,
    involuntary_switches,
    wire_bytes,
)

SAMPLE_SECONDS = 0.005

# A run is noisy when others took more than this share of the CPUs, or when its threads
# were pushed off a CPU more often than the sampler alone (200 wake-ups a second) does.
FOREIGN_SHARE_MAX = 0.10
STOLEN_SHARE_MAX = 0.02
SWITCHES_PER_SECOND_MAX = 600.0
# /proc/stat counts in steps of 10 ms on each CPU; below this nothing can be said.
FOREIGN_SECONDS_LEAST = 0.04


class ContestantError(RuntimeError):
    """The contestant reported an error, ended, or went over a limit."""

    def __init__(self, contestant: str, message: str, is_over_limit: bool = False) -> None:
        super().__init__(message)
        self.contestant = contestant
        self.is_over_limit = is_over_limit


@dataclass
class Run:
    """One timed run as the contestant and the machine saw it."""

    wall: float
    cpu: float
    rows: int
    minor_faults: int
    memory_before: int
    memory_peak: int
    foreign_share: float
    stolen_share: float
    switches: int
    server_cpu: float = 0.0
    server_memory_peak: int = 0
    wire_bytes: int = 0

    def is_quiet(self) -> bool:
        """Says whether nobody else disturbed the run enough to matter."""
        return (
            self.foreign_share <= FOREIGN_SHARE_MAX
            and self.stolen_share <= STOLEN_SHARE_MAX
            and self.switches <= 5 + SWITCHES_PER_SECOND_MAX * self.wall
        )


@dataclass
class Limits:
    """Where a contestant is stopped: seconds of one reply, bytes of its own memory.

    With a server, what others take of the CPUs is not held against a run.
    """

    seconds: float
    memory_bytes: int
    has_server: bool = False


def kill_group(process: subprocess.Popen[str]) -> None:
    """Kills a contestant with the processes it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


class Sampler:
    """Watches a process's anonymous memory from a thread while a reply is awaited.

    The same of its server, if it has one.
    """

    def __init__(self, process: subprocess.Popen[str], limit: int, server: int | None) -> None:
        self.peak = self.server_peak = 0
        self._server = server
        self.is_over = False
        self._process, self._limit = process, limit
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self.peak = max(self.peak, anonymous_bytes(self._process.pid))
            if self._server is not None:
                self.server_peak = max(self.server_peak, anonymous_bytes_alone(self._server))
            if self.peak > self._limit:
                self.is_over = True
                kill_group(self._process)
                return
            if self._stop.wait(SAMPLE_SECONDS):
                return


class Process:
    """A contestant's process. Single-threaded; use as a context manager."""

    def __init__(self, contestant: Contestant, limits: Limits, threads: int) -> None:
        self.name = contestant.name
        self._server = contestant.server
        self._server_peak = 0
        self._limits = limits
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115, closed in __exit__
        environment = dict(os.environ, BENCH_THREADS=str(threads))
        self._process = subprocess.Popen(
            list(contestant.command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._process.poll() is None and self._process.stdin is not None:
                self._process.stdin.write("quit\n")
                self._process.stdin.flush()
                self._process.wait(timeout=5)
        except (OSError, subprocess.TimeoutExpired):
            pass
        finally:
            kill_group(self._process)
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    with contextlib.suppress(BrokenPipeError):
                        stream.close()
            self._errors.close()

    @property
    def pid(self) -> int:
        """The contestant's process."""
        return self._process.pid

    def ask(self, line: str, seconds: float | None = None) -> tuple[dict[str, Any], int]:
        """Sends a line and returns the reply with the peak memory while it was awaited."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        seconds = self._limits.seconds if seconds is None else seconds
        with Sampler(self._process, self._limits.memory_bytes, self._server) as sampler:
            try:
                self._process.stdin.write(line + "\n")
                self._process.stdin.flush()
            except BrokenPipeError:
                pass
            ready, _, _ = select.select([self._process.stdout], [], [], seconds)
            text = self._process.stdout.readline() if ready else ""
        self._server_peak = sampler.server_peak
        if sampler.is_over:
            limit = self._limits.memory_bytes / 1e9
            raise ContestantError(self.name, f"over {limit:.1f} GB of memory", True)
        if not ready:
            kill_group(self._process)
            raise ContestantError(self.name, f"over {seconds:.0f} s", True)
        if not text:
            words, code = self._last_words()
            # Nobody but the kernel, short of memory, kills a contestant otherwise.
            raise ContestantError(self.name, words, code == -signal.SIGKILL)
        reply: dict[str, Any] = json.loads(text)
        if "error" in reply:
            raise ContestantError(self.name, reply["error"], "is_over_limit" in reply)
        return reply, sampler.peak

    def run(self) -> Run:
        """Runs the work once, timed."""
        pid = self._process.pid
        before = anonymous_bytes(pid)
        switches, clock = involuntary_switches(pid), Clock.now()
        server_cpu, wire = cpu_seconds(self._server), wire_bytes(self._server)
        start = time.perf_counter()
        reply, peak = self.ask("run")
        elapsed = time.perf_counter() - start
        after = Clock.now()
        server_cpu = cpu_seconds(self._server) - server_cpu
        switches = involuntary_switches(pid) - switches
        if self._server is not None:
            # The two push each other off the CPUs.
            switches = 0
        # The sampler's own work is small and falls on both sides; it counts as foreign.
        foreign = after.busy - clock.busy - reply["cpu"] - server_cpu
        if self._limits.has_server:
            foreign = 0.0
        capacity = elapsed * len(os.sched_getaffinity(0))
        stolen = after.stolen - clock.stolen
        return Run(
            wall=reply["wall"],
            cpu=reply["cpu"],
            rows=reply["rows"],
            minor_faults=reply.get("minor_faults", 0),
            memory_before=before,
            memory_peak=peak,
            foreign_share=share(foreign, capacity),
            stolen_share=share(stolen, capacity),
            switches=max(0, switches),
            server_cpu=server_cpu,
            server_memory_peak=self._server_peak,
            wire_bytes=wire_bytes(self._server) - wire if self._server is not None else 0,
        )

    def _last_words(self) -> tuple[str, int]:
        code = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        return f"ended with {code}: {lines[-1] if lines else 'no message'}", code


def share(seconds: float, capacity: float) -> float:
    """Returns a share of CPU time, 0 where the kernel's clock is too coarse to tell."""
    return 0.0 if seconds < FOREIGN_SECONDS_LEAST else seconds / capacity


@dataclass
class Pairs:
    """The pairs kept of ours against one peer, and how many were thrown away."""

    ours: list[Run] = field(default_factory=list)
    theirs: list[Run] = field(default_factory=list)
    discarded: int = 0
    noisy_kept: int = 0

    def ratios(self) -> list[float]:
        """Returns the peer's wall time by ours, pair by pair."""
        pairs = zip(self.ours, self.theirs, strict=True)
        return [theirs.wall / ours.wall for ours, theirs in pairs]

    def to_json(self) -> dict[str, Any]:
        """Returns every run with the summary that tables and verdicts use."""
        ratios = self.ratios()
        return {
            "ratio": statistics.median(ratios),
            "ratio_min": min(ratios),
            "ratio_max": max(ratios),
            "ours": summary(self.ours),
            "peer": summary(self.theirs),
            "pairs": len(ratios),
            "discarded": self.discarded,
            "noisy_kept": self.noisy_kept,
            "runs_ours": [asdict(run) for run in self.ours],
            "runs_peer": [asdict(run) for run in self.theirs],
        }


def summary(runs: list[Run]) -> dict[str, float]:
    """Returns medians of the times and the peak of the memory."""
    return {
        "wall": statistics.median(run.wall for run in runs),
        "cpu": statistics.median(run.cpu for run in runs),
        "rows": runs[0].rows,
        "minor_faults": statistics.median(run.minor_faults for run in runs),
        "memory_before": max(run.memory_before for run in runs),
        "memory_peak": max(run.memory_peak for run in runs),
        "server_cpu": statistics.median(run.server_cpu for run in runs),
        "server_memory_peak": max(run.server_memory_peak for run in runs),
        "wire_bytes": statistics.median(run.wire_bytes for run in runs),
    }


def run_pairs(ours: Process, peer: Process, wanted: int) -> Pairs:
    """Collects `wanted` pairs, repeating noisy ones up to as many times again.

    When the machine stays noisy, the least disturbed of the noisy pairs fill up.
    """
    kept, noisy = Pairs(), []
    for turn in range(2 * wanted):
        if turn % 2 == 0:
            first, second = ours.run(), peer.run()
            pair = (first, second)
        else:
            first, second = peer.run(), ours.run()
            pair = (second, first)
        if pair[0].is_quiet() and pair[1].is_quiet():
            kept.ours.append(pair[0])
            kept.theirs.append(pair[1])
        else:
            noisy.append(pair)
        if len(kept.ours) == wanted:
            break
    noisy.sort(key=lambda pair: sum(r.foreign_share + r.stolen_share for r in pair))
    for mine, other in noisy[: wanted - len(kept.ours)]:
        kept.ours.append(mine)
        kept.theirs.append(other)
        kept.noisy_kept += 1
    kept.discarded = len(noisy) - kept.noisy_kept
    return kept
