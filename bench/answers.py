# SPDX-License-Identifier: Apache-2.0
"""Digests an answer file without regard to row order, and compares two digests.

Every row is hashed over all columns in name order and the hashes are added up, so two
answers agree when they hold the same rows with the same multiplicity. Per-column sums
tell which column differs. Encodings are not part of an answer: dictionaries, large
strings and string views equal plain strings, time units equal each other, and a column
without a value equals a column of any type without a value.

With a relative tolerance, floating-point columns leave the row hash; each is checked by
its count of values, its sum, and its sum weighted by the hash of the row's other columns,
which ties values to rows.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import lists

ROW_SEED = 20250904


@dataclass
class Digest:
    """What is kept of an answer; `bytes` counts its Arrow buffers."""

    rows: int = 0
    bytes: int = 0
    row_sum: int = 0
    types: dict[str, str] = field(default_factory=dict)
    values: dict[str, int] = field(default_factory=dict)
    column_sums: dict[str, int] = field(default_factory=dict)
    float_sums: dict[str, list[float]] = field(default_factory=dict)


def plain_type(kind: Any) -> Any:
    """Returns the Arrow type that stands for all encodings of the same values."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return plain_type(kind.value_type)
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
        return pa.binary()
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(pa.field("item", plain_type(kind.value_type)))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(f.name, plain_type(f.type)) for f in kind])
    return kind


def add_hashes(series: Any) -> int:
    """Adds up 64-bit hashes without overflow, in two halves."""
    low = int((series & 0xFFFFFFFF).sum() or 0)
    return low + (int((series // (1 << 32)).sum() or 0) << 32)


def digest_batch(digest: Digest, frame: Any, floats: Sequence[str]) -> None:
    """Adds one batch (a Polars frame with columns in name order) to the digest."""
    import polars as pl

    exact = frame.drop(floats)
    hashes = exact.hash_rows(seed=ROW_SEED) if exact.width else None
    if hashes is not None:
        digest.row_sum += add_hashes(hashes)
    for name in exact.columns:
        digest.column_sums[name] += add_hashes(exact[name].hash(seed=ROW_SEED))
    for name in floats:
        column = frame[name].cast(pl.Float64)
        weight = 1.0 if hashes is None else (hashes % 1021 + 1).cast(pl.Float64)
        sums = digest.float_sums[name]
        sums[0] += float(column.sum() or 0)
        sums[1] += float((column * weight).sum() or 0)
        sums[2] += float(column.abs().sum() or 0)


def value_counts(reader: Any) -> dict[str, int]:
    """Counts the values that are not null, per column of an Arrow IPC file."""
    import pyarrow as pa

    counts = dict.fromkeys(reader.schema.names, 0)
    for i in range(reader.num_record_batches):
        batch = reader.get_batch(i)
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if not pa.types.is_null(column.type):
                counts[name] += len(column) - column.null_count
    return counts


def digest_file(path: Path, tolerance: float, ordered_by: str = "") -> Digest:
    """Digests an Arrow IPC file in batches; memory stays that of one batch.

    Of rows with lists, what `lists.py` keeps of them is digested; `ordered_by` is for it.
    """
    import polars as pl
    import pyarrow as pa

    digest = Digest()
    with pa.memory_map(str(path)) as source:
        reader = pa.ipc.open_file(source)
        has_lists = lists.has_lists(reader.schema)
        if has_lists:
            batches = map(reader.get_batch, range(reader.num_record_batches))
            digest.bytes = sum(batch.nbytes for batch in batches)
            reader = lists.summary_file(reader, ordered_by)
        if len(set(reader.schema.names)) != len(reader.schema.names):
            raise ValueError(f"{path.name}: two columns have the same name")
        digest.values = value_counts(reader)
        kinds = {field.name: plain_type(field.type) for field in reader.schema}
        digest.types = {name: str(kind) for name, kind in kinds.items()}
        # A column without a value has no part in the hashes, whatever its type is.
        names = sorted(name for name, count in digest.values.items() if count > 0)
        floats = [n for n in names if tolerance > 0 and pa.types.is_floating(kinds[n])]
        digest.column_sums = {n: 0 for n in names if n not in floats}
        digest.float_sums = {n: [0.0, 0.0, 0.0] for n in floats}
        for i in range(reader.num_record_batches):
            batch = reader.get_batch(i)
            digest.rows += batch.num_rows
            digest.bytes += 0 if has_lists else batch.nbytes
            columns = [batch.column(n).cast(kinds[n]) for n in names]
            frame = pl.from_arrow(pa.table(columns, names=names), rechunk=True)
            digest_batch(digest, frame, floats)
    return digest


def differences(
    ours: Digest, theirs: Digest, tolerance: float, left_out: Sequence[str] = ()
) -> list[str]:
    """Says how two digests differ, one finding a line; empty when they agree.

    Columns `left_out` may be missing in theirs if they hold no value in ours.
    """
    if ours.rows != theirs.rows:
        return [f"rows: ours {ours.rows:,}, theirs {theirs.rows:,}"]
    found = []
    for name in sorted(set(ours.types) ^ set(theirs.types)):
        if name in left_out and ours.values.get(name) == 0:
            continue
        side = "ours" if name in ours.types else "theirs"
        found.append(f"column '{name}': only in {side}")
    for name in sorted(set(ours.types) & set(theirs.types)):
        found += column_differences(name, ours, theirs, tolerance)
    if not found and ours.row_sum != theirs.row_sum:
        found.append("rows: every column agrees, but values are paired differently")
    return found


def column_differences(name: str, ours: Digest, theirs: Digest, tol: float) -> list[str]:
    """Compares one column that both digests have."""
    if ours.values[name] != theirs.values[name]:
        return [
            f"column '{name}': ours has {ours.values[name]:,} values that are not null, "
            f"theirs {theirs.values[name]:,}"
        ]
    if ours.values[name] == 0:
        return []
    if ours.types[name] != theirs.types[name]:
        return [f"column '{name}': ours is {ours.types[name]}, theirs {theirs.types[name]}"]
    if name in ours.float_sums:
        mine, other = ours.float_sums[name], theirs.float_sums[name]
        scale = max(mine[2], other[2])
        apart = abs(mine[0] - other[0]), abs(mine[1] - other[1]) / 1021
        if max(apart) > tol * scale:
            return [f"column '{name}': sums are further apart than {tol:g}"]
        return []
    if ours.column_sums[name] != theirs.column_sums[name]:
        return [f"column '{name}': values differ"]
    return []


def digest_apart(path: Path, tolerance: float, ordered_by: str = "") -> Digest:
    """Digests in a process of its own, so that none of its memory stays in this one."""
    command = [sys.executable, __file__, str(path), str(tolerance), ordered_by]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise RuntimeError(f"{path.name}: cannot be digested: {last}")
    return Digest(**json.loads(done.stdout))


if __name__ == "__main__":
    digest = digest_file(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3])
    print(json.dumps(asdict(digest)))
