# SPDX-License-Identifier: Apache-2.0
"""Rows that come and go bit by bit: memory, early ends, errors in the middle, Ctrl-C, threads."""

import gc
import signal
import sys
import threading
import time
import weakref
from collections.abc import Iterator

import duckdb
import polars as pl
import pyarrow as pa
import pytest
import python_process
import terminal

import windrow as wr

MIB = 1 << 20
SCHEMA = pa.schema({"i": pa.int64(), "text": pa.string()})


def batch(number: int, rows: int = 1000) -> pa.RecordBatch:
    numbers = range(number * rows, (number + 1) * rows)
    return pa.record_batch({"i": numbers, "text": [f"row {i}" for i in numbers]}, schema=SCHEMA)


class Batches:
    """An iterator that says how far it was read."""

    def __init__(self, count: int, rows: int = 1000, fails_at: int | None = None):
        self.count, self.rows, self.fails_at, self.given = count, rows, fails_at, 0

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return self

    def __next__(self) -> pa.RecordBatch:
        if self.given == self.fails_at:
            raise ZeroDivisionError("in the middle")
        if self.given == self.count:
            raise StopIteration
        self.given += 1
        return batch(self.given - 1, self.rows)


def reader(batches: Iterator[pa.RecordBatch]) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_batches(SCHEMA, batches)


def test_an_iterator_and_a_reader_are_read_in_order():
    for stream in (Batches(20), reader(Batches(20))):
        numbers = wr.from_arrow(stream).filter("i % 2 = 0").collect().to_pydict()["i"]
        assert numbers == list(range(0, 20_000, 2))


def test_a_stream_is_larger_than_the_memory():
    # 2 GB of rows altogether, made as they are asked for.
    rows, one = 0, batch(0, 100_000)
    stream = wr.from_arrow(one for _ in range(1000))
    for part in stream.with_columns(twice="text || text").iter_batches(memory="64MiB", slots=2):
        rows += part.num_rows
    assert rows == 100_000_000


def test_a_sorted_stream_goes_to_disk():
    stream = wr.from_arrow(Batches(40, 50_000))
    batches = stream.sort("i", descending=True).iter_batches(memory="64MiB")
    wanted = 1_999_999
    for part in batches:
        numbers = part.to_arrow()["i"].to_pylist()
        assert numbers == list(range(wanted, wanted - len(numbers), -1))
        wanted -= len(numbers)
    assert wanted == -1


def test_a_stream_read_once_serves_several_readers_of_one_plan():
    stream = wr.from_arrow(Batches(5))
    pairs = stream.join(stream.filter("i < 10"), "i", suffix="_2").collect()
    assert pairs.to_pydict()["i"] == list(range(10))
    doubled = wr.from_arrow(Batches(5))
    assert doubled.union(doubled).collect().num_rows == 10_000


def test_a_stream_that_was_read_is_not_read_as_empty():
    for stream in (Batches(3), reader(Batches(3))):
        frame = wr.from_arrow(stream)
        assert frame.collect().num_rows == 3000
        with pytest.raises(wr.UserError, match="a stream that was read before"):
            frame.collect()


@pytest.mark.parametrize("wrap", [lambda batches: batches, reader], ids=["iterator", "reader"])
def test_what_a_stream_raises_comes_out_as_it_is(wrap):
    for run in (wr.LazyFrame.collect, lambda frame: list(frame.iter_batches())):
        frame = wr.from_arrow(wrap(Batches(10, fails_at=5)))
        with pytest.raises(ZeroDivisionError, match="in the middle"):
            run(frame.sort("i"))


def test_a_stream_with_a_strange_batch_is_bad_data():
    stream = wr.from_arrow(iter([batch(0), pa.record_batch({"other": [1]})]))
    with pytest.raises(wr.DataError, match="found a batch of other: int64"):
        stream.collect()


def test_an_output_stays_as_it_was_when_its_stream_fails(tmp_path):
    output = tmp_path / "out.parquet"
    output.write_text("before")
    with pytest.raises(ZeroDivisionError):
        wr.from_arrow(Batches(10, fails_at=5)).sink_parquet(output)
    assert output.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["out.parquet"]


def test_a_reader_that_stops_early_ends_the_run():
    source = Batches(100_000)
    gone = weakref.ref(source)
    batches = wr.from_arrow(source).iter_batches(memory="64MiB")
    first = next(batches)
    batches.close()
    given = source.given
    assert given < 10_000
    time.sleep(0.2)
    assert source.given == given
    del source, batches
    gc.collect()
    assert gone() is None
    assert first.to_pydict()["i"][0] == 0, "what was handed out stays"


def test_another_library_that_stops_early_ends_the_run():
    source = Batches(100_000)
    with pa.RecordBatchReader.from_stream(wr.from_arrow(source)) as rows:
        assert rows.read_next_batch().num_rows == 1000
    given = source.given
    assert given < 10_000
    time.sleep(0.2)
    assert source.given == given


def test_a_large_result_is_read_in_little_memory():
    code = """
import windrow as wr
frame = wr.generate("pings", 4_000_000).with_columns(a="src_addr || dst_addr", b="rtt * 2")
rows = sum(batch.num_rows for batch in frame.iter_batches(memory="64MiB", slots=2))
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(rows, int(peak.split()[1]) // 1024)
"""
    done = python_process.run(code, cwd=".")
    assert done.returncode == 0, done.stderr
    rows, peak_mib = map(int, done.stdout.split())
    assert rows == 4_000_000
    assert peak_mib < 400  # libraries and interpreter take some 150 of it


