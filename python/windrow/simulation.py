# SPDX-License-Identifier: Apache-2.0
"""What a run on a cluster would have taken on another one, from what its tasks took."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


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


@dataclass(frozen=True)
class _Task:
    seconds: float
    bytes_in: int


def simulate(
    report: Mapping[str, Any],
    nodes: Sequence[int] = (1, 10, 30, 100, 300, 1000),
    *,
    slots_per_node: int = 1,
    scale: float = 1.0,
    network: float = 1.25e9,
    task_overhead: float = 0.005,
    driver_overhead: float = 0.0005,
) -> list[Simulated]:
    """Replays the fragments of a run report on clusters of other sizes.

    `report` is that of a run on a cluster. `scale` makes its data so many times larger.
    `network` is in bytes a second of one node. A task costs `task_overhead` seconds on its
    slot beside its work, and `driver_overhead` seconds on the driver, which starts one after
    the other.

    The model: a fragment starts when those it reads have ended. Its tasks are divided until
    there are four for each slot, as the planner would, but one that gathers all rows of small
    inputs only as far as `scale` makes these larger.
    A task of an exchange gets the share (n - 1) / n of its bytes over the network, at its
    slot's share of the node's rate. The longest task is started first, on the slot that is
    free first. Not in it: disks, spilling, faults, the limits of one switch, and skew beyond
    that of the tasks themselves.

    >>> task = {"seconds": 2.0, "bytes_in": 0, "bytes_out": 100}
    >>> report = {"fragments": [{"id": 0, "inputs": [], "tasks": [task] * 8}]}
    >>> [round(run.seconds) for run in wr.simulate(report, [1, 2, 4])]
    [16, 8, 4]
    """
    return [
        _Simulation(
            report, count, slots_per_node, scale, network, task_overhead, driver_overhead
        ).run()
        for count in nodes
    ]


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


class _Simulation:
    def __init__(
        self,
        report: Mapping[str, Any],
        nodes: int,
        slots_per_node: int,
        scale: float,
        network: float,
        task_overhead: float,
        driver_overhead: float,
    ) -> None:
        self._fragments = report["fragments"]
        self._nodes = nodes
        self._slots = nodes * slots_per_node
        self._rate = network / slots_per_node
        self._scale = scale
        self._task_overhead = task_overhead
        self._driver_overhead = driver_overhead
        self._moved = 0.0
        self._busy = 0.0

    def run(self) -> Simulated:
        ends: dict[int, float] = {}
        free = [0.0] * self._slots  # when each slot has nothing to do
        driver = 0.0
        for fragment in self._fragments:
            begin = max((ends[read] for read in fragment["inputs"] if read in ends), default=0.0)
            end = begin
            for task in self._tasks(fragment):
                driver = max(driver, begin) + self._driver_overhead
                start = max(heapq.heappop(free), driver)
                seconds = task.seconds + self._task_overhead + self._transfer(task)
                heapq.heappush(free, start + seconds)
                self._busy += seconds
                end = max(end, start + seconds)
            ends[fragment["id"]] = end
        seconds = max(ends.values(), default=0.0)
        capacity = seconds * self._slots
        busy = self._busy / capacity if capacity > 0 else 0.0
        return Simulated(self._nodes, seconds, busy, round(self._moved))

    def _tasks(self, fragment: Mapping[str, Any]) -> list[_Task]:
        """Longest first, divided for the slots that there are."""
        tasks = fragment["tasks"]
        wanted = 4 * self._slots
        # Shares below a twentieth of a second are not worth a task.
        longest = max((task["seconds"] for task in tasks), default=0.0) * self._scale
        parts = min(math.ceil(wanted / max(len(tasks), 1)), int(longest / 0.05))
        if len(tasks) == 1 and fragment["inputs"]:
            # It was one because there was little to do.
            parts = min(parts, int(self._scale))
        parts = max(parts, 1)
        found = [
            _Task(
                task["seconds"] * self._scale / parts, int(task["bytes_in"] * self._scale / parts)
            )
            for task in tasks
            for _ in range(parts)
        ]
        return sorted(found, key=lambda task: -task.seconds)

    def _transfer(self, task: _Task) -> float:
        moved = task.bytes_in * (self._nodes - 1) / self._nodes
        self._moved += moved
        return moved / self._rate
