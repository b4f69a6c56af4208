# SPDX-License-Identifier: Apache-2.0
"""windrow probe-rows --verify on folders in which something was changed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import command
import pytest
from array_record.python.array_record_module import ArrayRecordReader, ArrayRecordWriter

LIMIT_MB = "0.01"


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """Records of some 200 probes, some of several records."""
    folder = tmp_path_factory.mktemp("written")
    words = ["--rows", "30000", "--option", "probes=300", "--option", "null_keys=0.01"]
    command.run_well("generate", "pings", *words, "-o", "pings.parquet", cwd=folder)
    words = ["--input", "pings.parquet", "--output", "out", "--max-row-size-mb", LIMIT_MB]
    command.run_well("probe-rows", *words, cwd=folder)
    return folder / "out"


@pytest.fixture
def out(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "out"))


def verify(out: Path):
    return command.run("probe-rows", "--output", out, "--verify", cwd=out.parent)


def refuse(out: Path, *words: str) -> None:
    outcome = verify(out)
    assert outcome.exit_code == 3, outcome.stderr
    assert [word for word in words if word not in outcome.stderr] == [], outcome.stderr


def records_of(path: Path) -> list[bytes]:
    reader = ArrayRecordReader(str(path))
    return reader.read_all()


def write_records(path: Path, records: list[bytes]) -> None:
    path.unlink()
    writer = ArrayRecordWriter(str(path), "group_size:1")
    for record in records:
        writer.write(record)
    writer.close()


def change_manifest(out: Path, change: Callable[[dict], None]) -> None:
    path = out / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def test_an_untouched_folder_verifies(out: Path):
    outcome = verify(out)
    assert outcome.exit_code == 0, outcome.stderr
    counts = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["counts"]["records"]
    assert counts["split probes"] > 0
    assert f"{counts['records']} records, {counts['measurements']} measurements" in outcome.stdout
    assert not outcome.stderr


def test_files_that_changed_places(out: Path):
    (out / "train.arrayrecord").rename(out / "other")
    (out / "test.arrayrecord").rename(out / "train.arrayrecord")
    (out / "other").rename(out / "test.arrayrecord")
    refuse(
        out,
        "train.arrayrecord: record 0: probe in the wrong file",
        "other content than in the manifest",
        "other counts than in the manifest: train probes",
    )


def test_a_missing_file(out: Path):
    (out / "test.arrayrecord").unlink()
    refuse(out, "test.arrayrecord: missing file")


def test_a_record_left_out(out: Path):
    records = records_of(out / "train.arrayrecord")
    write_records(out / "train.arrayrecord", records[:7] + records[8:])
    refuse(
        out,
        "train.arrayrecord: other number of records than in the manifest",
        "other number of measurements than rows of the input",
    )


def test_records_out_of_order(out: Path):
    records = records_of(out / "train.arrayrecord")
    write_records(out / "train.arrayrecord", records[1:] + records[:1])
    refuse(out, f"train.arrayrecord: record {len(records) - 1}: probes out of order")


def test_a_record_twice(out: Path):
    records = records_of(out / "test.arrayrecord")
    write_records(out / "test.arrayrecord", records[:1] + records)
    refuse(out, "test.arrayrecord: record 1: parts of a probe out of order")


def test_a_record_of_something_else(out: Path):
    records = records_of(out / "test.arrayrecord")
    write_records(out / "test.arrayrecord", [*records, b"no record"])
    refuse(out, f"test.arrayrecord: record {len(records)}: not a probe record")


def test_a_byte_that_changed(out: Path):
    path = out / "train.arrayrecord"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    refuse(out, "train.arrayrecord", "other content than in the manifest")


def test_a_smaller_limit(out: Path):
    def change(manifest: dict) -> None:
        limit = f"max_row_bytes: {int(float(LIMIT_MB) * 1048576)}"
        assert limit in manifest["job"]
        manifest["job"] = manifest["job"].replace(limit, "max_row_bytes: 5000")

    change_manifest(out, change)
    refuse(out, "record over the limit")


def test_counts_that_differ(out: Path):
    def change(manifest: dict) -> None:
        manifest["counts"]["records"]["split probes"] += 1
        manifest["sources"]["pings"]["rows"] += 1

    change_manifest(out, change)
    refuse(
        out,
        "other counts than in the manifest: split probes",
        "other number of measurements than rows of the input",
    )


@pytest.mark.parametrize("text", ["", "[", "{}", '{"job": "windrow: 1"}', "[1]"])
def test_a_manifest_of_something_else(text: str, out: Path):
    (out / "manifest.json").write_text(text, encoding="utf-8")
    refuse(out, "manifest.json")
