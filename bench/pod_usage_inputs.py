# SPDX-License-Identifier: Apache-2.0
"""The reports that pod-usage is measured on, the command's words and PostgreSQL's table."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cases import PEERS, ROOT

# The tests have servers and koku's table; the peers have the summary's columns.
sys.path += [str(ROOT / "tests"), str(PEERS)]

ACCOUNT = "org1234567"
SOURCE = "00000000-0000-0000-0000-000000000001"
CLUSTER_ID, CLUSTER_ALIAS, PERIOD = "bench", "Benchmark", 1
DAY = dt.date(2025, 10, 1)
SCHEMA = ACCOUNT
BYTES_PER_ROW = 30  # in Parquet
POSTGRES_SETTINGS = {
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "fsync": "on",
    "autovacuum": "off",
}


def settings_of_sql() -> dict[str, str]:
    """Returns what peers/pod_usage_sql.py asks for."""
    return {
        "account": ACCOUNT,
        "source": SOURCE,
        "start": DAY.isoformat(),
        "end": DAY.isoformat(),
        "period": str(PERIOD),
        "cluster_id": CLUSTER_ID,
        "cluster_alias": CLUSTER_ALIAS,
    }


def make_reports(windrow: Path, rows: int, folder: Path) -> Path:
    """Makes the reports unless they are there; a broken attempt leaves nothing behind."""
    path = folder / f"pod-usage-{rows}"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    free, need = shutil.disk_usage(folder).free, rows * BYTES_PER_ROW
    if free < need * 1.2:
        raise RuntimeError(
            f"{path}: {free / 1e9:.1f} GB free on disk, about {need / 1e9:.1f} GB needed"
        )
    making = folder / f"making-{path.name}"
    shutil.rmtree(making, ignore_errors=True)
    command = [str(windrow), "generate", "pod-usage", "--rows", str(rows)]
    command += ["--option", "layout=hourly", "--progress", "none", "-o", str(making)]
    try:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        making.rename(path)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return path


def recipe_words(place: str, reference: Path, target: str) -> list[str]:
    """Returns the words of the recipe, without the command's name."""
    words = ["pod-usage", "--input", place, "--layout", "hourly", "--account", ACCOUNT]
    words += ["--source", SOURCE, "--cluster-id", CLUSTER_ID, "--cluster-alias", CLUSTER_ALIAS]
    words += ["--report-period-id", str(PERIOD), "--start", DAY.isoformat()]
    return [*words, "--end", DAY.isoformat(), "--reference", str(reference), "--to", target]


@contextlib.contextmanager
def postgres(with_indexes: bool) -> Iterator[Any]:
    """Starts a PostgreSQL server that has koku's table, empty."""
    from support.pod_usage import output_table
    from support.postgres_server import PostgresServer

    server = PostgresServer.create(**POSTGRES_SETTINGS)
    try:
        server.start()
        server.execute(output_table.create(SCHEMA, [DAY], with_indexes=with_indexes))
        yield server
    finally:
        server.remove()
