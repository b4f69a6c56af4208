# SPDX-License-Identifier: Apache-2.0
"""Inputs that must be refused, each with one fault, and near ones that must not be.

A refusal names what is to be found in `words`: for a fault of an input row, the row's file and
the value; for a value that no output column holds, the column.
"""

import datetime as dt
import decimal
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from support.pod_usage import run
from support.pod_usage.case import (
    NAMESPACE_LABELS,
    NODE_LABELS,
    POD_DAYS,
    POD_HOURS,
    STORAGE_DAYS,
    Case,
)
from support.pod_usage.edge_cases import (
    claim,
    hour,
    make,
    namespace_labels,
    node_labels,
    pod,
)

NOT_LABELS = {
    "duplicate-key": '{"app": "1", "app": "2"}',
    "duplicate-key-not-enabled": '{"zz": "1", "app": "2", "zz": "1"}',
    "duplicate-key-escaped": r'{"app": "1", "\u0061pp": "2"}',
    "array-value": '{"app": ["a"]}',
    "object-value": '{"app": {}}',
    "array-value-not-enabled": '{"zz": [1]}',
    "top-level-array": '["app"]',
    "top-level-string": '"app"',
    "top-level-number": "5",
    "top-level-boolean": "true",
    "empty": "",
    "blank": "  ",
    "open-end": '{"app": "x"',
    "open-string": '{"app": "x}',
    "trailing-text": '{"app": "x"} y',
    "two-objects": "{}{}",
    "trailing-comma": '{"app": "x",}',
    "single-quotes": "{'app': 'x'}",
    "bare-key": "{app: 1}",
    "bare-value": '{"app": x}',
    "not-a-number": '{"app": NaN}',
    "leading-zero": '{"app": 01}',
    "leading-plus": '{"app": +1}',
    "leading-point": '{"app": .5}',
    "trailing-point": '{"app": 1.}',
    "unknown-escape": r'{"app": "\x41"}',
    "short-escape": r'{"app": "\u12"}',
    "raw-newline": '{"app": "a\nb"}',
    "pipe-text": "app:x|tier:y",
}
NUL_LABEL = r'{"app": "a\u0000b"}'
LONG = "x" * 254
HUGE = 1e18 * 3600


@dataclass(frozen=True)
class Fault:
    name: str
    case: Case
    words: tuple[str, ...]  # in the message
    table: str | None = None  # whose file the message names
    change: Callable[[pa.Table], pa.Table] | None = None  # made to that file
    exit_codes: tuple[int, ...] = (3,)

    def write(self, folder: Path) -> list[Path]:
        """Writes the inputs, and gives the files of the table whose file has the fault."""
        files = run.prepare(self.case, folder)
        of_table = [
            path
            for path, file in zip(files, self.case.files, strict=True)
            if file.table == self.table
        ]
        if self.change:
            table = self.change(pq.read_table(of_table[0], partitioning=None))
            pq.write_table(table, of_table[0])
        return of_table


def faults() -> list[Fault]:
    groups = (_label_faults, _length_faults, _number_faults, _type_faults)
    return [fault for group in groups for fault in group()]


def _in_file(text: str) -> str:
    """The part of a value that a message shows as it is: up to the first quote or escape."""
    return text.strip().split('"')[1] if '"' in text else text.strip()[:6]


def _label_faults() -> Iterator[Fault]:
    for name, text in NOT_LABELS.items():
        case = make([pod(), pod(name="p2", labels=text)])
        yield Fault(f"pod-labels-{name}", case, ("pod_labels", _in_file(text)), POD_DAYS)
    text = NOT_LABELS["duplicate-key"]
    one_claim = {"claims": [claim(volume_labels=text)]}
    for name, case, column, table in (
        ("node", make([pod()], of_nodes=[node_labels(text)]), "node_labels", NODE_LABELS),
        (
            "namespace",
            make([pod()], of_namespaces=[namespace_labels(text)]),
            "namespace_labels",
            NAMESPACE_LABELS,
        ),
        ("volume", make([pod()], **one_claim), "persistentvolume_labels", STORAGE_DAYS),
        (
            "volume-no-enabled-key",
            make([pod()], **one_claim, enabled_keys=()),
            "persistentvolume_labels",
            STORAGE_DAYS,
        ),
        (
            "claim",
            make([pod()], claims=[claim(claim_labels=text)]),
            "persistentvolumeclaim_labels",
            STORAGE_DAYS,
        ),
    ):
        yield Fault(f"{name}-labels", case, (column, "app"), table)
    yield Fault("nul-in-label", make([pod(labels=NUL_LABEL)]), ("labels",))


def _length_faults() -> Iterator[Fault]:
    pods = {
        "namespace": pod(namespace=LONG),
        "node": pod(node=LONG),
        "resource_id": pod(resource=LONG),
    }
    for column, row in pods.items():
        yield Fault(f"long-{column}", make([row]), (column, "253"))
    claims = {
        "persistentvolumeclaim": claim(name=LONG),
        "persistentvolume": claim(volume=LONG),
        "storageclass": {**claim(), "storageclass": "é" * 254},
    }
    for column, row in claims.items():
        yield Fault(f"long-{column}", make([pod()], claims=[row]), (column, "253"))
    yield Fault("long-blanks-first", make([pod(namespace=" " * 253 + "x")]), ("namespace", "253"))
    yield Fault("nul-in-namespace", make([pod(namespace="a\0b")]), ("namespace",))
    long_id = make([pod()], cluster_id="c" * 51)
    yield Fault("long-cluster-id", long_id, ("50",), exit_codes=(2, 3))


