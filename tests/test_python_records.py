# SPDX-License-Identifier: Apache-2.0
"""Records of ArrayRecord files by their number, as loaders of training data ask for them."""

import pickle
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import command
import grain
import pyarrow as pa
import pytest
from array_record.python.array_record_module import ArrayRecordReader

import windrow as wr

PROBES = ["probes/train.arrayrecord", "probes/test.arrayrecord"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("records")
    command.run_well("generate", "pings", "--rows", "20000", "-o", "p.parquet", cwd=folder)
    command.run_well("probe-rows", "--input", "p.parquet", "--output", "probes", cwd=folder)
    return folder


@pytest.fixture(autouse=True)
def _inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def _official(path: str) -> list[bytes]:
    reader = ArrayRecordReader(path)
    return reader.read_all()


def test_records_are_those_of_the_official_reader():
    expected = [record for path in PROBES for record in _official(path)]
    records = wr.read_array_record(PROBES)
    assert len(records) == len(expected)
    assert list(records) == expected
    order = list(range(-len(expected), len(expected)))
    random.Random(5).shuffle(order)
    assert [records[number] for number in order] == [expected[number] for number in order]
    assert records[3:20:4] == expected[3:20:4]
    assert records[::-1] == expected[::-1]
    assert records.__getitems__([7, 0, -1]) == [expected[7], expected[0], expected[-1]]
    assert expected[5] in records


@pytest.mark.parametrize("group_size", [1, 16, 1000])
def test_groups_of_records(group_size: int, tmp_path: Path):
    written = [bytes([number % 251]) * (number % 50) for number in range(500)]
    path = tmp_path / "groups.arrayrecord"
    frame = wr.from_arrow(pa.table({"record": pa.array(written, pa.binary())}))
    frame.sink_array_record(path, group_size=group_size)
    assert list(wr.read_array_record(path)) == written


def test_rows_are_those_that_arrow_reads():
    records = wr.read_array_record(PROBES)
    for number in (0, 11, -1):
        outer = pa.ipc.open_stream(records[number]).read_all()
        assert records.rows(number).to_arrow().equals(outer)
        inner = pa.ipc.open_stream(outer["measurements"][0].as_buffer()).read_all()
        assert records.rows(number, column="measurements").to_arrow().equals(inner)
    several = records.rows(4, -2, 4, column="measurements").to_arrow()
    parts = [records.rows(number, column="measurements").to_arrow() for number in (4, -2, 4)]
    assert several.equals(pa.concat_tables(parts))
    tables = records.decoded("measurements")
    assert len(tables) == len(records)
    assert tables[2].to_arrow().equals(records.rows(2, column="measurements").to_arrow())
    assert [table.num_rows for table in tables[:3]] == [
        records.rows(number, column="measurements").num_rows for number in range(3)
    ]


def test_threads_read_at_once():
    records = wr.read_array_record(PROBES)
    expected = list(records)
    order = [random.Random(8).randrange(len(records)) for _ in range(2000)]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(records.__getitem__, order)) == [expected[n] for n in order]


def test_another_process_opens_the_files_itself():
    records = wr.read_array_record("probes/*.arrayrecord")
    again = pickle.loads(pickle.dumps(records.decoded("measurements")))
    assert again[0].to_pydict() == records.rows(0, column="measurements").to_pydict()
    code = "import pickle, sys; print(len(pickle.load(sys.stdin.buffer)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=pickle.dumps(records),
        capture_output=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert int(done.stdout) == len(records)


def test_grain_takes_them_as_a_source():
    tables = wr.read_array_record(PROBES).decoded("measurements")
    dataset = grain.MapDataset.source(tables).shuffle(seed=3)
    rows = [table.num_rows for table in dataset]
    assert sorted(rows) == sorted(table.num_rows for table in tables)
    assert rows != [table.num_rows for table in tables]


def test_what_is_not_there():
    records = wr.read_array_record(PROBES)
    for number in (len(records), -len(records) - 1):
        with pytest.raises(IndexError, match=f"record {number}: expected"):
            records[number]
    with pytest.raises(TypeError):
        records["0"]
    with pytest.raises(wr.StorageError, match="absent"):
        wr.read_array_record("absent.arrayrecord")
    with pytest.raises(wr.DataError, match=r"p\.parquet"):
        wr.read_array_record("p.parquet")
    with pytest.raises(wr.DataError, match=r"train\.arrayrecord: record 0: .*'measurement'"):
        records.rows(0, column="measurement")
    with pytest.raises(wr.DataError, match="src_id"):
        records.rows(0, column="src_id")


def test_records_that_are_no_rows(tmp_path: Path):
    stream = pa.BufferOutputStream()
    with pa.ipc.new_stream(stream, pa.schema({"a": pa.int64()})) as writer:
        writer.write_batch(pa.record_batch({"a": pa.array([1, 2])}))
    good = stream.getvalue().to_pybytes()
    other = pa.BufferOutputStream()
    with pa.ipc.new_stream(other, pa.schema({"b": pa.utf8()})) as writer:
        writer.write_batch(pa.record_batch({"b": ["x"]}))
    written = [good, b"no stream", good[:-40], b"", other.getvalue().to_pybytes()]
    path = tmp_path / "mixed.arrayrecord"
    wr.from_arrow(pa.table({"record": pa.array(written, pa.binary())})).sink_array_record(path)
    records = wr.read_array_record(path)
    assert records.rows(0, 0).to_pydict() == {"a": [1, 2, 1, 2]}
    for number in (1, 2, 3):
        with pytest.raises(wr.DataError, match=rf"mixed\.arrayrecord: record {number}: "):
            records.rows(number)
    with pytest.raises(wr.DataError, match="record 4: found columns b: string"):
        records.rows(0, 4)
    with pytest.raises(ValueError, match="at least one record"):
        records.rows()
