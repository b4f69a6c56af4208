# SPDX-License-Identifier: Apache-2.0
"""Outputs of several files in one folder: published together, whenever the run ends."""

import json
import os
import random
import time
from pathlib import Path

import case_tables
import command
import pytest

VALUES = [f"part{number:02}" for number in range(20)]
ROWS = 150_000


def _write_job(folder: Path, seed: int, rows: int = ROWS, values: list[str] | None = None) -> str:
    """A job that routes generated rows to `values` by their price."""
    values = VALUES if values is None else values
    cases = " ".join(f"WHEN {number} THEN '{value}'" for number, value in enumerate(values[:-1]))
    (folder / "job.yaml").write_text(
        f"""
windrow: 1
sources:
  quotes: {{generate: quotes, rows: {rows}, seed: {seed}}}
steps:
  routed:
    with_columns:
      part: "CASE cast(price * 100 as bigint) % {len(values)} {cases} ELSE '{values[-1]}' END"
    from: quotes
sinks:
  - write: "out/{{part}}.arrow"
    from: routed
    partition_by: {{part: {json.dumps(values)}}}
    manifest: manifest.json
""",
        encoding="utf-8",
    )
    return "job.yaml"


def _manifest(folder: Path) -> dict:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def _check_whole(folder: Path) -> str:
    """Every file of the manifest is there as it says. Returns the job that wrote them."""
    manifest = _manifest(folder)
    for file in manifest["files"]:
        path = folder / file["path"]
        assert path.stat().st_size == file["bytes"]
        assert case_tables.read_output(path).num_rows == file["rows"]
    return manifest["job"]


def _run_with_seed(folder: Path, seed: int) -> None:
    command.run_well("run", _write_job(folder, seed), cwd=folder)


def test_the_manifest_says_what_was_made_of_what(tmp_path: Path):
    sizes = {}
    for name in ("b", "a"):
        words = ["securities", "--rows", "3000", "-o", f"{name}.parquet"]
        command.run_well("generate", *words, cwd=tmp_path)
        sizes[f"{name}.parquet"] = (tmp_path / f"{name}.parquet").stat().st_size
    (tmp_path / "job.yaml").write_text(
        """
windrow: 1
sources:
  known: {scan: "?.parquet"}
  unused: {scan: a.parquet}
steps:
  routed: {with_columns: {half: "if(ID % 2 = 0, 'even', 'odd')"}, from: known}
sinks:
  - {write: "out/{half}.arrow", partition_by: {half: [odd, even, none]}, manifest: m.json}
""",
        encoding="utf-8",
    )
    contents = set()
    for division in ([], ["--slots", "1", "--set", "morsel_rows=100"]):
        command.run_well("run", "job.yaml", *division, cwd=tmp_path)
        contents.add((tmp_path / "out/m.json").read_text(encoding="utf-8"))
    assert len(contents) == 1
    manifest = json.loads(contents.pop())
    assert list(manifest) == [
        "windrow",
        "job",
        "sources",
        "inputs",
        "rows_rejected",
        "counts",
        "files",
    ]
    assert manifest["job"].startswith("windrow: 1\nsources:\n")
    assert manifest["sources"] == {"known": {"rows": 6000}}
    assert manifest["inputs"] == [
        {"path": name, "bytes": sizes[name], "source": "known"}
        for name in ("a.parquet", "b.parquet")
    ]
    files = {file["path"]: file for file in manifest["files"]}
    assert list(files) == ["odd.arrow", "even.arrow", "none.arrow"]
    assert sum(file["rows"] for file in files.values()) == 6000
    assert files["none.arrow"]["rows"] == 0
    for name, file in files.items():
        path = tmp_path / "out" / name
        assert path.stat().st_size == file["bytes"]
        assert len(bytes.fromhex(file["xxh3"])) == 8
        assert case_tables.read_output(path).num_rows == file["rows"]


def test_a_second_run_replaces_what_the_first_wrote(tmp_path: Path):
    command.run_well("run", _write_job(tmp_path, 1, 1000, ["a", "b", "c"]), cwd=tmp_path)
    command.run_well("run", _write_job(tmp_path, 2, 1000, ["a", "d"]), cwd=tmp_path)
    assert command.names_in(tmp_path) == ["job.yaml", "out"]
    assert command.names_in(tmp_path / "out") == ["a.arrow", "d.arrow", "manifest.json"]
    _check_whole(tmp_path / "out")


def test_other_files_are_kept(tmp_path: Path):
    command.run_well("run", _write_job(tmp_path, 1, 1000, ["a", "b", "c"]), cwd=tmp_path)
    (tmp_path / "out/mine.arrow").write_bytes(b"mine")
    (tmp_path / "out/more").mkdir()
    command.run_well("run", _write_job(tmp_path, 2, 1000, ["a", "d"]), cwd=tmp_path)
    expected = ["a.arrow", "d.arrow", "manifest.json", "mine.arrow", "more"]
    assert command.names_in(tmp_path / "out") == expected
    assert (tmp_path / "out/mine.arrow").read_bytes() == b"mine"
    assert command.names_in(tmp_path) == ["job.yaml", "out"]
    _check_whole(tmp_path / "out")


def test_files_beside_the_job_are_kept(tmp_path: Path):
    job = tmp_path / _write_job(tmp_path, 1, 1000, ["a", "b"])
    text = job.read_text(encoding="utf-8").replace("out/{part}", "{part}")
    job.write_text(text, encoding="utf-8")
    command.run_well("run", "job.yaml", cwd=tmp_path)
    assert command.names_in(tmp_path) == ["a.arrow", "b.arrow", "job.yaml", "manifest.json"]


def _wait_for_staged_manifest(process, folder: Path) -> None:
    staged = f".out.windrow-{process.pid}-*.tmp/manifest.json"
    end = time.monotonic() + 20
    while process.poll() is None and not list(folder.glob(staged)):
        assert time.monotonic() < end, "no manifest after 20 s"


@pytest.mark.parametrize("has_other_files", [False, True])
def test_a_run_killed_at_any_moment_leaves_whole_files(has_other_files: bool, tmp_path: Path):
    seed = int(os.environ.get("WINDROW_TEST_SEED", time.time_ns() % 1_000_000))
    print(f"replay with WINDROW_TEST_SEED={seed}")
    moments = random.Random(seed)
    out = tmp_path / "out"
    started = time.monotonic()
    _run_with_seed(tmp_path, 0)
    took = time.monotonic() - started
    if has_other_files:
        (out / "notes.txt").write_text("mine", encoding="utf-8")
    jobs = {_check_whole(out)}
    for number in range(1, 16):
        process = command.start("run", _write_job(tmp_path, number), cwd=tmp_path)
        if number % 3 == 0:
            time.sleep(moments.uniform(0.1, 1) * took)
        else:  # while it publishes
            _wait_for_staged_manifest(process, tmp_path)
            time.sleep(moments.uniform(0, 0.003))
        process.kill()
        process.communicate()
        for name in VALUES:
            assert case_tables.read_output(out / f"{name}.arrow").num_rows > 0
        if (out / "manifest.json").exists():
            jobs.add(_check_whole(out))
        else:
            assert has_other_files
    _run_with_seed(tmp_path, 99)
    assert _check_whole(out) not in jobs
    assert command.names_in(tmp_path) == ["job.yaml", "out"]
    others = ["notes.txt"] if has_other_files else []
    expected = sorted([*(f"{name}.arrow" for name in VALUES), "manifest.json", *others])
    assert command.names_in(out) == expected
