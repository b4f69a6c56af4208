# SPDX-License-Identifier: Apache-2.0
"""The best Python pipeline we know for probe rows: DuckDB, pyarrow, array_record.

Every worker owns the probes of one shard, so nothing is passed between processes and no
files are merged: it sorts its probes' rows in DuckDB, within a memory limit if asked,
takes them as a stream of Arrow batches, cuts those at the probes' ends, and writes each
probe as nested Arrow streams. Workers are started before the first run.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import threading
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from serve import Case, Query, serve_works, threads
from written_files import RecordFiles

INNER_FRAME = 720
pool: Any = None


def prepare() -> dict[str, Any]:
    """Starts the workers and waits until they have imported what they need."""
    global pool
    import duckdb

    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(threads(), context, initializer=start_worker)
    list(pool.map(abs, range(4 * threads())))
    return {"version": duckdb.__version__}


def start_worker() -> None:
    """Imports, and ends with the parent whatever happens to it."""
    import array_record.python.array_record_module  # noqa: F401
    import duckdb  # noqa: F401
    import numpy  # noqa: F401
    import pyarrow.compute  # noqa: F401

    def follow() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def connect(case: Case, num_threads: int, share: int) -> Any:
    """Opens DuckDB with its part of the memory."""
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET threads = {num_threads}")
    connection.execute("SET preserve_insertion_order = false")
    if case["memory"] is not None:
        connection.execute(f"SET memory_limit = '{case['memory'] // share // 1_000_000}MB'")
        connection.execute(f"SET temp_directory = '{case['spill']}/{os.getpid()}'")
    return connection


def probe_table(case: Case) -> Any:
    """Returns every source address with its id, shard and part of the split."""
    import pyarrow as pa

    with connect(case, threads(), 1) as connection:
        sql = f"SELECT DISTINCT src_addr FROM read_parquet('{case['pings']}')"
        found = connection.sql(f"{sql} WHERE src_addr IS NOT NULL").to_arrow_table()
    addresses = found["src_addr"].to_pylist()
    ids = [int(hashlib.md5(text.encode()).hexdigest()[:15], 16) for text in addresses]
    return pa.table(
        {
            "src_addr": found["src_addr"].cast(pa.utf8()),
            "src_id": pa.array(ids, pa.int64()),
            "shard": [number % case["shards"] for number in ids],
            "is_test": [number / 2**60 >= case["train_ratio"] for number in ids],
        }
    )


def sorted_rows(case: Case, probes: Any, shard: int) -> Any:
    """Yields the rows of a shard's probes in the order of the output."""
    with connect(case, 1, case["shards"]) as connection:
        connection.register("probes", probes)
        sql = f"""
            SELECT epoch_us(event_time) AS event_time, src_addr, dst_addr,
                ip_version::TINYINT AS ip_version, rtt::FLOAT AS rtt, src_id, is_test
            FROM read_parquet('{case["pings"]}') JOIN probes USING (src_addr)
            WHERE shard = {shard}
            ORDER BY src_addr, event_time, dst_addr NULLS FIRST, ip_version, rtt"""
        yield from connection.sql(sql).to_arrow_reader(1 << 18)


def padded(size: int) -> int:
    return (size + 7) // 8 * 8


def inner_size(batch: Any, begin: int, end: int) -> int:
    """Returns the bytes of the inner stream of rows [begin, end)."""
    count = end - begin
    size = INNER_FRAME + padded(8 * count) + padded(count) + padded(4 * count)
    for name in ("src_addr", "dst_addr"):
        column = batch.column(name).slice(begin, count)
        offsets = memoryview(column.buffers()[1]).cast("i")
        text = offsets[column.offset + count] - offsets[column.offset]
        size += padded(4 * (count + 1)) + padded(text)
        size += padded((count + 7) // 8) if column.null_count else 0
    return size


def cut(batch: Any, begin: int, end: int, limit: int) -> int:
    """Returns the end of the longest part from `begin` that fits, of one row at least."""
    if inner_size(batch, begin, end) <= limit:
        return end
    fits, beyond = begin + 1, end
    while beyond - fits > 1:
        middle = (fits + beyond) // 2
        if inner_size(batch, begin, middle) <= limit:
            fits = middle
        else:
            beyond = middle
    return fits


def stream_of(batch: Any) -> Any:
    """Returns a batch as an Arrow IPC stream."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


class RecordWriter:
    """Writes the probes of one shard to its two files."""

    def __init__(self, case: Case, shard: int) -> None:
        import pyarrow as pa
        from array_record.python import array_record_module

        self._limit = case["max_row_bytes"]
        stamp = pa.timestamp("us")
        self._types = [pa.int64(), pa.binary(), pa.int32(), pa.float64(), stamp, stamp]
        self._names = ["src_id", "measurements", "n_measurements", "time_span_seconds"]
        self._names += ["first_timestamp", "last_timestamp"]
        self._inner = ["event_time", "src_addr", "dst_addr", "ip_version", "rtt"]
        self._files = [
            array_record_module.ArrayRecordWriter(
                f"{case['output']}/{split}-{shard:05}-of-{case['shards']:05}.arrayrecord",
                "group_size:1",
            )
            for split in ("train", "test")
        ]

    def write(self, batch: Any, starts: Any) -> None:
        """Writes whole groups that begin at `starts`, whose last is the end."""
        import pyarrow as pa

        ids, is_test = batch.column("src_id").to_numpy(), batch.column("is_test")
        times = batch.column("event_time").to_numpy()
        columns = [batch.column(name) for name in self._inner]
        columns[0] = columns[0].view(pa.timestamp("us"))
        inner = pa.record_batch(columns, names=self._inner)
        for begin, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
            file = self._files[is_test[begin].as_py()]
            while begin < end:
                stop = cut(inner, begin, end, self._limit)
                part = bytes(stream_of(inner.slice(begin, stop - begin)))
                first, last = int(times[begin]), int(times[stop - 1])
                span = (last - first) / 1e6
                values = [int(ids[begin]), part, stop - begin, span, first, last]
                file.write(self._record(values))
                begin = stop

    def _record(self, values: list[Any]) -> bytes:
        import pyarrow as pa

        arrays = [
            pa.array([value], type_) for value, type_ in zip(values, self._types, strict=True)
        ]
        return bytes(stream_of(pa.record_batch(arrays, names=self._names)))

    def close(self) -> None:
        """Ends both files."""
        for file in self._files:
            file.close()


def write_shard(case: Case, probes: Any, shard: int) -> None:
    """Does the work of one worker."""
    from sorted_groups import whole_groups

    writer = RecordWriter(case, shard)
    for batch, starts in whole_groups(sorted_rows(case, probes, shard), "src_addr"):
        writer.write(batch, starts)
    writer.close()


def probe_rows(case: Case) -> Query:
    """Writes the records of all shards; see probe_rows.py for the case."""

    def run() -> Any:
        shutil.rmtree(case["output"], ignore_errors=True)
        Path(case["output"]).mkdir()
        probes = probe_table(case)
        work = [pool.submit(write_shard, case, probes, s) for s in range(case["shards"])]
        for each in work:
            each.result()
        return RecordFiles(case["output"])

    return run


if __name__ == "__main__":
    serve_works(prepare, {"probe_rows": probe_rows})
