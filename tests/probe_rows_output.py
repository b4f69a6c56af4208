# SPDX-License-Identifier: Apache-2.0
"""Reads what probe-rows wrote, as its users do, and compares it with the reference."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
from array_record.python import array_record_module
from support.reference_probe_rows import OUTER_FRAME, Record, Row, inner_size, src_id

RECORD_SCHEMA = pa.schema(
    [
        ("src_id", pa.int64()),
        ("measurements", pa.binary()),
        ("n_measurements", pa.int32()),
        ("time_span_seconds", pa.float64()),
        ("first_timestamp", pa.timestamp("us")),
        ("last_timestamp", pa.timestamp("us")),
    ]
)
MEASUREMENT_SCHEMA = pa.schema(
    [
        ("event_time", pa.timestamp("us")),
        ("src_addr", pa.utf8()),
        ("dst_addr", pa.utf8()),
        ("ip_version", pa.int8()),
        ("rtt", pa.float32()),
    ]
)
EPOCH = datetime(1970, 1, 1)


def read_file(path: Path) -> list[bytes]:
    """The records of a file, through the official reader."""
    reader = array_record_module.ArrayRecordReader(str(path))
    try:
        records = reader.read_all()
        assert len(records) == reader.num_records()
        return records
    finally:
        reader.close()


def only_batch(stream: bytes, schema: pa.Schema) -> pa.RecordBatch:
    """The one batch of a stream, valid and of the schema."""
    with pa.ipc.open_stream(stream) as reader:
        assert reader.schema.equals(schema, check_metadata=True)
        batch = reader.read_next_batch()
        batch.validate(full=True)
        assert not list(reader)
    return batch


def read_record(content: bytes) -> Record:
    """Decodes a record; what it says of its measurements must be true."""
    batch = only_batch(content, RECORD_SCHEMA)
    assert batch.num_rows == 1
    assert [column.null_count for column in batch.columns] == [0] * batch.num_columns
    outer = batch.to_pylist()[0]
    inner = only_batch(outer["measurements"], MEASUREMENT_SCHEMA)
    assert inner.num_rows == outer["n_measurements"] >= 1
    times = inner["event_time"].cast(pa.int64())
    rows = [
        Row(*values)
        for values in zip(
            times.to_pylist(), *(column.to_pylist() for column in inner.columns[1:]), strict=True
        )
    ]
    assert len(outer["measurements"]) == inner_size(rows)
    assert len(content) == OUTER_FRAME + inner_size(rows)
    known = times.drop_null().to_pylist() or [0]
    microsecond = timedelta(microseconds=1)
    assert outer["first_timestamp"] == EPOCH + known[0] * microsecond
    assert outer["last_timestamp"] == EPOCH + known[-1] * microsecond
    assert outer["time_span_seconds"] == (known[-1] - known[0]) / 1e6
    return Record(outer["src_id"], rows)


def check_files(folder: Path, expected: dict[str, list[Record]]) -> None:
    """Asserts that the folder holds the expected records, in order, and nothing else."""
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted([*expected, "manifest.json"])
    for name, records in expected.items():
        found = [read_record(content) for content in read_file(folder / name)]
        assert len(found) == len(records), name
        for number, (ours, wanted) in enumerate(zip(found, records, strict=True)):
            assert ours.src_id == wanted.src_id == src_id(wanted.rows[0].src_addr)
            assert ours.rows == wanted.rows, f"{name}, record {number}"
    check_manifest(folder / "manifest.json", expected)


def check_manifest(path: Path, expected: dict[str, list[Record]]) -> None:
    """Asserts the counts of each file, wherever the manifest tells them."""
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for entry in objects_in(manifest):
        names = {Path(value).name for value in entry.values() if isinstance(value, str)}
        for name in names & set(expected):
            records = expected[name]
            counts = {
                "records": len(records),
                "measurements": sum(len(record.rows) for record in records),
                "probes": len({record.src_id for record in records}),
            }
            told = {key: entry[key] for key in counts if key in entry}
            assert told == {key: counts[key] for key in told}, name


def objects_in(value: object) -> list[dict]:
    """Every JSON object within a value."""
    if isinstance(value, list):
        return [found for item in value for found in objects_in(item)]
    if isinstance(value, dict):
        return [value, *objects_in(list(value.values()))]
    return []
