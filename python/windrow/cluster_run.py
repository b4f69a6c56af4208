# SPDX-License-Identifier: Apache-2.0
"""Runs of jobs on Ray: the extension decides, Ray runs the tasks and moves their rows."""

from __future__ import annotations

import heapq
import itertools
import json
import threading
import time
from collections.abc import Callable
from typing import Any, TypeAlias

import pyarrow as pa

from windrow import _native
from windrow.cluster import import_ray
from windrow.cluster_nodes import Nodes
from windrow.errors import InternalError, ResourceError, StorageError, UserError, WindrowError
from windrow.kept_tasks import KeptTasks, keep_task, read_task

Piece: TypeAlias = tuple[int, int, int]

_RETRIES = 3
_WAIT_SECONDS = 0.1
_LEAST_MEMORY = 64 << 20


def _run_to_end(run: _native.TaskRun) -> None:
    """Runs a task on a thread of its own, so that this one sees that it is to be cancelled."""
    failures: list[BaseException] = []
    ended = threading.Event()

    def work() -> None:
        try:
            run.run()
        except BaseException as error:
            failures.append(error)
        ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        while not ended.wait(_WAIT_SECONDS):
            pass
    except BaseException:
        run.cancel()
        ended.wait()
        raise
    thread.join()
    if failures:
        raise failures[0]


def run_task(
    version: str,
    fragment: str,
    task: str,
    options: dict[str, Any],
    keep: str | None,
    *buffers: pa.Buffer,
) -> tuple[Any, ...]:
    """One task, in a process of Ray: the pieces it made, None for those without rows, and
    what the driver is told of it. `keep` is the file that it is kept in."""
    if version != _native.version:
        raise UserError(
            f"found Windrow {_native.version} on a node and {version} on the driver; "
            "expected the same on all nodes"
        )
    node = import_ray().get_runtime_context().get_node_id()
    kept = None if keep is None else read_task(keep)
    if kept is not None:
        pieces, (result, _) = kept
        return (*pieces, (result, {"node": node, "seconds": 0.0, "cpu_seconds": 0.0}))
    started = time.perf_counter()
    run = _native.TaskRun(fragment, task, list(buffers), options)
    cpu = time.process_time()
    _run_to_end(run)
    told = {
        "node": node,
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu,
    }
    pieces = [None if piece is None else pa.py_buffer(piece) for piece in run.buffers()]
    if keep is not None:
        keep_task(keep, pieces, (run.result(), told))
    return (*pieces, (run.result(), told))


