# SPDX-License-Identifier: Apache-2.0
"""Compares output rows with those they must be, in any order, numbers by a tolerance.

Rows come as JSON objects of NDJSON output, as rows read from PostgreSQL, or from the reference:
an absent column is NULL, label objects may still be text, dates may be dates.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from support.pod_usage.case import Row

KEYS = """report_period_id cluster_id cluster_alias data_source usage_start usage_end namespace
node resource_id persistentvolumeclaim persistentvolume storageclass source_uuid
cost_category_id""".split()
OBJECTS = "pod_labels volume_labels all_labels infrastructure_usage_cost".split()
NUMBERS = """pod_usage_cpu_core_hours pod_request_cpu_core_hours
pod_effective_usage_cpu_core_hours pod_limit_cpu_core_hours pod_usage_memory_gigabyte_hours
pod_request_memory_gigabyte_hours pod_effective_usage_memory_gigabyte_hours
pod_limit_memory_gigabyte_hours node_capacity_cpu_cores node_capacity_cpu_core_hours
node_capacity_memory_gigabytes node_capacity_memory_gigabyte_hours
cluster_capacity_cpu_core_hours cluster_capacity_memory_gigabyte_hours
persistentvolumeclaim_capacity_gigabyte persistentvolumeclaim_capacity_gigabyte_months
volume_request_storage_gigabyte_months persistentvolumeclaim_usage_gigabyte_months""".split()
COLUMNS = [*KEYS, *OBJECTS, *NUMBERS]

RELATIVE = 1e-12
ABSOLUTE = 1e-14  # the table keeps 15 decimals
SHOWN = 3


@dataclass(frozen=True)
class _Comparable:
    key: tuple[str, ...]
    numbers: tuple[float | None, ...]
    slack: float  # what may be lost where the number is a difference

    def sort_key(self) -> tuple:
        """Rows of one key pair up by their numbers, of which the last digits may differ."""
        rounded = (0.0 if n is None else float(f"{n:.9e}") for n in self.numbers)
        return self.key, tuple(n is None for n in self.numbers), tuple(rounded)


def difference(rows: Iterable[Row], expected: Iterable[Row]) -> str:
    """What is wrong with `rows`, in a few lines; empty when nothing is."""
    found = sorted(map(_comparable, rows), key=_Comparable.sort_key)
    wanted = sorted(map(_comparable, expected), key=_Comparable.sort_key)
    counts = Counter(row.key for row in found)
    wanted_counts = Counter(row.key for row in wanted)
    if counts != wanted_counts:
        lines = [f"{len(found)} rows, expected {len(wanted)}"]
        for title, keys in (
            ("only here", counts - wanted_counts),
            ("missing", wanted_counts - counts),
        ):
            lines += [f"{title}: {_shown(key)}" for key in list(keys.elements())[:SHOWN]]
        return "\n".join(lines)
    lines = []
    for row, other in zip(found, wanted, strict=True):
        for name, value, right in zip(NUMBERS, row.numbers, other.numbers, strict=True):
            if not _is_close(value, right, other.slack):
                lines.append(f"{name} is {value!r}, expected {right!r} in {_shown(row.key)}")
    return "\n".join(lines[:SHOWN])


def _comparable(row: Row) -> _Comparable:
    if unknown := set(row) - {*COLUMNS, "uuid"}:
        raise AssertionError(f"unknown columns {sorted(unknown)}")
    key = [_text(row.get(name)) for name in KEYS]
    key += [_object_text(row.get(name)) for name in OBJECTS]
    numbers = tuple(_number(row.get(name)) for name in NUMBERS)
    # Unallocated rows are differences: their error follows the capacity, not the value.
    is_unallocated = row["data_source"] == "Pod" and row.get("infrastructure_usage_cost") is None
    capacity = max((abs(n) for n in numbers if n is not None), default=0.0)
    return _Comparable(tuple(key), numbers, RELATIVE * capacity if is_unallocated else 0.0)


def _text(value: object) -> str:
    return json.dumps(None if value is None else str(value), ensure_ascii=False)


def _object_text(value: object) -> str:
    if isinstance(value, str):
        value = json.loads(value)
    if isinstance(value, dict):
        is_number = {name: isinstance(item, int | float) for name, item in value.items()}
        value = {name: float(item) if is_number[name] else item for name, item in value.items()}
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _number(value: object) -> float | None:
    return None if value is None else float(value)  # type: ignore[arg-type]


def _is_close(value: float | None, expected: float | None, slack: float) -> bool:
    if value is None or expected is None:
        return value is expected
    return math.isclose(value, expected, rel_tol=RELATIVE, abs_tol=max(ABSOLUTE, slack))


def _shown(key: tuple[str, ...]) -> str:
    """The parts of a key that tell one row from another."""
    quiet = {"report_period_id", "cluster_id", "cluster_alias", "source_uuid", "usage_end"}
    names = [*KEYS, *OBJECTS]
    parts = [
        f"{name}={text}"
        for name, text in zip(names, key, strict=True)
        if name not in quiet and text != "null"
    ]
    return " ".join(parts)
