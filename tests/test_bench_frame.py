# SPDX-License-Identifier: Apache-2.0
"""Tests of the benchmark frame, with a stand-in for our contestant."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest

BENCH = Path(__file__).resolve().parent.parent / "bench"
sys.path.insert(0, str(BENCH))

import answers  # noqa: E402
import cases  # noqa: E402
import cgroup  # noqa: E402
import compare  # noqa: E402
import harness  # noqa: E402
import machine  # noqa: E402
import report  # noqa: E402
import run  # noqa: E402

LIMITS = harness.Limits(seconds=20, memory_bytes=4 << 30)


def digest(tmp_path: Path, table: pa.Table, tol: float = 0, chunk: int = 2) -> answers.Digest:
    """Writes a table as an answer file and digests it."""
    path = tmp_path / "answer.arrow"
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=chunk)
    return answers.digest_file(path, tol)


ROWS = pa.table(
    {
        "name": ["a", None, "b", "c"],
        "size": [1, 2, 3, 4],
        "none": pa.nulls(4),
        "price": [0.5, 1.5, None, 2.5],
    }
)


def test_order_chunks_and_encodings_do_not_matter(tmp_path: Path) -> None:
    other = pa.table(
        {
            "price": ROWS["price"],
            "none": pa.nulls(4, pa.int32()),
            "size": ROWS["size"],
            "name": ROWS["name"].cast(pa.string_view()),
        }
    ).slice(1)
    other = pa.concat_tables(
        [other, ROWS.slice(0, 1).select(other.schema.names).cast(other.schema)]
    )
    coded = ROWS.set_column(0, "name", ROWS["name"].dictionary_encode())
    ours = digest(tmp_path, ROWS)
    assert answers.differences(ours, digest(tmp_path, other, chunk=3), 0) == []
    assert answers.differences(ours, digest(tmp_path, coded, chunk=4), 0) == []


@pytest.mark.parametrize(
    ("column", "values", "finding"),
    [
        ("name", ["a", None, "b", "d"], "column 'name': values differ"),
        ("name", ["a", "x", "b", "c"], "column 'name': ours has 3 values"),
        ("name", ["b", None, "a", "c"], "paired differently"),
        ("size", [1.0, 2.0, 3.0, 4.0], "column 'size': ours is int64, theirs double"),
        ("none", [None, None, None, 1], "column 'none': ours has 0 values"),
    ],
)
def test_finds_what_differs(
    tmp_path: Path, column: str, values: list[object], finding: str
) -> None:
    at = ROWS.schema.get_field_index(column)
    other = ROWS.set_column(at, column, pa.array(values))
    found = answers.differences(digest(tmp_path, ROWS), digest(tmp_path, other), 0)
    assert len(found) == 1
    assert finding in found[0]


def test_missing_rows_and_columns(tmp_path: Path) -> None:
    ours = digest(tmp_path, ROWS)
    short = digest(tmp_path, ROWS.slice(1))
    assert answers.differences(ours, short, 0) == ["rows: ours 4, theirs 3"]
    narrow = digest(tmp_path, ROWS.drop_columns(["none"]))
    assert answers.differences(ours, narrow, 0) == ["column 'none': only in ours"]
    assert answers.differences(ours, narrow, 0, ["none"]) == []


def test_float_tolerance(tmp_path: Path) -> None:
    at = ROWS.schema.get_field_index("price")
    near = ROWS.set_column(at, "price", pa.array([0.5, 1.5 + 1e-14, None, 2.5]))
    swapped = ROWS.set_column(at, "price", pa.array([1.5, 0.5, None, 2.5]))
    ours = digest(tmp_path, ROWS, 1e-12)
    assert answers.differences(ours, digest(tmp_path, near, 1e-12), 1e-12) == []
    assert answers.differences(ours, digest(tmp_path, swapped, 1e-12), 1e-12)


def lists_of(times: list[list[int]], sizes: list[list[int]]) -> dict[str, pa.Table]:
    """Returns the same groups with a list for each column, and with one of structs."""
    stamp = pa.list_(pa.timestamp("us"))
    columns = pa.table({"name": ["a", "b"], "time": pa.array(times, stamp), "size": sizes})
    items = [
        [{"time": time, "size": size} for time, size in zip(*pair, strict=True)]
        for pair in zip(times, sizes, strict=True)
    ]
    kind = pa.list_(pa.struct([("time", pa.timestamp("us")), ("size", pa.int64())]))
    structs = pa.table({"item": pa.array(items, kind), "name": ["a", "b"]})
    return {"columns": columns, "structs": structs}


@pytest.mark.parametrize("layout", ["columns", "structs"])
@pytest.mark.parametrize(
    ("times", "sizes", "is_equal", "is_equal_by_place"),
    [
        ([[1, 1, 2], [5]], [[7, 8, 9], [6]], True, True),
        ([[1, 1, 2], [5]], [[8, 7, 9], [6]], True, False),
        ([[1, 2, 1], [5]], [[7, 9, 8], [6]], False, False),
        ([[1, 1, 2], [5]], [[7, 9, 8], [6]], False, False),
        ([[1, 2], [1, 5]], [[7, 9], [8, 6]], False, False),
    ],
)
def test_lists(
    tmp_path: Path,
    layout: str,
    times: list[list[int]],
    sizes: list[list[int]],
    is_equal: bool,
    is_equal_by_place: bool,
) -> None:
    path = tmp_path / "answer.arrow"
    wanted = lists_of([[1, 1, 2], [5]], [[7, 8, 9], [6]])["columns"]
    for order, expected in (("time", is_equal), ("", is_equal_by_place)):
        digests = []
        for table in (wanted, lists_of(times, sizes)[layout]):
            with pa.ipc.new_file(path, table.schema) as writer:
                writer.write_table(table, max_chunksize=1)
            digests.append(answers.digest_file(path, 0, order))
        assert (answers.differences(*digests, 0) == []) == expected
        assert digests[0].rows == 2


def contestant(script: str) -> cases.Contestant:
    """Returns a contestant that answers every line as the script says."""
    loop = f"import sys, json, time\nfor line in sys.stdin:\n {script}\n"
    return cases.Contestant("test", [sys.executable, "-c", loop])


@pytest.mark.parametrize(
    ("script", "limits", "message"),
    [
        ("sys.exit('no such table')", LIMITS, "ended with 1: no such table"),
        ("print(json.dumps({'error': 'bad'}), flush=True)", LIMITS, "bad"),
        ("time.sleep(30)", harness.Limits(0.3, 1 << 32), "over 0 s"),
        (
            "x = bytearray(300 << 20); time.sleep(30)",
            harness.Limits(9, 1 << 27),
            "over 0.1 GB",
        ),
    ],
)
def test_contestants_that_fail(script: str, limits: harness.Limits, message: str) -> None:
    with (
        harness.Process(contestant(script), limits, 1) as process,
        pytest.raises(harness.ContestantError, match=message),
    ):
        process.ask("run")


def test_a_contestant_out_of_memory_is_over_a_limit() -> None:
    script = "print(json.dumps({'error': 'no room', 'is_over_limit': True}), flush=True)"
    with (
        harness.Process(contestant(script), LIMITS, 1) as process,
        pytest.raises(harness.ContestantError, match="no room") as caught,
    ):
        process.ask("run")
    assert caught.value.is_over_limit


def test_processes_of_a_contestant_count_and_end_with_it() -> None:
    child = "import time; x = bytearray(100 << 20); print('{}', flush=True); time.sleep(60)"
    script = f"import subprocess; subprocess.run([sys.executable, '-c', {child!r}])"
    with harness.Process(contestant(script), LIMITS, 1) as process:
        _, peak = process.ask("run")
        tree = machine.process_tree(process.pid)
    assert len(tree) == 2
    assert peak >= 90 << 20  # the sampler may miss the last pages
    # The kernel takes its time over the memory of what was killed.
    deadline = time.monotonic() + 30
    while any(machine.anonymous_bytes(pid) for pid in tree) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert all(machine.anonymous_bytes(pid) == 0 for pid in tree)


def test_a_memory_group_holds_a_process() -> None:
    script = "x = bytearray(200 << 20); print(len(x))"
    with cgroup.memory_group(64 << 20) as words:
        if not words:
            pytest.skip("no group of limited memory can be made here")
        done = subprocess.run([*words, sys.executable, "-c", script], capture_output=True)
    assert done.returncode == -signal.SIGKILL


def test_pairs_alternate_and_count(tmp_path: Path) -> None:
    reply = "{'wall': 0.01, 'cpu': 0.01, 'rows': 5}"
    one = contestant(f"print(json.dumps({reply}), flush=True)")
    with harness.Process(one, LIMITS, 1) as a, harness.Process(one, LIMITS, 1) as b:
        figures = harness.run_pairs(a, b, 3).to_json()
    assert figures["pairs"] == 3
    assert figures["ratio"] == 1.0
    assert figures["ours"]["rows"] == 5


@pytest.mark.parametrize(
    ("words", "peers"),
    [("enrich --only ipc/dense/six", 3), ("probe-rows --only group/500K", 6)],
)
def test_whole_run(words: str, peers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = tmp_path / "windrow"
    stand_in.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{BENCH}/peers/stand_in.py" "$@"\n')
    stand_in.chmod(0o755)
    saved: list[Path] = []
    save = report.save

    def save_here(document: dict[str, object], _: Path) -> Path:
        saved.append(save(document, tmp_path / "results"))
        return saved[-1]

    monkeypatch.setattr(report, "save", save_here)
    line = [*words.split(), "--size", "quick", "--repeat", "3"]
    line += ["--rows", "30000", "--data", str(tmp_path / "data")]
    line += ["--windrow", str(stand_in), "--ours", str(stand_in)]
    assert run.main(line) == 0
    outcomes = json.loads(saved[0].read_text())["outcomes"]
    assert len(outcomes) >= peers
    assert not [each for each in outcomes if "skipped" in each]
    assert compare.main([str(saved[0]), str(saved[0])]) == 0
