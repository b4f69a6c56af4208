# SPDX-License-Identifier: Apache-2.0
"""Runs on Ray nodes of this machine: what the nodes have, what fails, what is forgotten."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import python_process
from support.ray_cluster import SMALL, three_nodes
from windrow.cluster_run import ClusterRun

import windrow as wr
from windrow import _native, cluster_nodes

JOB = """
windrow: 1
sources:
  clicks: {generate: clicks, rows: 40000}
  users: {generate: users, rows: 2000}
steps:
  joined: {join: {left: clicks, right: users, on: user_id, how: inner}}
  ranked: {sort: [country, event_time, user_id]}
  numbers: {with_columns: {number: "cast(country as bigint)"}, from: joined}
sinks:
  - {collect: rows, from: ranked}
"""
SWITCHES = ["split_rows=4000", "piece_bytes=20000", "broadcast=off"]
CANCEL_SECONDS = 2


def _end(number, frame) -> None:
    raise AssertionError("SIGTERM was not sent")


@pytest.fixture(scope="module")
def cluster() -> Iterator[wr.Cluster]:
    before = signal.signal(signal.SIGTERM, _end)
    try:
        with three_nodes() as cluster:
            yield cluster
    finally:
        signal.signal(signal.SIGTERM, before)


def _run_of(job: str, cluster: wr.Cluster) -> ClusterRun:
    options = {"set": SWITCHES}
    return ClusterRun(
        lambda nodes, slots, memory: _native.ClusterJob(
            job, "job", {}, {}, [], options, nodes, slots, memory
        ),
        options,
        cluster.name,
    )


def test_a_handler_of_sigterm_stays(cluster: wr.Cluster):
    assert signal.getsignal(signal.SIGTERM) is _end


def test_nodes_share_what_the_machine_has(cluster: wr.Cluster):
    run = _run_of(JOB, cluster)
    assert 3 * run._slot_budget <= _native.default_memory()


def test_bad_data(cluster: wr.Cluster):
    job = JOB.replace("from: ranked", "from: numbers")
    with pytest.raises(wr.DataError) as local:
        wr.run(job)
    with pytest.raises(wr.DataError) as there:
        wr.run(job, on=cluster, switches=SMALL)
    assert str(there.value) == str(local.value)


def test_a_process_that_ends_again_and_again(cluster: wr.Cluster):
    import ray

    def end(*arguments: object) -> None:
        os._exit(1)

    run = _run_of(JOB, cluster)
    run._remote = ray.remote(max_retries=1)(end)
    with pytest.raises(wr.StorageError, match=r"^(clicks|users) \(a task of it\): lost with"):
        run.run()


def test_a_task_of_the_driver_is_cancelled(cluster: wr.Cluster):
    rows = wr.generate("clicks", 2_000_000).collect()
    told = []

    def interrupt() -> None:
        told.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    def collect_again_and_again() -> None:
        for _ in range(20):
            frame.sort("country", "event_time").collect(on=cluster)

    frame = wr.from_arrow(rows).join(wr.generate("users", 200_000), on="user_id")
    timer = threading.Timer(0.3, interrupt)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            collect_again_and_again()
    finally:
        timer.cancel()
    assert time.monotonic() - told[0] < CANCEL_SECONDS


def test_pieces_that_nobody_reads_are_forgotten(cluster: wr.Cluster):
    run = _run_of(JOB, cluster)
    most = 0

    def watch(job: _native.ClusterJob) -> None:
        nonlocal most
        most = max(most, len(run._refs))

    run.run(watch)
    assert most > 100
    pieces_of_sink = len(run._fragments[max(run._fragments)]["tasks"])
    assert len(run._refs) <= pieces_of_sink < most
    assert set(run._homes) == set(run._refs)
    assert set(run._copies) <= set(run._refs)


class FakeRay:
    """Has no node at first, and then the one that is given."""

    def __init__(self, looks_without: int, node: dict) -> None:
        self._left = looks_without
        self._node = node

    def nodes(self) -> list[dict]:
        self._left -= 1
        return [] if self._left >= 0 else [self._node]


NODE = {"NodeID": "n", "Alive": True, "Resources": {"CPU": 4.0}}


def test_nodes_that_are_on_their_way(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cluster_nodes, "_LOOK_SECONDS", 0.01)
    nodes = cluster_nodes.Nodes(FakeRay(5, NODE))
    assert (nodes.count, nodes.slots, nodes.slots_of("n")) == (1, 4, 4)


@pytest.mark.parametrize("change", [{"Alive": False}, {"Resources": {}}])
def test_nodes_that_do_not_come(change: dict, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cluster_nodes, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(cluster_nodes, "_PATIENCE_SECONDS", 0.1)
    with pytest.raises(wr.StorageError, match="no node with a CPU"):
        cluster_nodes.Nodes(FakeRay(0, {**NODE, **change}))


def test_ray_that_was_imported_before(tmp_path: Path):
    done = python_process.run(
        "import ray\nimport windrow as wr\ntry:\n    wr.Cluster('ray:1')\n"
        "except wr.UserError as error:\n    print(error)",
        tmp_path,
    )
    assert "expected the first cluster that a process starts before `import ray`" in done.stdout


def test_nodes_find_the_package_where_the_driver_does(tmp_path: Path):
    (tmp_path / "windrow").symlink_to(Path(wr.__file__).parent)
    code = f"""
import os, sys
os.environ.pop("PYTHONPATH", None)
sys.path.insert(0, {str(tmp_path)!r})
import windrow as wr
with wr.Cluster("ray:1"):
    import ray
    find = ray.remote(lambda: __import__("windrow").__file__)
    assert ray.get(find.remote(), timeout=30) == wr.__file__, ray.get(find.remote())
    assert wr.__file__.startswith({str(tmp_path)!r})
"""
    done = python_process.run(code, tmp_path)
    assert done.returncode == 0, done.stderr
