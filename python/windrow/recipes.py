# SPDX-License-Identifier: Apache-2.0
"""The jobs that Windrow was made for, one call each.

A recipe writes a job document, which the engine runs like any other: the functions named
`..._job` give the document, to read, to change or to keep.

>>> document = wr.recipes.enrich_job("q.arrow", "s.arrow", "out.arrow", limit=5)
>>> "limit: 5" in document
True
"""

import datetime
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Required, TypedDict, Unpack

from windrow import _native
from windrow.cluster import Cluster
from windrow.options import RunOptions, native_options
from windrow.running import Work, execute
from windrow.table import Table

__all__ = [
    "EnrichOptions",
    "PodUsageOptions",
    "ProbeRowsOptions",
    "enrich",
    "enrich_job",
    "pod_usage",
    "pod_usage_job",
    "probe_rows",
    "probe_rows_job",
]

FilePath = str | os.PathLike[str]


class EnrichOptions(TypedDict, total=False):
    """What may be said about an enrichment.

    >>> options: wr.recipes.EnrichOptions = {"how": "left", "columns": ["ID", "NAME"]}
    """

    on: str | Cluster
    """QUOTES_COLUMN=SECURITIES_COLUMN ("instrumentId=ID"). What has no equals sign says where
    to run instead, as for other runs; `configure` takes both."""
    how: Literal["inner", "left", "semi", "anti"]
    """Which quotes are kept ("inner")."""
    columns: Sequence[str]
    """Columns of securities, or "all" ("all")."""
    spread: bool
    """Adds spread_pct and spread_bps (False)."""
    filter: str
    """SQL expression over the output; without it every row."""
    sort_by: str
    """COLUMN:asc or COLUMN:desc, several with commas."""
    limit: int
    """Most rows of the output."""


class ProbeRowsOptions(TypedDict, total=False):
    """What may be said about training records of probes.

    >>> options: wr.recipes.ProbeRowsOptions = {"train_ratio": 0.8, "shards": 4}
    """

    train_ratio: float
    """Share of the probes that are for training (0.9)."""
    split: Literal["hash", "sorted"]
    """By the probe's id, or the first probes for training ("hash")."""
    max_row_size_mb: float
    """A larger probe becomes several records (8)."""
    shards: int
    """Files that train and test have each; without it one."""
    null_src: Literal["drop", "error", "empty"]
    """What becomes of rows without a source address ("drop")."""
    compression: str
    """Of the records' chunks ("zstd:3")."""


class PodUsageOptions(TypedDict, total=False):
    """What is said about a daily summary; all but the last two must be.

    >>> options: wr.recipes.PodUsageOptions = {
    ...     "account": "10001",
    ...     "source": "5a2c3a9e-6a5b-4c1e-9d0e-1f2a3b4c5d6e",
    ...     "cluster_id": "c1",
    ...     "cluster_alias": "prod",
    ...     "report_period_id": 7,
    ...     "start": "2025-05-01",
    ...     "end": "2025-05-31",
    ...     "reference": "reference.json",
    ... }
    """

    account: Required[str]
    """Whose reports, as in the paths."""
    source: Required[str]
    """UUID of the reports' source."""
    cluster_id: Required[str]
    """For the output."""
    cluster_alias: Required[str]
    """For the output."""
    report_period_id: Required[int]
    """For the output."""
    start: Required[str | datetime.date]
    """First day."""
    end: Required[str | datetime.date]
    """Last day, in the same month."""
    reference: Required[FilePath | Mapping[str, Any]]
    """Enabled label keys, cost categories and nodes: a mapping, a JSON file, or the URL of
    the PostgreSQL database that has them."""
    layout: Literal["koku", "hourly"]
    """koku's hourly and daily tables, or hourly rows everywhere ("koku")."""
    parallel: int
    """Connections that write to PostgreSQL (1)."""


class _EnrichRun(EnrichOptions, RunOptions):
    pass


class _ProbeRowsRun(ProbeRowsOptions, RunOptions):
    pass


class _PodUsageRun(PodUsageOptions, RunOptions):
    pass


