# SPDX-License-Identifier: Apache-2.0
"""The rows pod-usage must give, worked out slowly and plainly from the rows of a Case.

Written from the definition of the summary, without an engine: lists, dicts and doubles. Where
the SQL it stands for fails, RefusedInput is raised.
"""

import calendar
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator

from support.pod_usage import labels
from support.pod_usage.arithmetic import (
    difference,
    gigabyte_hours,
    gigabytes,
    greater,
    greatest_of,
    hours,
    quotient,
    total,
)
from support.pod_usage.case import (
    NAMESPACE_LABELS,
    NODE_LABELS,
    POD_DAYS,
    POD_HOURS,
    STORAGE_DAYS,
    Case,
    Row,
)
from support.pod_usage.labels import Labels, group_key, merged
from support.pod_usage.limits import within_limits

ALWAYS_ENABLED = "vm_kubevirt_io_name"
NOT_ALLOCATED = (
    "Platform unallocated",
    "Worker unallocated",
    "Network unattributed",
    "Storage unattributed",
)
NAMESPACE_OF_ROLE = {
    "master": "Platform unallocated",
    "infra": "Platform unallocated",
    "worker": "Worker unallocated",
}
NO_COST = {"cpu": 0.0, "memory": 0.0, "storage": 0.0}
CAPACITIES = (
    "node_capacity_cpu_cores",
    "node_capacity_cpu_core_hours",
    "node_capacity_memory_gigabytes",
    "node_capacity_memory_gigabyte_hours",
    "cluster_capacity_cpu_core_hours",
    "cluster_capacity_memory_gigabyte_hours",
)


def summary(case: Case) -> list[Row]:
    """The output rows, in no particular order."""
    made = _Summary(case)
    pods = list(made.pod_rows())
    storage = list(made.storage_rows()) if case.settings.storage_exists else []
    return [within_limits(row) for row in [*pods, *storage, *made.unallocated_rows(pods)]]


def instant(row: Row) -> dt.datetime | None:
    """interval_start, rounded half up to milliseconds."""
    time = row.get("interval_start")
    if time is None:
        return None
    assert isinstance(time, dt.datetime)
    return time + dt.timedelta(
        microseconds=(time.microsecond + 500) // 1000 * 1000 - time.microsecond
    )


def day_of(row: Row) -> dt.date:
    time = instant(row)
    assert time is not None
    return time.date()


