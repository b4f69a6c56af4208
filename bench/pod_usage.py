# SPDX-License-Identifier: Apache-2.0
"""The pod-usage benchmark: hourly reports of a cluster to its daily summary.

    compute/N            the summary in memory
    switches/N           the same, with one optimisation turned off in each peer
    file/1M              the command, from local files to a Parquet file
    s3/1M                the command, from an object store to a Parquet file
    postgres/1M          the command, from local files into koku's table without indexes
    postgres-indexed/1M  the same with its nine indexes

N is 20K and 1M (1,017,600 rows of 42,400 pods with as many label texts), and, in the full
set only, 100K, 500K and 2M. Data are made once by `windrow generate` and used again. The
object store is moto and PostgreSQL a cluster of its own, both on this machine.
"""

from __future__ import annotations

import json
import statistics
import subprocess
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pod_usage_inputs as inputs
import pod_usage_sql
from cases import Aim, Case, Contestant, Settings, peer_command

NAME = "pod-usage"
ROWS = {
    "20K": 20_352,
    "100K": 100_320,
    "500K": 500_160,
    "1M": 1_017_600,
    "2M": 2_035_200,
}
TOLERANCE = 1e-12
SWITCHES = ["label_memo", "dictionary_keys", "partial_aggregation"]
CONNECTIONS = 4
NAIVE, EXPERT = "DuckDB naive", "DuckDB expert"

SECONDS_AIM, MEMORY_AIM = 1.0, 400_000_000
TRINO = (
    "published for comparison, not measured here: Trino 476, 2 cores, 3 GB heap, hot, local "
    "files, write to PostgreSQL included: 20K hourly rows 1.1-1.7 s, 100K 1.4-2.0 s, "
    "1M 3.1-4.1 s, first run 7-13 s, peak RSS 1.8-2.7 GB"
)

QUICK = ["compute/20K", "compute/1M", "switches/1M", "file/1M", "s3/1M"]
QUICK += ["postgres/1M", "postgres-indexed/1M"]
FULL = [*(f"compute/{size}" for size in ROWS), *QUICK[2:], "switches/20K"]


@dataclass(frozen=True)
class Place:
    """A case being made: its name, its reports and where things go."""

    settings: Settings
    kind: str
    size: str
    reports: Path

    @property
    def name(self) -> str:
        """The name of the case."""
        return f"{NAME}/{self.kind}/{self.size}"

    @property
    def reference(self) -> Path:
        """Labels, categories and nodes, as the generator writes them."""
        return self.reports / "reference.json"

    def scratch(self, name: str) -> str:
        """Returns a path for something of this case."""
        return str(self.settings.scratch / f"{self.name.replace('/', '-')}-{name}")

    def case(self, ours: Contestant, peers: Sequence[Contestant], **more: Any) -> Case:
        """Returns the case."""
        files = sorted(self.reports.rglob("*.parquet"))
        return Case(self.name, ours, peers, files, float_tolerance=TOLERANCE, **more)


def command(place: Place, place_of_reports: str, target: str) -> list[str]:
    """Returns our command as a process of its own."""
    words = inputs.recipe_words(place_of_reports, place.reference, target)
    slots = ["--slots", str(place.settings.slots), "--temp-dir", str(place.settings.scratch)]
    return [str(place.settings.windrow), *words, *slots, "--progress", "none"]


def job_in_memory(place: Place) -> str:
    """Writes the recipe's job with rows in memory for its sink; returns its path."""
    words = command(place, str(place.reports), "x.parquet")
    done = subprocess.run([*words, "--print-job"], check=True, capture_output=True, text=True)
    steps, _, _ = done.stdout.partition("\nsinks:\n")
    path = Path(place.scratch("job.yaml"))
    path.write_text(f"{steps}\nsinks:\n  - {{collect: result}}\n", encoding="utf-8")
    return str(path)


def driver(place: Place, job: str, *more: str) -> list[str]:
    """Returns the process that runs a job again and again."""
    return [*place.settings.ours, job, "--slots", str(place.settings.slots), *more]


def duckdb(place: Place, work: str, plan: str, name: str, **more: Any) -> Contestant:
    """Returns DuckDB with one of its plans."""
    sql = inputs.settings_of_sql()
    case = {"folder": str(place.reports), "settings": sql, "plan": plan, **more}
    return Contestant(name, peer_command("pod_usage_peer.py", work, json.dumps(case)))


def compute_case(place: Place) -> Case:
    """Rows in memory against both plans of DuckDB."""
    ours = Contestant("Windrow", driver(place, job_in_memory(place)))
    peers = [duckdb(place, "rows", "naive", NAIVE), duckdb(place, "rows", "expert", EXPERT)]
    return place.case(ours, peers, notes=(lambda: [TRINO]) if place.size == "1M" else None)


def switches_case(place: Place) -> Case:
    """Rows in memory with each optimisation beside the same without it."""
    job = job_in_memory(place)
    peers = [
        Contestant(f"Windrow {name}=off", driver(place, job, "--set", f"{name}=off"))
        for name in SWITCHES
    ]
    return place.case(Contestant("Windrow", driver(place, job)), peers)


def file_case(place: Place) -> Case:
    """Our command against the better plan of DuckDB, both to a Parquet file."""
    output = place.scratch("ours.parquet")
    words = command(place, str(place.reports), output)
    argument = json.dumps({"words": words, "output": output})
    ours = Contestant("Windrow", peer_command("windrow_peer.py", "command", argument))
    theirs = place.scratch("peer.parquet")
    return place.case(ours, [duckdb(place, "file", "expert", EXPERT, output=theirs)])


