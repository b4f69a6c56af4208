# SPDX-License-Identifier: Apache-2.0
"""Reports by koku's own generator, of a cluster like that of `windrow generate pod-usage`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pod_usage_inputs as inputs

HOURS = 24
PODS_PER_NODE = 92
PODS_PER_CLAIM = 10
ENABLED_KEYS = ("app", "env", "pod", "zone", "team", "storage")


def pod_of(number: int) -> dict[str, Any]:
    """Returns a pod, with a label text of its own."""
    return {
        "pod_name": f"pod-{number}",
        "labels": f"label_app:app{number % 10}|label_env:test|label_pod:set-{number}",
        "cpu_request": 0.5,
        "mem_request_gig": 1,
        "cpu_limit": 1,
        "mem_limit_gig": 2,
        "pod_seconds": 3600,
        "cpu_usage": {"full_period": 0.25 + number % 7 / 16},
        "mem_usage_gig": {"full_period": 0.5 + number % 5 / 8},
    }


def volume_of(number: int) -> dict[str, Any]:
    """Returns the volume of a pod, with its claim."""
    claim = {
        "volume_claim_name": f"c-{number}",
        "pod_name": f"pod-{number}",
        "capacity_gig": 10,
        "labels": "label_app:db",
        "volume_claim_usage_gig": {"full_period": 4},
    }
    return {
        "volume_name": f"v-{number}",
        "storage_class": "gp3",
        "csi_driver": "ebs.csi.aws.com",
        "csi_volume_handle": f"h-{number}",
        "volume_request_gig": 10,
        "labels": "label_storage:fast",
        "volume_claims": [claim],
    }


def node_of(number: int, pods: range) -> dict[str, Any]:
    """Returns a node with its namespace and pods."""
    namespace = {
        "namespace_labels": f"label_team:t{number % 7}",
        "pods": [pod_of(pod) for pod in pods],
        "volumes": [volume_of(pod) for pod in pods if pod % PODS_PER_CLAIM == 0],
    }
    return {
        "node_name": f"node-{number}",
        "resource_id": f"node-{number}",
        "cpu_cores": 8,
        "memory_gig": 32,
        "node_labels": f"label_zone:z{number % 3}",
        "namespaces": {f"benchmark-{number}": namespace},
    }


def cluster_of(pods: int) -> str:
    """Returns a cluster of so many pods as nise reads it."""
    nodes = [
        node_of(number, range(first, min(pods, first + PODS_PER_NODE)))
        for number, first in enumerate(range(0, pods, PODS_PER_NODE))
    ]
    # JSON is YAML, but nise wants dates, which JSON has not.
    days = f"start_date: {inputs.DAY}, end_date: {inputs.DAY + inputs.ONE_DAY}"
    return f"generators: [{{OCPGenerator: {{{days}, nodes: {json.dumps(nodes)}}}}}]\n"


def make_reports(rows: int, folder: Path) -> list[dict[str, Any]]:
    """Makes a folder of reports and returns the rows that the summary must have."""
    from support.pod_usage import csv_reports
    from support.pod_usage.case import Settings
    from support.pod_usage.hourly_rows import PODS, ingested, write_hourly
    from support.pod_usage.reference import summary

    cluster = folder.with_suffix(".yml")
    cluster.write_text(cluster_of(rows // HOURS), encoding="utf-8")
    hours = csv_reports.make_reports(cluster, inputs.DAY, folder.with_suffix(".csv"))
    nodes = sorted({(str(row["node"]), str(row["resource_id"])) for row in hours[PODS]})
    settings = Settings(
        source=inputs.SOURCE,
        cluster_id=inputs.CLUSTER_ID,
        cluster_alias=inputs.CLUSTER_ALIAS,
        report_period_id=inputs.PERIOD,
        start=inputs.DAY,
        end=inputs.DAY,
        enabled_keys=ENABLED_KEYS,
        nodes=tuple((*node, "worker") for node in nodes),
    )
    write_hourly(hours, folder, inputs.ACCOUNT)
    settings.write_reference(folder / "reference.json")
    return summary(ingested(hours, settings))
