# SPDX-License-Identifier: Apache-2.0
"""Reads the operator's CSV reports as koku does, and has nise make such reports."""

import csv
import datetime as dt
import subprocess
import sys
from pathlib import Path

from support.pod_usage.case import SOURCE, TIMES, Row, is_number
from support.pod_usage.hourly_rows import NAMESPACES, NODES, PODS, STORAGE, Hours

TIMEOUT_SECONDS = 120
# The first column that a file of the report has and no file of those above it.
SIGNS = {
    PODS: "pod_usage_cpu_core_seconds",
    STORAGE: "persistentvolumeclaim_capacity_bytes",
    NODES: "node_labels",
    NAMESPACES: "namespace_labels",
}
ANOMALY = 1e18  # a row with a greater number is dropped


def make_reports(scenario: Path, day: dt.date, folder: Path) -> Hours:
    """The reports that nise makes of a scenario for one day."""
    folder.mkdir()
    nise = Path(sys.executable).parent / "nise"
    command = [nise, "report", "ocp", "--static-report-file", scenario, "--ocp-cluster-id", "c"]
    command += ["--write-monthly", "--start-date", day.isoformat()]
    command += ["--end-date", (day + dt.timedelta(days=1)).isoformat()]
    done = subprocess.run(
        [*map(str, command)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return read_reports(folder)


def read_reports(folder: Path) -> Hours:
    hours: Hours = {report: [] for report in SIGNS}
    for path in sorted(folder.rglob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or []
            report = next((name for name, sign in SIGNS.items() if sign in columns), None)
            if report is not None:
                hours[report] += filter(_is_sane, map(_typed, reader))
    return hours


def _typed(cells: dict[str, str]) -> Row:
    row: Row = {name: _value(name, text) for name, text in cells.items()}
    month = cells["report_period_start"]
    return row | {"source": SOURCE, "year": month[:4], "month": month[5:7]}


def _value(name: str, text: str) -> object:
    if name in TIMES:
        return dt.datetime.fromisoformat(text.removesuffix(" +0000 UTC"))
    if not is_number(name):
        return text
    try:
        return float(text)
    except ValueError:
        return 0.0


def _is_sane(row: Row) -> bool:
    unchecked = "node_capacity_cpu_cores"
    return all(row[name] <= ANOMALY for name in row if is_number(name) and name != unchecked)
