# SPDX-License-Identifier: Apache-2.0
"""What is full, too large, too many, absent or unreadable."""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import case_tables
import command
import pyarrow as pa
import pyarrow.parquet
import pytest

MIB = 1 << 20
LONG_ROWS = 2304  # of one MiB each: more than an Arrow string array can hold


def _write(path: Path, table: pa.Table, batch_rows: int | None = None) -> None:
    if path.suffix == ".parquet":
        pa.parquet.write_table(table, path)
        return
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=batch_rows)


def _join(left: str, right: str, output: str, how: str = "inner") -> str:
    return f"""
windrow: 1
sources:
  left: {{scan: {left}}}
  right: {{scan: {right}}}
steps:
  joined: {{join: {{left: left, right: right, on: {{k: id}}, how: {how}}}}}
sinks:
  - {{write: {output}, from: joined}}
"""


def _run_job(text: str, *words: str, cwd: Path, timeout: float = 60):
    (cwd / "job.yaml").write_text(text, encoding="utf-8")
    return command.run("run", "job.yaml", *words, cwd=cwd, timeout=timeout)


# Full and too large.


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if done.returncode:
        pytest.skip(f"a file system cannot be mounted here: {done.stderr.strip()}")
    yield folder
    with contextlib.suppress(subprocess.CalledProcessError):
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("ending", ["arrow", "arrows", "parquet"])
def test_a_full_disk_is_a_resource_error(ending: str, small_disk: Path, tmp_path: Path):
    output = small_disk / f"out.{ending}"
    output.write_bytes(b"old")
    words = ["generate", "securities", "--rows", "30000", "-o", output]
    outcome = command.run(*words, cwd=tmp_path)
    assert outcome.exit_code == 5, outcome.stderr
    assert command.is_one_line(outcome.stderr)
    assert str(output) in outcome.stderr
    assert "No space left" in outcome.stderr
    assert command.names_in(small_disk) == [output.name]
    assert output.read_bytes() == b"old"


def test_a_full_disk_keeps_the_folder_of_an_earlier_run(small_disk: Path, tmp_path: Path):
    job = f"""
windrow: 1
sources: {{a: {{generate: securities, rows: ROWS}}}}
steps: {{b: {{with_columns: {{part: "if(ID % 2 = 0, 'even', 'odd')"}}, from: a}}}}
sinks:
  - write: {small_disk}/out/{{part}}.arrow
    from: b
    partition_by: {{part: [odd, even]}}
    manifest: manifest.json
"""
    outcome = _run_job(job.replace("ROWS", "100"), cwd=tmp_path)
    assert outcome.exit_code == 0, outcome.stderr
    before = {path.name: path.read_bytes() for path in (small_disk / "out").iterdir()}
    outcome = _run_job(job.replace("ROWS", "30000"), cwd=tmp_path)
    assert outcome.exit_code == 5, outcome.stderr
    assert command.is_one_line(outcome.stderr)
    assert f"{small_disk}/out/" in outcome.stderr
    assert ".arrow: " in outcome.stderr
    assert "No space left" in outcome.stderr
    assert command.names_in(small_disk) == ["out"]
    assert {path.name: path.read_bytes() for path in (small_disk / "out").iterdir()} == before


def test_a_build_beyond_the_budget_is_a_resource_error(tmp_path: Path):
    job = """
windrow: 1
sources:
  quotes: {generate: quotes, rows: 3000000}
  wide: {generate: securities, rows: 400000}
steps:
  joined: {join: {left: quotes, right: wide, on: {instrumentId: ID}}}
sinks:
  - {write: out.arrow, from: joined}
"""
    words = ["--memory", "64MiB", "--set", "late_payload=off", "--progress", "none"]
    outcome = _run_job(job, *words, cwd=tmp_path)
    assert outcome.exit_code == 5, outcome.stderr
    assert command.is_one_line(outcome.stderr)
    assert "memory" in outcome.stderr
    assert "budget" in outcome.stderr
    assert "64.0 MiB" in outcome.stderr
    assert command.names_in(tmp_path) == ["job.yaml"]


SORT_JOB = """
windrow: 1
sources: {quotes: {generate: quotes, rows: 1500000}}
steps: {ranked: {sort: [price desc, action], from: quotes}}
sinks: [{write: out.arrow, from: ranked}]
"""


def test_a_sort_beyond_the_budget_spills(tmp_path: Path):
    (tmp_path / "spilled").mkdir()
    contents = []
    for words in (["--memory", "64MiB", "--temp-dir", "spilled"], ["--memory", "2GiB"]):
        report = [*words, "--report", "report.json", "--progress", "none"]
        outcome = _run_job(SORT_JOB, *report, cwd=tmp_path)
        assert outcome.exit_code == 0, outcome.stderr
        contents.append((tmp_path / "out.arrow").read_bytes())
        numbers = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
        assert (numbers["spill_bytes"] > 0) == ("--temp-dir" in words)
        if "--temp-dir" in words:
            assert numbers["peak_memory_bytes"] < 64 * MIB + 300_000_000
    assert contents[0] == contents[1]
    assert command.names_in(tmp_path / "spilled") == []


