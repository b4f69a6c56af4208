# SPDX-License-Identifier: Apache-2.0
"""`windrow load-report`: figures that a slow count confirms, and clear errors."""

import json
import random
from collections import Counter
from pathlib import Path

import command
import pyarrow as pa
import pyarrow.parquet as pq
import pytest


def _report(folder: Path, *words: str) -> dict:
    words = ("load-report", *words, "--json", "load.json", "-o", "load.html")
    command.run_well(*words, cwd=folder)
    return json.loads((folder / "load.json").read_text(encoding="utf-8"))


def _check(report: dict, left: list, right: list) -> None:
    """`left` and `right` are the keys of both sides, None for null."""
    counts = Counter(key for key in left if key is not None)
    others = Counter(key for key in right if key is not None)
    assert report["distinct_keys"] == len(counts | others)
    assert report["left"]["rows"] == len(left)
    assert report["left"]["null_keys"] == left.count(None)
    assert report["right"]["null_keys"] == right.count(None)
    matching = sum(rows for key, rows in counts.items() if key in others)
    assert report["matching_left_rows"] == matching
    nodes = report["nodes"]
    sizes = [
        report[side]["row_bytes"] * sum(rows.values())
        for side, rows in (("left", counts), ("right", others))
    ]
    for way in ("hash", "range"):
        spread = report["spread"][way]
        assert len(spread["nodes"]) == nodes
        assert sum(node["left_rows"] for node in spread["nodes"]) == sum(counts.values())
        assert sum(node["right_rows"] for node in spread["nodes"]) == sum(others.values())
        assert spread["moved_bytes"] == pytest.approx(sum(sizes) * (nodes - 1) / nodes)
    handled = report["spread"]["hot_keys"]["nodes"]
    # Rows of the side that is smaller for a key are copied.
    for side, rows in (("left_rows", counts), ("right_rows", others)):
        assert sum(node[side] for node in handled) > sum(rows.values()) - 0.01
    costs = {cost["name"]: cost for cost in report["costs"]}
    assert costs["broadcast"]["moved_bytes"] == pytest.approx(min(sizes) * (nodes - 1))
    for shown in report["hottest"]:
        key = shown["key"] if isinstance(next(iter(counts | others)), str) else int(shown["key"])
        assert (shown["left_rows"], shown["right_rows"]) == (counts[key], others[key])


def test_half_of_the_clicks_are_of_one_user(tmp_path: Path):
    words = ["generate", "clicks", "--rows", "200000", "-o", "clicks.parquet"]
    command.run_well(*words, cwd=tmp_path)
    command.run_well("generate", "users", "--rows", "100000", "-o", "users.arrow", cwd=tmp_path)
    words = ["--left", "clicks.parquet", "--right", "users.arrow", "--on", "user_id", "--nodes"]
    report = _report(tmp_path, *words, "4")
    clicks = pq.read_table(tmp_path / "clicks.parquet")["user_id"].to_pylist()
    _check(report, clicks, list(range(1, 100_001)))
    assert report["hottest"][0]["key"] == "1"
    assert 0.48 < report["hottest"][0]["left_rows"] / 200_000 < 0.52
    spread = report["spread"]
    # The users are even, so bytes are a little less uneven than clicks.
    assert 1.9 < spread["hash"]["max_over_mean"] < 2.6
    most = max(node["left_rows"] for node in spread["hash"]["nodes"])
    assert 2.3 < most / 50_000 < 2.7
    assert spread["hot_keys"]["max_over_mean"] <= 1.1
    assert spread["hot_keys"]["moved_bytes"] < spread["hash"]["moved_bytes"]
    assert report["best"] == "broadcast"
    page = (tmp_path / "load.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert page.count("<rect") == 12
    assert [at["nodes"] for at in report["at_nodes"]] == [2, 4, 8, 16, 32, 64]


def test_random_keys_of_many_types(tmp_path: Path):
    seed = random.randrange(2**32)
    print(f"replay with seed {seed}")
    draw = random.Random(seed)
    for round_number in range(4):
        count = draw.choice([1, 30, 3000])
        left = [draw.choice([None, *range(count)]) for _ in range(draw.choice([1, 500, 20_000]))]
        right = [draw.randrange(count + 5) for _ in range(draw.choice([1, 400]))]
        if round_number % 2:
            left = [None if key is None else f"key <{key}>" for key in left]
            right = [f"key <{key}>" for key in right]
            types = pa.string(), pa.large_string()
        else:
            types = pa.int32(), pa.uint64()
        for name, keys, kind in (("l", left, types[0]), ("r", right, types[1])):
            rest = pa.array([1.5] * len(keys))
            table = pa.table({f"{name} key": pa.array(keys, kind), "rest": rest})
            pq.write_table(table, tmp_path / f"{name}.parquet", row_group_size=100)
        nodes = draw.choice([1, 2, 7, 64])
        words = ["--left", "l.parquet", "--right", "r.parquet", "--on", "l key=r key"]
        _check(_report(tmp_path, *words, "--nodes", str(nodes)), left, right)


def test_no_rows_are_no_load(tmp_path: Path):
    empty = pa.table({"k": pa.array([], pa.int64())})
    pq.write_table(empty, tmp_path / "e.parquet")
    words = ["--left", "e.parquet", "--right", "e.parquet", "--on", "k"]
    report = _report(tmp_path, *words)
    assert report["distinct_keys"] == 0
    assert [node["bytes"] for node in report["spread"]["hash"]["nodes"]] == [0] * 4


BAD = {
    "--right users.arrow --on user_id": (2, ["--left"]),
    "--left users.arrow --right absent.arrow --on user_id": (4, ["absent.arrow"]),
    "--left users.arrow --right users.arrow --on user_ib=user_id": (2, ["user_ib", "user_id"]),
    "--left users.arrow --right users.arrow --on user_id=": (2, ["LEFT_COLUMN=RIGHT_COLUMN"]),
    "--left users.arrow --right users.arrow --on user_id=country": (2, ["int64", "string"]),
    "--left users.arrow --right users.arrow --on user_id --nodes 0": (2, ["--nodes"]),
    "--left users.arrow --right users.arrow --on user_id -o load.txt": (2, [".html"]),
    "--left users.arrow --right users.arrow --on user_id --disk-rate 0": (2, ["--disk-rate 0"]),
}


@pytest.mark.parametrize("line", BAD)
def test_what_is_wrong_is_said(line: str, tmp_path: Path):
    command.run_well("generate", "users", "--rows", "10", "-o", "users.arrow", cwd=tmp_path)
    exit_code, words = BAD[line]
    outcome = command.run("load-report", *line.split(), cwd=tmp_path)
    assert outcome.exit_code == exit_code, outcome.stderr
    assert command.is_one_line(outcome.stderr), outcome.stderr
    assert [word for word in words if word not in outcome.stderr] == []
    assert command.names_in(tmp_path) == ["users.arrow"]
