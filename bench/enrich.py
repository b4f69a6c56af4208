# SPDX-License-Identifier: Apache-2.0
"""The enrich benchmark: 1.2M quotes joined with 10M securities of 95 columns.

Cases are columns x input format x keys:

    columns   all (116), six (payload of securities and the quotes' key), count
    format    ipc (plain, mapped), zstd (IPC, zstd level 3), parquet
    keys      dense (sorted, contiguous), sparse (shuffled, far apart)

Data are made once by `windrow generate` and used again.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cases import Aim, Case, Contestant, Settings, Traffic, peer_command

NAME = "enrich"
ROWS = 10_000_000
QUOTES_PER_SECURITY = 0.12
SEEDS = {"quotes": 42, "securities": 7}
SUFFIXES = {"ipc": "arrow", "zstd": "zstd.arrow", "parquet": "parquet"}
BYTES_PER_SECURITY = {"ipc": 760, "zstd": 260, "parquet": 140}
SIX = ["ISIN", "NAME", "ISSUER", "SECTOR", "COUPON", "MATURITY"]

# Quotes draw their key from this many instruments; 2 % have none.
INSTRUMENTS = 30e6
KEYED_SHARE = 0.98
CACHE_LINE = 64

QUICK = [
    ("ipc", "dense", "all"),
    ("ipc", "dense", "six"),
    ("ipc", "dense", "count"),
    ("zstd", "dense", "all"),
    ("parquet", "dense", "all"),
    ("parquet", "dense", "six"),
]

# In the quick set a peer that is far behind on a case would take most of the time.
QUICK_PEERS = {
    ("ipc", "all"): ("DuckDB Parquet", "Acero IPC build=quotes"),
    ("zstd", "all"): ("Acero IPC build=quotes",),
    ("parquet", "all"): ("DuckDB Parquet",),
}
ALWAYS_LEFT_TO_FULL = (
    "DuckDB IPC",
    "Polars IPC streaming",
    "Acero IPC build=securities",
    "Acero Parquet build=securities",
)


@dataclass(frozen=True)
class Inputs:
    """The two files of one format and kind of keys."""

    quotes: Path
    securities: Path


def file_of(folder: Path, table: str, form: str, keys: str) -> Path:
    """Returns where a table is kept."""
    return folder / f"{table}-{keys}.{SUFFIXES[form]}"


def make_file(settings: Settings, path: Path, table: str, form: str, keys: str) -> None:
    """Makes one table unless it is there; a broken attempt leaves nothing behind."""
    if path.exists():
        return
    rows = settings.rows or ROWS
    need = rows * BYTES_PER_SECURITY[form]
    free = shutil.disk_usage(path.parent).free
    if table == "securities" and free < need * 1.2:
        raise RuntimeError(
            f"{path}: {free / 1e9:.1f} GB free on disk, about {need / 1e9:.1f} GB needed"
        )
    if table == "quotes":
        rows = int(rows * QUOTES_PER_SECURITY)
    making = path.with_name("making-" + path.name)
    command = [str(settings.windrow), "generate", table, "--rows", str(rows)]
    command += ["--seed", str(SEEDS[table]), "-o", str(making)]
    if table == "quotes":
        command += ["--option", f"securities={settings.rows or ROWS}"]
    if keys == "sparse":
        command += ["--option", "sparse=true"]
        if table == "securities":
            command += ["--option", "shuffled=true"]
    if form == "zstd":
        command += ["--compression", "zstd:3"]
    try:
        subprocess.run(command, check=True)
        making.rename(path)
    finally:
        making.unlink(missing_ok=True)


def make_inputs(settings: Settings, form: str, keys: str) -> Inputs:
    """Makes both files of one format and kind of keys, unless they are there."""
    folder = settings.data / f"{NAME}-{settings.rows or ROWS}"
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for table in SEEDS:
        paths[table] = file_of(folder, table, form, keys)
        make_file(settings, paths[table], table, form, keys)
    return Inputs(**paths)


def job_document(inputs: Inputs, columns: str, names: Sequence[str]) -> str:
    """Returns our job: a join, then the columns or the count that the case asks for."""
    lines = [
        "windrow: 1",
        "sources:",
        f"  quotes: {{scan: {json.dumps(str(inputs.quotes))}}}",
        f"  securities: {{scan: {json.dumps(str(inputs.securities))}}}",
        "steps:",
        "  matched: {join: {left: quotes, right: securities, on: {instrumentId: ID}, how: inner}}",
    ]
    if columns == "six":
        lines.append(f"  picked: {{select: [{', '.join(names)}], from: matched}}")
    if columns == "count":
        lines.append("  counted: {select: [], from: matched}")
    lines += ["sinks:", "  - {collect: result}"]
    return "\n".join(lines) + "\n"


def schema_of(path: Path) -> Any:
    """Returns the Arrow schema of a plain IPC or Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.suffix == ".parquet":
        return pq.read_schema(path)
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).schema


