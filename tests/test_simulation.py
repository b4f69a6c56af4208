# SPDX-License-Identifier: Apache-2.0
"""Simulated clusters against what can be counted by hand."""

import itertools
import random
import time
import xml.etree.ElementTree as ET

import pytest

import windrow as wr

FREE = {"task_overhead": 0.0, "driver_overhead": 0.0}


def _fragment(number: int, seconds: list[float], inputs: list[int] = (), bytes_in: int = 0) -> dict:
    tasks = [{"seconds": length, "bytes_in": bytes_in, "bytes_out": 0} for length in seconds]
    return {"id": number, "inputs": list(inputs), "tasks": tasks}


def test_tasks_are_shared():
    report = {"fragments": [_fragment(0, [0.04] * 12)]}
    runs = wr.simulate(report, [1, 2, 3, 12, 100], **FREE)
    assert [run.seconds for run in runs] == pytest.approx([0.48, 0.24, 0.16, 0.04, 0.04])
    assert runs[0].busy_share == pytest.approx(1)
    assert runs[-1].busy_share == pytest.approx(0.12)


def test_a_fragment_waits_for_those_it_reads():
    report = {"fragments": [_fragment(0, [0.04, 0.02]), _fragment(1, [0.03], [0])]}
    assert wr.simulate(report, [2], **FREE)[0].seconds == pytest.approx(0.07)


def test_the_longest_task_is_first():
    report = {"fragments": [_fragment(0, [0.01, 0.01, 0.01, 0.03])]}
    assert wr.simulate(report, [2], **FREE)[0].seconds == pytest.approx(0.03)


def test_large_tasks_are_divided():
    report = {"fragments": [_fragment(0, [8.0])]}
    runs = wr.simulate(report, [1, 8, 1000], **FREE)
    assert [run.seconds for run in runs] == pytest.approx([8, 1, 0.05], rel=0.01)


def test_one_task_that_gathers_is_not_divided():
    report = {"fragments": [_fragment(0, [1.0]), _fragment(1, [1.0], [0])]}
    assert wr.simulate(report, [100], **FREE)[0].seconds > 1.0


def test_bytes_cross_the_network():
    report = {"fragments": [_fragment(0, [0.0]), _fragment(1, [0.0] * 4, [0], bytes_in=1000)]}
    alone, four = wr.simulate(report, [1, 4], network=1000.0, **FREE)
    assert (alone.bytes_moved, alone.seconds) == (0, 0)
    assert (four.bytes_moved, four.seconds) == (3000, pytest.approx(0.75))


def test_overheads_are_counted():
    report = {"fragments": [_fragment(0, [0.0] * 10)]}
    run = wr.simulate(report, [10], task_overhead=0.5, driver_overhead=0.1)[0]
    assert run.seconds == pytest.approx(10 * 0.1 + 0.5)


def test_a_thousand_nodes_of_a_real_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wr.generate("clicks", 200_000).sink_ipc("clicks.arrow")
    frame = wr.scan("clicks.arrow").group_by("user_id").agg(clicks=wr.count())
    with wr.Cluster("ray:2") as cluster:
        report = frame.collect(on=cluster, switches={"split_rows": 20_000}).report
    started = time.monotonic()
    runs = wr.simulate(report, scale=1e6)
    assert time.monotonic() - started < 10
    assert [run.nodes for run in runs] == [1, 10, 30, 100, 300, 1000]
    assert all(a.seconds >= b.seconds * 0.99 for a, b in itertools.pairwise(runs))
    assert runs[0].seconds / runs[-1].seconds > 30
    picture = ET.fromstring(wr.scaling_curve(runs))
    assert picture.tag.endswith("svg")


def _tasks(count: int, seconds: float = 1.0, bytes_in: float = 0, bytes_out: float = 0) -> list:
    return [{"seconds": seconds, "bytes_in": bytes_in, "bytes_out": bytes_out}] * count


def _report(*fragments: tuple) -> dict:
    """Fragments of (kind or None, inputs, tasks)."""
    found = []
    for id, (kind, inputs, of) in enumerate(fragments):
        found.append({"id": id, "name": f"step {id}", "inputs": inputs, "tasks": of})
        if kind is not None:
            found[-1]["kind"] = kind
    return {"fragments": found}


def _seconds(run: dict, nodes: int, **options: float) -> float:
    return wr.simulate(run, [nodes], **{**FREE, **options})[0].seconds


def test_pieces_of_other_nodes_take_the_network():
    run = _report(("scan", [], _tasks(2, 1.0, 10**12, 400)), ("hash", [0], _tasks(2, 1.0, 400, 0)))
    assert _seconds(run, 1, network=100) == pytest.approx(4)
    # Half of 400 bytes.
    assert _seconds(run, 2, network=100) == pytest.approx(1 + 1 + 2)
    # On 4 nodes the scan and the tasks are halved, and three quarters of 200 bytes are moved.
    assert _seconds(run, 4, network=100) == pytest.approx(0.5 + 0.5 + 1.5)


def test_a_nodes_slots_share_its_network():
    run = _report(("scan", [], _tasks(8, 1.0, 0, 400)), ("hash", [0], _tasks(8, 1.0, 400, 0)))
    # Each node receives half of four times 400 bytes, and computes meanwhile.
    assert _seconds(run, 2, network=100, slots_per_node=4) == pytest.approx(1 + 8)


