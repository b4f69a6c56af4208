# SPDX-License-Identifier: Apache-2.0
"""windrow generate pod-usage: the files, what they hold and how they fit together."""

import hashlib
import json
from pathlib import Path

import command
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

SOURCE = "source=00000000-0000-0000-0000-000000000001/year=2025/month=10"
PODS = "pod_usage"


def generate(folder: Path, *words: str, rows: int = 4800) -> Path:
    out = folder / "out"
    command.run_well("generate", "pod-usage", "--rows", str(rows), *words, "-o", out, cwd=folder)
    return out


def files(out: Path, report: str, prefix: str = "") -> list[Path]:
    folder = out.joinpath("data/parquet", prefix, "org1234567/OCP", report, SOURCE)
    return sorted(folder.iterdir())


def table(out: Path, report: str, prefix: str = "") -> pa.Table:
    parts = [pq.read_table(path, partitioning=None) for path in files(out, report, prefix)]
    return pa.concat_tables(parts)


def digests(out: Path) -> dict[str, str]:
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def test_makes_the_files_of_koku(tmp_path: Path):
    out = generate(tmp_path, "--option", "nodes=4", "--option", "pods=50")
    assert sorted(digests(out)) == [
        *(
            f"data/parquet/daily/org1234567/OCP/{report}/{SOURCE}/2025-10-01_daily_0.parquet"
            for report in ("namespace_labels", "node_labels", PODS, "storage_usage")
        ),
        f"data/parquet/org1234567/OCP/pod_usage/{SOURCE}/2025-10-01_0.parquet",
        "reference.json",
    ]
    hours, days = table(out, PODS), table(out, PODS, "daily")
    assert (hours.num_rows, days.num_rows) == (4800, 200)
    assert table(out, "storage_usage", "daily").num_rows == 20
    assert table(out, "node_labels", "daily").num_rows == 4
    assert table(out, "namespace_labels", "daily").num_rows == 4
    assert hours.schema.field("interval_start").type == pa.timestamp("ms")
    column = pq.ParquetFile(files(out, PODS)[0]).metadata.row_group(0).column
    chunk = column(hours.column_names.index("pod_labels"))
    assert chunk.compression == "SNAPPY"
    assert "RLE_DICTIONARY" in chunk.encodings
    assert pc.count_distinct(hours["pod_labels"]).as_py() == 200
    assert {len(json.loads(text)) for text in days["pod_labels"].to_pylist()} == {6}


def test_days_are_the_sums_of_their_hours(tmp_path: Path):
    out = generate(tmp_path, "--option", "days=3", "--option", "pods=7", rows=1705)
    hours, days = table(out, PODS), table(out, PODS, "daily")
    assert hours.num_rows == 1705
    sums = [name for name in days.column_names if name.endswith("_seconds")]
    hours = hours.append_column("day", pc.floor_temporal(hours["interval_start"], unit="day"))
    keys = ["day", "pod"]
    summed = (
        hours.group_by(keys)
        .aggregate([(name, "sum") for name in sums])
        .sort_by([(key, "ascending") for key in keys])
    )
    days = days.sort_by([("interval_start", "ascending"), ("pod", "ascending")])
    assert days["pod"].to_pylist() == summed["pod"].to_pylist()
    assert len(set(days["interval_start"].to_pylist())) == 3
    for name in sums:
        assert days[name].to_pylist() == pytest.approx(summed[f"{name}_sum"].to_pylist())


def test_reference_names_every_node(tmp_path: Path):
    out = generate(tmp_path, "--option", "nodes=3")
    reference = json.loads((out / "reference.json").read_text(encoding="utf-8"))
    days = table(out, PODS, "daily")
    pairs = set(zip(days["node"].to_pylist(), days["resource_id"].to_pylist(), strict=True))
    assert {(node, resource) for node, resource, _ in reference["nodes"]} == pairs
    assert len(pairs) == 3
    assert "pod" in reference["enabled_keys"]
    assert reference["storage_exists"] is True


def test_the_same_seed_gives_the_same_files(tmp_path: Path):
    seeds = {}
    for name, words in {
        "one": ["--seed", "7", "--slots", "1"],
        "two": ["--seed", "7", "--slots", "4", "--set", "morsel_rows=100"],
        "three": ["--seed", "8"],
    }.items():
        (tmp_path / name).mkdir()
        seeds[name] = digests(generate(tmp_path / name, *words))
    assert seeds["one"] == seeds["two"]
    assert seeds["one"] != seeds["three"]


def test_large_reports_are_cut_as_koku_cuts_them(tmp_path: Path):
    out = generate(tmp_path, rows=250_000)
    assert [pq.read_metadata(path).num_rows for path in files(out, PODS)] == [199_992, 50_008]
    assert [pq.read_metadata(p).num_rows for p in files(out, PODS, "daily")] == [8333, 2084]
    assert table(out, PODS, "daily")["pod"].to_pylist()[-1] == "pod-0098-010416"
    assert pc.count_distinct(table(out, PODS)["pod"]).as_py() == 10_417


def test_hourly_layout(tmp_path: Path):
    words = ["--option", "layout=hourly", "--option", "days=2", "--option", "nodes=5"]
    out = generate(tmp_path, *words)
    days = sorted((out / "data/org1234567/OCP" / SOURCE).iterdir())
    assert [path.name for path in days] == ["day=01", "day=02"]
    first = {path.name: pq.read_table(path, partitioning=None) for path in days[0].iterdir()}
    assert {name: rows.num_rows for name, rows in first.items()} == {
        "openshift_pod_usage_line_items": 2400,
        "openshift_storage_usage_line_items_daily": 240,
        "openshift_node_labels_line_items": 120,
        "openshift_namespace_labels_line_items": 120,
    }
    pods = first["openshift_pod_usage_line_items"]
    assert pods["pod_labels"][0].as_py().startswith("label_app:app0|label_tier:web|")
    assert pods.schema.field("node_capacity_cpu_cores").type == pa.int64()
    assert set(pods["cluster_id"].to_pylist()) == {"bench"}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--rows", "0"], "--rows is 0"),
        (["--rows", "10", "--option", "node=2"], "no option 'node'; did you mean 'nodes'?"),
        (["--rows", "10", "--option", "days=32"], "days is '32', expected 1 to 31"),
        (["--rows", "10", "--option", "layout=daily"], "expected koku or hourly"),
        (
            ["--rows", "1000", "--option", "nodes=2", "--option", "pods=3"],
            "2 nodes of 3 pods have at most 144 hours in 1 days",
        ),
    ],
)
def test_wrong_options(words: list[str], found: str, tmp_path: Path):
    outcome = command.run("generate", "pod-usage", *words, "-o", "out", cwd=tmp_path)
    assert outcome.exit_code == 2
    assert found in outcome.stderr
    assert command.names_in(tmp_path) == []


def test_a_folder_with_files_is_left_alone(tmp_path: Path):
    (tmp_path / "kept").write_text("x", encoding="utf-8")
    outcome = command.run("generate", "pod-usage", "--rows", "24", "-o", ".", cwd=tmp_path)
    assert outcome.exit_code == 2
    assert command.names_in(tmp_path) == ["kept"]


def test_a_failed_run_leaves_nothing(tmp_path: Path):
    words = ["--rows", "24", "--compression", "lz5", "-o", "out"]
    outcome = command.run("generate", "pod-usage", *words, cwd=tmp_path)
    assert outcome.exit_code == 2
    assert command.names_in(tmp_path) == []
