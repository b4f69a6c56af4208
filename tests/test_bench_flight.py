# SPDX-License-Identifier: Apache-2.0
"""The benchmark of Flight at a small size, and what it counts of servers and wires."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from case_run import find_binary

BENCH = Path(__file__).resolve().parent.parent / "bench"
sys.path.insert(0, str(BENCH))

import machine  # noqa: E402
import network  # noqa: E402
import report  # noqa: E402
import run  # noqa: E402

ROWS = 70_000  # two batches of securities


@pytest.fixture
def binaries() -> Path:
    """The folder of the command, the contestants beside it."""
    folder = find_binary().parent
    for name in ("windrow-bench", "windrow-flight-loop"):
        if not (folder / name).exists():
            pytest.skip(f"{name} is not built")
    return folder


def run_flight(
    binaries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *words: str
) -> tuple[int, list[dict[str, Any]]]:
    """Runs cases of the benchmark; returns the exit code and the outcomes."""
    saved: list[dict[str, Any]] = []

    def keep(document: dict[str, Any], _: Path) -> Path:
        saved.append(document)
        return tmp_path

    monkeypatch.setattr(report, "save", keep)
    monkeypatch.setattr(network, "MEASURED_BYTES", 1 << 24)
    line = ["flight", "--rows", str(ROWS), "--repeat", "3", "--data", str(tmp_path / "data")]
    line += ["--windrow", str(binaries / "windrow"), "--ours", str(binaries / "windrow-bench")]
    code = run.main([*line, *words])
    return code, [each for document in saved for each in document["outcomes"]]


def test_whole_run(binaries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, outcomes = run_flight(binaries, tmp_path, monkeypatch, "--size", "quick")
    assert code == 0
    assert [each["case"].removeprefix("flight/").removesuffix(f"/{ROWS}") for each in outcomes] == [
        *["join/all"] * 2,
        *["join/six"] * 2,
        *["pull/all"] * 5,
        *["pull/six"] * 3,
    ]
    for each in outcomes:
        assert each["ours"]["server_cpu"] > 0
        if "pull" in each["case"]:
            for side in ("ours", "peer_figures"):
                assert each[side]["rows"] == ROWS
                assert each[side]["wire_bytes"] > 0.9 * each["output_bytes"]


def test_a_link_goes_with_the_run(
    binaries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if network.why_no_namespace():
        pytest.skip(network.why_no_namespace())
    words = ["--size", "full", "--only", "link/10Gbit"]
    code, outcomes = run_flight(binaries, tmp_path, monkeypatch, *words)
    assert code == 0
    assert len(outcomes) == 4
    left = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True)
    assert f"windrow-bench-{os.getpid()}-" not in left.stdout


def test_a_wrong_answer_ends_the_run(
    binaries: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("windrow", "windrow-bench"):
        (tmp_path / name).symlink_to(binaries / name)
    other = tmp_path / "windrow-flight-loop"
    # Pulls a column less than it is asked for.
    other.write_text(
        f'#!/bin/sh\nexec "{binaries / other.name}" "$@" --columns ISIN,NAME\n', encoding="utf-8"
    )
    other.chmod(0o755)
    words = ["--size", "quick", "--only", "pull/six"]
    code, outcomes = run_flight(tmp_path, tmp_path, monkeypatch, *words)
    assert code == 1
    assert outcomes == []
    assert "answers differ from Flight alone, 1 stream" in capsys.readouterr().err


def test_bytes_of_a_wire_are_counted() -> None:
    with network.loopback() as wire:
        script = str(network.PEERS / "wire_rate.py")
        words = [sys.executable, script, "serve", wire.host]
        with network.server(wire, words) as (process, address):
            before, cpu = machine.wire_bytes(process), machine.cpu_seconds(process)
            pull = [sys.executable, script, "pull", address, str(1 << 24)]
            done = subprocess.run([*wire.client_words, *pull], check=True, capture_output=True)
            carried = machine.wire_bytes(process) - before
            spent = machine.cpu_seconds(process) - cpu
    assert float(done.stdout) > 0
    assert carried >= 4 << 24
    if wire.is_ours:
        # What was under way when a client had enough comes on top.
        assert carried < 16 << 24
    assert 0 < spent < 60


def test_a_server_that_does_not_start() -> None:
    with (
        pytest.raises(RuntimeError, match="did not start"),
        network.server(network.Network("none"), [sys.executable, "-c", "print('no')"]),
    ):
        pass


def test_the_table_of_servers_leaves_cases_without_one_out() -> None:
    side = {"wall": 2.0, "server_cpu": 1.0, "server_memory_peak": 10**7, "wire_bytes": 3 * 10**9}
    with_one = {"case": "flight/x", "peer": "p", "ratio": 1.0, "ours": side, "wire_gb_s": 4.0}
    with_one["peer_figures"] = {**side, "wire_bytes": 0}
    without = json.loads(json.dumps(with_one))
    without["ours"]["wire_bytes"] = 0
    lines = report.server_lines([with_one, without])
    assert len(lines) == 2
    assert lines[1].split()[-5:] == ["0", "3,000", "0.00", "1.50", "4.00"]
