# SPDX-License-Identifier: Apache-2.0
"""Runs pod-usage from reports to PostgreSQL at every scale and checks each result.

reports -> Parquet -> an S3 server -> windrow pod-usage -> PostgreSQL -> the answer

The first scale's reports come from koku's own generator (nise) and all of its rows are
compared with the plain reference of the tests; those of the others from `windrow generate`,
and count, keys, labels and sums are compared with what DuckDB computes from the same files.
The first wrong answer or error ends it with exit code 1. The servers are on this machine.

    pod_usage_scales.py           22K to 1M hourly rows
    pod_usage_scales.py --full    and 10M
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import answers
import pod_usage_inputs as inputs
import pod_usage_nise
import pod_usage_peer
import pod_usage_sql
from cases import ROOT

NISE_SCALE = "22K"
SCALES = {
    NISE_SCALE: 22_080,
    "100K": 100_320,
    "250K": 250_464,
    "500K": 500_160,
    "1M": 1_017_600,
    "10M": 10_176_000,
}
LEFT_TO_FULL = ("10M",)
# The cluster of 1M for ten days; the server of the tests is slow with parts of large files.
DAYS = {"10M": 10}
TOLERANCE = 1e-12
TIME_LIMIT = 3600
HEADER = ["scale", "hourly rows", "output rows", "seconds", "peak MB", "validated"]


class ScaleError(RuntimeError):
    """A scale ended in an error or gave a wrong answer."""


@dataclass(frozen=True)
class Outcome:
    """What is reported of a scale."""

    scale: str
    rows: int
    output_rows: int
    seconds: float
    peak_bytes: int

    def cells(self, verdict: str) -> list[str]:
        """Returns the cells of its line in the table."""
        figures = [f"{self.rows:,}", f"{self.output_rows:,}", f"{self.seconds:.2f}"]
        return [self.scale, *figures, f"{self.peak_bytes / 1e6:,.0f}", verdict]


def compute(windrow: Path, servers: Any, bucket: str, reports: Path, days: int) -> dict[str, Any]:
    """Runs our command from the object store to PostgreSQL and returns its run report."""
    from support.s3_server import environment

    server, store = servers
    report = reports.with_suffix(".json")
    target = server.url(schema=inputs.SCHEMA)
    words = inputs.recipe_words(f"s3://{bucket}", reports / "reference.json", target, days)
    done = subprocess.run(
        [str(windrow), *words, "--progress", "none", "--report", str(report)],
        capture_output=True,
        text=True,
        env=environment(store.url),
        timeout=TIME_LIMIT,
        check=False,
    )
    if done.returncode != 0:
        raise ScaleError(f"windrow ended with {done.returncode}: {done.stderr.strip()}")
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return found


def wrong_by_reference(server: Any, expected: list[dict[str, Any]]) -> str:
    """Compares every row of the table with those expected; says what is wrong."""
    from support.pod_usage import comparison, output_table

    texts = (text for [text] in server.rows(output_table.select(inputs.SCHEMA)))
    return comparison.difference(output_table.rows(texts), expected)


def wrong_by_duckdb(table: pod_usage_peer.Table, reports: Path, days: int) -> str:
    """Compares the table with the summary that DuckDB computes; says what is wrong."""
    import duckdb
    import pyarrow as pa

    scratch = reports.parent
    table.write_answer(str(scratch / "ours.arrow"))
    connection = duckdb.connect()
    connection.execute(pod_usage_sql.macros(reports / "reference.json"))
    sql = pod_usage_sql.summary_sql("expert", reports, inputs.settings_of_sql(days))
    batches = connection.sql(sql).to_arrow_reader(1 << 16)
    with pa.ipc.new_file(str(scratch / "theirs.arrow"), batches.schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    digests = [answers.digest_apart(scratch / f"{n}.arrow", TOLERANCE) for n in ("ours", "theirs")]
    return "; ".join(answers.differences(*digests, TOLERANCE))


def run_scale(windrow: Path, scale: str, rows: int, servers: Any, folder: Path) -> Outcome:
    """Takes one scale from its reports to the checked table."""
    server, store = servers
    reports, days = folder / f"reports-{scale}", DAYS.get(scale, 1)
    expected = None
    if scale == NISE_SCALE:
        expected = pod_usage_nise.make_reports(rows, reports)
    else:
        reports = inputs.make_reports(windrow, rows, reports, days=days)
    bucket = f"reports-{scale.lower()}"
    store.make_bucket(bucket)
    store.put_folder(bucket, "", reports)
    table = pod_usage_peer.Table(inputs.table_case(server))
    table.empty()
    report = compute(windrow, servers, bucket, reports, days)
    if expected is not None:
        wrong = wrong_by_reference(server, expected)
    else:
        wrong = wrong_by_duckdb(table, reports, days)
    if wrong:
        raise ScaleError(f"wrong answer: {wrong}")
    [output_rows] = report["rows_out"].values()
    return Outcome(scale, rows, output_rows, report["wall_seconds"], report["peak_rss_bytes"])


def outcomes(windrow: Path, scales: dict[str, int]) -> Iterator[Outcome]:
    """Yields each scale's outcome; raises at the first that fails."""
    from support.s3_server import S3Server

    with inputs.postgres(with_indexes=False) as server, S3Server() as store:
        for scale, rows in scales.items():
            print(f"{scale}: {rows:,} rows", file=sys.stderr, flush=True)
            with tempfile.TemporaryDirectory(prefix="windrow-scales-") as folder:
                try:
                    yield run_scale(windrow, scale, rows, (server, store), Path(folder))
                except (ScaleError, OSError, subprocess.SubprocessError, AssertionError) as error:
                    raise ScaleError(f"{scale}: {error}") from error


def markdown(lines: Sequence[Sequence[str]]) -> str:
    """Returns a table with its header."""
    rule = ["---", *["---:"] * (len(HEADER) - 2), "---"]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (HEADER, rule, *lines))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--full", action="store_true", help="10M rows, too")
    parser.add_argument("--scale", nargs="+", choices=list(SCALES), help="these alone")
    parser.add_argument("--rows", type=int, help="rows of every scale, for trying out")
    parser.add_argument("--windrow", type=Path, default=ROOT / "build/release/windrow")
    parser.add_argument("--results", type=Path, default=ROOT / "bench/results")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the scales, prints and keeps the table, returns the exit code."""
    options = parse(arguments)
    wanted = options.scale or [s for s in SCALES if options.full or s not in LEFT_TO_FULL]
    lines: list[list[str]] = []
    failure = ""
    try:
        for outcome in outcomes(
            options.windrow, {scale: options.rows or SCALES[scale] for scale in wanted}
        ):
            lines.append(outcome.cells("yes"))
    except ScaleError as error:
        failure = str(error)
        scale = failure.partition(":")[0]
        lines.append([scale, *[""] * (len(HEADER) - 2), "no"])
        print(f"failed: {failure}", file=sys.stderr)
    text = markdown(lines)
    print(text, end="")
    options.results.mkdir(parents=True, exist_ok=True)
    path = options.results / f"pod-usage-scales-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.md"
    path.write_text(text + (f"\n{failure}\n" if failure else ""), encoding="utf-8")
    print(path, file=sys.stderr)
    return 1 if failure else 0


if __name__ == "__main__":
    sys.exit(main())
