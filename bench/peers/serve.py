# SPDX-License-Identifier: Apache-2.0
"""The peer's side of the benchmark protocol: one JSON line on stdout per line on stdin.

    prepare      imports the engine and sets its threads; opens no input
    answer PATH  writes the result once as an Arrow IPC file; not timed
    run          computes the result, keeps it in memory, then drops it
    quit         ends the process

A peer script calls `serve_works` with its works: functions that take the case (a dict)
and return a function of no arguments, which opens the inputs anew and returns the result,
either an Arrow table (or something that exports one) or, for a count, an int. If the
function has `get_ready`, it is called before each run and not timed.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Case = dict[str, Any]
Query = Callable[[], Any]


def threads() -> int:
    """Returns the number of threads the engine may use."""
    return int(os.environ.get("BENCH_THREADS", "2"))


def num_rows(result: Any) -> int:
    """Returns the rows of a table or of written files, or 1 for a bare count."""
    if isinstance(result, int):
        return 1
    return int(result.num_rows if hasattr(result, "num_rows") else result.height)


def write_answer(result: Any, path: str) -> int:
    """Writes `result` to an Arrow IPC file; a count becomes one column named rows.

    A result that is files already turns itself into such a file.
    """
    import pyarrow as pa

    if hasattr(result, "write_answer"):
        return int(result.write_answer(path))
    if isinstance(result, int):
        table = pa.table({"rows": pa.array([result], pa.int64())})
    else:
        table = result if isinstance(result, pa.Table) else pa.table(result)
    with pa.OSFile(path, "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=65536)
    return int(table.num_rows)


def cpu_seconds() -> float:
    """Returns what this process, its children and its former children have spent."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    spent = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    for children in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in children.read_text(encoding="ascii").split():
                # After the name, which may hold anything, come the fields from the third on.
                fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
                spent += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return spent


def get_ready(query: Query) -> None:
    """Does what has to be done before a run."""
    if hasattr(query, "get_ready"):
        query.get_ready()


def timed_run(query: Query) -> dict[str, Any]:
    """Runs the query once; dropping the result is part of neither time."""
    get_ready(query)
    before, cpu = resource.getrusage(resource.RUSAGE_SELF), cpu_seconds()
    start = time.perf_counter()
    result = query()
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF)
    reply = {
        "wall": wall,
        "cpu": cpu_seconds() - cpu,
        "rows": num_rows(result),
        "minor_faults": after.ru_minflt - before.ru_minflt,
    }
    del result
    gc.collect()
    return reply


def is_out_of_memory(error: Exception) -> bool:
    """Says whether the work needs more memory than it may have.

    Arrow, between DuckDB and us, leaves only the words of its error.
    """
    return isinstance(error, MemoryError) or "Out of Memory Error" in str(error)


def serve(prepare: Callable[[], dict[str, Any]], make_query: Callable[[], Query]) -> None:
    """Answers the harness until `quit` or the end of stdin."""
    # Engines that print must not break the protocol.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    query: Query | None = None
    for line in sys.stdin:
        verb, _, rest = line.strip().partition(" ")
        if verb == "quit":
            break
        try:
            if verb == "prepare":
                reply = prepare()
                query = make_query()
            elif query is None:
                reply = {"error": f"'{verb}' before prepare"}
            elif verb == "answer":
                get_ready(query)
                reply = {"rows": write_answer(query(), rest)}
            elif verb == "run":
                reply = timed_run(query)
            else:
                reply = {"error": f"'{verb}' is not prepare, answer, run or quit"}
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
            if is_out_of_memory(error):
                reply["is_over_limit"] = True
        print(json.dumps(reply), file=replies, flush=True)


def serve_works(
    prepare: Callable[[], dict[str, Any]], works: dict[str, Callable[[Case], Query]]
) -> None:
    """Serves the work and the case (JSON) that the command line names."""
    work, case = sys.argv[1], json.loads(sys.argv[2])
    serve(prepare, lambda: works[work](case))
