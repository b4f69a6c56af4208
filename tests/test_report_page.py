# SPDX-License-Identifier: Apache-2.0
"""`--report FILE.html`: a page that says what the JSON says, and needs nothing else."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import command
import pytest

OUTSIDE = "src href srcset action data poster cite".split()
ALONE = "meta polyline polygon line".split()


class _Page(HTMLParser):
    """Text, and what a page must not have."""

    def __init__(self, text: str):
        super().__init__()
        self.text: list[str] = []
        self.tags: list[str] = []
        self.outside: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.outside += [name for name, _ in attrs if name in OUTSIDE]
        if tag not in ALONE:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.outside += [name for name, _ in attrs if name in OUTSIDE]

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open[-1:] != ["style"]:
            self.text.append(data)


JOB = """
windrow: 1
sources: {pings: {scan: pings.parquet}}
steps:
  "<b>fast</b> & \\"quoted\\"": {filter: rtt < 50, from: pings}
  sorted: {sort: [rtt], from: "<b>fast</b> & \\"quoted\\""}
sinks: [{write: out.parquet, from: sorted}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    words = ["generate", "pings", "--rows", "1500000", "-o", "pings.parquet"]
    command.run_well(*words, cwd=tmp_path)
    (tmp_path / "job.yaml").write_text(JOB, encoding="utf-8")
    return tmp_path


def _run(folder: Path, report: str, *words: str) -> command.Outcome:
    options = ["--progress", "none", "--report", report, *words]
    return command.run("run", "job.yaml", *options, cwd=folder)


def test_the_page_says_what_happened(folder: Path):
    outcome = _run(folder, "run.html", "--memory", "64MiB")
    assert outcome.exit_code == 0, outcome.stderr
    text = (folder / "run.html").read_text(encoding="utf-8")
    page = _Page(text)
    shown = "\n".join(page.text)
    assert not set(page.tags) & {"script", "link", "img", "iframe"}
    assert page.outside == []
    assert "url(" not in text
    assert "@import" not in text
    assert 'filter <b>fast</b> & "quoted"' in shown
    for word in ["job.yaml", "1,500,000", "64.0 MiB", "spilled", "out.parquet"]:
        assert word in shown
    assert [head for head in ("Memory", "Busy threads", "Spilled") if head not in shown] == []
    assert page.tags.count("polyline") == 4
    for points in re.findall(r'points="([^"]*)"', text):
        for point in points.split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= 1000
            assert -0.1 <= y <= 100.1


def test_the_timeline_is_of_the_whole_run(folder: Path):
    assert _run(folder, "run.json").exit_code == 0
    report = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    timeline = report["timeline"]
    assert {len(values) for values in timeline.values()} == {len(timeline["seconds"])}
    assert 2 <= len(timeline["seconds"]) <= 600
    for ascending in ("seconds", "cpu_seconds", "spill_bytes"):
        assert timeline[ascending] == sorted(timeline[ascending])
    assert abs(timeline["seconds"][-1] - report["wall_seconds"]) < 0.5
    assert 0 < max(timeline["memory_bytes"]) <= report["peak_memory_bytes"]
    for step in report["steps"]:
        assert step["started_seconds"] >= 0
        assert step["started_seconds"] + step["wall_seconds"] <= report["wall_seconds"] + 0.05


def test_a_run_that_fails_has_a_page_too(folder: Path):
    (folder / "job.yaml").write_text(JOB.replace("rtt < 50", "cast(src_addr as bigint) < 50"))
    assert _run(folder, "run.html").exit_code == 3
    assert "job.yaml" in "".join(_Page((folder / "run.html").read_text(encoding="utf-8")).text)
    assert not (folder / "out.parquet").exists()
