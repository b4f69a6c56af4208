# SPDX-License-Identifier: Apache-2.0
"""Recipes from Python: the documents and the outputs of the commands."""

import datetime as dt
import filecmp
import json
from pathlib import Path

import command
import pyarrow.parquet as pq
import pytest

import windrow as wr

POD_USAGE = {
    "account": "org1234567",
    "cluster_id": "c",
    "cluster_alias": "C",
    "report_period_id": 1,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("recipes")
    words = ["generate", "securities", "--rows", "500", "-o", "s.arrow"]
    command.run_well(*words, cwd=folder)
    words = ["generate", "quotes", "--rows", "3000", "--option", "securities=500"]
    command.run_well(*words, "-o", "q.parquet", cwd=folder)
    command.run_well("generate", "pings", "--rows", "5000", "-o", "p.parquet", cwd=folder)
    command.run_well("generate", "pod-usage", "--rows", "2000", "-o", "pods", cwd=folder)
    return folder


@pytest.fixture(autouse=True)
def _inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def _printed(*words: str) -> str:
    return command.run_well(*words, "--print-job", cwd=Path()).stdout


def _enrich_words(output: str) -> list[str]:
    words = ["enrich", "--quotes", "q.parquet", "--securities", "s.arrow", "-o", output]
    words += ["--how", "left", "--columns", "ID,NAME", "--spread", "--limit", "50"]
    return [*words, "--filter", "spread_pct < 90", "--sort-by", "spread_bps:desc,NAME:asc"]


ENRICH: wr.recipes.EnrichOptions = {
    "how": "left",
    "columns": ["ID", "NAME"],
    "spread": True,
    "limit": 50,
    "filter": "spread_pct < 90",
    "sort_by": "spread_bps:desc,NAME:asc",
}


def test_enrich_is_the_command():
    document = wr.recipes.enrich_job("q.parquet", Path("s.arrow"), "a.arrow", **ENRICH)
    assert document == _printed(*_enrich_words("a.arrow"))
    report = wr.recipes.enrich("q.parquet", ["s.arrow"], "a.arrow", slots=1, **ENRICH)
    command.run_well(*_enrich_words("b.arrow"), cwd=Path())
    assert filecmp.cmp("a.arrow", "b.arrow", shallow=False)
    assert report["rows_out"] == {"a.arrow": 50}
    assert report["slots"] == 1


def test_a_frame_a_document_and_a_recipe_have_the_same_plan_and_rows():
    document = wr.recipes.enrich_job("q.parquet", "s.arrow", "out.arrow", spread=True)
    Path("enrich.yaml").write_text(document, encoding="utf-8")
    price, spread = wr.col("price"), wr.col("spread")
    frame = (
        wr.scan("q.parquet", name="quotes")
        .join(wr.scan("s.arrow", name="securities"), left_on="instrumentId", right_on="ID")
        .named("enriched")
        .with_columns(spread_pct=100 * spread / price, spread_bps=10000 * spread / price)
        .named("spreads")
    )
    of_document = command.run_well("explain", "enrich.yaml", cwd=Path()).stdout
    of_frame = frame.explain()
    assert of_document.splitlines()[1:] == of_frame.splitlines()[1:]
    assert len(of_frame.splitlines()) > 4
    wr.run("enrich.yaml")
    frame.sink_ipc("frame.arrow")
    assert filecmp.cmp("out.arrow", "frame.arrow", shallow=False)


def test_probe_rows_is_the_command():
    words = ["probe-rows", "--input", "p.parquet", "--output"]
    more = ["--train-ratio", "0.7", "--shards", "3", "--compression", "zstd:1"]
    options: wr.recipes.ProbeRowsOptions = {
        "train_ratio": 0.7,
        "shards": 3,
        "compression": "zstd:1",
    }
    document = wr.recipes.probe_rows_job("p.parquet", "of_python", **options)
    assert document == _printed(*words, "of_python", *more)
    wr.recipes.probe_rows(["p.parquet"], "of_python", **options)
    command.run_well(*words, "of_command", *more, cwd=Path())
    names = command.names_in(Path("of_command"))
    assert command.names_in(Path("of_python")) == names
    assert len(names) == 7
    records = [name for name in names if name != "manifest.json"]
    assert filecmp.cmpfiles("of_python", "of_command", records, shallow=False)[0] == records


def _pod_usage_words(to: str) -> list[str]:
    about = json.loads(Path("pods/reference.json").read_text(encoding="utf-8"))
    assert about["enabled_keys"]
    words = ["pod-usage", "--input", "pods", "--account", "org1234567", "--source", _source()]
    words += ["--cluster-id", "c", "--cluster-alias", "C", "--report-period-id", "1"]
    words += ["--start", _day(1), "--end", _day(28), "--reference", "pods/reference.json"]
    return [*words, "--to", to]


def _part(key: str) -> str:
    """The value of the first folder KEY=VALUE below the reports."""
    return next(Path("pods").rglob(f"{key}=*")).name.partition("=")[2]


def _source() -> str:
    return _part("source")


def _day(day: int) -> str:
    return f"{_part('year')}-{int(_part('month')):02}-{day:02}"


def _pod_usage(**options) -> wr.recipes.PodUsageOptions:
    given = {"source": _source(), "start": _day(1), "end": dt.date.fromisoformat(_day(28))}
    return {**POD_USAGE, **given, "reference": "pods/reference.json", **options}


def test_pod_usage_is_the_command():
    document = wr.recipes.pod_usage_job("pods", "a.parquet", **_pod_usage())
    assert document == _printed(*_pod_usage_words("a.parquet"))
    report = wr.recipes.pod_usage("pods", "a.parquet", **_pod_usage(slots=2))
    command.run_well(*_pod_usage_words("b.parquet"), cwd=Path())
    assert report["rows_out"]["a.parquet"] > 0
    assert pq.read_table("a.parquet").equals(pq.read_table("b.parquet"))


def test_the_reference_may_be_a_mapping():
    reference = json.loads(Path("pods/reference.json").read_text(encoding="utf-8"))
    of_file = wr.recipes.pod_usage_job("pods", "a.parquet", **_pod_usage())
    assert wr.recipes.pod_usage_job("pods", "a.parquet", **_pod_usage(reference=reference)) == (
        of_file
    )


def test_reports_that_are_not_there_are_an_error():
    with pytest.raises(wr.StorageError, match="found no data/parquet there"):
        wr.recipes.pod_usage("absent", "none.parquet", **_pod_usage())
    assert not Path("none.parquet").exists()


def test_what_is_missing_or_wrong_is_said():
    given = {k: v for k, v in _pod_usage().items() if k not in ("account", "reference")}
    with pytest.raises(TypeError, match="expected account, reference"):
        wr.recipes.pod_usage("pods", "none.parquet", **given)
    with pytest.raises(wr.UserError, match="inner, left, semi or anti"):
        wr.recipes.enrich("q.parquet", "s.arrow", "none.arrow", how="outer")
    with pytest.raises(wr.UserError, match="train_ratio 2: expected a number"):
        wr.recipes.probe_rows("p.parquet", "none", train_ratio=2)
    with pytest.raises(TypeError, match="unknown option 'colums'"):
        wr.recipes.enrich("q.parquet", "s.arrow", "none.arrow", colums="all")
    with pytest.raises(wr.StorageError, match=r"absent\.parquet"):
        wr.recipes.enrich("absent.parquet", "s.arrow", "none.arrow")
