# SPDX-License-Identifier: Apache-2.0
"""ArrayRecord files written and read by the command and by the official library."""

import random
from collections.abc import Iterable
from pathlib import Path

import command
import pyarrow as pa
import pyarrow.ipc
from array_record.python import array_record_module as official


def write_arrow(path: Path, records: list[bytes], batch_rows: int) -> None:
    schema = pa.schema([pa.field("record", pa.binary())])
    with pa.ipc.new_file(str(path), schema) as writer:
        for begin in range(0, len(records), batch_rows):
            column = pa.array(records[begin : begin + batch_rows], pa.binary())
            writer.write_batch(pa.record_batch([column], schema=schema))


def write_ours(
    folder: Path,
    records: list[bytes],
    codec: str = "zstd:3",
    group_size: int = 1,
    batch_rows: int = 1000,
    slots: int = 2,
    name: str = "ours.arrayrecord",
) -> Path:
    write_arrow(folder / "records.arrow", records, batch_rows)
    (folder / "job.yaml").write_text(
        "{windrow: 1, sources: {records: {scan: records.arrow}}, sinks: [{write: "
        f"{name}, compression: '{codec}', group_size: {group_size}}}]}}"
    )
    command.run_well("run", "job.yaml", "--slots", slots, cwd=folder)
    return folder / name


def write_official(path: Path, records: Iterable[bytes], options: str) -> Path:
    writer = official.ArrayRecordWriter(str(path), options)
    for record in records:
        writer.write(record)
    writer.close()
    return path


def read_official(path: Path, options: str = "") -> list[bytes]:
    reader = official.ArrayRecordReader(str(path), options)
    records = reader.read_all()
    assert reader.num_records() == len(records)
    return records


def read_ours(path: Path, folder: Path) -> list[bytes]:
    (folder / "read.yaml").write_text(
        f"{{windrow: 1, sources: {{a: {{scan: {path}}}}}, sinks: [{{write: read.arrow}}]}}"
    )
    command.run_well("run", "read.yaml", cwd=folder)
    table = pa.ipc.open_file(folder / "read.arrow").read_all()
    assert table.schema == pa.schema([pa.field("record", pa.binary(), False)])
    return table["record"].to_pylist()


def some_records(count: int, seed: int = 7, longest: int = 3000) -> list[bytes]:
    source = random.Random(seed)
    sizes = [source.choice([0, 1, 40, 130, source.randrange(longest)]) for _ in range(count)]
    return [source.randbytes(size // 4) * 4 for size in sizes]
