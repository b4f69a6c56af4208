# SPDX-License-Identifier: Apache-2.0
"""Simulated clusters against what can be counted by hand."""

import itertools
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
