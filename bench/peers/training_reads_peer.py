# SPDX-License-Identifier: Apache-2.0
"""Loaders of probe records: Windrow's sequence, and the official reader with pyarrow."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from serve import Case, Query, serve_works

Probe = tuple[Any, Any]  # times in microseconds, round trips: arrays of numpy


def prepare() -> dict[str, Any]:
    """Imports what all of them need."""
    import numpy
    import pyarrow

    return {"version": pyarrow.__version__, "numpy": numpy.__version__}


def summed(probes: Callable[[Any], Iterator[Probe]]) -> Callable[[Case], Query]:
    """Makes a work of what yields the probes of a case in its order."""

    def work(given: Case) -> Query:
        case = json.loads(Path(given["case"]).read_text(encoding="utf-8"))

        def run() -> Any:
            import pyarrow as pa

            found = [(len(t), int(t[0]), int(t[-1]), float(r.max())) for t, r in probes(case)]
            counts, first, last, most = zip(*found, strict=True)
            return pa.table({"rows": counts, "first": first, "last": last, "most": most})

        return run

    return work


def windrow(case: Any) -> Iterator[Probe]:
    """Yields arrays that lie in the record."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "build/release/python"))
    import pyarrow as pa

    import windrow as wr

    records = wr.read_array_record(case["path"])
    for number in case["order"]:
        rows = pa.table(records.rows(number, column="measurements"))
        yield rows["event_time"].cast("int64").to_numpy(), rows["rtt"].to_numpy()


def records_of(case: Any) -> Iterator[bytes]:
    """Yields records by the official reader, which opens the file once."""
    from array_record.python.array_record_data_source import ArrayRecordDataSource

    source = ArrayRecordDataSource(case["path"])
    for number in case["order"]:
        yield source[number]


def arrays(case: Any) -> Iterator[Probe]:
    """Yields arrays of pyarrow's."""
    import pyarrow as pa

    for record in records_of(case):
        outer = pa.ipc.open_stream(record).read_all()
        rows = pa.ipc.open_stream(outer["measurements"][0].as_buffer()).read_all()
        yield rows["event_time"].cast("int64").to_numpy(), rows["rtt"].to_numpy()


def dictionaries(case: Any) -> Iterator[Probe]:
    """Yields arrays made of a dictionary for each row."""
    import numpy as np
    import pyarrow as pa

    epoch = np.datetime64(0, "us")
    for record in records_of(case):
        outer = pa.ipc.open_stream(record).read_all().to_pylist()[0]
        rows = pa.ipc.open_stream(outer["measurements"]).read_all().to_pylist()
        times = np.array([row["event_time"] for row in rows], "datetime64[us]")
        rtts = np.array([row["rtt"] for row in rows], "float32")
        yield (times - epoch).astype("int64"), rtts


if __name__ == "__main__":
    works = {"windrow": windrow, "arrays": arrays, "dictionaries": dictionaries}
    serve_works(prepare, {name: summed(probes) for name, probes in works.items()})
