# SPDX-License-Identifier: Apache-2.0
"""Random cases: few distinct names, so that rows meet; every NULL rule; every file form."""

import datetime as dt
import random
from collections.abc import Callable

from support.pod_usage.case import (
    NAMESPACE_LABELS,
    NODE_LABELS,
    POD_DAYS,
    POD_HOURS,
    SOURCE,
    STORAGE_DAYS,
    Case,
    DataFile,
    Form,
    Row,
    Settings,
)
from support.pod_usage.random_labels import LabelMaker

OTHER_SOURCE = "ffffffff-0000-0000-0000-000000000000"
STARTS = [dt.date(2025, 10, 1), dt.date(2025, 10, 30), dt.date(2024, 2, 28), dt.date(2025, 12, 31)]
NODES = ["n1", "n2", "n3", "nœud", ""]
RESOURCES = ["i-1", "i-2", "i-é", "", None]
NAMESPACES = [
    *("ns1", "ns2", "openshift-a", "openshift", "kube-system", "app_x", "", None),
    *("Worker unallocated", "Platform unallocated", "名前空間", "a\nb", "😀", "back\\slash"),
    "x" * 253 + "   ",
]
PATTERNS = [
    *("openshift-%", "openshift", "kube_system", "%", "_%", "%%", "ns_", "%1", "", None, "_"),
    *("Worker%", "Platform unallocated", "n%s%1", "app\\_x", "app_x", "名__間", "a_b", "back\\%"),
    "%unallocated",
]
ROLES = ["worker", "master", "infra", "", "other", None]
STORAGE_CLASSES = ["gp3", "", None]
LARGE_SEED = 7


