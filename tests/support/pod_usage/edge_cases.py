# SPDX-License-Identifier: Apache-2.0
"""Small inputs that each turn on one rule of the summary.

The rows they give are stored in tests/data/pod_usage/edge_cases and were confirmed by koku's
own statements.
"""

import datetime as dt
import json
from collections.abc import Iterable
from pathlib import Path

from support.pod_usage.arithmetic import GIBIBYTE
from support.pod_usage.case import (
    NAMESPACE_LABELS,
    NODE_LABELS,
    POD_DAYS,
    POD_HOURS,
    SOURCE,
    STORAGE_DAYS,
    Case,
    Row,
    Settings,
)

STORED = Path(__file__).resolve().parents[2] / "data/pod_usage/edge_cases"
DAY = "2025-10-01"
DAY_SECONDS = 86_400


def _dated(day: str, source: str = SOURCE) -> Row:
    start = dt.datetime.fromisoformat(day)
    return {"interval_start": start, "source": source, "year": day[:4], "month": day[5:7]}


def pod(
    day: str = DAY,
    *,
    namespace: str | None = "ns1",
    node: str | None = "n1",
    name: str | None = "p1",
    labels: str | None = "{}",
    resource: str | None = "i-1",
    usage: float | None = 3600.0,
    request: float | None = 7200.0,
    limit: float | None = 10_800.0,
    effective: float | None = None,
    memory_usage: float | None = GIBIBYTE * 3600,
    cores: float | None = 4.0,
    source: str = SOURCE,
) -> Row:
    """A pod's day: 1, 2 and 3 core hours and 1, 2 and 4 GiB hours on a node of 16 GiB."""
    return {
        **_dated(day, source),
        "namespace": namespace,
        "node": node,
        "pod": name,
        "pod_labels": labels,
        "resource_id": resource,
        "pod_usage_cpu_core_seconds": usage,
        "pod_request_cpu_core_seconds": request,
        "pod_limit_cpu_core_seconds": limit,
        "pod_effective_usage_cpu_core_seconds": effective,
        "pod_usage_memory_byte_seconds": memory_usage,
        "pod_request_memory_byte_seconds": 2 * GIBIBYTE * 3600,
        "pod_limit_memory_byte_seconds": 4 * GIBIBYTE * 3600,
        "pod_effective_usage_memory_byte_seconds": None,
        "node_capacity_cpu_cores": cores,
        "node_capacity_cpu_core_seconds": None if cores is None else cores * 3600,
        "node_capacity_memory_bytes": 16 * GIBIBYTE,
        "node_capacity_memory_byte_seconds": 16 * GIBIBYTE * 3600,
    }


def hour(number: int, **values) -> Row:
    row = pod(**values)
    return row | {"interval_start": row["interval_start"] + dt.timedelta(hours=number)}


def node_labels(labels: str | None, day: str = DAY, node: str | None = "n1") -> Row:
    return {**_dated(day), "node": node, "node_labels": labels}


def namespace_labels(labels: str | None, day: str = DAY, namespace: str | None = "ns1") -> Row:
    return {**_dated(day), "namespace": namespace, "namespace_labels": labels}


def claim(
    day: str = DAY,
    *,
    namespace: str | None = "ns1",
    pod: str | None = "p1",
    node: str | None = "n1",
    name: str | None = "c1",
    volume: str | None = "v1",
    handle: str | None = "vol-1",
    volume_labels: str | None = "{}",
    claim_labels: str | None = "{}",
) -> Row:
    """A claim's day: 10 GiB given and asked for, 4 GiB used."""
    return {
        **_dated(day),
        "namespace": namespace,
        "pod": pod,
        "node": node,
        "persistentvolumeclaim": name,
        "persistentvolume": volume,
        "storageclass": "gp3",
        "csi_driver": "d",
        "csi_volume_handle": handle,
        "persistentvolume_labels": volume_labels,
        "persistentvolumeclaim_labels": claim_labels,
        "persistentvolumeclaim_capacity_bytes": 10 * GIBIBYTE,
        "persistentvolumeclaim_capacity_byte_seconds": 10 * GIBIBYTE * DAY_SECONDS,
        "volume_request_storage_byte_seconds": 10 * GIBIBYTE * DAY_SECONDS,
        "persistentvolumeclaim_usage_byte_seconds": 4 * GIBIBYTE * DAY_SECONDS,
    }


def make(
    pods: Iterable[Row],
    *,
    hours: Iterable[Row] | None = None,
    claims: Iterable[Row] = (),
    of_nodes: Iterable[Row] = (),
    of_namespaces: Iterable[Row] = (),
    **settings,
) -> Case:
    """Without `hours`, the hourly table has each pod's row once."""
    case = Case(settings=Settings(**settings))
    pods = list(pods)
    # Hourly files have no effective usage in these cases.
    case.add(POD_HOURS, map(_without_effective, pods if hours is None else hours))
    case.add(POD_DAYS, pods)
    case.add(STORAGE_DAYS, claims)
    case.add(NODE_LABELS, of_nodes)
    case.add(NAMESPACE_LABELS, of_namespaces)
    return case


def _without_effective(row: Row) -> Row:
    return {name: value for name, value in row.items() if "effective" not in name}


def text(**labels: object) -> str:
    return json.dumps(labels)


def stored_rows(name: str) -> list[Row]:
    """What the case of that name gives; NULL columns are left out."""
    return json.loads((STORED / f"{name}.json").read_text(encoding="utf-8"))


def edge_cases() -> dict[str, Case]:
    return _label_cases() | _metric_cases() | _storage_cases() | _selection_cases()


