# SPDX-License-Identifier: Apache-2.0
"""The probe-rows benchmark: pings grouped by source address, and written as records.

    group/N           ordered lists in memory
    group-500MB/20M   the same within 500 MB, written to an Arrow file
    records/N         from Parquet to ArrayRecord files, whole
    ...-2GiB/N        within 2 GiB, in a group of 2.5 GB where the kernel lets us make one

N is 500K (the size that is quoted elsewhere), 20M, and, in the full set only, 100M and
200M. Data are made once by `windrow generate` and used again.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cases import GIB, Aim, Case, Contestant, Settings, peer_command

NAME = "probe-rows"
ROWS = {"500K": 500_028, "20M": 20_000_000, "100M": 100_000_000, "200M": 200_000_000}
BYTES_PER_PING = 32  # in Parquet
SEED = 42

KEY = "src_addr"
LISTED = ["event_time", "dst_addr", "ip_version", "rtt"]
SMALL_MEMORY = 500_000_000
MEMORY = 2 * GIB
GROUP_LIMIT = 2_500_000_000
BIG_SECONDS = 3600.0

TRAIN_RATIO = 0.9
MAX_ROW_MB = 8

POLARS = [
    ("Polars sort, group_by", {"maintain_order": False, "engine": "in-memory"}),
    ("Polars sort, group_by in order", {"maintain_order": True, "engine": "in-memory"}),
    ("Polars streaming", {"maintain_order": False, "engine": "streaming"}),
]
DUCKDB = [
    ("DuckDB ORDER BY, client groups", {"plan": "sort"}),
    ("DuckDB LIST(ORDER BY)", {"plan": "list_order_by"}),
    ("DuckDB list_sort(LIST)", {"plan": "list_sort"}),
]
# Of 20M rows the others take minutes.
QUICK_PEERS = ("Polars sort, group_by", "DuckDB ORDER BY, client groups")


@dataclass(frozen=True)
class Kind:
    """What a case does, with how many rows, within how much memory."""

    work: str
    size: str
    memory: int | None = None

    @property
    def name(self) -> str:
        """The name of the case."""
        limits = {None: "", SMALL_MEMORY: "-500MB", MEMORY: "-2GiB"}
        return f"{NAME}/{self.work}{limits[self.memory]}/{self.size}"


QUICK = [Kind("group", "500K"), Kind("group", "20M")]
FULL = [
    *QUICK,
    Kind("group", "20M", SMALL_MEMORY),
    Kind("records", "500K"),
    Kind("records", "20M"),
    Kind("group", "100M", MEMORY),
    Kind("records", "100M", MEMORY),
    Kind("records", "200M", MEMORY),
]


def rows_of(settings: Settings, size: str) -> int:
    """Returns the rows of a size; all sizes are one when trying out."""
    return settings.rows or ROWS[size]


def make_pings(settings: Settings, size: str) -> Path:
    """Makes a file of pings unless it is there; a broken attempt leaves nothing behind."""
    rows = rows_of(settings, size)
    settings.data.mkdir(parents=True, exist_ok=True)
    path = settings.data / f"pings-{rows}.parquet"
    if path.exists():
        return path
    free, need = shutil.disk_usage(path.parent).free, rows * BYTES_PER_PING
    if free < need * 1.2:
        raise RuntimeError(
            f"{path}: {free / 1e9:.1f} GB free on disk, about {need / 1e9:.1f} GB needed"
        )
    making = path.with_name("making-" + path.name)
    command = [str(settings.windrow), "generate", "pings", "--rows", str(rows)]
    try:
        subprocess.run([*command, "--seed", str(SEED), "-o", str(making)], check=True)
        making.rename(path)
    finally:
        making.unlink(missing_ok=True)
    return path


def group_job(pings: Path, sink: str) -> str:
    """Returns the job document of a grouping."""
    listed = ", ".join(LISTED)
    return f"""windrow: 1
sources:
  pings: {{scan: {json.dumps(str(pings))}}}
steps:
  known: {{filter: "{KEY} is not null", from: pings}}
  probes: {{collect: {{by: [{KEY}], order: [event_time], columns: [{listed}]}}, from: known}}
sinks:
  - {sink}
