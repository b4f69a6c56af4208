# SPDX-License-Identifier: Apache-2.0
"""What a run on a cluster would have taken on another one, from what its tasks took."""

from __future__ import annotations

import heapq
import itertools
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from windrow.errors import UserError

_KINDS = ("scan", "hash", "gather", "broadcast")
_SKEWED = 1.5  # times the median
_TASKS_PER_SLOT = 4
_LEAST_SECONDS = 0.05


@dataclass(frozen=True)
class Simulated:
    """A run as it would go on so many nodes.

    >>> wr.Simulated(nodes=10, seconds=1.5, busy_share=0.8, bytes_moved=1000).nodes
    10
    """

    nodes: int
    """Nodes of the cluster."""
    seconds: float
    """From the first task to the last."""
    busy_share: float
    """Of the slots' time, what tasks took."""
    bytes_moved: int
    """Bytes that went to other nodes."""


def simulate(
    report: Mapping[str, Any],
    nodes: Sequence[int] = (1, 10, 30, 100, 300, 1000),
    *,
    slots_per_node: int = 1,
    scale: float = 1.0,
    network: float = 1.25e9,
    disk: float | None = None,
    task_overhead: float = 0.005,
    driver_overhead: float = 0.0005,
) -> list[Simulated]:
    """Replays the fragments of a run report on clusters of other sizes.

    `report` is that of a run on a cluster. `scale` makes its data so many times larger.
    `network` is what one node receives a second, in bytes; `disk` what it writes or reads a
    second where pieces go through files (None: they stay in memory). A task costs
    `task_overhead` seconds on its slot beside its work, and `driver_overhead` seconds on the
    driver, which starts one after the other.

    The model: a fragment starts when those it reads have ended, and the longest task that
    waits is next on the slot that is free. A task takes the seconds it took, and its pieces
    the network: of n nodes, all but 1/n of them come from others, at the rate of the whole
    node, but no fragment ends before the pieces of all its tasks fit through all nodes. Rows
    that are broadcast go to every node before the tasks start. Tasks are divided until
    there are four for each slot, as the planner would, but for two kinds: a partition that
    takes half as long again as the median stays whole, since it may be one key, and one task
    that gathers all rows is divided only as far as `scale` makes these larger. Shares below
    a twentieth of a second are not worth a task. In the end the last rows go to the driver.

    Not in it: memory that runs out, faults, slow nodes, the limits of one switch or of
    storage that all nodes read, what the planner would decide otherwise on more nodes,
    and the outputs that the driver writes. Seconds that a busy machine took predict a busy
    one. So it is the best to expect, and shows where more nodes stop helping.

    >>> task = {"seconds": 2.0, "bytes_in": 0, "bytes_out": 100}
    >>> report = {"fragments": [{"id": 0, "inputs": [], "tasks": [task] * 8}]}
    >>> [round(run.seconds) for run in wr.simulate(report, [1, 2, 4])]
    [16, 8, 4]
    """
    if not nodes or min(nodes) < 1 or slots_per_node < 1:
        raise UserError(f"found {list(nodes)} nodes of {slots_per_node} slots; expected at least 1")
    if network <= 0 or scale <= 0 or (disk is not None and disk <= 0):
        raise UserError(
            f"found scale={scale}, network={network}, disk={disk}; expected each above 0"
        )
    fragments = _fragments_of(report, scale)
    machine = _Machine(slots_per_node, network, disk, scale, task_overhead, driver_overhead)
    return [_Replay(machine, count, fragments).run() for count in nodes]


