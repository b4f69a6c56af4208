# SPDX-License-Identifier: Apache-2.0
"""Random hourly reports of a small cluster, as the operator sends them."""

import datetime as dt
import random

from support.pod_usage.case import SOURCE, Row, Settings
from support.pod_usage.hourly_rows import NAMESPACES, NODES, PODS, STORAGE, Hours

LABEL_TEXTS = [
    *("", "app:x", "label_app:x", "label_app:x|label_tier:y", "tier:y|app:x", "off:1"),
    *("app:x|app:z", "url:http://x", "no colon|env:e", "my_label_app:x", "app:", "größe:ß"),
]
START = dt.date(2025, 10, 30)


def settings() -> Settings:
    return Settings(
        start=START,
        end=START + dt.timedelta(days=1),
        enabled_keys=("app", "tier", "env", "my_app", "größe"),
        nodes=(("n1", "i-1", "worker"), ("n1", "i-2", "infra"), ("n2", "i-1", "master")),
    )


def make(seed: int) -> Hours:
    draw = random.Random(seed)
    texts = draw.sample(LABEL_TEXTS, draw.randint(1, 4))

    def dated() -> Row:
        hour = draw.randrange(24 * 3) - 12  # half a day before the window and after it
        start = dt.datetime.combine(START, dt.time()) + dt.timedelta(hours=hour)
        last = start + dt.timedelta(minutes=59, seconds=59)
        partition = {"source": SOURCE, "year": f"{start:%Y}", "month": f"{start:%m}"}
        return {"interval_start": start, "interval_end": last, **partition}

    def pod_hour() -> Row:
        cores, size = draw.choice([2, 4]), draw.choice([2**33, 2**34])
        row = {
            **dated(),
            "namespace": draw.choice(["ns1", "kube-system"]),
            "node": draw.choice(["n1", "n2"]),
            "pod": draw.choice(["p1", "p2", "p3"]),
            "resource_id": draw.choice(["i-1", "i-1", "i-2"]),
            "pod_labels": draw.choice(texts),
            "node_capacity_cpu_cores": cores,
            "node_capacity_cpu_core_seconds": cores * 3600,
            "node_capacity_memory_bytes": size,
            "node_capacity_memory_byte_seconds": size * 3600,
        }
        for kind in ("usage", "request", "limit"):
            row[f"pod_{kind}_cpu_core_seconds"] = round(draw.random() * 7200, draw.choice([0, 3]))
            row[f"pod_{kind}_memory_byte_seconds"] = float(draw.randrange(2**45))
        return row

    def claim_hour() -> Row:
        claim = draw.choice(["c1", "c2"])
        size = draw.choice([2**30, 2**31])
        return {
            **dated(),
            "namespace": "ns1",
            "pod": draw.choice(["p1", "p2", "ghost"]),
            "node": draw.choice(["n1", "n2"]),
            "persistentvolumeclaim": claim,
            "persistentvolume": f"v-{claim}",
            "storageclass": "gp3",
            "csi_driver": "driver",
            "csi_volume_handle": f"h-{claim}",
            "persistentvolume_labels": draw.choice(texts),
            "persistentvolumeclaim_labels": draw.choice(texts),
            "persistentvolumeclaim_capacity_bytes": size,
            "persistentvolumeclaim_capacity_byte_seconds": size * 3600,
            "volume_request_storage_byte_seconds": size * 3600,
            "persistentvolumeclaim_usage_byte_seconds": draw.random() * size * 3600,
        }

    def labelled(owner: str, names: list[str], column: str) -> Row:
        return {**dated(), owner: draw.choice(names), column: draw.choice(texts)}

    return {
        PODS: [pod_hour() for _ in range(draw.randint(1, 60))],
        STORAGE: [claim_hour() for _ in range(draw.randint(0, 30))],
        NODES: [labelled("node", ["n1", "n2"], "node_labels") for _ in range(draw.randint(0, 9))],
        NAMESPACES: [
            labelled("namespace", ["ns1", "kube-system"], "namespace_labels")
            for _ in range(draw.randint(0, 9))
        ],
    }