class _Summary:
    def __init__(self, case: Case):
        self._case = case
        self._settings = case.settings
        keys = case.settings.enabled_keys
        # Without an enabled key the list of keys is NULL and not even that one passes.
        self._keys = {ALWAYS_ENABLED, *keys} if keys else set()
        self._node_labels = self._variants(NODE_LABELS, "node", "node_labels")
        self._namespace_labels = self._variants(NAMESPACE_LABELS, "namespace", "namespace_labels")
        self._pods = [row for row in case.rows(POD_DAYS) if self._is_in_partition(row)]
        self._node_capacity, self._cluster_capacity = self._capacities()

    def _is_in_partition(self, row: Row) -> bool:
        start = self._settings.start
        wanted = (self._settings.source, f"{start:%Y}", f"{start:%m}")
        is_wanted = (row["source"], row["year"], row["month"]) == wanted
        return is_wanted and instant(row) is not None

    def _is_in_window(self, row: Row) -> bool:
        if not self._is_in_partition(row):
            return False
        return self._settings.start <= day_of(row) <= self._settings.end

    def _labels(self, row: Row, column: str) -> Labels:
        return labels.enabled(labels.parse(row.get(column)), self._keys)

    def _variants(self, table: str, owner: str, column: str) -> dict[tuple, list[Labels]]:
        """The distinct label maps of a (day, owner)."""
        found: dict[tuple, dict] = defaultdict(dict)
        for row in self._case.rows(table):
            if self._is_in_window(row):
                variant = self._labels(row, column)
                if row.get(owner) is not None:
                    found[day_of(row), row[owner]][group_key(variant)] = variant
        return {key: list(variants.values()) for key, variants in found.items()}

    def _capacities(self) -> tuple[dict, dict]:
        """Core-seconds and byte-seconds of a (day, node), and of a day over all nodes."""
        columns = ("node_capacity_cpu_core_seconds", "node_capacity_memory_byte_seconds")
        per_hour: dict[tuple, list[Row]] = defaultdict(list)
        for row in self._case.rows(POD_HOURS):
            if self._is_in_window(row):
                per_hour[instant(row), row.get("node")].append(row)
        of_node: dict[tuple, list[list]] = defaultdict(lambda: [[], []])
        for (time, node), rows in per_hour.items():
            for values, column in zip(of_node[time.date(), node], columns, strict=True):
                values.append(greatest_of(row.get(column) for row in rows))
        nodes = {key: [total(values) for values in both] for key, both in of_node.items()}
        of_day: dict[dt.date, list[list]] = defaultdict(lambda: [[], []])
        for (day, _), sums in nodes.items():
            for values, value in zip(of_day[day], sums, strict=True):
                values.append(value)
        return nodes, {day: [total(values) for values in both] for day, both in of_day.items()}

    def _categories(self, namespace: str | None) -> list[int | None]:
        """One entry for each pattern that matches."""
        return [
            category
            for pattern, category in self._settings.cost_categories
            if labels.is_like(namespace, pattern)
        ]

    def _repeats(self, day: dt.date, node, namespace) -> Iterator[tuple[Labels, int | None]]:
        """What a row meets in its left joins: labels of node and namespace, a category."""
        for of_node in self._node_labels.get((day, node)) or [None]:
            for of_namespace in self._namespace_labels.get((day, namespace)) or [None]:
                inherited = merged(of_node or {}, of_namespace or {})
                for category in self._categories(namespace) or [None]:
                    yield inherited, category

    def _constants(self, day: dt.date) -> Row:
        return {
            "report_period_id": self._settings.report_period_id,
            "cluster_id": self._settings.cluster_id,
            "cluster_alias": self._settings.cluster_alias,
            "usage_start": day.isoformat(),
            "usage_end": day.isoformat(),
            "source_uuid": self._settings.source,
        }

    def pod_rows(self) -> Iterator[Row]:
        groups: dict[tuple, list[tuple[Row, int | None]]] = defaultdict(list)
        maps: dict[tuple, Labels] = {}
        for row in self._pods:
            node, namespace = row.get("node"), row.get("namespace")
            if not self._is_in_window(row) or not node:
                continue
            own = self._labels(row, "pod_labels")
            for inherited, category in self._repeats(day_of(row), node, namespace):
                together = merged(inherited, own)
                key = (day_of(row), namespace, node, group_key(together))
                groups[key].append((row, category))
                maps[key] = together
        for key, members in groups.items():
            day, namespace, node, _ = key
            yield {
                **self._constants(day),
                "data_source": "Pod",
                "namespace": namespace,
                "node": node,
                "pod_labels": maps[key],
                "volume_labels": None,
                "all_labels": maps[key] or {},
                "infrastructure_usage_cost": NO_COST,
                "cost_category_id": greatest_of(category for _, category in members),
                **self._pod_metrics(day, node, [row for row, _ in members]),
            }

    def _pod_metrics(self, day: dt.date, node: str, rows: list[Row]) -> Row:
        metrics: Row = {"resource_id": greatest_of(row.get("resource_id") for row in rows)}
        for seconds, name, unit in (
            ("cpu_core_seconds", "cpu_core_hours", hours),
            ("memory_byte_seconds", "memory_gigabyte_hours", gigabyte_hours),
        ):
            for kind in ("usage", "request", "limit"):
                column = f"pod_{kind}_{seconds}"
                metrics[f"pod_{kind}_{name}"] = unit(total(row.get(column) for row in rows))
            effective = total(_effective(row, seconds) for row in rows)
            metrics[f"pod_effective_usage_{name}"] = unit(effective)
        cpu, memory = self._node_capacity.get((day, node), (None, None))
        cluster_cpu, cluster_memory = self._cluster_capacity.get(day, (None, None))
        cores = greatest_of(row.get("node_capacity_cpu_cores") for row in rows)
        size = greatest_of(row.get("node_capacity_memory_bytes") for row in rows)
        values = (
            *(cores, hours(cpu), gigabytes(size), gigabyte_hours(memory)),
            *(hours(cluster_cpu), gigabyte_hours(cluster_memory)),
        )
        return metrics | dict(zip(CAPACITIES, values, strict=True))

    def storage_rows(self) -> Iterator[Row]:
        claims = [row for row in self._case.rows(STORAGE_DAYS) if self._is_in_window(row)]
        places, node_counts = self._places(claims)
        groups: dict[tuple, list[tuple[Row, int | None]]] = defaultdict(list)
        maps: dict[tuple, Labels] = {}
        for row in claims:
            of_volume = self._labels(row, "persistentvolume_labels")
            of_claim = self._labels(row, "persistentvolumeclaim_labels")
            for node, resource in places.get(_claim_key(row)) or [(None, None)]:
                for inherited, category in self._repeats(day_of(row), node, row.get("namespace")):
                    together = merged(inherited, of_volume, of_claim)
                    names = ("namespace", "persistentvolumeclaim", "persistentvolume")
                    kinds = ("storageclass", "csi_volume_handle")
                    own = tuple(row.get(name) for name in (*names, *kinds))
                    key = (day_of(row), node, resource, own, group_key(together))
                    groups[key].append((row, category))
                    maps[key] = together
        for key, members in groups.items():
            day, node, resource, (namespace, claim, volume, storage_class, _), _ = key
            yield {
                **self._constants(day),
                "data_source": "Storage",
                "namespace": namespace,
                "node": node,
                "resource_id": resource,
                "pod_labels": None,
                "volume_labels": maps[key],
                "all_labels": maps[key] or {},
                "persistentvolumeclaim": claim,
                "persistentvolume": volume,
                "storageclass": storage_class,
                "infrastructure_usage_cost": NO_COST,
                "cost_category_id": greatest_of(category for _, category in members),
                **_storage_metrics(
                    day, node_counts.get((day, volume)), [row for row, _ in members]
                ),
            }

    def _places(self, claims: Iterable[Row]) -> tuple[dict, dict]:
        """Where the pods of a claim ran, once for each volume; and a volume's node count."""
        pods: dict[tuple, set] = defaultdict(set)
        for row in self._pods:
            pods[day_of(row), row.get("namespace"), row.get("pod")].add(
                (row.get("node"), row.get("resource_id"))
            )
        found: dict[tuple, set] = defaultdict(set)
        nodes: dict[tuple, set] = defaultdict(set)
        for row in claims:
            pod = (day_of(row), row.get("namespace"), row.get("pod"))
            if None in pod:
                continue
            volume = row.get("persistentvolume")
            for node, resource in pods.get(pod, ()):
                if row.get("persistentvolumeclaim") is not None:
                    found[_claim_key(row)].add((volume, node, resource))
                nodes[day_of(row), volume].add(node)
        places = {
            key: [(node, resource) for _, node, resource in members]
            for key, members in found.items()
        }
        counts = {
            key: float(len(members - {None}))
            for key, members in nodes.items()
            if key[1] is not None
        }
        return places, counts

    def unallocated_rows(self, pods: Iterable[Row]) -> Iterator[Row]:
        """What of each node's capacity its pods left, once for each category that matches."""
        groups: dict[tuple, list[Row]] = defaultdict(list)
        for row in pods:
            if row["namespace"] is not None and row["namespace"] not in NOT_ALLOCATED:
                groups[row["usage_start"], row["node"]].append(row)
        roles: dict[tuple, list[str | None]] = defaultdict(list)
        for node, resource, role in self._settings.nodes:
            if node is not None and resource is not None:
                roles[node, resource].append(role)
        for (day, node), rows in groups.items():
            role = greatest_of(
                role for row in rows for role in roles.get((node, row["resource_id"]), ())
            )
            namespace = NAMESPACE_OF_ROLE.get(role)
            row = {
                **self._constants(dt.date.fromisoformat(day)),
                "data_source": "Pod",
                "namespace": namespace,
                "node": node,
                "resource_id": greatest_of(row["resource_id"] for row in rows),
                "all_labels": {},
            }
            row |= {name: greatest_of(pod[name] for pod in rows) for name in CAPACITIES}
            for unit in ("cpu_core_hours", "memory_gigabyte_hours"):
                for kind in ("pod_usage", "pod_request", "pod_effective_usage"):
                    used = total(pod[f"{kind}_{unit}"] for pod in rows)
                    row[f"{kind}_{unit}"] = difference(row[f"node_capacity_{unit}"], used)
            for category in self._categories(namespace) or [None]:
                yield row | {"cost_category_id": category}


