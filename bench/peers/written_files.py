# SPDX-License-Identifier: Apache-2.0
"""Results that are files already: what a contestant wrote, and how to compare it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

RECORDS_AT_ONCE = 256


@dataclass(frozen=True)
class ArrowFile:
    """An Arrow IPC file."""

    path: str

    @property
    def num_rows(self) -> int:
        """The rows, from the batches' metadata."""
        import pyarrow as pa

        with pa.memory_map(self.path) as source:
            reader = pa.ipc.open_file(source)
            batches = range(reader.num_record_batches)
            return sum(reader.get_batch(i).num_rows for i in batches)

    def write_answer(self, path: str) -> int:
        """Makes it the answer and returns its rows."""
        rows = self.num_rows
        shutil.move(self.path, path)
        return rows


@dataclass(frozen=True)
class ParquetFile:
    """A Parquet file."""

    path: str

    @property
    def num_rows(self) -> int:
        """The rows, from the footer."""
        import pyarrow.parquet as pq

        return int(pq.read_metadata(self.path).num_rows)

    def write_answer(self, path: str) -> int:
        """Writes its rows; decimals become floating, since a peer may have them so."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pq.read_table(self.path)
        kinds = [
            field.with_type(pa.float64()) if pa.types.is_decimal(field.type) else field
            for field in table.schema
        ]
        table = table.cast(pa.schema(kinds))
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)
        return int(table.num_rows)


@dataclass(frozen=True)
class RecordFiles:
    """A folder of ArrayRecord files with probe records."""

    folder: str

    def readers(self) -> Iterator[tuple[str, Any]]:
        """Yields each file's name with the official reader on it."""
        from array_record.python import array_record_module

        for path in sorted(Path(self.folder).glob("*.arrayrecord")):
            reader = array_record_module.ArrayRecordReader(str(path))
            yield path.name, reader
            reader.close()

    @property
    def num_rows(self) -> int:
        """The records in all files."""
        return sum(reader.num_records() for _, reader in self.readers())

    def write_answer(self, path: str) -> int:
        """Reads every record back and writes one row for each, with its file and place.

        Their measurements are summed up as `lists.py` does it, so that the answer stays
        small.
        """
        import lists
        import pyarrow as pa

        tables = []
        for name, reader in self.readers():
            count = reader.num_records()
            for begin in range(0, count, RECORDS_AT_ONCE):
                end = min(begin + RECORDS_AT_ONCE, count)
                batch = decode(reader.read(begin, end))
                for frame in lists.summaries(batch, ""):
                    table = frame.to_arrow()
                    rows = table.num_rows
                    table = table.append_column("file", pa.array([name] * rows))
                    table = table.append_column("place", pa.array(range(begin, begin + rows)))
                    tables.append(table)
        table = pa.concat_tables(tables)
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)
        return int(table.num_rows)


def decode(records: list[bytes]) -> Any:
    """Returns records as one Arrow batch, the inner streams as lists."""
    import pyarrow as pa

    outer = pa.concat_batches([only_batch(record) for record in records])
    inner = [only_batch(stream.as_buffer()) for stream in outer.column("measurements")]
    ends = [0]
    for batch in inner:
        ends.append(ends[-1] + batch.num_rows)
    rows = pa.concat_batches(inner).to_struct_array()
    at = outer.schema.get_field_index("measurements")
    measurements = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), rows)
    return outer.set_column(at, "measurements", measurements)


def only_batch(stream: Any) -> Any:
    """Returns the only batch of an Arrow IPC stream."""
    import pyarrow as pa

    with pa.ipc.open_stream(stream) as reader:
        batch = reader.read_next_batch()
        if next(iter(reader), None) is not None:
            raise ValueError("a stream of more than one batch")
    return batch