def _number_faults() -> Iterator[Fault]:
    for name, value in (
        ("huge", HUGE),
        ("huge-negative", -HUGE),
        ("infinite", math.inf),
        ("not-a-number", math.nan),
    ):
        case = make([pod(usage=value)])
        yield Fault(f"usage-{name}", case, ("pod_usage_cpu_core",))
    sum_of_two = make([pod(limit=HUGE / 2), pod(name="p2", limit=HUGE / 2)])
    yield Fault("sum-huge", sum_of_two, ("pod_limit_cpu_core",))
    huge_node = make([pod()], hours=[{**hour(0), "node_capacity_cpu_core_seconds": HUGE}])
    yield Fault("capacity-huge", huge_node, ("cpu_core_hours",))
    no_node = make([pod(), pod(name="p2", node=None)], claims=[claim(pod="p2")])
    yield Fault("volume-without-node", no_node, ("volume_request_storage",))


def _type_faults() -> Iterator[Fault]:
    number = "pod_usage_cpu_core_seconds"
    size = "persistentvolumeclaim_capacity_bytes"
    stored = make([pod()], claims=[claim()], of_nodes=[node_labels("{}")])
    for name, table, column, values in (
        ("number-as-text", POD_DAYS, number, pa.array(["1"])),
        ("number-as-boolean", POD_DAYS, number, pa.array([True])),
        ("number-as-decimal", POD_DAYS, number, pa.array([decimal.Decimal("1.5")])),
        ("number-as-large-integer", POD_DAYS, number, pa.array([2**53 + 1])),
        ("storage-number-as-text", STORAGE_DAYS, size, pa.array(["1"])),
        ("capacity-as-text", POD_HOURS, "node_capacity_cpu_core_seconds", pa.array(["1"])),
        ("time-as-date", POD_DAYS, "interval_start", pa.array([dt.date(2025, 10, 1)])),
        ("time-as-integer", POD_DAYS, "interval_start", pa.array([1_759_276_800_000])),
        ("time-as-text", POD_DAYS, "interval_start", pa.array(["2025-10-01 00:00:00"])),
        ("hour-as-text", POD_HOURS, "interval_start", pa.array(["2025-10-01 00:00:00"])),
        ("day-as-text", NODE_LABELS, "interval_start", pa.array(["2025-10-01 00:00:00"])),
        (
            "map-with-duplicate-key",
            POD_DAYS,
            "pod_labels",
            pa.array([[("app", "1"), ("app", "2")]], pa.map_(pa.string(), pa.string())),
        ),
    ):
        yield Fault(name, stored, (column,), table, _replacing(column, values))


def _replacing(column: str, values: pa.Array) -> Callable[[pa.Table], pa.Table]:
    def change(table: pa.Table) -> pa.Table:
        return table.set_column(table.column_names.index(column), column, values)

    return change


def tolerated() -> dict[str, Case]:
    """Cases near a fault that give rows all the same."""
    text = NOT_LABELS["duplicate-key"]
    return {
        "labels-before-window": make([pod(), pod("2025-09-30", labels=text)]),
        "labels-after-window": make([pod(), pod("2025-10-03", labels=text)]),
        "labels-in-other-month": make([pod(), pod("2025-11-01", labels=text)]),
        "labels-of-other-source": make([pod(), pod(labels=text, source="other")]),
        "labels-of-pod-on-empty-node": make([pod(), pod(node="", labels=text)]),
        "labels-of-pod-on-no-node": make([pod(), pod(node=None, labels=text)]),
        "labels-of-pod-hours": make([pod()], hours=[hour(0, labels=text)]),
        "node-labels-after-window": make([pod()], of_nodes=[node_labels(text, "2025-10-03")]),
        "namespace-labels-after-window": make(
            [pod()], of_namespaces=[namespace_labels(text, "2025-10-03")]
        ),
        "volume-labels-after-window": make(
            [pod()], claims=[claim(), claim("2025-10-03", volume_labels=text)]
        ),
        "volume-labels-without-storage-table": make(
            [pod()], claims=[claim(volume_labels=text)], storage_exists=False
        ),
        "nul-in-label-not-enabled": make([pod(labels=r'{"zz": "\u0000", "app": "x"}')]),
        "long-pod": make([pod(name=LONG)]),
        "long-blank-end": make([pod(namespace="x" * 253 + "  ")]),
        "long-code-points": make([pod(namespace="😀" * 253)]),
        "long-label": make([pod(labels='{"app": "%s"}' % ("x" * 100_000))]),
        "long-alias-blank-end": make([pod()], cluster_alias="C" * 256 + " "),
        "large-number": make([pod(usage=1e17 * 3600)]),
        "long-storage-name-without-storage-table": make(
            [pod()], claims=[claim(volume=LONG)], storage_exists=False
        ),
    }