def test_a_full_disk_for_temporary_files_is_a_resource_error(small_disk: Path, tmp_path: Path):
    words = ["--memory", "64MiB", "--temp-dir", str(small_disk), "--progress", "none"]
    outcome = _run_job(SORT_JOB, *words, cwd=tmp_path)
    assert outcome.exit_code == 5, outcome.stderr
    assert command.is_one_line(outcome.stderr)
    assert f"{small_disk}: cannot write a temporary file: No space left" in outcome.stderr
    assert "--temp-dir" in outcome.stderr
    assert command.names_in(small_disk) == []
    assert command.names_in(tmp_path) == ["disk", "job.yaml"]


@pytest.mark.parametrize("right_file", ["right.arrow", "right.parquet"])
def test_more_strings_than_one_array_can_hold(right_file: str, tmp_path: Path):
    distinct = 32
    texts = [chr(ord("a") + n % 26) * MIB for n in range(distinct)]
    _write(
        tmp_path / right_file,
        pa.table({"id": pa.array(range(distinct), pa.int64()), "text": texts}),
    )
    keys = [row % distinct for row in range(LONG_ROWS)]
    _write(tmp_path / "left.arrow", pa.table({"k": pa.array(keys, pa.int64())}))
    outcome = _run_job(_join("left.arrow", right_file, "out.arrow"), cwd=tmp_path)
    assert outcome.exit_code == 0, outcome.stderr
    rows = 0
    with pa.memory_map(str(tmp_path / "out.arrow")) as mapped, pa.ipc.open_file(mapped) as reader:
        for number in range(reader.num_record_batches):
            batch = reader.get_batch(number)
            batch.validate()
            for row, text in enumerate(batch["text"]):
                view = text.as_buffer()
                assert view.size == MIB
                assert view[0] == view[MIB - 1] == ord("a") + keys[rows + row] % 26
            rows += len(batch)
    (tmp_path / "out.arrow").unlink()
    assert rows == LONG_ROWS


# Nothing at all.


EMPTY_TABLES = {
    "no_rows": lambda rows: pa.table({"k": pa.array([], pa.int64()), "v": pa.array([], pa.utf8())}),
    "only_nulls": lambda rows: pa.table(
        {"k": pa.array([None] * rows, pa.int64()), "v": pa.array([None] * rows, pa.utf8())}
    ),
    "null_typed": lambda rows: pa.table(
        {"k": pa.array([None] * rows, pa.null()), "v": pa.array([None] * rows, pa.null())}
    ),
}


@pytest.mark.parametrize("ending", ["arrow", "parquet"])
@pytest.mark.parametrize("how", ["inner", "left", "semi", "anti"])
@pytest.mark.parametrize("name", EMPTY_TABLES)
def test_keys_that_match_nothing(name: str, how: str, ending: str, tmp_path: Path):
    _write(tmp_path / f"left.{ending}", EMPTY_TABLES[name](5))
    right = EMPTY_TABLES[name](3).rename_columns(["id", "w"])
    _write(tmp_path / f"right.{ending}", right)
    job = _join(f"left.{ending}", f"right.{ending}", f"out.{ending}", how)
    outcome = _run_job(job, cwd=tmp_path)
    assert outcome.exit_code == 0, outcome.stderr
    table = case_tables.read_output(tmp_path / f"out.{ending}")
    is_kept = how in ("left", "anti") and name != "no_rows"
    assert table.num_rows == (5 if is_kept else 0)
    assert table.column_names == ["k", "v", "id", "w"][: 4 if how in ("inner", "left") else 2]
    assert all(column.null_count == table.num_rows for column in table.columns)


def test_a_file_without_batches(tmp_path: Path):
    schema = pa.schema([("k", pa.int64())])
    with pa.ipc.new_file(tmp_path / "a.arrow", schema):
        pass
    job = "windrow: 1\nsources: {a: {scan: a.arrow}}\nsinks: [{write: out.parquet, from: a}]\n"
    outcome = _run_job(job, cwd=tmp_path)
    assert outcome.exit_code == 0, outcome.stderr
    assert pa.parquet.read_table(tmp_path / "out.parquet").schema == schema


# Many.