def scaling_curve(runs: Sequence[Simulated]) -> str:
    """The speed of simulated runs, against the first and against as many times the nodes, as
    an SVG picture.

    >>> runs = [wr.Simulated(1, 8.0, 1.0, 0), wr.Simulated(4, 2.5, 0.8, 10)]
    >>> wr.scaling_curve(runs).startswith("<svg")
    True
    """
    width, height, left, bottom = 560, 300, 60, 40
    first = runs[0]
    most = max(run.nodes / first.nodes for run in runs)
    span = max(math.log10(most), 1e-9)

    def x(nodes: float) -> float:
        return left + (width - left - 20) * math.log10(nodes / first.nodes) / span

    def y(speed: float) -> float:
        share = math.log10(max(speed, 1e-3)) / span
        return height - bottom - (height - bottom - 30) * min(max(share, 0.0), 1.0)

    speeds = [first.seconds / run.seconds if run.seconds > 0 else 1.0 for run in runs]
    points = " ".join(
        f"{x(run.nodes):.1f},{y(speed):.1f}" for run, speed in zip(runs, speeds, strict=True)
    )
    marks = "".join(
        f'<circle cx="{x(run.nodes):.1f}" cy="{y(speed):.1f}" r="3" fill="#2f6fbf"/>'
        f'<text x="{x(run.nodes):.1f}" y="{y(speed) - 8:.1f}" text-anchor="middle">'
        f"{speed:.3g}x</text>"
        f'<text x="{x(run.nodes):.1f}" y="{height - 22}" text-anchor="middle">{run.nodes}</text>'
        for run, speed in zip(runs, speeds, strict=True)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" font-size="12" fill="#777">'
        f'<text x="0" y="16">speed on more nodes, to {first.nodes}; dashed: as many times</text>'
        f'<line x1="{left}" y1="{height - bottom}" x2="{width - 20}" y2="{height - bottom}" '
        f'stroke="#999"/>'
        f'<line x1="{x(first.nodes):.1f}" y1="{y(1):.1f}" x2="{x(first.nodes * most):.1f}" '
        f'y2="{y(most):.1f}" stroke="#999" stroke-dasharray="4 4"/>'
        f'<polyline points="{points}" fill="none" stroke="#2f6fbf" stroke-width="2"/>{marks}'
        f'<text x="{width // 2}" y="{height - 6}" text-anchor="middle">nodes</text></svg>'
    )


@dataclass(frozen=True)
class _Machine:
    slots_per_node: int
    network: float
    disk: float | None
    scale: float
    task_overhead: float
    driver_overhead: float


@dataclass(frozen=True)
class _Task:
    seconds: float
    bytes_in: float  # pieces of other tasks
    bytes_out: float

    def times(self, factor: float) -> _Task:
        return _Task(self.seconds * factor, self.bytes_in * factor, self.bytes_out * factor)


def _sum(tasks: Sequence[_Task]) -> _Task:
    return _Task(
        sum(task.seconds for task in tasks),
        sum(task.bytes_in for task in tasks),
        sum(task.bytes_out for task in tasks),
    )


@dataclass(frozen=True)
class _Fragment:
    inputs: list[int]
    kind: str
    tasks: list[_Task]

    @property
    def bytes_out(self) -> float:
        return _sum(self.tasks).bytes_out


def _fragments_of(report: Mapping[str, Any], scale: float) -> dict[int, _Fragment]:
    found = report.get("fragments")
    if not found:
        raise UserError("found no fragments in the report; expected that of a run on a cluster")
    fragments: dict[int, _Fragment] = {}
    for each in found:
        tasks = [
            _Task(task["seconds"], task["bytes_in"], task["bytes_out"]).times(scale)
            for task in each["tasks"]
        ]
        missing = [id for id in each["inputs"] if id not in fragments]
        if missing:
            raise UserError(f"fragment {each['id']} reads {missing}; expected those before it")
        kind = each.get("kind") or _kind_of(each["inputs"], tasks, fragments)
        if kind not in _KINDS:
            raise UserError(f"fragment {each['id']} is of kind {kind!r}; expected one of {_KINDS}")
        fragments[each["id"]] = _Fragment(each["inputs"], kind, tasks)
    return fragments


def _kind_of(inputs: list[int], tasks: list[_Task], before: Mapping[int, _Fragment]) -> str:
    """What its numbers say of a fragment: was each task given all of its inputs' rows?"""
    if not inputs:
        return "scan"
    if len(tasks) == 1:
        return "gather"
    read = sum(before[id].bytes_out for id in inputs)
    least = min((task.bytes_in for task in tasks), default=0)
    return "broadcast" if least >= read > 0 else "hash"


