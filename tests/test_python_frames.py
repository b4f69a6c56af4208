# SPDX-License-Identifier: Apache-2.0
"""A frame, the job document it writes and a document written by hand are one job."""

import json
from collections.abc import Callable
from pathlib import Path

import command
import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import python_process

import windrow as wr

QUOTES = pa.table(
    {
        "instrumentId": [f"i{i % 7}" for i in range(40)],
        "side": ["BID" if i % 3 else "ASK" for i in range(40)],
        "price": [None if i % 11 == 0 else float(i % 13) for i in range(40)],
        "spread": [0.25 * (i % 5) for i in range(40)],
        "qty": list(range(40)),
    }
)
SECURITIES = pa.table({"ID": [f"i{i}" for i in range(5)], "NAME": ["a", "b", None, "d", "e"]})


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    pq.write_table(QUOTES, tmp_path / "quotes.parquet")
    pq.write_table(SECURITIES, tmp_path / "securities.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def enriched(quotes: wr.LazyFrame, securities: wr.LazyFrame) -> wr.LazyFrame:
    return (
        quotes.join(securities, left_on="instrumentId", right_on="ID", how="inner")
        .named("matched")
        .with_columns(spread_pct=100 * wr.col("spread") / wr.col("price"))
        .named("priced")
        .filter((wr.col("spread_pct") < 100) & (wr.col("side") == "BID"))
        .named("kept")
    )


ENRICHED = """windrow: 1
sources:
  quotes: {scan: quotes.parquet}
  securities: {scan: securities.parquet}
steps:
  matched: {join: {left: quotes, right: securities, on: {instrumentId: ID}, how: inner}}
  priced: {with_columns: {spread_pct: "100 * spread / price"}, from: matched}
  kept: {filter: "spread_pct < 100 and side = 'BID'", from: priced}
sinks:
  - {write: out.arrow, from: kept}
"""


def test_a_frame_and_a_document_written_by_hand_have_equal_plans_and_results(folder):
    frame = enriched(wr.scan("quotes.parquet"), wr.scan("securities.parquet"))
    (folder / "hand.yaml").write_text(ENRICHED)
    (folder / "frame.yaml").write_text(frame.to_job("out.arrow"))
    plans = [
        command.run_well("explain", name, cwd=folder).stdout for name in ("hand.yaml", "frame.yaml")
    ]
    assert plans[0] == plans[1]
    in_python = json.loads(frame.explain(as_json=True))["plans"][0]["inputs"]
    command.run_well("explain", "--json", "hand.yaml", cwd=folder)
    by_hand = command.run_well("explain", "--json", "hand.yaml", cwd=folder).stdout
    assert in_python == json.loads(by_hand)["plans"][0]["inputs"]

    command.run_well("run", "hand.yaml", cwd=folder)
    by_command = pa.ipc.open_file(folder / "out.arrow").read_all()
    assert frame.collect().to_arrow().to_pylist() == by_command.to_pylist()
    assert wr.run("hand.yaml")["rows_out"] == {"out.arrow": by_command.num_rows}
    in_memory = enriched(wr.from_arrow(QUOTES), wr.from_arrow(SECURITIES))
    assert in_memory.collect().to_pylist() == by_command.to_pylist()


PRICE, QTY = wr.col("price"), wr.col("qty")
FRAMES: dict[str, Callable[[wr.LazyFrame, wr.LazyFrame], wr.LazyFrame]] = {
    "filter": lambda q, s: q.filter(PRICE > 3, "qty < 30"),
    "select": lambda q, s: q.select("qty", PRICE.alias("p"), half=QTY / 2),
    "with_columns": lambda q, s: q.with_columns(
        QTY * 2, large=wr.when(QTY > 9).then("y").otherwise("n")
    ),
    "left join": lambda q, s: q.join(s.rename({"ID": "instrumentId"}), "instrumentId", how="left"),
    "semi join": lambda q, s: q.join(s, left_on=["instrumentId"], right_on=["ID"], how="semi"),
    "anti join": lambda q, s: q.join(s, left_on="instrumentId", right_on="ID", how="anti"),
    "cross join": lambda q, s: q.limit(3).join(s, how="cross", where=wr.col("NAME") > "a"),
    "suffix": lambda q, s: q.join(q.head(3), "qty", suffix="_2", columns=["price"]),
    "aggregate": lambda q, s: q.group_by("side", third="qty % 3").agg(
        PRICE.mean(),
        n=wr.count(),
        most=QTY.max() - QTY.min(),
        ids=wr.col("instrumentId").n_unique(),
    ),
    "collect": lambda q, s: q.group_by("side").collect(
        "qty", "price", order_by=["price", "qty"], descending=[True, False], nulls_last=False
    ),
    "sort": lambda q, s: q.sort(
        "price", wr.col("qty"), descending=[True, False], nulls_last=[False, True]
    ),
    "limit": lambda q, s: q.limit(3),
    "union": lambda q, s: q.union(q.filter("qty > 35"), s),
    "distinct": lambda q, s: q.distinct("side", "instrumentId").drop("price"),
    "distinct rows": lambda q, s: q.select("side", "instrumentId").distinct(),
    "dollar": lambda q, s: q.filter(wr.col("side") != "${X} $$").with_columns(d=wr.lit("$")),
    "letters": lambda q, s: q.select(q=wr.concat_str("\"'\n\t: # é 😀", QTY)),
}


@pytest.mark.parametrize("name", FRAMES)
def test_the_command_runs_the_job_of_a_frame_with_the_same_result(folder, name):
    frame = FRAMES[name](wr.scan("quotes.parquet"), wr.scan("securities.parquet"))
    (folder / "job.yaml").write_text(frame.to_job("out.arrow"))
    command.run_well("run", "job.yaml", cwd=folder)
    written = pa.ipc.open_file(folder / "out.arrow").read_all()
    collected = frame.collect().to_arrow()
    assert collected.schema.names == frame.columns
    assert collected.to_pylist() == written.to_pylist()
    assert [str(kind) for kind in collected.schema.types] == list(frame.schema.values())
    assert pa.table(frame).to_pylist() == written.to_pylist()


def test_results_are_those_of_other_engines(folder):
    frame = enriched(wr.scan("quotes.parquet"), wr.scan("securities.parquet"))
    sql = """select q.*, s.*, 100 * spread / nullif(price, 0) as spread_pct
        from 'quotes.parquet' q join 'securities.parquet' s on q.instrumentId = s.ID
        where spread_pct < 100 and side = 'BID' order by qty"""
    assert frame.collect().to_pylist() == duckdb.sql(sql).to_arrow_table().to_pylist()

    groups = wr.scan("quotes.parquet").group_by("side").agg(n=wr.count(), qty=wr.col("qty").sum())
    lazy = pl.scan_parquet("quotes.parquet")
    wanted = lazy.group_by("side", maintain_order=True).agg(n=pl.len(), qty=pl.col("qty").sum())
    assert groups.collect().to_polars().to_dicts() == wanted.collect().to_dicts()


def test_sinks_write_what_collect_gives(folder):
    frame = wr.from_arrow(QUOTES).select("side", "qty")
    report = frame.sink_parquet("out.parquet", compression="zstd:3", row_group_rows=7)
    assert report["rows_out"] == {"out.parquet": 40}
    assert pq.ParquetFile("out.parquet").metadata.num_row_groups == 6
    frame.sink_ipc("out.arrow", compression="lz4")
    frame.sink_ipc("out_{side}.arrow", partition_by={"side": ["BID", "ASK"]})
    frame.sink_ndjson("out.ndjson")
    assert wr.scan_parquet("out.parquet").collect().to_pylist() == frame.collect().to_pylist()
    assert wr.scan_ipc("out.arrow").collect().to_pylist() == frame.collect().to_pylist()
    bids = frame.filter("side = 'BID'").select("qty").collect().to_pylist()
    assert wr.scan("out_BID.arrow").collect().to_pylist() == bids
    lines = Path("out.ndjson").read_text().splitlines()
    assert [json.loads(line) for line in lines] == frame.collect().to_pylist()


def test_several_paths_globs_and_declared_columns(folder):
    assert wr.scan(["quotes.parquet", Path("quotes.parquet")]).collect().num_rows == 80
    assert wr.scan("q*.parquet").collect().num_rows == 40
    declared = wr.scan("none*.parquet", schema={"a": "bigint"}, allow_empty=True)
    assert declared.collect().to_pydict() == {"a": []}


def test_run_takes_a_path_a_text_or_a_dict_and_rows_in_memory(folder):
    text = (
        "windrow: 1\nsources: {t: {scan: nowhere}}\n"
        "steps: {f: {filter: 'x > ${LEAST}'}}\nsinks: [{write: out.ndjson}]\n"
    )
    rows = pa.table({"x": [1, 2, 3]})
    report = wr.run(text, variables={"LEAST": "1"}, inputs={"t": rows}, slots=1)
    assert (report["rows_out"], report["slots"]) == ({"out.ndjson": 2}, 1)
    frame = wr.from_arrow(rows, name="t").filter("x > 2")
    assert wr.run(frame.to_job("out.ndjson"), inputs={"t": rows})["rows_out"] == {"out.ndjson": 1}


def test_a_shared_step_is_there_once():
    base = wr.from_dict({"x": [1, 2, 3]}).filter("x > 1").named("base")
    job = base.union(base.with_columns(x="x * 10")).to_job()
    assert job.count("{filter: ") == 1
    assert base.union(base).collect().to_pydict() == {"x": [2, 3, 2, 3]}


def test_rows_in_memory_are_not_copied():
    table = pa.table({"x": pa.array(range(1000), pa.int64())})
    address = table["x"].chunk(0).buffers()[1].address
    collected = wr.from_arrow(table).collect().to_arrow()
    assert collected["x"].chunk(0).buffers()[1].address == address


def test_results_show_their_columns_first_rows_and_size():
    table = wr.from_dict({"id": list(range(1000)), "t<b>": ["a\nb"] * 1000}).collect()
    text = repr(table).splitlines()
    assert text[0].startswith("1,000 rows, 2 columns, ")
    assert text[3].split() == ["0", "a⏎b"]
    assert text[-1] == "990 more rows"
    page = table._repr_html_()
    assert "<th>id<br><small>int64</small></th>" in page
    assert "t&lt;b&gt;" in page
    assert "990 more rows" in page
    assert repr(wr.from_dict({"a": [1]})) == "LazyFrame(rows: a: int64)"
    assert table.slice(998, 10).num_rows == 2
    assert wr.from_dict({"a": []}).select().collect().num_rows == 0


def test_nothing_else_is_imported(folder):
    code = (
        "import sys, windrow as wr; wr.scan('quotes.parquet').filter('qty > 1').collect();"
        "print([m for m in ('pyarrow', 'pandas', 'polars', 'numpy') if m in sys.modules])"
    )
    done = python_process.run(code, cwd=folder)
    assert (done.stdout, done.stderr) == ("[]\n", "")