@pytest.mark.parametrize("ending", ["arrow", "parquet"])
def test_ten_thousand_columns(ending: str, tmp_path: Path):
    wide = {f"c{n}": pa.array([n, None], pa.int32()) for n in range(10_000)}
    _write(tmp_path / "wide.arrow", pa.table({"id": pa.array([1, 2], pa.int64()), **wide}))
    _write(tmp_path / "left.arrow", pa.table({"k": pa.array([2, 1, 3], pa.int64())}))
    outcome = _run_job(_join("left.arrow", "wide.arrow", f"out.{ending}"), cwd=tmp_path, timeout=20)
    assert outcome.exit_code == 0, outcome.stderr
    table = case_tables.read_output(tmp_path / f"out.{ending}")
    assert table.num_columns == 10_002
    assert table["c9999"].to_pylist() == [None, 9999]


def test_five_thousand_files(tmp_path: Path):
    (tmp_path / "parts").mkdir()
    for number in range(5000):
        table = pa.table({"x": pa.array([number], pa.int64())})
        _write(tmp_path / "parts" / f"{number:05}.arrow", table)
    job = "windrow: 1\nsources: {a: {scan: parts/*.arrow}}\nsinks: [{write: out.arrow, from: a}]\n"
    outcome = _run_job(job, cwd=tmp_path, timeout=20)
    assert outcome.exit_code == 0, outcome.stderr
    table = case_tables.read_output(tmp_path / "out.arrow")
    assert table["x"].to_pylist() == list(range(5000))


# Absent, unreadable, in the way.


def _copy_job(source: str, output: str) -> str:
    return (
        f"windrow: 1\nsources: {{a: {{scan: '{source}'}}}}\nsinks: [{{write: {output}, from: a}}]"
    )


NUMBERS = pa.table({"x": pa.array([1, 2, 3], pa.int64())})


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
def test_a_folder_that_cannot_be_read(tmp_path: Path):
    folder = tmp_path / "locked"
    folder.mkdir()
    _write(folder / "a.arrow", NUMBERS)
    folder.chmod(0)
    try:
        outcome = _run_job(_copy_job("locked/*.arrow", "out.arrow"), cwd=tmp_path)
    finally:
        folder.chmod(0o700)
    assert outcome.exit_code == 4
    assert "locked" in outcome.stderr


@pytest.mark.parametrize("output", ["absent/out.arrow", "folder", "folder/", "a.arrow/out.arrow"])
def test_an_output_that_cannot_be_made(output: str, tmp_path: Path):
    (tmp_path / "folder").mkdir()
    _write(tmp_path / "a.arrow", NUMBERS)
    outcome = _run_job(_copy_job("a.arrow", output), cwd=tmp_path)
    assert outcome.exit_code == 4, outcome.stderr
    assert command.is_one_line(outcome.stderr)
    assert output in outcome.stderr
    assert command.names_in(tmp_path) == ["a.arrow", "folder", "job.yaml"]


@pytest.mark.parametrize("ending", ["arrow", "parquet"])
def test_an_output_may_replace_its_input(ending: str, tmp_path: Path):
    path = tmp_path / f"a.{ending}"
    table = pa.table({"x": pa.array(range(200_000), pa.int64())})
    _write(path, table, batch_rows=10_000)
    job = _copy_job(path.name, path.name).replace(
        "sinks: [{write", "steps: {few: {filter: x >= 100000, from: a}}\nsinks: [{write"
    )
    outcome = _run_job(job.replace("from: a}]", "from: few}]"), cwd=tmp_path)
    assert outcome.exit_code == 0, outcome.stderr
    assert case_tables.read_output(path)["x"].to_pylist() == list(range(100_000, 200_000))


@pytest.mark.parametrize("ending", ["arrow", "parquet"])
def test_a_failure_keeps_an_input_that_is_the_output(ending: str, tmp_path: Path):
    path = tmp_path / f"a.{ending}"
    _write(path, pa.table({"x": pa.array(["1"] * 50_000 + ["no number"])}), batch_rows=1000)
    content = path.read_bytes()
    job = f"""
windrow: 1
sources: {{a: {{scan: {path.name}}}}}
steps: {{numbers: {{with_columns: {{y: "cast(x as int64)"}}, from: a}}}}
sinks: [{{write: {path.name}, from: numbers}}]
"""
    outcome = _run_job(job, cwd=tmp_path)
    assert outcome.exit_code == 3, outcome.stderr
    assert "no number" in outcome.stderr
    assert path.read_bytes() == content
    assert command.names_in(tmp_path) == [path.name, "job.yaml"]


@pytest.mark.parametrize("other", ["out.arrow", "./out.arrow", "link/out.arrow"])
def test_two_sinks_do_not_write_the_same_file(other: str, tmp_path: Path):
    (tmp_path / "link").symlink_to(".")
    _write(tmp_path / "a.arrow", NUMBERS)
    job = _copy_job("a.arrow", "out.arrow").replace(
        "from: a}]", f"from: a}}, {{write: {other}, from: a}}]"
    )
    outcome = _run_job(job, cwd=tmp_path)
    assert outcome.exit_code == 2, outcome.stderr
    assert other in outcome.stderr
    assert command.names_in(tmp_path) == ["a.arrow", "job.yaml", "link"]
