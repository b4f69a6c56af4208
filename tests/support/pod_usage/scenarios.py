# SPDX-License-Identifier: Apache-2.0
"""The twenty scenarios: reports of a small cluster, and what each is named for.

Their clusters are described in tests/data/pod_usage/scenarios. Pods have, unless said
otherwise, 0.25 core of usage, 0.5 requested and 1 at most, and 0.5, 1 and 2 GiB, on nodes of 4
cores and 16 GiB, for a day.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.pod_usage.case import Row, Settings
from support.pod_usage.hourly_rows import PODS, Hours

FOLDER = Path(__file__).resolve().parents[2] / "data/pod_usage/scenarios"
OCTOBER = dt.date(2025, 10, 1)
LEAP_DAY_MONTH = dt.date(2024, 2, 10)

NODES = [f"n{number}" for number in (1, 2, 3)]
WORKERS = tuple((node, f"i-{node}", "worker") for node in NODES)
ROLES = tuple((role, f"i-{role}", role) for role in ("master", "infra", "worker"))
CATEGORIES = (
    *(("openshift-%", 1), ("kube-%", 1), ("Platform unallocated", 1), ("openshift", 1)),
    ("team_a", 2),
)
KEYS = "app env tier size empty k8s.io/part-of storage backup url pod node ns claim volume"


@dataclass(frozen=True)
class Scenario:
    check: Callable[["Rows"], None]  # what the scenario is named for
    change: Callable[[Hours], None] = lambda hours: None  # to the hours the generator made
    day: dt.date = OCTOBER

    def settings(self) -> Settings:
        return Settings(
            start=self.day,
            end=self.day,
            enabled_keys=tuple(KEYS.split()),
            cost_categories=CATEGORIES,
            nodes=WORKERS + ROLES,
        )


class Rows:
    """Output rows by what they tell of, sorted by namespace, node and claim."""

    def __init__(self, rows: list[Row]):
        names = ("namespace", "node", "persistentvolumeclaim", "usage_start")
        self._rows = sorted(rows, key=lambda row: [row.get(name) or "" for name in names])

    @property
    def pods(self) -> list[Row]:
        return [
            row
            for row in self._rows
            if row["data_source"] == "Pod" and row.get("infrastructure_usage_cost") is not None
        ]

    @property
    def unallocated(self) -> list[Row]:
        return [row for row in self._rows if row.get("infrastructure_usage_cost") is None]

    @property
    def storage(self) -> list[Row]:
        return [row for row in self._rows if row["data_source"] == "Storage"]


def near(*values: float) -> object:
    return pytest.approx(list(values), rel=1e-12)


def column(rows: list[Row], name: str) -> list:
    return [row.get(name) for row in rows]


def uses(rows: list[Row], unit: str = "cpu_core_hours") -> list[list]:
    kinds = ("pod_usage", "pod_request", "pod_effective_usage", "pod_limit")
    return [[row.get(f"{kind}_{unit}") for kind in kinds] for row in rows]


def months(rows: list[Row]) -> list[list]:
    """Capacity, request and usage."""
    names = (
        "persistentvolumeclaim_capacity_gigabyte_months",
        "volume_request_storage_gigabyte_months",
        "persistentvolumeclaim_usage_gigabyte_months",
    )
    return [[row.get(name) for name in names] for row in rows]


def basic_pod(rows: Rows) -> None:
    [pod] = rows.pods
    assert uses([pod])[0] == near(6, 12, 12, 24)
    assert uses([pod], "memory_gigabyte_hours")[0] == near(12, 24, 24, 48)
    assert pod["pod_labels"] == {"app": "web"}
    assert rows.storage == []


def storage_volume(rows: Rows) -> None:
    [claim] = rows.storage
    assert (claim["persistentvolumeclaim"], claim["persistentvolume"]) == ("c1", "v1")
    assert (claim["storageclass"], claim["node"]) == ("gp3", "n1")
    assert claim["persistentvolumeclaim_capacity_gigabyte"] == 10
    assert months([claim])[0] == near(10 / 31, 10 / 31, 4 / 31)


def multi_namespace(rows: Rows) -> None:
    assert column(rows.pods, "namespace") == ["bank", "post", "shop"]
    assert column(rows.pods, "pod_usage_cpu_core_hours") == near(6, 12, 6)
    assert len(rows.unallocated) == 1


def multi_node(rows: Rows) -> None:
    assert column(rows.pods, "node") == NODES
    assert column(rows.pods, "resource_id") == ["i-n1", "i-n2", "i-n3"]
    assert column(rows.pods, "node_capacity_cpu_cores") == [4, 8, 16]
    assert column(rows.pods, "node_capacity_memory_gigabyte_hours") == near(384, 768, 1536)
    assert column(rows.unallocated, "pod_usage_cpu_core_hours") == near(90, 186, 378)


def cluster_capacity(rows: Rows) -> None:
    every = [*rows.pods, *rows.unallocated]
    assert len(every) == 6
    assert set(column(every, "cluster_capacity_cpu_core_hours")) == {24.0 * (4 + 8 + 16)}
    assert set(column(every, "cluster_capacity_memory_gigabyte_hours")) == {24.0 * 112}


def cost_category(rows: Rows) -> None:
    found = {row["namespace"]: row.get("cost_category_id") for row in rows.pods}
    assert found == {
        "openshift-dns": 1,
        "kube-system": 1,
        "team_a": 2,
        "teamXa": 2,  # the _ of a pattern is any character
        "shop": None,
    }


def unallocated_capacity(rows: Rows) -> None:
    first, second = rows.unallocated
    assert uses([first, second])[0][:3] == near(96 - 12, 96 - 24, 96 - 24)
    assert uses([first, second])[1][:3] == near(192 - 6, 192 - 12, 192 - 12)
    assert uses([second], "memory_gigabyte_hours")[0][:3] == near(768 - 12, 768 - 24, 768 - 24)
    assert column(rows.unallocated, "pod_limit_cpu_core_hours") == [None, None]


def shared_volume(rows: Rows) -> None:
    assert column(rows.storage, "node") == ["n1", "n2"]
    for claim in rows.storage:
        assert months([claim])[0] == near(10 / 31, 5 / 31, 2 / 31)


def days_in_month(rows: Rows) -> None:
    assert column(rows.storage, "usage_start") == ["2024-02-10"]
    assert months(rows.storage)[0] == near(10 / 29, 10 / 29, 4 / 29)


def storage_cost_category(rows: Rows) -> None:
    found = {row["namespace"]: row.get("cost_category_id") for row in rows.storage}
    assert found == {"openshift-dns": 1, "shop": None}


def claim_capacity(rows: Rows) -> None:
    assert column(rows.storage, "persistentvolumeclaim") == ["c10", "c100", "c1000"]
    assert column(rows.storage, "persistentvolumeclaim_capacity_gigabyte") == [10, 100, 1000]


def label_precedence(rows: Rows) -> None:
    inherited = {"tier": "node", "node": "node", "ns": "ns"}
    [pod], [claim] = rows.pods, rows.storage
    assert pod["pod_labels"] == inherited | {"app": "pod", "env": "ns", "pod": "pod"}
    own = {"app": "claim", "env": "volume", "claim": "claim", "volume": "volume"}
    assert claim["volume_labels"] == inherited | own


def special_characters(rows: Rows) -> None:
    [pod] = rows.pods
    # url:http://x has two colons and is gone.
    assert pod["pod_labels"] == {
        "app": "café 😀",
        "env": "a, b; \"c\" 'd'",
        "tier": "back\\slash",
        "size": "<&>%_$1",
        "empty": "",
        "k8s.io/part-of": "x=y",
    }


def has_a_value_with_a_colon(hours: Hours) -> None:
    for row in hours[PODS]:
        row["pod_labels"] += "|label_url:http://x"


def empty_labels(rows: Rows) -> None:
    [pods] = rows.pods
    assert (pods["pod_labels"], pods["all_labels"]) == ({}, {})
    assert pods["pod_usage_cpu_core_hours"] == pytest.approx(18)


def effective_usage(rows: Rows) -> None:
    busy, idle = sorted(rows.pods, key=lambda row: row["pod_labels"]["app"])
    # Twelve hours of usage above the request, twelve of none: not max(9, 12).
    assert uses([busy])[0] == near(9, 12, 12 * 0.75 + 12 * 0.5, 24)
    assert uses([idle])[0] == near(6, 12, 12, 24)


def is_busy_half_of_the_day(hours: Hours) -> None:
    for row in hours[PODS]:
        if row["pod"] == "busy-1" and row["interval_start"].hour >= 12:
            row["pod_usage_cpu_core_seconds"] = 0.0


def all_labels(rows: Rows) -> None:
    [pod], [claim], [rest] = rows.pods, rows.storage, rows.unallocated
    assert pod["all_labels"] == pod["pod_labels"] == {"app": "web", "env": "prod"}
    assert claim["all_labels"] == claim["volume_labels"]
    assert claim["all_labels"] == {"storage": "fast", "backup": "daily"}
    assert (pod.get("volume_labels"), claim.get("pod_labels")) == (None, None)
    assert (rest.get("pod_labels"), rest["all_labels"]) == (None, {})


def node_roles(rows: Rows) -> None:
    found = {
        row["node"]: (row.get("namespace"), row.get("cost_category_id")) for row in rows.unallocated
    }
    assert found == {
        "master": ("Platform unallocated", 1),
        "infra": ("Platform unallocated", 1),
        "worker": ("Worker unallocated", None),
        "stranger": (None, None),
    }


def zero_usage(rows: Rows) -> None:
    [pod], [rest] = rows.pods, rows.unallocated
    assert uses([pod])[0] == near(0, 12, 12, 24)
    assert uses([pod], "memory_gigabyte_hours")[0] == near(0, 24, 24, 48)
    assert rest["pod_usage_cpu_core_hours"] == rest["node_capacity_cpu_core_hours"] == 96


def uses_nothing(hours: Hours) -> None:
    for row in hours[PODS]:
        row["pod_usage_cpu_core_seconds"] = row["pod_usage_memory_byte_seconds"] = 0.0


def virtual_machines(rows: Rows) -> None:
    found = sorted(row["pod_labels"]["vm_kubevirt_io_name"] for row in rows.pods)
    assert found == ["vm1", "vm2"]
    assert {len(row["pod_labels"]) for row in rows.pods} == {1}


def storage_without_pod(rows: Rows) -> None:
    unclaimed, lost, found = rows.storage
    assert (found["persistentvolume"], found["node"]) == ("v1", "n1")
    assert months([found])[0] == near(10 / 31, 10 / 31, 4 / 31)
    assert (unclaimed["persistentvolume"], unclaimed["namespace"]) == ("v3", "")
    for row, size in ((lost, 20), (unclaimed, 30)):
        assert (row.get("node"), row.get("resource_id")) == (None, None)
        assert months([row])[0] == [pytest.approx(size / 31), None, None]


SCENARIOS = {
    "01-basic-pod": Scenario(basic_pod),
    "02-storage-volume": Scenario(storage_volume),
    "03-multi-namespace": Scenario(multi_namespace),
    "04-multi-node": Scenario(multi_node),
    "05-cluster-capacity": Scenario(cluster_capacity),
    "06-cost-category": Scenario(cost_category),
    "07-unallocated-capacity": Scenario(unallocated_capacity),
    "08-shared-pv-nodes": Scenario(shared_volume),
    "09-days-in-month": Scenario(days_in_month, day=LEAP_DAY_MONTH),
    "10-storage-cost-category": Scenario(storage_cost_category),
    "11-pvc-capacity-gb": Scenario(claim_capacity),
    "12-label-precedence": Scenario(label_precedence),
    "13-labels-special-chars": Scenario(special_characters, has_a_value_with_a_colon),
    "14-empty-labels": Scenario(empty_labels),
    "15-effective-usage": Scenario(effective_usage, is_busy_half_of_the_day),
    "16-all-labels": Scenario(all_labels),
    "17-node-roles": Scenario(node_roles),
    "18-zero-usage": Scenario(zero_usage, uses_nothing),
    "19-vm-pods": Scenario(virtual_machines),
    "20-storage-no-pod": Scenario(storage_without_pod),
}