def enrich(
    quotes: FilePath,
    securities: FilePath | Sequence[FilePath],
    output: FilePath,
    **options: Unpack[_EnrichRun],
) -> dict[str, Any]:
    """Joins quotes with the securities they are for; returns the run report.

    Inputs are paths or globs, `securities` also `grpc://HOST:PORT/TABLE`; several are
    partitions. `output` ends in `.arrow` or `.parquet`. Other arguments are those of
    `EnrichOptions` and `RunOptions`.

    >>> secs = wr.generate("securities", 100).sink_ipc("s.arrow")
    >>> quotes = wr.generate("quotes", 1000, securities=100).sink_ipc("q.arrow")
    >>> report = wr.recipes.enrich("q.arrow", "s.arrow", "out.parquet", spread=True, limit=5)
    >>> report["rows_out"]
    {'out.parquet': 5}
    """
    recipe, run = _split(options, EnrichOptions)
    return _run(_enrich(quotes, securities, output, recipe), run)


def enrich_job(
    quotes: FilePath,
    securities: FilePath | Sequence[FilePath],
    output: FilePath,
    **options: Unpack[EnrichOptions],
) -> str:
    """The job document of an enrichment.

    >>> print(wr.recipes.enrich_job("q.arrow", "s.arrow", "out.arrow").splitlines()[0])
    windrow: 1
    """
    recipe, _ = _split(options, EnrichOptions)
    return _enrich(quotes, securities, output, recipe).text


def probe_rows(
    input: FilePath | Sequence[FilePath], output: FilePath, **options: Unpack[_ProbeRowsRun]
) -> dict[str, Any]:
    """Turns ping measurements into training records, one a probe; returns the run report.

    `input` are paths or globs, `output` is a folder for train.arrayrecord, test.arrayrecord
    and manifest.json. Other arguments are those of `ProbeRowsOptions` and `RunOptions`.

    >>> pings = wr.generate("pings", 1000).sink_parquet("pings.parquet")
    >>> report = wr.recipes.probe_rows("pings.parquet", "probes")
    >>> train = wr.read_array_record("probes/train.arrayrecord")
    >>> train.rows(0, column="measurements").schema.names
    ['event_time', 'src_addr', 'dst_addr', 'ip_version', 'rtt']
    """
    recipe, run = _split(options, ProbeRowsOptions)
    return _run(_probe_rows(input, output, recipe), run)


def probe_rows_job(
    input: FilePath | Sequence[FilePath], output: FilePath, **options: Unpack[ProbeRowsOptions]
) -> str:
    """The job document of `probe_rows`.

    >>> "probe_records" in wr.recipes.probe_rows_job("pings.parquet", "probes")
    True
    """
    return _probe_rows(input, output, options).text


def pod_usage(input: FilePath, to: FilePath, **options: Unpack[_PodUsageRun]) -> dict[str, Any]:
    """OpenShift usage reports to rows of a daily summary; returns the run report.

    `input` is a folder or `s3://BUCKET/PREFIX`, `to` a `.parquet` or `.ndjson` file or a
    `postgresql://` URL, whose rows of these days are replaced. Other arguments are those of
    `PodUsageOptions` and `RunOptions`.

    >>> report = wr.recipes.pod_usage(
    ...     "s3://reports/koku", "postgresql://me@db.example/koku", account="10001",
    ...     source="5a2c3a9e-6a5b-4c1e-9d0e-1f2a3b4c5d6e", cluster_id="c1",
    ...     cluster_alias="prod", report_period_id=7, start="2025-05-01", end="2025-05-31",
    ...     reference="postgresql://me@db.example/koku",
    ... )  # doctest: +SKIP
    >>> wr.recipes.PodUsageOptions.__required_keys__ >= {"account", "reference"}
    True
    """
    recipe, run = _split(options, PodUsageOptions)
    given = _pod_usage(input, to, recipe)
    job = _native.pod_usage_job(given, _reference_text(recipe["reference"], run))
    _native.check_pod_usage_input(job, given, native_options(run))
    return _run(job, run)


