# SPDX-License-Identifier: Apache-2.0
"""Cuts sorted rows into groups on the client's side, without a loop over rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


def starts_of(column: Any) -> Any:
    """Returns where a sorted column, which has rows and no nulls, takes a new value."""
    import numpy as np
    import pyarrow.compute as pc

    changes = pc.not_equal(column[1:], column[:-1]).to_numpy(zero_copy_only=False)
    return np.concatenate(([0], np.flatnonzero(changes) + 1))


def whole_groups(batches: Iterable[Any], key: str) -> Iterator[tuple[Any, Any]]:
    """Yields batches that hold whole groups, with the start of each and the end."""
    import numpy as np
    import pyarrow as pa

    rest = None
    for batch in batches:
        if batch.num_rows == 0:
            continue
        if rest is not None:
            batch = pa.concat_batches([rest, batch])
        starts = starts_of(batch.column(key))
        rest = batch.slice(starts[-1])
        if len(starts) > 1:
            yield batch.slice(0, starts[-1]), starts
    if rest is not None:
        yield rest, np.array([0, rest.num_rows])


def grouped(batches: Iterable[Any], key: str) -> Iterator[Any]:
    """Yields batches of one row a group: the key, and a list of each other column."""
    import pyarrow as pa

    for batch, starts in whole_groups(batches, key):
        offsets = pa.array(starts, pa.int32())
        columns = {key: batch.column(key).take(pa.array(starts[:-1]))}
        for name in batch.schema.names:
            if name != key:
                columns[name] = pa.ListArray.from_arrays(offsets, batch.column(name))
        yield pa.record_batch(columns)
