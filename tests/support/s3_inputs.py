# SPDX-License-Identifier: Apache-2.0
"""Files in a folder and the same in an S3 server, and runs of `windrow` that read them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import command
import pyarrow as pa
import pyarrow.parquet as pq
from case_run import Outcome
from support.s3_server import ACCESS_KEY, SECRET_KEY, S3Server, environment

BUCKET = "inputs"
SMALL_FILES = 24
ROWS_OF_SMALL = 50
# Above the size that is fetched with one request.
LARGE_ROWS = 600_000
LARGE = f"s3://{BUCKET}/data/large.parquet"


def table(rows: int, first: int = 0) -> pa.Table:
    ids = range(first, first + rows)
    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "mixed": pa.array([(i * 2654435761) % 2**32 for i in ids], pa.int64()),
            "name": [f"name {i % 97}" for i in ids],
        }
    )


def write_files(folder: Path) -> Path:
    """The files that the bucket holds under data/."""
    days = folder / "days"
    for number in range(SMALL_FILES):
        day = days / f"day=2024-05-{number + 1:02}"
        day.mkdir(parents=True)
        pq.write_table(table(ROWS_OF_SMALL, number * ROWS_OF_SMALL), day / "part.parquet")
    (days / "_SUCCESS").write_bytes(b"")
    large = table(LARGE_ROWS)
    pq.write_table(large, folder / "large.parquet", row_group_size=60_000)
    with pa.ipc.new_file(folder / "large.arrow", large.schema) as writer:
        writer.write_table(large, max_chunksize=100_000)
    pq.write_table(large.slice(0, 5), folder / "odd [1].parquet")
    return folder


@contextmanager
def serve(folder: Path) -> Iterator[S3Server]:
    """A server whose bucket holds the files of `folder`, and an empty folder."""
    with S3Server() as server:
        server.make_bucket(BUCKET)
        server.put_folder(BUCKET, "data/", folder)
        server.put(BUCKET, "empty/", b"")
        yield server


def write_job(folder: Path, scan: str, steps: str = "", last: str = "t") -> Path:
    """A job that writes `last`, by default the scan `t` itself, to out.parquet."""
    job = folder / "job.yaml"
    job.write_text(
        f"windrow: 1\nsources:\n  t: {{scan: {scan}}}\n{steps}"
        f"sinks:\n  - {{write: out.parquet, from: {last}}}\n",
        encoding="utf-8",
    )
    return job


def run(folder: Path, scan: str, endpoint: str, *words: str, **env: str | None) -> Outcome:
    outcome = command.run(
        "run",
        write_job(folder, scan),
        "--progress",
        "none",
        *words,
        cwd=folder,
        env=environment(endpoint, **env),
    )
    assert SECRET_KEY not in outcome.stdout + outcome.stderr
    assert ACCESS_KEY not in outcome.stdout + outcome.stderr
    return outcome


def rows_of(folder: Path, scan: str, endpoint: str, *words: str) -> pa.Table:
    outcome = run(folder, scan, endpoint, *words)
    assert outcome.exit_code == 0, outcome.stderr
    return pq.read_table(folder / "out.parquet")


def fails(folder: Path, scan: str, endpoint: str, *words: str, **env: str | None) -> str:
    outcome = run(folder, f'"{scan}"', endpoint, *words, **env)
    assert outcome.exit_code == 4, outcome.stderr
    assert command.is_one_line(outcome.stderr), outcome.stderr
    assert not (folder / "out.parquet").exists()
    return outcome.stderr