def pod_usage_job(input: FilePath, to: FilePath, **options: Unpack[_PodUsageRun]) -> str:
    """The job document of `pod_usage`; passwords are left out.

    >>> document = wr.recipes.pod_usage_job(
    ...     "reports", "summary.parquet", account="10001",
    ...     source="5a2c3a9e-6a5b-4c1e-9d0e-1f2a3b4c5d6e", cluster_id="c1",
    ...     cluster_alias="prod", report_period_id=7, start="2025-05-01", end="2025-05-31",
    ...     reference={"enabled_keys": ["app"], "cost_categories": [], "nodes": []},
    ... )
    >>> document.splitlines()[0]
    'windrow: 1'
    """
    recipe, run = _split(options, PodUsageOptions)
    reference = _reference_text(recipe["reference"], run)
    return _native.pod_usage_job(_pod_usage(input, to, recipe), reference).text


def _run(job: _native.Job, options: RunOptions) -> dict[str, Any]:
    report, _ = execute(Work(job), options)
    return report


def _split(options: Mapping[str, Any], recipe: Any) -> tuple[Any, Any]:
    """The options of the recipe, and those of the run."""
    names = set(recipe.__annotations__)
    place = options.get("on", "")
    if isinstance(place, Cluster) or "=" not in place:
        names.discard("on")
    return (
        {name: value for name, value in options.items() if name in names},
        {name: value for name, value in options.items() if name not in names},
    )


def _fill(given: Any, options: Mapping[str, Any]) -> Any:
    for name, value in options.items():
        setattr(given, name, value)
    return given


def _paths(paths: FilePath | Sequence[FilePath]) -> list[str]:
    if isinstance(paths, str | os.PathLike):
        paths = [paths]
    return [os.fspath(path) for path in paths]


def _enrich(
    quotes: FilePath,
    securities: FilePath | Sequence[FilePath],
    output: FilePath,
    options: EnrichOptions,
) -> _native.Job:
    given = _fill(_native.EnrichOptions(), options | {"columns": "all"})
    given.quotes = os.fspath(quotes)
    given.securities = _paths(securities)
    given.output = os.fspath(output)
    columns = options.get("columns", "all")
    given.columns = columns if isinstance(columns, str) else ",".join(columns)
    return _native.enrich_job(given)


def _probe_rows(
    input: FilePath | Sequence[FilePath], output: FilePath, options: ProbeRowsOptions
) -> _native.Job:
    given = _fill(_native.ProbeRowsOptions(), options)
    given.input = _paths(input)
    given.output = os.fspath(output)
    return _native.probe_rows_job(given)


def _pod_usage(input: FilePath, to: FilePath, options: PodUsageOptions) -> _native.PodUsageOptions:
    missing = sorted(PodUsageOptions.__required_keys__ - options.keys())
    if missing:
        raise TypeError(f"pod_usage: expected {', '.join(missing)}")
    days = {name: str(options[name]) for name in ("start", "end")}
    given: _native.PodUsageOptions = _native.PodUsageOptions()
    _fill(given, {k: v for k, v in options.items() if k != "reference"} | days)
    given.input = os.fspath(input)
    given.to = os.fspath(to)
    return given


def _reference_text(reference: FilePath | Mapping[str, Any], options: RunOptions) -> str:
    """The reference as JSON."""
    if isinstance(reference, Mapping):
        return json.dumps(reference)
    place = os.fspath(reference)
    if not place.startswith(("postgresql://", "postgres://")):
        return Path(place).read_text(encoding="utf-8")

    def read(job: _native.Job) -> list[list[Any]]:
        _, run = execute(Work(job), options)
        return [list(row.values()) for row in Table(run.table()).to_pylist()]

    tables = {name: read(job) for name, job in _native.pod_usage_reference_jobs(place).items()}
    return json.dumps(
        {
            "enabled_keys": [key for (key,) in tables["keys"] if key is not None],
            "cost_categories": tables["categories"],
            "nodes": tables["nodes"],
        }
    )