def _label_cases() -> dict[str, Case]:
    all_three = text(app="node", env="node", tier="node")
    return {
        "e01-precedence": make(
            [pod(labels=text(app="pod", vm_kubevirt_io_name="vm1", zzz="x"))],
            of_nodes=[node_labels(all_three)],
            of_namespaces=[namespace_labels(text(app="ns", env="ns"))],
        ),
        # Two variants give two rows, each with the whole usage.
        "e02-node-label-change-distinct": make(
            [pod()],
            of_nodes=[
                node_labels(text(app="a")),
                node_labels(text(app="b")),
                node_labels(text(app="b", off="1")),
            ],
        ),
        # Both variants merge to one map, so its row counts the usage twice.
        "e03-node-label-change-hidden": make(
            [pod(labels=text(app="z"))],
            of_nodes=[node_labels(text(app="a")), node_labels(text(app="b"))],
        ),
        "e04-key-order": make(
            [
                pod(labels='{"env":"1","app":"2"}'),
                pod(name="p2", labels='{"app":"2","env":"1"}'),
            ]
        ),
        "e05-no-enabled-keys": make(
            [pod(labels=text(app="a", vm_kubevirt_io_name="v"))], enabled_keys=()
        ),
        "e08-category-fanout": make(
            [
                pod(namespace="openshift-x"),
                pod(namespace="kubeXa", name="p2"),
                pod(namespace="openshift", name="p3"),
            ],
            cost_categories=(
                ("openshift-%", 1),
                ("openshift-x", 3),
                ("kube_a", 5),
                ("openshift", 1),
                ("Worker unallocated", 7),
                ("Worker%", 8),
            ),
        ),
        "e09-null-pod-labels": make(
            [pod(labels=None), pod(name="p2"), pod(name="p3", labels="null")],
            of_nodes=[node_labels(text(app="a"))],
        ),
        "e26-values-not-string": make([pod(labels='{"app": 5, "env": true, "tier": null}')]),
        "e27-two-days": make(
            [pod(), pod("2025-10-02", usage=10.0)],
            of_nodes=[node_labels(text(app="d1")), node_labels(text(app="d2"), "2025-10-02")],
        ),
    }


def _metric_cases() -> dict[str, Case]:
    on_second = {"node": "n2", "resource": "i-2"}
    return {
        "e06-null-and-empty-node": make(
            [pod(), pod(name="p2", node=""), pod(name="p3", node=None)],
            hours=[
                hour(0),
                hour(0, name="p2", node="", cores=2.0),
                hour(0, name="p3", node=None, cores=1.0),
                hour(1),
            ],
        ),
        "e07-effective-null": make(
            [
                pod(),
                pod(name="p2", usage=None, memory_usage=None),
                pod(name="p3", effective=3600.0, usage=32_400.0, request=32_400.0),
            ]
        ),
        "e10-capacity-hourly-max": make(
            [pod()],
            hours=[
                hour(0),
                hour(0, name="p9", cores=8.0),
                hour(1),
                hour(1, node="n2", cores=16.0),
            ],
        ),
        "e16-role-null": make(
            [pod(), pod(name="p2", **on_second)],
            nodes=(("n1", "i-1", None), ("n3", "i-2", "worker")),
        ),
        "e17-role-max": make(
            [pod()],
            nodes=(("n1", "i-1", "infra"), ("n1", "i-1", "master"), ("n1", "i-9", "worker")),
        ),
        "e18-negative-unallocated": make([pod(usage=9e9)], hours=[hour(0)]),
        "e20-resource-id-max": make(
            [pod(), pod(name="p2", resource="i-9")],
            nodes=(("n1", "i-1", "worker"), ("n1", "i-9", "master")),
        ),
        "e25-month-hours-node-no-daily": make(
            [pod()], hours=[hour(0), hour(0, node="n7", name="q", cores=32.0)]
        ),
    }


def _storage_cases() -> dict[str, Case]:
    on_second = {"node": "n2", "resource": "i-2"}
    unclaimed = {"namespace": "", "pod": "", "node": "", "name": ""}
    return {
        "e11-storage-no-pod": make(
            [pod()],
            claims=[
                claim(),
                claim(**unclaimed, volume="v2", handle="vol-2"),
                claim(name="c3", volume="v3", pod="ghost", handle="vol-3"),
            ],
        ),
        "e12-shared-volume": make(
            [pod(), pod(name="p2", **on_second)],
            claims=[claim(), claim(pod="p2", node="n2")],
            nodes=(("n1", "i-1", "worker"), ("n2", "i-2", "infra")),
        ),
        "e13-pod-on-two-nodes": make([pod(), pod(**on_second)], claims=[claim()]),
        "e14-claim-two-pv": make([pod()], claims=[claim(), claim(volume="v1b", handle="vol-1b")]),
        "e15-february": make(
            [pod("2024-02-29")],
            claims=[claim("2024-02-29")],
            start=dt.date(2024, 2, 28),
            end=dt.date(2024, 2, 29),
        ),
        "e19-storage-labels": make(
            [pod()],
            claims=[claim(volume_labels=text(app="pv", env="pv"), claim_labels=text(app="pvc"))],
            of_nodes=[node_labels(text(tier="node", app="node"))],
            of_namespaces=[namespace_labels(text(tier="ns"))],
        ),
        "e23-pvc-labels-null": make([pod()], claims=[claim(volume_labels=None)]),
        "e24-no-storage-table": make([pod()], claims=[claim()], storage_exists=False),
    }


def _selection_cases() -> dict[str, Case]:
    return {
        "e21-date-window": make([pod("2025-09-30"), pod(), pod("2025-10-03")]),
        "e22-other-source": make([pod(), pod(source="ffffffff-0000-0000-0000-000000000000")]),
    }
