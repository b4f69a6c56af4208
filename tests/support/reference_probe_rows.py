# SPDX-License-Identifier: Apache-2.0
"""What probe-rows must write, worked out slowly from a table of pings.

Rows are grouped by the text of `src_addr` and ordered within a group. Groups go to train or
test, to a shard, and in the order of their address's bytes into the shard's file; a group
larger than the limit becomes several records.
"""

import bisect
import hashlib
import math
import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

COLUMNS = ("event_time", "src_addr", "dst_addr", "ip_version", "rtt")
# Bytes of an inner stream that do not depend on its rows, and of an outer one around it.
INNER_FRAME = 720
OUTER_FRAME = 880


class NullSourceError(ValueError):
    """A row has no `src_addr` and may not be dropped."""


@dataclass(frozen=True)
class Options:
    """The options of the command."""

    train_ratio: float = 0.9
    split: str = "hash"
    max_row_size_mb: float = 8.0
    shards: int | None = None
    null_src: str = "drop"


@dataclass(frozen=True)
class Row:
    """A measurement as a record holds it: microseconds of UTC, rtt as a 32-bit float."""

    event_time: int | None
    src_addr: str
    dst_addr: str | None
    ip_version: int | None
    rtt: float | None

    def values(self) -> tuple:
        return self.event_time, self.src_addr, self.dst_addr, self.ip_version, self.rtt

    def order(self) -> tuple:
        """Sorts within a group, null first; rows that are equal here keep their order."""
        target = None if self.dst_addr is None else self.dst_addr.encode()
        keys = (self.event_time, target, self.ip_version, self.rtt)
        return tuple((False,) if key is None else (True, key) for key in keys)


@dataclass(frozen=True)
class Record:
    """One record of an ArrayRecord file."""

    src_id: int
    rows: list[Row]


def src_id(address: str) -> int:
    """The first 60 bits of the MD5 of the address."""
    return int(hashlib.md5(address.encode()).hexdigest()[:15], 16)


def padded(size: int) -> int:
    return (size + 7) // 8 * 8


def inner_size(rows: list[Row]) -> int:
    """Bytes of the Arrow IPC stream that holds the rows, by its closed formula."""
    count = len(rows)
    size = INNER_FRAME + padded(8 * count) + padded(count) + padded(4 * count)
    for texts in ([row.src_addr for row in rows], [row.dst_addr for row in rows]):
        size += padded(4 * (count + 1)) + padded(sum(len(t.encode()) for t in texts if t))
    columns = zip(*(row.values() for row in rows), strict=True)
    return size + padded(math.ceil(count / 8)) * sum(None in column for column in columns)


def parts(rows: list[Row], limit: int) -> Iterator[list[Row]]:
    """Cuts from the left, each part as long as fits the limit and at least a row."""
    while rows:
        # The size grows with the rows, so the longest prefix that fits can be searched.
        sizes = range(1, len(rows) + 1)
        count = max(1, bisect.bisect_right(sizes, limit, key=lambda n: inner_size(rows[:n])))
        yield rows[:count]
        rows = rows[count:]


def as_float32(value: float | None) -> float | None:
    return None if value is None else struct.unpack("<f", struct.pack("<f", value))[0]


def microseconds(column: pa.ChunkedArray) -> list[int | None]:
    """Microseconds since 1970 in UTC; finer parts are cut off."""
    ticks = {"ms": (1000, 1), "us": (1, 1), "ns": (1, 1000)}
    times, over = ticks[column.type.unit]
    values = column.cast(pa.int64()).to_pylist()
    return [None if value is None else value * times // over for value in values]


def read_rows(table: pa.Table, null_src: str) -> list[Row]:
    """The rows of a table in their order; those without `src_addr` as `null_src` says."""
    values = {name: table[name].to_pylist() for name in COLUMNS[1:]}
    rows = []
    for event_time, address, target, version, rtt in zip(
        microseconds(table["event_time"]), *values.values(), strict=True
    ):
        if address is None and null_src == "drop":
            continue
        if address is None and null_src == "error":
            raise NullSourceError("a row without src_addr")
        rows.append(Row(event_time, address or "", target, version, as_float32(rtt)))
    return rows


def groups(table: pa.Table, null_src: str) -> dict[str, list[Row]]:
    """Address to its ordered rows, in the order of the addresses' bytes."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in read_rows(table, null_src):
        found[row.src_addr].append(row)
    by_bytes = sorted(found, key=str.encode)
    return {address: sorted(found[address], key=Row.order) for address in by_bytes}


def file_name(split: str, shard: int, shards: int | None) -> str:
    if shards is None:
        return f"{split}.arrayrecord"
    return f"{split}-{shard:05}-of-{shards:05}.arrayrecord"


def expected_files(table: pa.Table, options: Options) -> dict[str, list[Record]]:
    """Every output file with its records in order; files without records are there, too."""
    count = options.shards or 1
    files: dict[str, list[Record]] = {
        file_name(split, shard, options.shards): []
        for split in ("train", "test")
        for shard in range(count)
    }
    limit = int(options.max_row_size_mb * 1048576)
    grouped = groups(table, options.null_src)
    num_train = int(len(grouped) * options.train_ratio)
    for position, (address, rows) in enumerate(grouped.items()):
        number = src_id(address)
        is_train = number / 2**60 < options.train_ratio
        if options.split == "sorted":
            is_train = position < num_train
        name = file_name("train" if is_train else "test", number % count, options.shards)
        files[name] += [Record(number, part) for part in parts(rows, limit)]
    return files
