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
write_options: Any = None
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
    import pyarrow.compute

    global write_options
    write_options = pyarrow.ipc.IpcWriteOptions()

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


def padded(size: Any) -> Any:
    """Rounds up to the eight bytes that Arrow aligns to."""
    return (size + 7) // 8 * 8


def text_ends(column: Any) -> Any:
    """Returns where each text of a string column begins, and the end of the last."""
    import numpy as np

    ends = np.frombuffer(column.buffers()[1], np.int32)
    return ends[column.offset : column.offset + len(column) + 1].astype(np.int64)


def inner_sizes(batch: Any, begins: Any, ends: Any) -> Any:
    """Returns the bytes of the inner streams of rows [begin, end), as NumPy arrays."""
    import numpy as np

    count = ends - begins
    size = INNER_FRAME + padded(8 * count) + padded(count) + padded(4 * count)
    for name in ("src_addr", "dst_addr"):
        texts = text_ends(batch.column(name))
        size += padded(4 * (count + 1)) + padded(texts[ends] - texts[begins])
    nulls = batch.column("dst_addr").is_null().to_numpy(zero_copy_only=False)
    nulls = np.concatenate(([0], np.cumsum(nulls)))
    return size + np.where(nulls[ends] > nulls[begins], padded((count + 7) // 8), 0)


def parts_of(batch: Any, starts: Any, limit: int) -> Any:
    """Returns where records begin, and the end: groups, the too large ones in parts."""
    import numpy as np

    begins, ends = starts[:-1], starts[1:]
    too_large = np.flatnonzero(inner_sizes(batch, begins, ends) > limit)
    cuts = []
    for begin, end in zip(begins[too_large].tolist(), ends[too_large].tolist(), strict=True):
        while begin < end:
            stops = np.arange(begin + 1, end + 1)
            sizes = inner_sizes(batch, np.full_like(stops, begin), stops)
            begin += max(1, int(np.searchsorted(sizes, limit, side="right")))
            cuts.append(begin)
    return np.union1d(starts, np.array(cuts, starts.dtype))


def stream_of(batch: Any) -> bytes:
    """Returns a batch as an Arrow IPC stream."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.RecordBatchStreamWriter(sink, batch.schema, options=write_options) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


class RecordWriter:
    """Writes the probes of one shard to its two files."""

    def __init__(self, case: Case, shard: int) -> None:
        from array_record.python import array_record_module

        self._limit = case["max_row_bytes"]
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

        names = ["event_time", "src_addr", "dst_addr", "ip_version", "rtt"]
        columns = [batch.column(name) for name in names]
        times = columns[0].to_numpy()
        columns[0] = columns[0].view(pa.timestamp("us"))
        inner = pa.record_batch(columns, names=names)
        starts = parts_of(inner, starts, self._limit)
        begins, counts = starts[:-1], starts[1:] - starts[:-1]
        parts = [
            stream_of(inner.slice(begin, count))
            for begin, count in zip(begins.tolist(), counts.tolist(), strict=True)
        ]
        first, last = times[begins], times[starts[1:] - 1]
        outer = pa.record_batch(
            {
                "src_id": pa.array(batch.column("src_id").to_numpy()[begins]),
                "measurements": pa.array(parts, pa.binary()),
                "n_measurements": pa.array(counts, pa.int32()),
                "time_span_seconds": pa.array((last - first) / 1e6),
                "first_timestamp": pa.array(first).view(pa.timestamp("us")),
                "last_timestamp": pa.array(last).view(pa.timestamp("us")),
            }
        )
        is_test = batch.column("is_test").take(pa.array(begins)).to_pylist()
        for i, is_test_part in enumerate(is_test):
            self._files[is_test_part].write(stream_of(outer.slice(i, 1)))

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