class CaseMaker:
    """Makes one case from its seed."""

    def __init__(self, seed: int):
        self._draw = random.Random(seed)
        self._is_large = seed == LARGE_SEED
        self._labels = LabelMaker(self._draw)
        self._start = self._draw.choice(STARTS)
        self._end = self._start + dt.timedelta(days=self._draw.choice([0, 0, 1, 2]))
        self._null_share = self._draw.choice([0.0, 0.03, 0.1])
        self._numbers = self._number_source()
        self._nodes = self._some(NODES, 3)
        self._namespaces = self._some(NAMESPACES, 4)
        self._pods = self._names("p", 5)
        self._claims = self._names("c", 3)
        self._volumes = self._names("v", 3)
        self._has_odd_times = self._draw.random() < 0.3

    def make(self) -> Case:
        case = Case(settings=self._settings())
        for table, make_row, most in (
            (POD_HOURS, self._pod_hour, 60),
            (POD_DAYS, self._pod_day, 40),
            (STORAGE_DAYS, self._claim, 20),
            (NODE_LABELS, self._node_labels, 8),
            (NAMESPACE_LABELS, self._namespace_labels, 8),
        ):
            if self._draw.random() < 0.1:
                continue
            most *= 150 if self._is_large else 1
            rows = [make_row() for _ in range(self._draw.randint(0, most))]
            case.files += self._files(table, rows)
        self._draw.shuffle(case.files)
        return case

    def _some(self, names: list, most: int) -> list:
        return self._draw.sample(names, self._draw.randint(1, most))

    def _names(self, prefix: str, most: int) -> list:
        """Sometimes whole numbers as text, so that a file may hold them as numbers."""
        prefix = self._draw.choice([prefix, prefix, ""])
        names = [f"{prefix}{number}" for number in range(self._draw.randint(1, most))]
        return names if prefix == "" else names + self._draw.choice([[], [""], [None]])

    def _number_source(self) -> Callable[[], float]:
        draw = self._draw
        return draw.choice(
            [
                lambda: float(draw.randint(0, 5) * 3600),
                lambda: draw.randint(0, 4000) / 4,
                lambda: round(draw.random() * 10 ** draw.randint(0, 6), draw.randint(0, 9)),
                lambda: draw.choice([0.0, -0.0, 1e-7, 0.1, 1.0, 3e9, 1.5e15, -2.5]),
                lambda: draw.random() * 2.0**40,
            ]
        )

    def _number(self) -> float | None:
        return None if self._draw.random() < self._null_share else self._numbers()

    def _settings(self) -> Settings:
        keys = [*self._labels.keys(), "unseen"]
        has_keys = self._draw.random() < 0.9
        categories = self._draw.sample(PATTERNS, self._draw.randint(0, 6))
        ids = [1, 1, 2, 3, 11, None]
        resources = [*RESOURCES, None]
        return Settings(
            cluster_id=self._draw.choice(["c", "Ω cluster", "1"]),
            cluster_alias=self._draw.choice(["C", "", "an 'alias'"]),
            start=self._start,
            end=self._end,
            enabled_keys=tuple(self._draw.sample(keys, self._draw.randint(1, len(keys))))
            if has_keys
            else (),
            cost_categories=tuple((p, self._draw.choice(ids)) for p in categories),
            nodes=tuple(
                (
                    self._draw.choice([*NODES, None]),
                    self._draw.choice(resources),
                    self._draw.choice(ROLES),
                )
                for _ in range(self._draw.randint(0, 20))
            ),
            storage_exists=self._draw.random() < 0.9,
            report_period_id=self._draw.choice([1, 2_000_000_000]),
        )

    def _dated(self) -> Row:
        """A day around the window, in a partition that is mostly the one read."""
        days = (self._end - self._start).days
        day = self._start + dt.timedelta(days=self._draw.randint(0, days))
        if self._draw.random() < 0.1:
            day = self._draw.choice([self._start, self._end]) + dt.timedelta(
                days=self._draw.choice([-1, 1])
            )
        of = self._start if self._draw.random() < 0.9 else day
        start = dt.datetime.combine(day, dt.time())
        return {
            "interval_start": None if self._draw.random() < self._null_share / 5 else start,
            "source": SOURCE if self._draw.random() < 0.93 else OTHER_SOURCE,
            "year": f"{of:%Y}",
            "month": f"{of:%m}",
        }

    def _pod_day(self) -> Row:
        row = {
            **self._dated(),
            "namespace": self._draw.choice(self._namespaces),
            "node": self._node(),
            "pod": self._draw.choice(self._pods),
            "resource_id": self._draw.choice(RESOURCES),
            "pod_labels": self._labels.text(),
            "node_capacity_cpu_cores": self._number(),
            "node_capacity_memory_bytes": self._number(),
            "node_role": None,
        }
        for unit in ("cpu_core_seconds", "memory_byte_seconds"):
            row[f"node_capacity_{unit}"] = self._number()
            for kind in ("pod_usage", "pod_request", "pod_limit", "pod_effective_usage"):
                row[f"{kind}_{unit}"] = self._number()
            if self._draw.random() < 0.5:
                row[f"pod_effective_usage_{unit}"] = None
        return row

    def _pod_hour(self) -> Row:
        row = self._pod_day()
        if row["interval_start"] is not None:
            row["interval_start"] += dt.timedelta(hours=self._draw.randrange(24))
        return row

    def _node(self) -> str | None:
        # Rarely NULL: a volume whose pods have no other node is refused.
        return None if self._draw.random() < 0.01 else self._draw.choice(self._nodes)

    def _claim(self) -> Row:
        row = {
            **self._dated(),
            "namespace": self._draw.choice(self._namespaces),
            "node": self._node(),
            "pod": self._draw.choice([*self._pods, "ghost"]),
            "persistentvolumeclaim": self._draw.choice(self._claims),
            "persistentvolume": self._draw.choice(self._volumes),
            "storageclass": self._draw.choice(STORAGE_CLASSES),
            "csi_driver": "driver",
            "csi_volume_handle": self._draw.choice(["h-1", "h-2", None]),
            "persistentvolume_labels": self._labels.text(),
            "persistentvolumeclaim_labels": self._labels.text(),
        }
        for name in ("capacity_bytes", "capacity_byte_seconds", "usage_byte_seconds"):
            row[f"persistentvolumeclaim_{name}"] = self._number()
        return row | {"volume_request_storage_byte_seconds": self._number()}

    def _node_labels(self) -> Row:
        return {**self._dated(), "node": self._node(), "node_labels": self._labels.text()}

    def _namespace_labels(self) -> Row:
        namespace = self._draw.choice(self._namespaces)
        return {**self._dated(), "namespace": namespace, "namespace_labels": self._labels.text()}

    def _files(self, table: str, rows: list[Row]) -> list[DataFile]:
        whole = Case()
        whole.add(table, rows)
        return [part for file in whole.files for part in self._parts(file)]

    def _parts(self, file: DataFile) -> list[DataFile]:
        """The rows of a partition in one or several files, each in a form of its own."""
        count = self._draw.choice([1, 1, 2, 5])
        size = -(-len(file.rows) // count)
        pieces = [file.rows[begin : begin + size] for begin in range(0, len(file.rows), size)]
        return [self._shaped(DataFile(file.table, rows, self._form())) for rows in pieces]

    def _form(self) -> Form:
        return Form(
            time=self._draw.choice(["ms", "ms", "us", "ns", "int96", "utc"]),
            number=self._draw.choice(["double", "double", "int32", "int64", "float"]),
            text=self._draw.choice(["text", "text", "int64"]),
            label=self._draw.choice(["json", "json", "map", "struct"]),
            row_group_rows=self._draw.choice([1, 3, 1_000_000]),
            is_dictionary=self._draw.random() < 0.8,
        )

    def _shaped(self, file: DataFile) -> DataFile:
        """Drops columns from the file at times, and gives it times its form can hold."""
        optional = sorted(set(file.rows[0]) - {"source", "year", "month", "interval_start"})
        absent = {name for name in optional if self._draw.random() < 0.03}
        has_fine_times = file.form.time in ("us", "ns", "int96")
        for row in file.rows:
            for name in absent:
                del row[name]
            if self._has_odd_times and row["interval_start"] is not None:
                row["interval_start"] += self._time_of_day(has_fine_times)
        return file

    def _time_of_day(self, is_fine: bool) -> dt.timedelta:
        """Times within milliseconds of a day's or an hour's end, or none."""
        if self._draw.random() < 0.5:
            return dt.timedelta()
        microseconds = [1_000, 3_599_999_000, 86_399_999_000]
        if is_fine:
            microseconds += [499, 500, 3_599_999_400, 86_399_999_499, 86_399_999_500]
        return dt.timedelta(microseconds=self._draw.choice(microseconds))


def make(seed: int) -> Case:
    return CaseMaker(seed).make()