"""


def our_command(settings: Settings, case: Kind, pings: Path) -> Sequence[str]:
    """Returns the command that is our contestant."""
    slots = ["--slots", str(settings.slots)]
    job = settings.scratch / (case.name.replace("/", "-") + ".yaml")
    if case.work == "group" and case.memory is None:
        job.write_text(group_job(pings, "{collect: result}"), encoding="utf-8")
        return [*settings.ours, str(job), *slots]
    limits = [*slots, "--temp-dir", str(settings.scratch), "--progress", "none"]
    if case.memory is not None:
        limits += ["--memory", str(case.memory)]
    output = settings.scratch / "ours"
    words = [str(settings.windrow), "probe-rows", "--input", str(pings), *limits]
    words += ["--output", str(output), "--train-ratio", str(TRAIN_RATIO)]
    words += ["--max-row-size-mb", str(MAX_ROW_MB), "--shards", str(settings.slots)]
    if case.work == "group":
        output = settings.scratch / "ours.arrow"
        sink = f"{{write: {json.dumps(str(output))}, from: probes}}"
        job.write_text(group_job(pings, sink), encoding="utf-8")
        words = [str(settings.windrow), "run", str(job), *limits]
    argument = json.dumps({"words": words, "output": str(output)})
    return peer_command("windrow_peer.py", "command", argument)


def peers_of(settings: Settings, case: Kind, pings: Path) -> list[Contestant]:
    """Returns every peer for a case."""
    base = {
        "pings": str(pings),
        "columns": LISTED,
        "memory": case.memory,
        "spill": str(settings.scratch / "peer-spill"),
    }

    def peer(name: str, script: str, work: str, more: dict[str, Any]) -> Contestant:
        return Contestant(name, peer_command(script, work, json.dumps({**base, **more})))

    if case.work == "records":
        more = {
            "output": str(settings.scratch / "peer"),
            "shards": settings.slots,
            "train_ratio": TRAIN_RATIO,
            "max_row_bytes": MAX_ROW_MB << 20,
        }
        return [peer("DuckDB, pyarrow, array_record", "pipeline_peer.py", "probe_rows", more)]
    if case.memory is not None:
        more = {"output": str(settings.scratch / "peer.arrow")}
        return [peer(n, "duckdb_peer.py", "group_to_file", {**m, **more}) for n, m in DUCKDB]
    peers = [peer(n, "polars_peer.py", "group", more) for n, more in POLARS]
    peers += [peer(n, "duckdb_peer.py", "group", more) for n, more in DUCKDB]
    if settings.size == "quick" and case.size == "20M":
        peers = [each for each in peers if each.name in QUICK_PEERS]
    return peers


def make_case(settings: Settings, case: Kind) -> Case:
    """Makes the data, the job document and the contestants of one case."""
    pings = make_pings(settings, case.size)
    is_big = case.memory == MEMORY
    return Case(
        name=case.name,
        ours=Contestant("Windrow", our_command(settings, case, pings)),
        peers=peers_of(settings, case, pings),
        inputs=[pings],
        ordered_by="event_time" if case.work == "group" else "",
        time_limit=BIG_SECONDS if is_big else None,
        pairs=1 if is_big else None,
        memory_limit=GROUP_LIMIT if is_big else None,
    )


def cases(settings: Settings) -> list[Case]:
    """Returns the two quick cases, or all eight."""
    wanted = QUICK if settings.size == "quick" else FULL
    return [make_case(settings, each) for each in wanted if settings.only in each.name]


def aims() -> list[Aim]:
    """Returns the figures for 2 threads, warm."""
    small, middle = f"{NAME}/group/500K", f"{NAME}/group/20M"
    tight, records = f"{NAME}/group-500MB/20M", f"{NAME}/records"
    sort = [DUCKDB[0][0]]
    return [
        Aim("500K rows to lists: the best peer", [small], 1.1),
        Aim("20M rows to lists: the best peer", [middle], 1.7),
        Aim("20M rows to lists, memory: Polars", [middle], 2.5, ["Polars"], True),
        Aim("20M rows within 500 MB: DuckDB's sort", [tight], 2, sort),
        Aim("20M rows within 500 MB: list_sort", [tight], 9, ["DuckDB list_sort"]),
        Aim("Parquet to ArrayRecord: the Python pipeline", [records], 2),
    ]
