# SPDX-License-Identifier: Apache-2.0
"""What becomes of a run when a process, a node or its user goes while it runs."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import command
import pytest
from support.ray_cluster import three_nodes, working_in
from windrow.cluster_run import ClusterRun

import windrow as wr
from windrow import _native

JOB = """
windrow: 1
sources:
  clicks: {generate: clicks, rows: 400000}
  users: {generate: users, rows: 20000}
steps:
  joined: {join: {left: clicks, right: users, on: user_id, how: inner}}
  ranked: {sort: [country, event_time, user_id]}
sinks:
  - {write: out.parquet, from: ranked}
"""
SWITCHES = ["split_rows=20000", "piece_bytes=200000", "broadcast=off"]
LEAST_TASKS = 20


@pytest.fixture
def cluster() -> Iterator[wr.Cluster]:
    with three_nodes() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def expected(tmp_path_factory) -> bytes:
    folder = tmp_path_factory.mktemp("local")
    with working_in(folder):
        wr.run(JOB)
    return (folder / "out.parquet").read_bytes()


def _run(cluster: wr.Cluster, watch: Callable[[ClusterRun], None]) -> dict[str, Any]:
    """Runs the job; `watch` is called whenever tasks have ended."""
    options = {"set": SWITCHES}
    run = ClusterRun(
        lambda nodes, slots, memory: _native.ClusterJob(
            JOB, "job", {}, {}, [], options, nodes, slots, memory
        ),
        options,
        cluster.name,
    )
    run.run(lambda job: watch(run))
    report = run.report()
    assert sum(len(fragment["tasks"]) for fragment in report["fragments"]) >= LEAST_TASKS
    return report


def _once(act: Callable[[], None], when: Callable[[ClusterRun], bool]) -> Callable:
    """Acts the first time that it is time to; whether it did is its `has_acted`."""

    def watch(run: ClusterRun) -> None:
        if not watch.has_acted and when(run):
            watch.has_acted = True
            act()

    watch.has_acted = False
    return watch


def _ended(run: ClusterRun) -> int:
    return sum(len(fragment["tasks"]) for fragment in run.report()["fragments"])


def _workers(cluster: wr.Cluster) -> list[int]:
    """Processes of the cluster's that run a task or wait for one."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            name = (process / "cmdline").read_bytes()
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        # A node's own agents have such names, too; it does not outlive them.
        is_worker = name.startswith(b"ray::") and b"Agent" not in name
        if is_worker and str(cluster._folder.path).encode() in environment:
            found.append(int(process.name))
    return found


def test_workers_that_are_killed(cluster: wr.Cluster, expected: bytes, tmp_path: Path):
    def kill() -> None:
        victims = _workers(cluster)
        assert victims
        for victim in victims:
            os.kill(victim, signal.SIGKILL)

    watch = _once(kill, lambda run: _ended(run) >= 5)
    with working_in(tmp_path):
        _run(cluster, watch)
    assert watch.has_acted
    assert (tmp_path / "out.parquet").read_bytes() == expected


def test_a_node_that_goes_between_map_and_reduce(
    cluster: wr.Cluster, expected: bytes, tmp_path: Path
):
    def has_moved_both_sides(run: ClusterRun) -> bool:
        homes = {node for node, _ in run._homes.values()}
        names = [f["name"] for f in run.report()["fragments"] if f["tasks"]]
        return "clicks" in names and len(homes) == 3 and _ended(run) >= LEAST_TASKS

    def remove() -> None:
        victim = cluster._nodes.list_all_nodes()[-1]
        cluster._nodes.remove_node(victim, allow_graceful=False)

    watch = _once(remove, has_moved_both_sides)
    started = time.monotonic()
    with working_in(tmp_path):
        _run(cluster, watch)
    assert watch.has_acted
    assert time.monotonic() - started < 60
    assert (tmp_path / "out.parquet").read_bytes() == expected


