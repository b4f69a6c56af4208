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
DAY, ONE_DAY = dt.date(2025, 10, 1), dt.timedelta(days=1)
SCHEMA = ACCOUNT
BYTES_PER_ROW = 30  # in Parquet
POSTGRES_SETTINGS = {
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "fsync": "on",
    "autovacuum": "off",
}


def last_day(days: int) -> str:
    """Returns the last of so many days."""
    return (DAY + (days - 1) * ONE_DAY).isoformat()


def settings_of_sql(days: int = 1) -> dict[str, str]:
    """Returns what peers/pod_usage_sql.py asks for."""
    return {
        "account": ACCOUNT,
        "source": SOURCE,
        "start": DAY.isoformat(),
        "end": last_day(days),
        "period": str(PERIOD),
        "cluster_id": CLUSTER_ID,
        "cluster_alias": CLUSTER_ALIAS,
    }


def make_reports(
    windrow: Path, rows: int, folder: Path, label_texts: int = 0, days: int = 1
) -> Path:
    """Makes the reports unless they are there; a broken attempt leaves nothing behind.

    Every pod has a label text of its own, unless `label_texts` says how many there are.
    """
    path = folder / (f"pod-usage-{rows}" + (f"-{label_texts}-texts" if label_texts else ""))
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
    command += ["--option", "layout=hourly", "--option", f"label_texts={label_texts}"]
    command += ["--option", f"days={days}", "--progress", "none", "-o", str(making)]
    try:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        making.rename(path)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return path


def recipe_words(place: str, reference: Path, target: str, days: int = 1) -> list[str]:
    """Returns the words of the recipe, without the command's name."""
    words = ["pod-usage", "--input", place, "--layout", "hourly", "--account", ACCOUNT]
    words += ["--source", SOURCE, "--cluster-id", CLUSTER_ID, "--cluster-alias", CLUSTER_ALIAS]
    words += ["--report-period-id", str(PERIOD), "--start", DAY.isoformat()]
    return [*words, "--end", last_day(days), "--reference", str(reference), "--to", target]


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


def table_case(server: Any) -> dict[str, Any]:
    """Returns what peers/pod_usage_peer.py needs to know of the server's table."""
    import pod_usage_sql
    from support.postgres_server import bin_folder

    return {
        "url": server.url(),
        "psql": f"{bin_folder()}/psql",
        "schema": SCHEMA,
        "columns": pod_usage_sql.COLUMNS,
    }
