# SPDX-License-Identifier: Apache-2.0
"""One run of pod-usage as a test sees it: the rows of the five input tables and the settings.

A row is a dict of plain Python values; an absent column is NULL. The partition columns source,
year and month are part of the row.
"""

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

Row = dict[str, object]

POD_HOURS = "openshift_pod_usage_line_items"
POD_DAYS = "openshift_pod_usage_line_items_daily"
STORAGE_DAYS = "openshift_storage_usage_line_items_daily"
NODE_LABELS = "openshift_node_labels_line_items_daily"
NAMESPACE_LABELS = "openshift_namespace_labels_line_items_daily"
TABLES = (POD_HOURS, POD_DAYS, STORAGE_DAYS, NODE_LABELS, NAMESPACE_LABELS)

PARTITIONS = ("source", "year", "month")
TIMES = ("interval_start", "interval_end", "report_period_start", "report_period_end")
LABELS = (
    "pod_labels",
    "persistentvolume_labels",
    "persistentvolumeclaim_labels",
    "node_labels",
    "namespace_labels",
)

SOURCE = "00000000-0000-0000-0000-000000000001"
ACCOUNT = "org1234567"


class RefusedInput(ValueError):
    """Input on which the SQL fails, so that the command must too."""


def is_number(column: str) -> bool:
    return column.endswith(("_seconds", "_bytes", "_cores"))


@dataclass(frozen=True)
class Settings:
    """What the command is told besides its rows. Both days are included."""

    source: str = SOURCE
    cluster_id: str = "c"
    cluster_alias: str = "C"
    start: dt.date = dt.date(2025, 10, 1)
    end: dt.date = dt.date(2025, 10, 2)
    enabled_keys: tuple[str, ...] = ("app", "env", "tier")
    cost_categories: tuple[tuple[str | None, int | None], ...] = (
        ("openshift-%", 1),
        ("kube-%", 1),
        ("Platform unallocated", 1),
        ("openshift", 1),
    )
    nodes: tuple[tuple[str | None, str | None, str | None], ...] = (("n1", "i-1", "worker"),)
    storage_exists: bool = True
    report_period_id: int = 1

    def write_reference(self, path: Path) -> None:
        reference = {
            "enabled_keys": self.enabled_keys,
            "cost_categories": self.cost_categories,
            "nodes": self.nodes,
            "storage_exists": self.storage_exists,
        }
        path.write_text(json.dumps(reference, ensure_ascii=False), encoding="utf-8")

    def arguments(self) -> list[str]:
        """The words of the command that tell these settings, but for --reference."""
        return [
            *("--source", self.source, "--cluster-id", self.cluster_id),
            *("--cluster-alias", self.cluster_alias),
            *("--report-period-id", str(self.report_period_id)),
            *("--start", self.start.isoformat(), "--end", self.end.isoformat()),
        ]


@dataclass(frozen=True)
class Form:
    """How a file holds its rows. Columns take a narrower type only where all values allow."""

    time: str = "ms"  # ms, us, ns, int96 or utc (ms, adjusted to UTC)
    number: str = "double"  # double, int32, int64 or float
    text: str = "text"  # text or int64
    label: str = "json"  # json, map or struct
    row_group_rows: int = 1_000_000
    is_dictionary: bool = True


@dataclass(frozen=True)
class DataFile:
    """Rows of one table in one partition, in the order a file holds them."""

    table: str
    rows: list[Row]
    form: Form = Form()

    @property
    def partition(self) -> tuple[str, str, str]:
        source, year, month = (str(self.rows[0][name]) for name in PARTITIONS)
        return source, year, month


@dataclass
class Case:
    files: list[DataFile] = field(default_factory=list)
    settings: Settings = Settings()

    def rows(self, table: str) -> list[Row]:
        return [row for file in self.files if file.table == table for row in file.rows]

    def add(self, table: str, rows: Iterable[Row]) -> None:
        """Adds a file for each partition that has rows."""
        partitions: dict[tuple, list[Row]] = {}
        for row in rows:
            partitions.setdefault(tuple(row[name] for name in PARTITIONS), []).append(row)
        self.files += [DataFile(table, members) for members in partitions.values()]
