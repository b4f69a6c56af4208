# SPDX-License-Identifier: Apache-2.0
"""Which node of a Ray cluster takes the next task."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from windrow.errors import StorageError

_LOOK_SECONDS = 2.0
_PATIENCE_SECONDS = 60.0
# For each slot: one that runs and one that waits for it; more where tasks are so short that
# a second of work is more of them.
_LEAST_TASKS, _MOST_TASKS, _AHEAD_SECONDS = 2, 16, 1.0
# Of a task's input; rows of many tasks are nearly as far from any node.
_HOME_SHARE = 0.9


class Nodes:
    """The nodes as they are now, and what they were given.

    A node has a few tasks for each of its slots under way, two where they take long, so a slow
    node gets fewer. Of those with room the one that was given least of a
    fragment is next, unless nearly all of the task's input is on another. Nodes that come or
    go are seen within two seconds. A task whose node goes is run elsewhere by Ray.
    """

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        self._slots: dict[str, int] = {}
        self._memory: dict[str, int] = {}  # bytes that Ray may give to tasks
        self._under_way: dict[str, int] = {}
        self._given: dict[tuple[int, str], int] = {}  # bytes, by fragment and node
        self._task_seconds = _AHEAD_SECONDS  # of late
        self._next_look = 0.0
        self.await_one()

    @property
    def count(self) -> int:
        """Nodes that take tasks."""
        return len(self._slots)

    @property
    def slots(self) -> int:
        """Slots of all nodes."""
        return sum(self._slots.values())

    def slots_of(self, node: str) -> int:
        """Slots of one that was chosen."""
        return self._slots[node]

    def await_one(self) -> None:
        """Waits for a node that takes tasks, as those of a new cluster may be on their way."""
        patience = time.monotonic() + _PATIENCE_SECONDS
        self._look()
        while not self._slots:
            if time.monotonic() > patience:
                raise StorageError(
                    f"the Ray cluster has no node with a CPU; waited for one for "
                    f"{_PATIENCE_SECONDS:.0f} seconds"
                )
            time.sleep(_LOOK_SECONDS / 4)
            self._look()

    @property
    def memory(self) -> int:
        """Bytes of the node that has least."""
        return min(self._memory.values(), default=4 << 30)

    @property
    def slot_memory(self) -> int:
        """Bytes that each slot may be given on every node."""
        shares = [self._memory[node] // slots for node, slots in self._slots.items()]
        return min(shares, default=4 << 30)

    def _look(self) -> None:
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + _LOOK_SECONDS
        alive = {
            node["NodeID"]: node["Resources"]
            for node in self._ray.nodes()
            if node["Alive"] and node["Resources"].get("CPU", 0) >= 1
        }
        self._slots = {node: int(has["CPU"]) for node, has in alive.items()}
        self._memory = {node: int(has.get("memory", 4 << 30)) for node, has in alive.items()}

    def choose(self, fragment: int, homes: Mapping[str, int], size: int) -> str | None:
        """The node for a task of a fragment with `size` bytes of input, of which nodes hold
        some; None while all have enough to do."""
        self._look()
        ahead = round(_AHEAD_SECONDS / max(self._task_seconds, 0.001))
        most = min(max(ahead, _LEAST_TASKS), _MOST_TASKS)
        free = [
            node
            for node, slots in self._slots.items()
            if self._under_way.get(node, 0) < most * slots
        ]
        if not free:
            return None
        home = max(homes, key=lambda node: homes[node], default=None)
        if home is not None and homes[home] > _HOME_SHARE * sum(homes.values()) and home in free:
            chosen = home
        else:
            chosen = min(free, key=lambda node: self._given.get((fragment, node), 0))
        self._under_way[chosen] = self._under_way.get(chosen, 0) + 1
        given = self._given.get((fragment, chosen), 0)
        self._given[fragment, chosen] = given + max(size, 1)
        return chosen

    def end(self, node: str, seconds: float) -> None:
        """Notes that a task that `node` was chosen for has ended, after so long."""
        self._under_way[node] -= 1
        self._task_seconds += (seconds - self._task_seconds) / 8