def test_a_broadcast_goes_to_each_node_whole():
    run = _report(
        ("scan", [], _tasks(1, 1.0, 0, 1000)),
        ("broadcast", [0], _tasks(4, 1.0, 1000, 0)),
    )
    assert _seconds(run, 4, network=100) == pytest.approx(0.25 + 7.5 + 1)
    assert _seconds(run, 2, network=100) == pytest.approx(0.5 + 5 + 2)


def test_files_take_the_disk():
    run = _report(("scan", [], _tasks(2, 1.0, 0, 300)), ("hash", [0], _tasks(2, 1.0, 300, 0)))
    assert _seconds(run, 2, network=1e9, disk=100) == pytest.approx(1 + 3 + 1 + 3)


def test_all_rows_go_to_the_driver_in_the_end():
    run = _report(("scan", [], _tasks(2, 1.0, 0, 500)))
    assert _seconds(run, 2, network=100) == pytest.approx(1 + 5)
    assert _seconds(run, 1, network=100) == pytest.approx(2)


def test_scans_are_divided_and_skewed_partitions_are_not():
    assert _seconds(_report(("scan", [], [*_tasks(3, 1.0), *_tasks(1, 9.0)])), 12) == pytest.approx(
        1
    )
    skewed = _report(("hash", [], [*_tasks(3, 1.0), *_tasks(1, 9.0)]))
    assert _seconds(skewed, 12) == pytest.approx(9)
    # One that gathers is divided as its rows grow.
    gathered = _report(("gather", [], _tasks(1, 9.0)))
    assert _seconds(gathered, 12) == _seconds(gathered, 12, scale=12) == pytest.approx(9)


def test_kinds_are_seen_in_a_report_that_does_not_tell_them():
    scan = _tasks(4, 1.0, 0, 1000)
    for kind, reader in (
        ("hash", _tasks(2, 1.0, 2000, 10)),
        ("broadcast", _tasks(2, 1.0, 4000, 10)),
        ("gather", _tasks(1, 1.0, 4000, 10)),
    ):
        told = _report(("scan", [], scan), (kind, [0], reader))
        untold = _report((None, [], scan), (None, [0], reader))
        for nodes in (1, 3, 10):
            assert _seconds(untold, nodes, network=100) == _seconds(told, nodes, network=100)


def _random_report(rng: random.Random) -> dict:
    fragments: list[tuple] = []
    for id in range(rng.randint(1, 6)):
        inputs = rng.sample(range(id), rng.randint(0, min(id, 2)))
        kind = rng.choice(["hash", "gather", "broadcast"]) if inputs else "scan"
        of = [
            {
                "seconds": rng.expovariate(1),
                "bytes_in": rng.randint(0, 10**9),
                "bytes_out": rng.randint(0, 10**9),
            }
            for _ in range(1 if kind == "gather" else rng.randint(1, 30))
        ]
        fragments.append((kind, inputs, of))
    return _report(*fragments)


def test_more_never_takes_longer():
    seed = random.randrange(2**32)
    rng = random.Random(seed)
    for _ in range(100):
        run = _random_report(rng)
        nodes = rng.randint(1, 40)
        here = _seconds(run, nodes, task_overhead=0.01)
        # Give or take some hundredths: tasks may meet more awkwardly on more slots.
        more = _seconds(run, nodes, task_overhead=0.01, slots_per_node=4, network=2.5e9)
        assert more <= here * 1.02, seed
        assert _seconds(run, nodes, task_overhead=0.01, network=2.5e9) <= here * 1.02, seed
        fast = _seconds(run, nodes, task_overhead=0.01, network=1e15)
        assert _seconds(run, nodes * 3, task_overhead=0.01, network=1e15) <= fast * 1.1, seed
        assert _seconds(run, nodes, task_overhead=0.01, disk=1e9) >= here * 0.98, seed
        assert _seconds(run, nodes, task_overhead=0.01, driver_overhead=0.01) >= here * 0.98, seed
        work = sum(task["seconds"] for each in run["fragments"] for task in each["tasks"])
        assert here >= work / nodes * 0.999, seed


def test_a_thousand_nodes_are_simulated_soon():
    run = _report(
        ("scan", [], _tasks(4000, 5.0, 0, 10**8)),
        ("hash", [0], [*_tasks(4000, 3.0, 10**8, 10**7), *_tasks(1, 60.0, 10**9, 10**7)]),
        ("gather", [1], _tasks(1, 1.0, 10**6, 10**6)),
    )
    started = time.perf_counter()
    ten, _, thousand = wr.simulate(run, [10, 100, 1000], slots_per_node=8)
    assert time.perf_counter() - started < 5
    assert ten.seconds > 400
    # The partition that is not divided, and a fragment's 32,000 tasks from one driver.
    assert 60 < thousand.seconds < 110


def test_what_is_no_report_of_a_cluster_is_an_error():
    with pytest.raises(wr.UserError, match="no fragments"):
        wr.simulate({"steps": []})
    with pytest.raises(wr.UserError, match=r"reads \[1\]"):
        wr.simulate(_report(("hash", [1], _tasks(1)), ("scan", [], _tasks(1))))
    with pytest.raises(wr.UserError, match="kind 'merge'"):
        wr.simulate(_report(("merge", [], _tasks(1))))
    with pytest.raises(wr.UserError, match="at least 1"):
        wr.simulate(_report(("scan", [], _tasks(1))), [0, 10])
    with pytest.raises(wr.UserError, match="each above 0"):
        wr.simulate(_report(("scan", [], _tasks(1))), network=0)
