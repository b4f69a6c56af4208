# SPDX-License-Identifier: Apache-2.0
"""The recipes on three Ray nodes: the files that they write locally."""

import json
from collections.abc import Iterator
from pathlib import Path

import command
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest
from support.ray_cluster import three_nodes, working_in

import windrow as wr

SMALL = {"split_rows": 5000, "piece_bytes": 100_000}


@pytest.fixture(scope="module")
def cluster() -> Iterator[wr.Cluster]:
    with three_nodes() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def pings(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pings")
    command.run_well("generate", "pings", "--rows", "60000", "-o", "whole.parquet", cwd=folder)
    rows = pq.read_table(folder / "whole.parquet")
    pq.write_table(rows, folder / "pings.parquet", row_group_size=5000)
    return folder / "pings.parquet"


@pytest.fixture(scope="module")
def enrichment(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("enrichment")
    for words in (
        ["quotes", "--rows", "8000", "-o", "whole.parquet"],
        ["securities", "--rows", "50000", "-o", "whole.arrow"],
    ):
        command.run_well("generate", *words, cwd=folder)
    rows = pq.read_table(folder / "whole.parquet")
    pq.write_table(rows, folder / "quotes.parquet", row_group_size=1000)
    with ipc.open_file(folder / "whole.arrow") as file:
        rows = file.read_all()
    with ipc.new_file(folder / "securities.arrow", rows.schema) as writer:
        writer.write_table(rows, max_chunksize=6000)
    return folder


@pytest.mark.parametrize(
    ("switches", "kind"),
    [
        ({"piece_bytes": 2 << 20}, "semi-join"),
        ({"send_keys": False, "piece_bytes": 2 << 20}, "shuffle"),
        ({"piece_bytes": 200_000}, "broadcast"),
    ],
    ids=["semi-join", "shuffle", "broadcast"],
)
@pytest.mark.parametrize("how", ["inner", "left"])
def test_enrich(how, switches, kind, enrichment: Path, cluster: wr.Cluster, tmp_path: Path):
    columns = ["ID", "NAME", "ISIN"] if kind == "broadcast" else "all"
    with working_in(enrichment):
        for name, options in (
            ("local", {}),
            ("cluster", {"on": cluster, "switches": {"split_rows": 1000, **switches}}),
        ):
            report = wr.recipes.enrich(
                "quotes.parquet",
                "securities.arrow",
                tmp_path / f"{name}.arrow",
                how=how,
                columns=columns,
                spread=True,
                **options,
            )
    assert kind in {exchange["kind"] for exchange in report["exchanges"]}
    tables = [ipc.open_file(tmp_path / f"{name}.arrow").read_all() for name in ("local", "cluster")]
    assert tables[0].num_rows > 0
    assert tables[1].equals(tables[0])


@pytest.mark.parametrize("options", [{}, {"shards": 3}, {"split": "sorted"}])
def test_probe_rows(options, pings: Path, cluster: wr.Cluster, tmp_path: Path):
    wr.recipes.probe_rows(pings, tmp_path / "local", **options)
    wr.recipes.probe_rows(pings, tmp_path / "cluster", on=cluster, switches=SMALL, **options)
    names = sorted(path.name for path in (tmp_path / "local").iterdir())
    assert sorted(path.name for path in (tmp_path / "cluster").iterdir()) == names
    for name in names:
        local, there = ((tmp_path / place / name).read_bytes() for place in ("local", "cluster"))
        if name == "manifest.json":
            assert _counts(json.loads(there)) == _counts(json.loads(local))
        else:
            assert there == local, name


def _counts(manifest: dict) -> dict:
    return {key: value for key, value in manifest.items() if key not in ("job", "created")}


def test_pod_usage(cluster: wr.Cluster, tmp_path: Path):
    command.run_well("generate", "pod-usage", "--rows", "20000", "-o", "usage", cwd=tmp_path)
    report = {}
    with working_in(tmp_path):
        for name, options in (("local", {}), ("there", {"on": cluster, "switches": SMALL})):
            report[name] = wr.recipes.pod_usage(
                "usage",
                f"{name}.ndjson",
                account="org1234567",
                source="00000000-0000-0000-0000-000000000001",
                cluster_id="c",
                cluster_alias="C",
                report_period_id=1,
                start="2025-10-01",
                end="2025-10-28",
                reference="usage/reference.json",
                **options,
            )
    local, there = (
        [json.loads(line) for line in (tmp_path / f"{name}.ndjson").read_text().splitlines()]
        for name in ("local", "there")
    )
    assert len(local) > 0
    assert [_comparable(row) for row in there] == [_comparable(row) for row in local]


def _comparable(row: dict) -> dict:
    """Row ids are new in each run; sums of doubles may differ with the way they are split."""
    return {
        key: float(f"{value:.10g}") if isinstance(value, float) else value
        for key, value in row.items()
        if key != "uuid"
    }