def _divided(fragment: _Fragment, slots: int, scale: float) -> list[_Task]:
    """The fragment's tasks on so many slots."""
    longest = math.inf
    if fragment.kind == "hash" and fragment.tasks:
        longest = _SKEWED * statistics.median(task.seconds for task in fragment.tasks)
    whole = [task for task in fragment.tasks if task.seconds > longest]
    even = [task for task in fragment.tasks if task.seconds <= longest]
    total = _sum(even)
    parts = min(_TASKS_PER_SLOT * slots - len(whole), int(total.seconds / _LEAST_SECONDS))
    if fragment.kind == "gather":
        parts = min(parts, int(scale))
    if parts <= len(even):
        return fragment.tasks
    return [*whole, *[total.times(1 / parts)] * parts]


class _Replay:
    """One run of the fragments on so many nodes, event by event."""

    def __init__(self, machine: _Machine, nodes: int, fragments: Mapping[int, _Fragment]) -> None:
        self._machine = machine
        self._nodes = nodes
        self._fragments = fragments
        self._slots = nodes * machine.slots_per_node
        self._free = self._slots
        self._driver = 0.0  # when it has started what it was told to
        self._busy = 0.0
        self._bytes_moved = 0.0
        self._order = itertools.count()
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._waiting: list[tuple[float, int, int]] = []  # longest first
        self._left: dict[int, int] = {}  # tasks that have not ended, by fragment
        self._earliest: dict[int, float] = {}  # ends of fragments, by what nodes can receive
        self._complete: set[int] = set()

    def run(self) -> Simulated:
        now = 0.0
        self._start_ready(now)
        while self._events:
            now, _, happens = heapq.heappop(self._events)
            happens(now)
            while self._waiting and self._free > 0:
                self._run_next(now)
        read = {id for fragment in self._fragments.values() for id in fragment.inputs}
        last = sum(each.bytes_out for id, each in self._fragments.items() if id not in read)
        now += self._from_others(last) / self._machine.network
        self._bytes_moved += self._from_others(last)
        capacity = now * self._slots
        busy_share = self._busy / capacity if capacity > 0 else 0.0
        return Simulated(self._nodes, now, busy_share, round(self._bytes_moved))

    def _at(self, time: float, happens: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (time, next(self._order), happens))

    def _from_others(self, size: float) -> float:
        return size * (self._nodes - 1) / self._nodes

    def _start_ready(self, now: float) -> None:
        for id, fragment in self._fragments.items():
            if id not in self._left and self._complete.issuperset(fragment.inputs):
                self._left[id] = len(fragment.tasks)
                self._at(now + self._broadcast(fragment), partial(self._start, id))

    def _broadcast(self, fragment: _Fragment) -> float:
        """Seconds until each node has all rows of the inputs, where all read them."""
        if fragment.kind != "broadcast":
            return 0.0
        received = self._from_others(sum(self._fragments[id].bytes_out for id in fragment.inputs))
        self._bytes_moved += received * self._nodes
        return received / self._machine.network

    def _start(self, id: int, now: float) -> None:
        fragment = self._fragments[id]
        tasks = _divided(fragment, self._slots, self._machine.scale)
        self._left[id] = len(tasks)
        moving = 0.0
        for task in tasks:
            alone = self._move(fragment, task)
            moving += alone
            seconds = self._machine.task_overhead + task.seconds + alone
            heapq.heappush(self._waiting, (-seconds, next(self._order), id))
        self._earliest[id] = now + moving / self._nodes
        if not tasks:
            self._at(now, partial(self._end, id))

    def _move(self, fragment: _Fragment, task: _Task) -> float:
        """Seconds of a task's pieces, if it is alone on its node."""
        reads = task.bytes_in if fragment.kind in ("hash", "gather") else 0.0
        self._bytes_moved += self._from_others(reads)
        seconds = self._from_others(reads) / self._machine.network
        if self._machine.disk is not None:
            seconds += (reads + task.bytes_out) / self._machine.disk
        return seconds

    def _run_next(self, now: float) -> None:
        negative, _, id = heapq.heappop(self._waiting)
        self._free -= 1
        self._busy -= negative
        self._driver = max(self._driver, now) + self._machine.driver_overhead
        self._at(self._driver - negative, partial(self._end_task, id))

    def _end_task(self, id: int, now: float) -> None:
        self._free += 1
        self._left[id] -= 1
        if self._left[id] == 0:
            self._at(max(now, self._earliest[id]), partial(self._end, id))

    def _end(self, id: int, now: float) -> None:
        self._complete.add(id)
        self._start_ready(now)
