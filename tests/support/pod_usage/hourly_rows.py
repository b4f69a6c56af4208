# SPDX-License-Identifier: Apache-2.0
"""Hourly rows as the operator reports them: what koku makes of them, and their own layout.

    FOLDER/data/{account}/OCP/source=S/year=Y/month=M/day=D/{table}/data.parquet

Rows are hourly in every table, labels are pipe text (`app:x|tier:y`), an empty cell is NULL and
columns of whole numbers are INT64.
"""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from support.pod_usage.arithmetic import greatest_of
from support.pod_usage.case import (
    ACCOUNT,
    LABELS,
    NAMESPACE_LABELS,
    NODE_LABELS,
    PARTITIONS,
    POD_DAYS,
    POD_HOURS,
    STORAGE_DAYS,
    TIMES,
    Case,
    Row,
    Settings,
    is_number,
)

PODS, STORAGE, NODES, NAMESPACES = "pod_usage", "storage_usage", "node_labels", "namespace_labels"
Hours = dict[str, list[Row]]  # the rows of each report

FOLDERS = {
    PODS: "openshift_pod_usage_line_items",
    STORAGE: "openshift_storage_usage_line_items_daily",
    NODES: "openshift_node_labels_line_items",
    NAMESPACES: "openshift_namespace_labels_line_items",
}
DAYS = {
    PODS: POD_DAYS,
    STORAGE: STORAGE_DAYS,
    NODES: NODE_LABELS,
    NAMESPACES: NAMESPACE_LABELS,
}
# Rows of a day become one by these; other texts and capacities take their maximum.
DAY_KEYS = {
    PODS: ("namespace", "node", "pod", "pod_labels"),
    STORAGE: (
        *("namespace", "node", "pod", "persistentvolumeclaim", "persistentvolume"),
        *("storageclass", "csi_driver", "csi_volume_handle"),
        *("persistentvolume_labels", "persistentvolumeclaim_labels"),
    ),
    NODES: ("node", "node_labels"),
    NAMESPACES: ("namespace", "namespace_labels"),
}


def ingested(hours: Hours, settings: Settings) -> Case:
    """The tables koku makes of the hours."""
    case = Case(settings=settings)
    pods = [_with_effective(_typed(row)) for row in hours.get(PODS, [])]
    case.add(POD_HOURS, pods)
    for report, table in DAYS.items():
        rows = pods if report == PODS else map(_typed, hours.get(report, []))
        case.add(table, _days(rows, DAY_KEYS[report]))
    return case


def label_json(pipes: str | None) -> str:
    """Parts without a colon or with two are left out, and `label_` wherever a key has it."""
    labels = {}
    for part in (pipes or "").split("|"):
        if part.count(":") == 1:
            key, value = part.split(":")
            labels[key.replace("label_", "")] = value
    return json.dumps(labels)


def _typed(row: Row) -> Row:
    return {name: _typed_value(name, value) for name, value in row.items()}


def _typed_value(name: str, value: object) -> object:
    if name in LABELS:
        return label_json(value)  # type: ignore[arg-type]
    if is_number(name):
        return float(value or 0.0)  # type: ignore[arg-type]
    return value if name in TIMES else value or ""


def _with_effective(row: Row) -> Row:
    effective = {
        f"pod_effective_usage_{unit}": max(row[f"pod_usage_{unit}"], row[f"pod_request_{unit}"])
        for unit in ("cpu_core_seconds", "memory_byte_seconds")
    }
    return row | effective


def _days(rows: Iterable[Row], keys: tuple[str, ...]) -> Iterator[Row]:
    groups: dict[tuple, list[Row]] = defaultdict(list)
    for row in rows:
        day = row["interval_start"].date()
        groups[day, *(row.get(name) for name in (*keys, *PARTITIONS))].append(row)
    for (day, *values), members in groups.items():
        one = dict(zip((*keys, *PARTITIONS), values, strict=True))
        one["interval_start"] = dt.datetime.combine(day, dt.time())
        for name in sorted({name for row in members for name in row} - set(one)):
            if name == "interval_end":
                continue
            numbers = [row.get(name) for row in members]
            one[name] = sum(numbers) if name.endswith("_seconds") else greatest_of(numbers)
        yield one


def write_hourly(hours: Hours, folder: Path, account: str = ACCOUNT) -> None:
    for report, rows in hours.items():
        days: dict[tuple, list[Row]] = defaultdict(list)
        for row in rows:
            days[row["source"], row["interval_start"].date()].append(row)
        for (source, day), members in days.items():
            names = (f"source={source}", f"year={day:%Y}", f"month={day:%m}", f"day={day:%d}")
            place = folder.joinpath("data", account, "OCP", *names, FOLDERS[report])
            place.mkdir(parents=True)
            pq.write_table(_table(members), place / "data.parquet")


def _table(rows: list[Row]) -> pa.Table:
    names = sorted({name for row in rows for name in row} - set(PARTITIONS))
    columns = {name: _column(name, [row.get(name) for row in rows]) for name in names}
    return pa.table(columns | {"cluster_id": pa.array(["c"] * len(rows))})


def _column(name: str, values: list) -> pa.Array:
    if name in TIMES:
        return pa.array(values, pa.timestamp("ns"))
    if is_number(name):
        is_whole = all(value is not None and float(value).is_integer() for value in values)
        return pa.array([int(v) for v in values] if is_whole else values)
    return pa.array([value or None for value in values], pa.string())
