# SPDX-License-Identifier: Apache-2.0
"""Sums up answers whose rows hold lists, so that such answers can be compared.

A row (a group) keeps its plain columns. Its lists, however they are laid out (a list for
each column, or one of structs), become their length, a sum over the hashes of their
elements, and whether they are in order. Elements that are equal in the order may stand in
any sequence, unless no order is named: then the place of every element counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

GROUPS_AT_ONCE = 1000
SEED = 20250624


def plain_values(rows: Any) -> Any:
    """Returns the columns in name order; times as microseconds, texts as plain ones."""
    import polars as pl

    picked = []
    for name in sorted(rows.columns):
        kind, column = rows.schema[name], pl.col(name)
        if isinstance(kind, pl.Datetime):
            column = column.dt.epoch("us")
        if kind == pl.Categorical or isinstance(kind, pl.Enum):
            column = column.cast(pl.String)
        picked.append(column)
    return rows.select(picked)


def summarise(frame: Any, ordered_by: str) -> Any:
    """Returns one row per row of a Polars frame; see the top of this file."""
    import polars as pl

    lists = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
    rows = frame.select(lists).with_row_index("group").explode(lists)
    for name in lists:
        if isinstance(rows.schema[name], pl.Struct):
            rows = rows.unnest(name)
    group, values = rows["group"], plain_values(rows.drop("group"))
    place = pl.select(pl.int_range(len(rows))).to_series()
    hashed = values if ordered_by else values.with_columns(place.alias("place") - first_of(group))
    summed = pl.DataFrame(
        {
            "group": group,
            # 40 bits, so that no sum overflows.
            "content": (hashed.hash_rows(seed=SEED) // (1 << 24)).cast(pl.Int64),
            "order": values[ordered_by] if ordered_by else place,
        }
    )
    summary = summed.group_by("group", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("length"),
        pl.col("content").sum(),
        (pl.col("order").diff().fill_null(0) >= 0).all().alias("in_order"),
    )
    return frame.drop(lists).hstack(summary.drop("group"))


def first_of(group: Any) -> Any:
    """Returns for each row where its group begins."""
    import polars as pl

    place = pl.int_range(pl.len())
    return group.to_frame().select(place.first().over("group")).to_series()


def has_lists(schema: Any) -> bool:
    """Says whether an Arrow schema has a column of lists."""
    import pyarrow as pa

    return any(pa.types.is_list(kind) or pa.types.is_large_list(kind) for kind in schema.types)


def summaries(batch: Any, ordered_by: str) -> Iterator[Any]:
    """Yields Polars frames that sum up an Arrow batch, a part of it at a time."""
    import polars as pl

    for begin in range(0, batch.num_rows, GROUPS_AT_ONCE):
        frame = pl.from_arrow(batch.slice(begin, GROUPS_AT_ONCE))
        yield summarise(frame, ordered_by)


def summary_file(reader: Any, ordered_by: str) -> Any:
    """Returns a reader of the summary of an Arrow file, which is held in memory."""
    import polars as pl
    import pyarrow as pa

    frames = [
        frame
        for i in range(reader.num_record_batches)
        for frame in summaries(reader.get_batch(i), ordered_by)
    ]
    empty = pa.Table.from_batches([], reader.schema)
    table = pl.concat(frames).to_arrow() if frames else empty
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return pa.ipc.open_file(sink.getvalue())