def _effective(row: Row, seconds: str) -> float | None:
    stored = row.get(f"pod_effective_usage_{seconds}")
    if stored is not None:
        return stored
    return greater(row.get(f"pod_usage_{seconds}"), row.get(f"pod_request_{seconds}"))


def _claim_key(row: Row) -> tuple:
    return day_of(row), row.get("persistentvolumeclaim"), row.get("pod"), row.get("namespace")


def _storage_metrics(day: dt.date, node_count: float | None, rows: list[Row]) -> Row:
    month_seconds = 86_400.0 * calendar.monthrange(day.year, day.month)[1]

    def months(byte_seconds: float | None) -> float | None:
        return gigabytes(quotient(byte_seconds, month_seconds))

    def summed(column: str) -> float | None:
        return total(row.get(column) for row in rows)

    size = greatest_of(row.get("persistentvolumeclaim_capacity_bytes") for row in rows)
    requested = summed("volume_request_storage_byte_seconds")
    used = summed("persistentvolumeclaim_usage_byte_seconds")
    return {
        "persistentvolumeclaim_capacity_gigabyte": gigabytes(size),
        "persistentvolumeclaim_capacity_gigabyte_months": months(
            summed("persistentvolumeclaim_capacity_byte_seconds")
        ),
        "volume_request_storage_gigabyte_months": months(quotient(requested, node_count)),
        "persistentvolumeclaim_usage_gigabyte_months": months(quotient(used, node_count)),
    }