def touched_bytes(path: Path, names: Sequence[str], share: float) -> tuple[float, float]:
    """Returns bytes per row: in cache lines a gather touches, and in whole columns.

    `share` is the part of rows gathered. Widths come from the file's first batch.
    """
    import pyarrow as pa

    with pa.memory_map(str(path)) as source:
        batch = pa.ipc.open_file(source).get_batch(0)
        touched = whole = 0.0
        for name in names:
            column = batch.column(batch.schema.get_field_index(name))
            if pa.types.is_null(column.type) or batch.num_rows == 0:
                continue
            width = column.nbytes / batch.num_rows
            whole += width
            if pa.types.is_string(column.type):
                touched += 4 * (1 - (1 - share) ** (CACHE_LINE / 4))
                width -= 4
                rows_in_line = CACHE_LINE / max(width, 0.1) + 1
            else:
                rows_in_line = CACHE_LINE / max(width, 0.1)
            touched += width * (1 - (1 - share) ** rows_in_line)
    return touched, whole


def traffic_of(
    settings: Settings, inputs: Inputs, case: tuple[str, str, str], names: Sequence[str]
) -> Callable[[int], Traffic] | None:
    """Returns the least work of a case; Parquet has no bound we can defend."""
    form, keys, columns = case
    if form == "parquet":
        return None
    securities = settings.rows or ROWS
    quotes = securities * QUOTES_PER_SECURITY
    share = 1 - (1 - 1 / INSTRUMENTS) ** (quotes * KEYED_SHARE)
    picked = [] if columns == "count" else names
    touched, whole = touched_bytes(inputs.securities, picked, share)
    keys_read = 8 * (securities + quotes)
    probes = quotes if keys == "dense" else quotes + securities

    def traffic(answer_bytes: int) -> Traffic:
        if form == "zstd":
            return Traffic(
                decoded_bytes=keys_read + securities * whole,
                bytes_copied=answer_bytes,
                random_touches=probes,
            )
        return Traffic(
            bytes_read=keys_read + securities * touched,
            bytes_copied=answer_bytes,
            random_touches=probes,
        )

    return traffic


def peers_of(files: dict[str, Inputs], form: str, columns: str, names: Any) -> list[Contestant]:
    """Returns every peer for a case; `names` maps a table to its columns' names."""
    quote_columns, security_columns, empty = names
    base = {
        "columns": columns,
        "quote_columns": quote_columns,
        "security_columns": security_columns,
    }

    def peer(name: str, script: str, at: str, **more: Any) -> Contestant:
        paths = {
            "quotes": str(files[at].quotes),
            "securities": str(files[at].securities),
        }
        case = {**base, **paths, **more}
        left_out: Sequence[str] = ()
        if script == "acero_peer.py":
            left_out = empty
            for side in ("quote_columns", "security_columns"):
                case[side] = [name for name in case[side] if name not in empty]
        return Contestant(name, peer_command(script, NAME, json.dumps(case)), left_out)

    through = "parquet" if form == "parquet" else "dataset"
    own = "Parquet" if form == "parquet" else "IPC"
    peers = []
    if form != "zstd":
        at = "parquet"
        peers.append(peer("DuckDB Parquet", "duckdb_peer.py", at, through="parquet"))
        for engine in ("streaming", "in-memory"):
            name = f"Polars Parquet {engine}"
            more = {"through": "parquet", "engine": engine, "build_side": "auto"}
            peers.append(peer(name, "polars_peer.py", at, **more))
    if form != "parquet":
        peers.append(peer("DuckDB IPC", "duckdb_peer.py", form, through="dataset"))
        for engine in ("streaming", "in-memory"):
            name = f"Polars IPC {engine}"
            more = {"through": "ipc", "engine": engine, "build_side": "auto"}
            peers.append(peer(name, "polars_peer.py", form, **more))
    for build in ("quotes", "securities"):
        name = f"Acero {own} build={build}"
        peers.append(peer(name, "acero_peer.py", form, through=through, build=build))
    return peers


