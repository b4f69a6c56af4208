# SPDX-License-Identifier: Apache-2.0
"""What holds for the output rows of any input, without working them out again."""

import math
from collections import defaultdict
from collections.abc import Iterable

from support.pod_usage.arithmetic import total
from support.pod_usage.case import Row
from support.pod_usage.reference import NOT_ALLOCATED

USES = ("pod_usage", "pod_request", "pod_effective_usage")
UNITS = ("cpu_core_hours", "memory_gigabyte_hours")


def broken(rows: Iterable[Row]) -> str:
    """The first rule the rows break, in a line; empty when they keep all."""
    nodes: dict[tuple, list[Row]] = defaultdict(list)
    for row in rows:
        if fault := _broken_by(row):
            return f"{fault}: {row}"
        if row["data_source"] == "Pod":
            nodes[row["usage_start"], row.get("node")].append(row)
    return next(filter(None, (_broken_on(*key, of_node) for key, of_node in nodes.items())), "")


def _broken_by(row: Row) -> str:
    labels = (row.get("pod_labels"), row.get("volume_labels"))
    if None not in labels:
        return "labels of a pod and of a volume"
    if row["all_labels"] != (labels[0] or labels[1] or {}):
        return "all_labels are not the row's labels"
    if row["usage_start"] != row["usage_end"]:
        return "usage ends on another day"
    return ""


def _is_unallocated(row: Row) -> bool:
    return row.get("infrastructure_usage_cost") is None


def _broken_on(day: object, node: object, rows: list[Row]) -> str:
    """What pods use and what is left make the node's capacity."""
    pods = [
        row
        for row in rows
        if not _is_unallocated(row) and row.get("namespace") not in (None, *NOT_ALLOCATED)
    ]
    rests = [row for row in rows if _is_unallocated(row)]
    if bool(pods) != bool(rests):
        return f"{len(pods)} pod rows but {len(rests)} unallocated rows on {node!r}, {day}"
    for rest in rests:
        for unit in UNITS:
            capacity = rest.get(f"node_capacity_{unit}")
            for use in USES:
                used = total(row.get(f"{use}_{unit}") for row in pods)
                left = rest.get(f"{use}_{unit}")
                if (left is None) != (used is None or capacity is None):
                    return f"{use}_{unit} left on {node!r}, {day} is {left}"
                slack = 1e-12 * max(abs(used or 0), abs(capacity or 0))
                if left is not None and not math.isclose(left + used, capacity, abs_tol=slack):
                    return f"{use}_{unit} on {node!r}, {day}: {used} + {left} != {capacity}"
    return ""
