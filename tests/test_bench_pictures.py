# SPDX-License-Identifier: Apache-2.0
"""Tests of the pictures that are drawn from results of the benchmark."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench"))

import pictures  # noqa: E402

SVG = "{http://www.w3.org/2000/svg}"


def outcome(case: str, peer: str, ratio: float, spread: float = 0.0) -> dict:
    return {
        "case": case,
        "peer": peer,
        "ratio": ratio,
        "ratio_min": ratio - spread,
        "ratio_max": ratio + spread,
        "pairs": 7,
        "noisy_kept": 0,
        "ours": {"wall": 0.5},
        "peer_figures": {"wall": 0.5 * ratio},
    }


def document(*outcomes: dict) -> dict:
    return {
        "name": "joins",
        "slots": 2,
        "machine": {
            "cpu": "Some & CPU",
            "cpus": 2,
            "memory_bytes": 25_000_000_000,
            "versions": {"duckdb": "2.0.0", "polars": "2.1.0", "pyarrow": "26.0.1"},
        },
        "outcomes": list(outcomes),
    }


def drawn(*outcomes: dict) -> ElementTree.Element:
    return ElementTree.fromstring(pictures.draw(document(*outcomes), "2026-01-31"))


def widths(picture: ElementTree.Element) -> list[float]:
    return [float(bar.attrib["width"]) for bar in picture.iter(f"{SVG}rect")]


def texts(picture: ElementTree.Element) -> str:
    return "\n".join(text.text or "" for text in picture.iter(f"{SVG}text"))


def test_bars_are_as_long_as_their_ratios():
    picture = drawn(outcome("a", "fast", 0.5), outcome("a", "slow", 4), outcome("b", "mid", 2))
    half, four, two = widths(picture)
    assert four == pytest.approx(8 * half, rel=0.01)
    assert four == pytest.approx(2 * two, rel=0.01)
    lines = [line for line in picture.iter(f"{SVG}path") if line.attrib["class"] == "one"]
    places = [float(re.match(r"M([\d.]+)", line.attrib["d"])[1]) for line in lines]
    assert places == [pytest.approx(pictures.LEFT + two / 2, abs=0.2)] * 3


def test_everything_lies_in_the_picture():
    picture = drawn(*(outcome("a", f"peer {n}", n / 2, spread=n / 4) for n in range(1, 9)))
    height = float(picture.attrib["height"])
    for text in picture.iter(f"{SVG}text"):
        assert 0 < float(text.attrib["y"]) < height
    for text in picture.iter(f"{SVG}text"):
        assert float(text.attrib["x"]) < pictures.WIDTH - 35
    places = [(bar.attrib["x"], bar.attrib["y"]) for bar in picture.iter(f"{SVG}rect")]
    assert len(set(places)) == 8


def test_it_says_what_was_measured_where_and_when():
    noisy = {**outcome("joins/small", "DuckDB", 3.456), "noisy_kept": 2}
    skipped = {"case": "joins/small", "peer": "Other", "skipped": "over 60 s"}
    found = texts(drawn(noisy, skipped))
    for words in (
        "joins/small, Windrow 0.500 s",
        "DuckDB, 1.728 s",
        "3.5x",
        "Other: did not finish",
        "2026-01-31; Some & CPU, 2 CPUs, 25 GB; 2 threads each",
        "DuckDB 2.0.0, Polars 2.1.0, Arrow 26.0.1",
        "2 of 7 pairs ran while others used the machine",
    ):
        assert words in found


def test_a_result_file_becomes_a_picture(tmp_path: Path):
    result = tmp_path / "joins-20260131T235959Z.json"
    result.write_text(json.dumps(document(outcome("a", "DuckDB", 2))))
    assert pictures.main([str(result), "--to", str(tmp_path / "to")]) == 0
    text = (tmp_path / "to" / "joins.svg").read_text()
    assert "2026-01-31" in text
    assert "://" not in text.replace("http://www.w3.org/2000/svg", "")


def test_no_picture_without_a_time(tmp_path: Path):
    result = tmp_path / "joins-20260131T235959Z.json"
    result.write_text(json.dumps(document({"case": "a", "peer": "b", "failed": "killed"})))
    assert pictures.main([str(result), "--to", str(tmp_path)]) == 1
    assert not (tmp_path / "joins.svg").exists()


@pytest.mark.parametrize("path", sorted((ROOT / "docs/pictures").glob("*.svg")), ids=str)
def test_pictures_of_the_documents_are_drawn_like_this(path: Path):
    text = path.read_text(encoding="utf-8")
    assert ElementTree.fromstring(text).tag == f"{SVG}svg"
    assert pictures.STYLE in text, "drawn by another version; draw it again"
    assert len(text) < 16_384