def is_quick_peer(name: str, form: str, columns: str) -> bool:
    """Says whether the quick set takes the time for this peer."""
    if (form, columns) in QUICK_PEERS:
        return name in QUICK_PEERS[form, columns]
    return not name.startswith(ALWAYS_LEFT_TO_FULL)


def make_case(settings: Settings, form: str, keys: str, columns: str) -> Case:
    """Makes the data, the job document and the contestants of one case."""
    forms = {form} | ({"parquet"} if form == "ipc" else set())
    files = {each: make_inputs(settings, each, keys) for each in sorted(forms)}
    quotes, securities = (schema_of(path) for path in (files[form].quotes, files[form].securities))
    quote_columns, security_columns = list(quotes.names), list(securities.names)
    if columns != "all":
        quote_columns, security_columns = ["instrumentId"], list(SIX)
    import pyarrow as pa

    empty = [f.name for f in (*quotes, *securities) if pa.types.is_null(f.type)]
    job = settings.scratch / f"{NAME}-{form}-{keys}-{columns}.yaml"
    selected = quote_columns + security_columns
    job.write_text(job_document(files[form], columns, selected), encoding="utf-8")
    peers = peers_of(files, form, columns, (quote_columns, security_columns, empty))
    if settings.size == "quick":
        peers = [p for p in peers if is_quick_peer(p.name, form, columns)]
    command = [*settings.ours, str(job), "--slots", str(settings.slots)]
    return Case(
        name=f"{NAME}/{form}/{keys}/{columns}",
        ours=Contestant("Windrow", command),
        peers=peers,
        inputs=[p for each in files.values() for p in (each.quotes, each.securities)],
        traffic=traffic_of(settings, files[form], (form, keys, columns), security_columns),
    )


def cases(settings: Settings) -> list[Case]:
    """Returns the six quick cases, or all eighteen."""
    wanted = QUICK
    if settings.size != "quick":
        wanted = [
            (form, keys, columns)
            for keys in ("dense", "sparse")
            for form in SUFFIXES
            for columns in ("all", "six", "count")
        ]
    wanted = [each for each in wanted if settings.only in "/".join((NAME, *each))]
    return [make_case(settings, *each) for each in wanted]


def aims() -> list[Aim]:
    """Returns the figures for dense keys, 2 threads, warm."""
    ipc = "enrich/ipc/dense"
    zstd = "enrich/zstd/dense/all"
    parquet = ["enrich/parquet/dense/all", "enrich/parquet/dense/six"]
    return [
        Aim("IPC, all columns: DuckDB (Parquet)", [f"{ipc}/all"], 7, ["DuckDB Parquet"]),
        Aim("IPC, all columns: the better Acero", [f"{ipc}/all"], 5, ["Acero"]),
        Aim("IPC, six columns: the best peer", [f"{ipc}/six"], 4.5),
        Aim("zstd IPC, all columns: the best peer on it", [zstd], 2),
        Aim("Parquet against Parquet: level", parquet, 1),
        Aim("Parquet against Parquet: ahead", parquet, 1.5),
        Aim("anonymous memory: below every peer", ["enrich/"], 1, at_peak_memory=True),
    ]
