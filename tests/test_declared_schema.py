# SPDX-License-Identifier: Apache-2.0
"""Scans with declared columns over what only other writers make."""

from pathlib import Path

import command
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet
import pytest

NANOS = [0, 86399_999_499_999, 86399_999_600_000, -1_500_000, None]
MILLIS = [0, 86399_999, 86400_000, -1, None]


def read_declared(folder: Path, schema: str) -> pa.Table:
    (folder / "job.yaml").write_text(
        "windrow: 1\n"
        f"sources: {{a: {{scan: a.parquet, schema: {schema}}}}}\n"
        "sinks: [{write: out.arrow}]\n",
        encoding="utf-8",
    )
    command.run_well("run", "job.yaml", cwd=folder)
    with pa.ipc.open_file(folder / "out.arrow") as reader:
        return reader.read_all()


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Paris"])
@pytest.mark.parametrize("int96", [False, True])
def test_timestamps_round_half_up(tmp_path: Path, zone: str | None, int96: bool):
    times = pa.array(NANOS, pa.timestamp("ns", zone))
    pa.parquet.write_table(
        pa.table({"at": times}), tmp_path / "a.parquet", use_deprecated_int96_timestamps=int96
    )
    table = read_declared(tmp_path, "{at: timestamp(3)}")
    assert table.schema.field("at").type == pa.timestamp("ms")
    assert table["at"].cast(pa.int64()).to_pylist() == MILLIS


def test_maps_pass_through(tmp_path: Path):
    type_ = pa.map_(pa.string(), pa.string())
    labels = pa.array([[("app", "x"), ("tier", None)], [], None], type_)
    pa.parquet.write_table(pa.table({"labels": labels}), tmp_path / "a.parquet")
    table = read_declared(tmp_path, "{labels: any}")
    assert table.schema.field("labels").type == type_
    assert table["labels"].to_pylist() == labels.to_pylist()


def test_many_files_of_many_types(tmp_path: Path):
    """Files that differ, through folders, against what was put into them."""
    types = [pa.int8(), pa.uint16(), pa.int64(), pa.float32(), pa.float64(), pa.null()]
    expected = []
    for number in range(24):
        folder = tmp_path / f"data/month={number % 3 + 8:02}"
        folder.mkdir(parents=True, exist_ok=True)
        type_ = types[number % len(types)]
        values = [None if type_ == pa.null() else (number + i) % 100 for i in range(50)]
        columns = {"x": pa.array(values, type_), "noise": pa.array(range(50))}
        if number % 4:
            columns = {"name": pa.array([str(i % 7) for i in range(50)])} | columns
        path = folder / f"{number:02}.parquet"
        pa.parquet.write_table(pa.table(columns), path, row_group_size=17)
        for i, value in enumerate(values):
            name = str(i % 7) if number % 4 else None
            expected.append((path.as_posix(), i, f"{number % 3 + 8:02}", value, name))
    (tmp_path / "job.yaml").write_text(
        "windrow: 1\n"
        "sources: {a: {scan: data, schema: {month: varchar, x: double, name: varchar}}}\n"
        "steps: {kept: {filter: \"month >= '09' and (x > 20 or name = '3')\"}}\n"
        "sinks: [{write: all.arrow, from: a}, {write: kept.arrow, from: kept}]\n",
        encoding="utf-8",
    )
    command.run_well("run", "job.yaml", cwd=tmp_path)
    rows = [(month, value, name) for _, _, month, value, name in sorted(expected)]
    kept = [
        (month, value, name)
        for month, value, name in rows
        if month >= "09" and ((value is not None and value > 20) or name == "3")
    ]
    for file, wanted in (("all.arrow", rows), ("kept.arrow", kept)):
        with pa.ipc.open_file(tmp_path / file) as reader:
            table = reader.read_all()
        assert [tuple(row.values()) for row in table.to_pylist()] == wanted