def s3_case(place: Place) -> Case:
    """Our command with and without fetching ahead from an object store."""
    from support.s3_server import S3Server, environment

    server = place.settings.until_end.enter_context(S3Server())
    server.make_bucket("reports")
    server.put_folder("reports", "", place.reports)

    def contestant(name: str, *more: str) -> Contestant:
        output = place.scratch(f"{len(more)}.parquet")
        case = {
            "words": [*command(place, "s3://reports", output), *more],
            "output": output,
            "environment": environment(server.url),
        }
        return Contestant(name, peer_command("windrow_peer.py", "command", json.dumps(case)))

    off = contestant("Windrow prefetch=off", "--set", "prefetch=off")
    return place.case(contestant("Windrow"), [off], has_server=True)


def postgres_case(place: Place) -> Case:
    """Our command and its ways to load, and DuckDB with psql."""
    from support.postgres_server import bin_folder

    is_indexed = place.kind == "postgres-indexed"
    server = place.settings.until_end.enter_context(inputs.postgres(is_indexed))
    target = {
        "url": server.url(),
        "psql": f"{bin_folder()}/psql",
        "schema": inputs.SCHEMA,
        "columns": pod_usage_sql.COLUMNS,
    }
    reports: dict[str, Path] = {}

    def contestant(name: str, *more: str) -> Contestant:
        reports[name] = Path(place.scratch(f"reports-{len(reports)}"))
        reports[name].mkdir()
        words = [*command(place, str(place.reports), server.url(schema=inputs.SCHEMA)), *more]
        case = {**target, "words": words, "output": "", "reports": str(reports[name])}
        return Contestant(name, peer_command("pod_usage_peer.py", "windrow_load", json.dumps(case)))

    ours = contestant("Windrow")
    peers = [
        duckdb(place, "load", "expert", f"{EXPERT}, psql", output=place.scratch("csv"), **target),
        contestant("Windrow binary_copy=off", "--set", "binary_copy=off"),
        contestant(f"Windrow parallel={CONNECTIONS}", "--parallel", str(CONNECTIONS)),
    ]
    is_aimed_at = not is_indexed and place.size == "1M"
    return place.case(ours, peers, has_server=True, notes=load_notes(server, reports, is_aimed_at))


def load_notes(server: Any, reports: dict[str, Path], is_aimed_at: bool) -> Callable[[], list[str]]:
    """Returns a function that tells what the command's own reports say of its runs."""

    def notes() -> list[str]:
        shown = ", ".join(
            f"{name} {server.value(f'show {name}')}"
            for name in ("server_version", *inputs.POSTGRES_SETTINGS, "synchronous_commit")
        )
        lines = [f"PostgreSQL {shown.removeprefix('server_version ')}"]
        for name, folder in reports.items():
            runs = [json.loads(path.read_text(encoding="utf-8")) for path in folder.iterdir()]
            if runs:
                lines.append(f"{name}: {load_line(runs, is_aimed_at and name == 'Windrow')}")
        return lines

    return notes


def load_line(runs: list[dict[str, Any]], is_aimed_at: bool) -> str:
    """Sums up the run reports of one contestant; medians, and the peak of memory."""
    wall = statistics.median(run["wall_seconds"] for run in runs)
    cpu = statistics.median(run["cpu_seconds"] for run in runs)
    memory = max(run["peak_rss_bytes"] for run in runs)
    spent = {
        phase: statistics.median(phases_of(run)[phase] for run in runs)
        for phase in ("read", "aggregate", "write")
    }
    phases = ", ".join(f"{phase} {seconds:.3f} s" for phase, seconds in spent.items())
    line = f"{wall:.3f} s wall, {cpu:.3f} s CPU ({phases}), peak RSS {memory / 1e6:.0f} MB"
    if is_aimed_at:
        is_met = wall < SECONDS_AIM and memory < MEMORY_AIM
        line += f"; aim under {SECONDS_AIM} s and {MEMORY_AIM / 1e6:.0f} MB: "
        line += "met" if is_met else "missed"
    return line


def phases_of(run: dict[str, Any]) -> dict[str, float]:
    """Adds up the CPU seconds of a run's steps by what they do."""
    phases: dict[str, float] = defaultdict(float)
    for step in run["steps"]:
        phase = {"scan": "read", "write": "write"}.get(step["kind"], "aggregate")
        phases[phase] += step["cpu_seconds"]
    return phases


MAKERS: dict[str, Callable[[Place], Case]] = {
    "compute": compute_case,
    "switches": switches_case,
    "file": file_case,
    "s3": s3_case,
    "postgres": postgres_case,
    "postgres-indexed": postgres_case,
}


def make_case(settings: Settings, name: str) -> Case:
    """Makes the reports and the contestants of one case."""
    kind, size = name.split("/")
    rows = settings.rows or ROWS[size]
    reports = inputs.make_reports(settings.windrow, rows, settings.data)
    return MAKERS[kind](Place(settings, kind, size, reports))


def cases(settings: Settings) -> list[Case]:
    """Returns the seven quick cases, or all eleven."""
    wanted = QUICK if settings.size == "quick" else FULL
    return [make_case(settings, each) for each in wanted if settings.only in f"{NAME}/{each}"]


def aims() -> list[Aim]:
    """Returns the figures for 1,017,600 rows, 2 threads, warm."""
    compute = [f"{NAME}/compute/1M"]
    return [
        Aim("1M rows to the summary: DuckDB, labels of each row", compute, 40, [NAIVE]),
        Aim("1M rows to the summary: DuckDB, labels of each text", compute, 3, [EXPERT]),
    ]