def test_ten_gigabytes_are_read_in_half_of_one(tmp_path):
    code = """
import windrow as wr
rows = num_bytes = 0
for batch in wr.generate("securities", 15_000_000).iter_batches(memory="512MiB", slots=2):
    rows += batch.num_rows
    num_bytes += batch.nbytes
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(rows, num_bytes, int(peak.split()[1]) * 1024)
"""
    done = python_process.run(code, tmp_path, timeout=300)
    assert done.returncode == 0, done.stderr
    rows, num_bytes, peak = map(int, done.stdout.split())
    assert rows == 15_000_000
    assert num_bytes > 10e9
    assert peak < (512 << 20) + 300_000_000


def test_a_result_that_does_not_fit_says_so():
    with pytest.raises(wr.ResourceError, match="expected to fit, raise memory"):
        wr.generate("pings", 3_000_000).collect(memory="64MiB")


def test_runs_in_two_threads():
    wanted = wr.generate("pings", 200_000).sort("rtt", "event_time").collect().to_arrow()
    results: dict[int, pa.Table] = {}

    def work(number: int) -> None:
        frame = wr.generate("pings", 200_000).sort("rtt", "event_time")
        results[number] = frame.collect(slots=2).to_arrow()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 4
    assert all(table.equals(wanted) for table in results.values())


def test_a_run_inside_the_reading_of_another_does_not_wait_for_it():
    left = wr.generate("pings", 300_000)
    right = left.head(100_000).select("event_time", "src_addr", other="rtt")
    joined = left.join(right, ["event_time", "src_addr"])
    for part in joined.iter_batches(memory="256MiB", slots=1):
        assert wr.from_arrow(part).sort("rtt").collect(slots=1).num_rows == part.num_rows


def test_the_interpreter_works_on_while_a_run_does():
    ticks = 0
    done = threading.Event()

    def count() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    started = time.monotonic()
    wr.generate("pings", 2_000_000).sort("rtt").select("rtt").collect()
    seconds = time.monotonic() - started
    done.set()
    thread.join()
    assert ticks > 20 * seconds


READERS = {
    "collect": "frame.collect()",
    "iter_batches": "for _ in frame.iter_batches(): pass",
    "sink": "frame.sink_parquet('/dev/null')",
    "pyarrow": "import pyarrow as pa; pa.table(frame)",
    "polars": "import polars as pl; pl.DataFrame(frame)",
    "a slow iterator": "wr.from_arrow(slow()).collect()",
}


@pytest.mark.parametrize("name", READERS)
def test_ctrl_c_ends_a_run_within_a_second(name, tmp_path):
    code = f"""
import time
import pyarrow as pa
import windrow as wr
def slow():
    for i in range(1000):
        time.sleep(0.05)
        yield pa.record_batch({{"i": [i]}})
frame = wr.generate("pings", 2_000_000_000).filter("rtt < -1")
print("started", flush=True)
try:
    try:
        {READERS[name]}
    except Exception as error:
        # Other libraries know no interrupt; Python raises it after them.
        assert "cancelled" in str(error)
        time.sleep(0.1)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    process = python_process.start(code, cwd=tmp_path)
    try:
        assert process.stdout.readline() == "started\n"
        time.sleep(1)
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        said = process.stdout.readline()
        seconds = time.monotonic() - sent
        _, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    assert said == "interrupted\n", errors
    assert seconds < 3  # a second, on a machine with other work


def test_a_process_can_end_in_the_middle_of_a_run(tmp_path):
    code = """
import windrow as wr
batches = wr.generate("pings", 2_000_000_000).iter_batches()
next(batches)
print("done")
"""
    done = python_process.run(code, cwd=tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == ("done\n", "", 0)


def test_a_forked_process_runs_jobs_or_says_why_not(tmp_path):
    code = """
import os
import windrow as wr
frame = wr.generate("pings", 1000)
def fork(work):
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
def works():
    assert frame.collect(slots=2).num_rows == 1000
def says_why():
    try:
        frame.collect()
    except wr.UserError as error:
        print(error, flush=True)
fork(works)
works()
fork(says_why)
print("done")
"""
    done = python_process.run(code, cwd=tmp_path)
    said = done.stdout.splitlines()
    assert len(said) == 2, done.stderr
    assert "this process was forked off one that had run a job" in said[0]
    assert said[1] == "done"


def test_streams_go_through_other_libraries_bit_by_bit():
    frame = wr.generate("pings", 100_000)
    back = wr.from_arrow(pl.DataFrame(frame)).select("rtt").collect()
    assert back.to_pydict() == frame.select("rtt").collect().to_pydict()
    assert duckdb.sql("select count(*) from frame").fetchall() == [(100_000,)]
    through = wr.from_arrow(frame.select("rtt")).group_by().agg(n=wr.count())
    assert through.collect().to_pydict() == {"n": [100_000]}


def test_progress_is_drawn_on_a_terminal_and_wiped(tmp_path):
    code = "import windrow as wr; wr.generate('pings', 12_000_000).sort('rtt').limit(3)"
    code += ".collect(progress=True, slots=1)"
    words = [sys.executable, "-c", code]
    exit_code, drawn = terminal.run(words, tmp_path, python_process.environment())
    assert exit_code == 0, drawn
    lines = drawn.split("\r")
    assert all("rows read" in line or not line.strip() for line in lines), "nothing else"
    shares = [int(line.split("%")[0].split()[-1]) for line in lines if "%" in line]
    assert shares == sorted(shares)
    assert "of 12,000,000 rows read" in lines[1]
    assert lines[-1] == ""
    assert lines[-2].strip() == ""