def test_a_node_that_comes(cluster: wr.Cluster, expected: bytes, tmp_path: Path):
    def add() -> None:
        cluster._nodes.add_node(
            wait=True,
            num_cpus=1,
            object_store_memory=100 << 20,
            include_dashboard=False,
            node_ip_address="127.0.0.9",
        )

    watch = _once(add, lambda run: _ended(run) >= 3)
    with working_in(tmp_path):
        _run(cluster, watch)
    assert watch.has_acted
    assert (tmp_path / "out.parquet").read_bytes() == expected


def test_a_node_that_comes_before_a_task_that_takes_a_whole_one(tmp_path: Path):
    with wr.Cluster("ray:1") as cluster:

        def add_first(nodes: int, slots: int, memory: int) -> _native.ClusterJob:
            cluster._nodes.add_node(
                wait=True, num_cpus=1, include_dashboard=False, node_ip_address="127.0.0.9"
            )
            assert nodes == 1
            return _native.ClusterJob(JOB, "job", {}, {}, [], {"set": []}, nodes, slots, memory)

        run = ClusterRun(add_first, {"set": []}, cluster.name)
        run._nodes._next_look = 0.0
        patience = time.monotonic() + 30

        def watch(job: _native.ClusterJob) -> None:
            assert time.monotonic() < patience, "waits for a node with the slots of all"

        with working_in(tmp_path):
            run.run(watch)
    assert (tmp_path / "out.parquet").exists()


def test_a_run_that_is_cancelled(cluster: wr.Cluster, tmp_path: Path):
    (tmp_path / "out.parquet").write_bytes(b"old")

    def cancel() -> None:
        raise KeyboardInterrupt

    watch = _once(cancel, lambda run: _ended(run) >= 5)
    started = time.monotonic()
    with working_in(tmp_path), pytest.raises(KeyboardInterrupt):
        _run(cluster, watch)
    assert time.monotonic() - started < 30
    assert [path.name for path in tmp_path.iterdir()] == ["out.parquet"]
    assert (tmp_path / "out.parquet").read_bytes() == b"old"


def test_a_driver_that_is_killed(expected: bytes, tmp_path: Path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "out.parquet").write_bytes(b"old")
    (tmp_path / "job.yaml").write_text(JOB)
    words = ["run", "job.yaml", "--on", "ray:2", "--resume", "--temp-dir", "kept"]
    for switch in SWITCHES:
        words += ["--set", switch]
    run = command.start(*words, cwd=tmp_path)
    deadline = time.monotonic() + 60
    while len(_kept(tmp_path)) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    (driver,) = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
    os.kill(int(driver), signal.SIGKILL)
    _, errors = run.communicate(timeout=30)
    assert run.returncode == 5
    assert "--resume lets the next run go on" in errors
    assert (tmp_path / "out.parquet").read_bytes() == b"old"
    kept = len(_kept(tmp_path))
    assert kept >= 5
    command.run_well(*words, "--report", "report.json", cwd=tmp_path)
    assert (tmp_path / "out.parquet").read_bytes() == expected
    report = json.loads((tmp_path / "report.json").read_text())
    tasks = [task for fragment in report["fragments"] for task in fragment["tasks"]]
    assert kept <= sum(task["seconds"] == 0 for task in tasks) < len(tasks)
    assert list((tmp_path / "kept").iterdir()) == []


def _kept(folder: Path) -> list[Path]:
    return [path for path in (folder / "kept").glob("*/*") if path.suffix != ".tmp"]


def test_what_cannot_be_resumed(tmp_path: Path):
    (tmp_path / "job.yaml").write_text(JOB)
    outcome = command.run("run", "job.yaml", "--resume", cwd=tmp_path)
    assert outcome.exit_code == 2
    assert "--resume: found --on local; expected a Ray cluster" in outcome.stderr


def test_the_command_is_ended(tmp_path: Path):
    (tmp_path / "out.parquet").write_bytes(b"old")
    (tmp_path / "job.yaml").write_text(JOB.replace("400000", "40000000"))
    run = subprocess.Popen(
        [command.find_binary(), "run", "job.yaml", "--on", "ray:2", "--set", "split_rows=20000"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(8)
    run.send_signal(signal.SIGTERM)
    _, errors = run.communicate(timeout=30)
    assert run.returncode == 130, errors
    assert (tmp_path / "out.parquet").read_bytes() == b"old"
