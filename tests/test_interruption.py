# SPDX-License-Identifier: Apache-2.0
"""Runs that are stopped leave what was there; runs that end leave the same bytes every time."""

import signal
import time
from pathlib import Path

import command
import pytest

OLD_CONTENT = b"what the output held before\n"
STOP_SECONDS = 1.0
# Work that would take many seconds, so that the signal finds it under way.
MANY_ROWS = "200000000"


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> Path:
    """A folder with quotes.arrow and securities.arrow, small enough to join in moments."""
    folder = tmp_path_factory.mktemp("tables")
    for words in ("securities --rows 3000", "quotes --rows 70000 --option securities=3000"):
        output = f"{words.split()[0]}.arrow"
        command.run_well("generate", *words.split(), "-o", output, cwd=folder)
    return folder


def _job(folder: Path, steps: str, last: str, output: str) -> str:
    """A job over generated quotes, too long to end by itself in a test."""
    (folder / "job.yaml").write_text(
        f"""
windrow: 1
sources:
  quotes: {{generate: quotes, rows: {MANY_ROWS}}}
  securities: {{generate: securities, rows: 20000}}
steps:
{steps}
sinks:
  - {{write: {output}, from: {last}}}
""",
        encoding="utf-8",
    )
    return "job.yaml"


JOIN = "  joined: {join: {left: quotes, right: securities, on: {instrumentId: ID}}}"
SORT = "  sorted: {sort: [price desc], from: quotes}\n" + JOIN
LONG_RUNS = {
    "generate": lambda folder, output: [
        "generate",
        "securities",
        "--rows",
        MANY_ROWS,
        "-o",
        output,
    ],
    "generate_parquet": lambda folder, output: [
        "generate",
        "securities",
        "--rows",
        MANY_ROWS,
        "-o",
        output.replace("arrow", "parquet"),
    ],
    "join": lambda folder, output: ["run", _job(folder, JOIN, "joined", output)],
    "sort": lambda folder, output: ["run", _job(folder, SORT, "sorted", output)],
}


@pytest.mark.parametrize("name", LONG_RUNS)
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_leaves_what_was_there(name: str, stop: signal.Signals, tmp_path: Path):
    words = LONG_RUNS[name](tmp_path, "out.arrow")
    has_old = stop == signal.SIGINT
    output = tmp_path / ("out.parquet" if "out.parquet" in words else "out.arrow")
    if has_old:
        output.write_bytes(OLD_CONTENT)
    before = command.names_in(tmp_path)
    process = command.start(*words, "--progress", "none", cwd=tmp_path)
    _wait_for_temporary(process, tmp_path, is_written="generate" in name)
    process.send_signal(stop)
    sent = time.monotonic()
    _, stderr = process.communicate(timeout=20)
    took = time.monotonic() - sent
    assert process.returncode == 130, stderr
    assert command.is_one_line(stderr), stderr
    assert took < STOP_SECONDS
    assert command.names_in(tmp_path) == before
    if has_old:
        assert output.read_bytes() == OLD_CONTENT


def _wait_for_temporary(process, folder: Path, is_written: bool) -> Path:
    """Until the run has opened its temporary, or written to it; then a moment more."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        assert process.poll() is None, process.communicate()
        for path in folder.glob(".*.tmp"):
            if path.stat().st_size > 0 or not is_written:
                time.sleep(0.2)
                return path
        time.sleep(0.005)
    process.kill()
    raise AssertionError("no temporary file after 20 s")


def test_a_killed_run_leaves_the_old_output_and_the_next_run_cleans_up(tmp_path: Path):
    output = tmp_path / "out.arrow"
    output.write_bytes(OLD_CONTENT)
    words = ["generate", "securities", "-o", "out.arrow", "--rows"]
    process = command.start(*words, MANY_ROWS, cwd=tmp_path)
    temporary = _wait_for_temporary(process, tmp_path, is_written=True)
    process.kill()
    process.communicate()
    assert output.read_bytes() == OLD_CONTENT
    assert temporary.exists()
    command.run_well(*words, "10", cwd=tmp_path)
    assert output.read_bytes() != OLD_CONTENT
    assert command.names_in(tmp_path) == ["out.arrow"]


def test_a_run_leaves_the_temporary_of_another_run_alone(tmp_path: Path):
    words = ["generate", "securities", "-o", "out.arrow", "--rows"]
    process = command.start(*words, MANY_ROWS, cwd=tmp_path)
    temporary = _wait_for_temporary(process, tmp_path, is_written=True)
    command.run_well(*words, "10", cwd=tmp_path)
    assert temporary.exists()
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130


DIVISIONS = [
    [],
    ["--slots", "1"],
    ["--slots", "2", "--set", "morsel_rows=1000"],
    ["--slots", "4", "--set", "morsel_rows=10000", "--set", "window_bytes=1MiB"],
    ["--slots", "4", "--set", "morsel_bytes=64KiB"],
]
ENRICHMENTS = {
    "inner": [],
    "left": ["--how", "left", "--spread"],
    "filtered": ["--filter", "price > 100", "--columns", "ID,NAME"],
    "sorted": ["--sort-by", "price:desc", "--limit", "20000", "--columns", "ID"],
    "anti": ["--how", "anti"],
}


@pytest.mark.parametrize("ending", ["arrow", "parquet"])
@pytest.mark.parametrize("name", ENRICHMENTS)
def test_an_enrichment_gives_the_same_bytes_however_it_is_divided(
    name: str, ending: str, tables: Path, tmp_path: Path
):
    sides = ["--quotes", tables / "quotes.arrow", "--securities", tables / "securities.arrow"]
    contents = []
    for number, division in enumerate(DIVISIONS):
        output = tmp_path / f"{number}.{ending}"
        command.run_well(
            "enrich", *sides, *ENRICHMENTS[name], *division, "-o", output, cwd=tmp_path
        )
        contents.append(output.read_bytes())
        output.unlink()
    differing = [DIVISIONS[i] for i, content in enumerate(contents) if content != contents[0]]
    assert not differing


@pytest.mark.parametrize("ending", ["arrow", "parquet"])
def test_generating_gives_the_same_bytes_however_it_is_divided(ending: str, tmp_path: Path):
    contents = set()
    for number, division in enumerate(DIVISIONS):
        output = tmp_path / f"{number}.{ending}"
        words = ["generate", "quotes", "--rows", "140000", *division, "-o", output]
        command.run_well(*words, cwd=tmp_path)
        contents.add(output.read_bytes())
        output.unlink()
    assert len(contents) == 1