class ClusterRun:
    """One job on the cluster that this process is connected to."""

    def __init__(
        self,
        make_job: Callable[[int, int, int], _native.ClusterJob],
        options: dict[str, Any],
        name: str,
        *,
        resume: bool = False,
    ) -> None:
        """`make_job` is given nodes, slots of all of them, and bytes of one node's memory.
        With `resume` tasks are kept in the folder that the options name for temporary files
        until the run ends well, and those of a run before are used."""
        self._ray = import_ray()
        self.name = name
        self._nodes = Nodes(self._ray)
        nodes, slots = self._nodes.count, self._nodes.slots
        self._task_options = dict(options)
        self._task_options.pop("on", None)
        # What Ray sets aside for a task; the engine holds seven tenths of it at most.
        self._task_memory = self._nodes.slot_memory
        budget = max(self._task_memory * 7 // 10, _LEAST_MEMORY)
        self._slot_budget = None if "memory" in options else budget
        self._remote = self._ray.remote(max_retries=_RETRIES)(run_task)
        self.job = make_job(nodes, slots, self._nodes.memory)
        self._kept: KeptTasks | None = None
        if resume:
            if "temp_dir" not in options:
                raise UserError(
                    "--resume: expected --temp-dir, a folder that all nodes see, to keep tasks in"
                )
            shape = f"{nodes} {slots} {options.get('set', [])}"
            self._kept = KeptTasks(options["temp_dir"], f"{shape}\n{self.job.signature()}")
        self._keys: dict[tuple[int, int], str] = {}  # of kept tasks, by fragment and task
        self._order = itertools.count()
        self._waiting: list[tuple[int, int, _native.ClusterFragment, _native.ClusterTask]] = []
        self._running: dict[
            Any, tuple[_native.ClusterFragment, _native.ClusterTask, str | None]
        ] = {}
        self._made: dict[Any, list[Any]] = {}  # pieces, by the reference of the result
        self._refs: dict[Piece, Any] = {}
        self._homes: dict[Piece, tuple[str, int]] = {}  # node and bytes
        self._copies: dict[Piece, set[str]] = {}  # nodes that have one
        self._fragments: dict[int, dict[str, Any]] = {}

    def run(self, watch: Callable[[_native.ClusterJob], None] = lambda job: None) -> None:
        """Runs the job to its end and publishes its outputs. `watch` is called now and
        then."""
        try:
            results: list[str] = []
            while not self.job.is_done():
                for fragment in self.job.next(results):
                    self._add(fragment)
                for piece in self.job.unused():
                    self._drop(piece)
                if self.job.is_done():
                    break
                self._submit()
                results = self._collect()
                watch(self.job)
            self.job.finish(self._fetch)
            if self._kept is not None:
                self._kept.remove()
        except BaseException:
            self._cancel()
            raise

    def report(self) -> dict[str, Any]:
        """The run report, with the fragments and their tasks."""
        report: dict[str, Any] = json.loads(self.job.report(self.name))
        fragments = list(self._fragments.values())
        tasks = [task for fragment in fragments for task in fragment["tasks"]]
        report["cpu_seconds"] += sum(task["cpu_seconds"] for task in tasks)
        report["bytes_moved"] = sum(task["bytes_moved"] for task in tasks)
        report["exchanges"] = [
            {
                "step": step,
                "kind": kind,
                "reason": reason,
                "predicted_bytes": predicted,
                "moved_bytes": sum(self._fragments[id]["moved_bytes"] for id in ids),
            }
            for step, kind, reason, predicted, ids in self.job.decisions()
        ]
        report["fragments"] = fragments
        return report

    def _add(self, fragment: _native.ClusterFragment) -> None:
        self._fragments[fragment.id] = {
            "id": fragment.id,
            "name": fragment.name,
            "inputs": sorted({piece[0] for task in fragment.tasks for piece in task.pieces}),
            "moved_bytes": 0,  # of its rows, to other nodes
            "tasks": [],
        }
        for task in fragment.tasks:
            item = (-task.bytes, next(self._order), fragment, task)
            heapq.heappush(self._waiting, item)

    def _drop(self, piece: Piece) -> None:
        """Nobody will read it any more."""
        self._refs.pop(piece, None)
        self._homes.pop(piece, None)
        self._copies.pop(piece, None)

    def _submit(self) -> None:
        """Starts what waits, longest first, as long as a node has room."""
        while self._waiting:
            size, _, fragment, task = self._waiting[0]
            node = None
            if not fragment.on_driver:
                homes: dict[str, int] = {}
                for piece in task.pieces:
                    home, bytes_there = self._homes[piece]
                    homes[home] = homes.get(home, 0) + bytes_there
                node = self._nodes.choose(fragment.id, homes, -size)
                if node is None:
                    return
            heapq.heappop(self._waiting)
            pieces = [self._refs[piece] for piece in task.pieces]
            if node is None:
                made = self._run_here(fragment, task, pieces)
            else:
                made = self._run_there(fragment, task, pieces, node)
            self._running[made[-1]] = (fragment, task, node)
            self._made[made[-1]] = made[:-1]

    def _run_there(
        self,
        fragment: _native.ClusterFragment,
        task: _native.ClusterTask,
        pieces: list[Any],
        node: str,
    ) -> list[Any]:
        strategies = self._ray.util.scheduling_strategies
        slots = self._nodes.slots_of(node) if fragment.is_whole else 1
        options = {**self._task_options, "slots": slots}
        if self._slot_budget is not None:
            options["memory"] = f"{slots * self._slot_budget}B"
        remote = self._remote.options(
            num_cpus=slots,
            memory=slots * self._task_memory,
            num_returns=fragment.partitions + 1,
            name=fragment.name,
            scheduling_strategy=strategies.NodeAffinitySchedulingStrategy(node, soft=True),
        )
        keep = self._keep(fragment, task)
        try:
            made: list[Any] = remote.remote(
                _native.version, fragment.document, task.document, options, keep, *pieces
            )
        except ImportError as error:  # from the server of Ray Client
            raise _no_windrow(str(error)) from None
        return made

    def _keep(self, fragment: _native.ClusterFragment, task: _native.ClusterTask) -> str | None:
        if self._kept is None:
            return None
        reads = [f"{self._keys[number, index]} {part}" for number, index, part in task.pieces]
        key = self._kept.name(fragment.document, task.document, reads)
        self._keys[fragment.id, task.index] = key
        return key

    def _run_here(
        self, fragment: _native.ClusterFragment, task: _native.ClusterTask, pieces: list[Any]
    ) -> list[Any]:
        buffers = [self._get(piece, fragment) for piece in pieces]
        run = self.job.own_task(fragment.document, task.document, buffers)
        started, cpu = time.perf_counter(), time.process_time()
        _run_to_end(run)
        told = {
            "node": self._ray.get_runtime_context().get_node_id(),
            "seconds": time.perf_counter() - started,
            "cpu_seconds": time.process_time() - cpu,
        }
        made = [None if piece is None else pa.py_buffer(piece) for piece in run.buffers()]
        return [self._ray.put(value) for value in (*made, (run.result(), told))]

    def _collect(self) -> list[str]:
        """Waits for some tasks to end; what they told."""
        if not self._running:
            if not self._waiting:
                raise InternalError("no task of the job runs, and none can start")
            self._nodes.await_one()
            return []
        ended, _ = self._ray.wait(list(self._running), num_returns=1, timeout=1.0)
        if ended:
            more, _ = self._ray.wait(list(self._running), num_returns=len(self._running), timeout=0)
            ended = more or ended
        results = []
        for reference in ended:
            fragment, task, node = self._running.pop(reference)
            pieces = self._made.pop(reference)
            result, told = self._get(reference, fragment)
            if node is not None:
                self._nodes.end(node, told["seconds"])
            for partition, piece in enumerate(pieces):
                self._refs[fragment.id, task.index, partition] = piece
            self._note(fragment, task, json.loads(result)["pieces"], told)
            results.append(result)
        return results

    def _note(
        self,
        fragment: _native.ClusterFragment,
        task: _native.ClusterTask,
        sizes: list[int],
        told: dict[str, Any],
    ) -> None:
        moved = 0
        for piece in task.pieces:
            node, size = self._homes[piece]
            copies = self._copies.setdefault(piece, {node})
            if told["node"] not in copies:
                copies.add(told["node"])
                moved += size
                self._fragments[piece[0]]["moved_bytes"] += size
        for partition, size in enumerate(sizes[1::2]):
            self._homes[fragment.id, task.index, partition] = (told["node"], size)
        self._fragments[fragment.id]["tasks"].append(
            {
                "task": task.index,
                **told,
                "bytes_in": sum(self._homes[piece][1] for piece in task.pieces),
                "bytes_moved": moved,
                "rows_out": sum(sizes[0::2]),
                "bytes_out": sum(sizes[1::2]),
            }
        )

    def _fetch(self, fragment: int, task: int, partition: int) -> Any:
        return self._get(self._refs[fragment, task, partition], None)

    def _get(self, reference: Any, fragment: _native.ClusterFragment | None) -> Any:
        errors = self._ray.exceptions
        where = "the rows of a task" if fragment is None else f"{fragment.name} (a task of it)"
        try:
            return self._ray.get(reference)
        except errors.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, WindrowError):
                raise cause from None
            if isinstance(cause, errors.OutOfDiskError | errors.ObjectStoreFullError):
                raise _store_is_full(where) from None
            if isinstance(cause, MemoryError):
                raise ResourceError(f"{where}: a node's memory ran out") from None
            if "failed to import on the worker" in str(cause):
                raise _no_windrow(str(cause).strip().splitlines()[-1]) from None
            raise InternalError(f"{where} failed: {cause!r}") from error
        except (errors.OutOfDiskError, errors.ObjectStoreFullError):
            raise _store_is_full(where) from None
        except errors.OutOfMemoryError:
            raise ResourceError(
                f"{where}: a node's memory ran out {_RETRIES + 1} times; expected it to do with "
                "less: a smaller memory option makes tasks spill"
            ) from None
        except errors.TaskCancelledError:
            raise KeyboardInterrupt from None
        except errors.RayError as error:
            reason = str(error).strip().splitlines()[0]
            raise StorageError(
                f"{where}: lost with its node, and again when retried: {reason}"
            ) from None

    def _cancel(self) -> None:
        self.job.cancel()
        for reference in self._running:
            self._ray.cancel(reference, force=False)
        if self._running:
            self._ray.wait(list(self._running), num_returns=len(self._running), timeout=2.0)
        self._running.clear()
        self._refs.clear()


def _no_windrow(found: str) -> UserError:
    return UserError(f"found no Windrow on a node ({found}); expected the driver's version on all")


def _store_is_full(where: str) -> ResourceError:
    return ResourceError(
        f"{where}: found a node's object store and the disk behind it full; expected room for "
        "the rows that are moved"
    )
