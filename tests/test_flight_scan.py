# SPDX-License-Identifier: Apache-2.0
"""Tables of Flight servers in enrichments and jobs: the same bytes as with local files."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import command
import pyarrow as pa
import pyarrow.flight as flight
import pyarrow.parquet as pq
import pytest
from support import flight_tables
from support.flight_server import FlightServer

SECURITIES = 20_000
QUOTES = 2000
KEPT = "ID NAME COUPON MATURITY DEFAULTED ISIN COUNTRYCODE TIMESTAMP".split()


def _with_ids(table: pa.Table, ids: pa.Array, name: str = "ID") -> pa.Table:
    return table.set_column(table.column_names.index(name), name, ids)


def _write_variants(folder: Path, quotes: pa.Table, securities: pa.Table) -> None:
    draw = random.Random(6)
    ids, keys = securities["ID"], quotes["instrumentId"]
    tables = {"quotes": quotes}
    flight_tables.write_ipc(folder / "securities.arrow", securities, 1500)
    pq.write_table(securities, folder / "securities.parquet", row_group_size=3000)
    few = securities.select(KEPT)
    flight_tables.write_ipc(folder / "few_lz4.arrow", few, 1500, "lz4")
    tables["few"] = few
    order = list(range(SECURITIES))
    draw.shuffle(order)
    tables["shuffled"] = few.take(order)
    for number, bounds in enumerate([(0, 1), (1, 9000), (9000, 9000), (9000, SECURITIES)]):
        tables[f"part{number}"] = few.slice(bounds[0], bounds[1] - bounds[0])
    # Ids far apart, so that a filter of hashes is shorter than one of gaps.
    spread = [draw.getrandbits(62) for _ in range(SECURITIES)]
    tables["sparse"] = _with_ids(few, pa.array(spread))
    rows = [None if key is None else key - 10_000_000 for key in keys.to_pylist()]
    sparse = [-1 if row is None or row >= SECURITIES else spread[row] for row in rows]
    tables["sparse_quotes"] = _with_ids(quotes, pa.array(sparse), "instrumentId")
    # Every third security twice, every seventh without an id.
    twice = pa.concat_tables([few, few.take(list(range(0, SECURITIES, 3)))])
    gaps = [None if row % 7 == 0 else value for row, value in enumerate(twice["ID"].to_pylist())]
    tables["repeated"] = _with_ids(twice, pa.array(gaps, pa.int64()))
    tables["narrow"] = _with_ids(few, ids.cast(pa.int32()))
    tables["narrow_quotes"] = _with_ids(quotes, keys.cast(pa.int32()), "instrumentId")
    tables["texts"] = _with_ids(few, ids.cast(pa.utf8()))
    tables["text_quotes"] = _with_ids(quotes, keys.cast(pa.utf8()), "instrumentId")
    tables["no_quotes"] = quotes.slice(0, 0)
    lost = pa.array([5] * quotes.num_rows, pa.int64())
    tables["lost_quotes"] = _with_ids(quotes, lost, "instrumentId")
    nulls = pa.nulls(quotes.num_rows, pa.int64())
    tables["null_quotes"] = _with_ids(quotes, nulls, "instrumentId")
    tables["none"] = few.slice(0, 0)
    for name, table in tables.items():
        flight_tables.write_ipc(folder / f"{name}.arrow", table, 1500)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    made = folder / "made"
    made.mkdir()
    for words in (
        f"securities --rows {SECURITIES}",
        f"quotes --rows {QUOTES} --option securities={SECURITIES}",
    ):
        command.run_well("generate", *words.split(), "-o", f"{words.split()[0]}.arrow", cwd=made)
    tables = [pa.ipc.open_file(made / f"{n}.arrow").read_all() for n in ("quotes", "securities")]
    _write_variants(folder, *tables)
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[FlightServer]:
    files = {path.stem: path for path in folder.glob("*.arrow")}
    files["parquet"] = folder / "securities.parquet"
    files["parts"] = folder / "part*.arrow"
    with FlightServer(files) as server:
        yield server


def _files(folder: Path, table: str) -> str:
    names = {"parquet": "securities.parquet", "parts": "part*.arrow"}
    return str(folder / names.get(table, f"{table}.arrow"))


def _enrich(cwd: Path, quotes: Path, securities: list[str], *words: str, out: str) -> dict:
    """The run report."""
    places = [word for place in securities for word in ("--securities", place)]
    words = ("--quotes", str(quotes), *places, *words, "--report", "report.json", "-o", out)
    command.run_well("enrich", *words, cwd=cwd)
    return json.loads((cwd / "report.json").read_text(encoding="utf-8"))


CASES = {
    "inner": "quotes securities",
    "left": "quotes securities --how left",
    "semi": "quotes securities --how semi",
    "anti": "quotes securities --how anti",
    "columns": "quotes securities --columns NAME,ID,ISIN",
    "filter": "quotes securities --filter spread<100&COUPON>2",
    "spread": "quotes securities --spread --filter spread_bps<50",
    "sort": "quotes securities --sort-by price:desc --columns NAME",
    "sort_limit": "quotes securities --sort-by NAME:asc --limit 100",
    "limit": "quotes securities --limit 7",
    "small_batches": "quotes few --set morsel_rows=100 --set window_bytes=64KiB --slots 4",
    "one_slot": "quotes few --slots 1",
    "parquet": "quotes parquet",
    "parquet_left": "quotes parquet --how left --columns COUPON,DEFAULTED",
    "lz4": "quotes few_lz4",
    "glob": "quotes parts",
    "shuffled": "quotes shuffled",
    "shuffled_left": "quotes shuffled --how left",
    "sparse": "sparse_quotes sparse",
    "sparse_left": "sparse_quotes sparse --how left",
    "sparse_semi": "sparse_quotes sparse --how semi",
    "repeated": "quotes repeated",
    "repeated_left": "quotes repeated --how left",
    "repeated_semi": "quotes repeated --how semi",
    "repeated_anti": "quotes repeated --how anti",
    "narrow": "quotes narrow",
    "narrow_quotes": "narrow_quotes few",
    "both_narrow": "narrow_quotes narrow --how left",
    "texts": "text_quotes texts",
    "texts_left": "text_quotes texts --how left",
    "no_quotes": "no_quotes few",
    "lost_quotes": "lost_quotes few",
    "lost_left": "lost_quotes few --how left",
    "null_quotes": "null_quotes few --how left",
    "null_anti": "null_quotes few --how anti",
    "none": "quotes none",
    "none_left": "quotes none --how left",
    "more_quotes": "quotes part0",
    "other_key": "quotes few --on benchmarkInstrumentId=ID",
}


# More keys than rows would be of no use.
SEND_NO_KEYS = {"none", "none_left", "more_quotes"}


@pytest.mark.parametrize("switches", ["", "--set send_keys=off"], ids=["keys", "all"])
@pytest.mark.parametrize("name", CASES)
def test_the_bytes_are_those_of_a_local_join(
    name: str, switches: str, folder: Path, server: FlightServer, tmp_path: Path
):
    quotes, securities, *words = CASES[name].replace("&", " and ").split(maxsplit=2)
    words = [*_split_words(words), *switches.split()]
    _enrich(
        tmp_path, folder / f"{quotes}.arrow", [_files(folder, securities)], *words, out="a.arrow"
    )
    uri = [server.uri(securities)]
    filters = server.metrics()["filters_total"]
    report = _enrich(tmp_path, folder / f"{quotes}.arrow", uri, *words, out="b.arrow")
    assert (tmp_path / "a.arrow").read_bytes() == (tmp_path / "b.arrow").read_bytes()
    filters = server.metrics()["filters_total"] - filters
    assert (filters > 0) == (name not in SEND_NO_KEYS and not switches)
    assert report["bytes_on_wire"] >= 0
    assert command.names_in(tmp_path) == ["a.arrow", "b.arrow", "report.json"]
    server.wait_for_streams(0)


def _split_words(rest: list[str]) -> list[str]:
    """A filter holds blanks, and comes last."""
    if not rest:
        return []
    before, option, text = rest[0].partition("--filter ")
    return [*before.split(), option.strip(), text] if option else before.split()


def test_a_semi_join_moves_little(folder: Path, server: FlightServer, tmp_path: Path):
    quotes = folder / "quotes.arrow"
    size = (folder / "securities.arrow").stat().st_size
    local = _enrich(tmp_path, quotes, [_files(folder, "securities")], out="a.arrow")
    with_keys = _enrich(tmp_path, quotes, [server.uri("securities")], out="b.arrow")
    words = ["--set", "send_keys=off"]
    without = _enrich(tmp_path, quotes, [server.uri("securities")], *words, out="c.arrow")
    narrow = ["--columns", "NAME"]
    few = _enrich(tmp_path, quotes, [server.uri("securities")], *narrow, out="d.arrow")
    assert local["bytes_on_wire"] == 0
    assert local["rows_in"]["securities"] == SECURITIES
    ids = set(pa.ipc.open_file(quotes).read_all()["instrumentId"].to_pylist())
    found = sum(10_000_000 <= n < 10_000_000 + SECURITIES for n in ids - {None})
    assert with_keys["rows_in"]["securities"] == found
    assert without["rows_in"]["securities"] == SECURITIES
    assert without["bytes_on_wire"] > 0.9 * size
    assert with_keys["bytes_on_wire"] < 1.2 * size * found / SECURITIES
    assert few["bytes_on_wire"] < with_keys["bytes_on_wire"] / 10


def test_several_servers_have_a_part_each(folder: Path, tmp_path: Path):
    parts = [f"part{number}" for number in range(4)]
    paths = {part: folder / f"{part}.arrow" for part in parts}
    with FlightServer(paths) as first, FlightServer(paths) as second:
        uris = [(first, second)[number % 2].uri(part) for number, part in enumerate(parts)]
        files = [_files(folder, part) for part in parts]
        for how in ("inner", "left", "semi", "anti"):
            quotes = folder / "quotes.arrow"
            _enrich(tmp_path, quotes, files, "--how", how, out="a.arrow")
            report = _enrich(tmp_path, quotes, uris, "--how", how, out="b.arrow")
            assert (tmp_path / "a.arrow").read_bytes() == (tmp_path / "b.arrow").read_bytes()
            assert report["rows_in"]["securities"] < SECURITIES


def _write_job(folder: Path, securities: str, quotes: Path, steps: str, last: str) -> str:
    (folder / "job.yaml").write_text(
        f"""
windrow: 1
sources:
  quotes: {{scan: {quotes}}}
  securities: {{scan: "{securities}"}}
steps:
{steps}
sinks:
  - {{write: out.arrow, from: {last}}}
""",
        encoding="utf-8",
    )
    return "job.yaml"


FILTERED = '  kept: {filter: "ID < 10000100 and NAME is not null", from: securities}\n'
BOTH = FILTERED + "  joined: {join: {left: quotes, right: kept, on: {instrumentId: ID}}}"
SWAPPED = "  joined: {join: {left: securities, right: quotes, on: {ID: instrumentId}}}"
COUNTED = "  counted: {aggregate: {by: [DEFAULTED], as: {n: count(*)}}, from: securities}"
JOBS = {
    "all": ("  all: {limit: 100000, from: securities}", "all"),
    "filter": (FILTERED, "kept"),
    "filter_join": (BOTH, "joined"),
    "left_side": (SWAPPED, "joined"),
    "sorted": ("  sorted: {sort: [MATURITY, ID desc], from: securities}", "sorted"),
    "limited": ("  limited: {limit: 5, from: securities}", "limited"),
    "selected": ("  some: {select: [ISIN], from: securities}", "some"),
}


@pytest.mark.parametrize("name", JOBS)
@pytest.mark.parametrize("table", ["securities", "parquet", "few_lz4"])
def test_a_job_scans_a_server(
    name: str, table: str, folder: Path, server: FlightServer, tmp_path: Path
):
    found = []
    for place in (_files(folder, table), server.uri(table)):
        job = _write_job(tmp_path, place, folder / "quotes.arrow", *JOBS[name])
        command.run_well("run", job, "--report", "report.json", cwd=tmp_path)
        found.append((tmp_path / "out.arrow").read_bytes())
    assert found[0] == found[1]
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    if name == "filter":
        # The server has left the others out.
        assert report["rows_in"]["securities"] == 100
        assert report["bytes_on_wire"] < 200_000
    if name == "selected":
        assert report["bytes_on_wire"] < 0.1 * (folder / "securities.arrow").stat().st_size


def test_explain_shows_what_the_server_is_asked_for(
    folder: Path, server: FlightServer, tmp_path: Path
):
    job = _write_job(tmp_path, server.uri("few"), folder / "quotes.arrow", BOTH, "joined")
    text = command.run_well("explain", job, cwd=tmp_path).stdout
    assert f"flight, {server.address}" in text
    assert "ID < 10000100" in text
    join = "  joined: {join: {left: quotes, right: securities, on: {instrumentId: ID}}}"
    job = _write_job(tmp_path, server.uri("few"), folder / "quotes.arrow", join, "joined")
    text = command.run_well("explain", job, cwd=tmp_path).stdout
    assert "the left keys go to the server, which sends the rows that have them" in text
    text = command.run_well("explain", job, "--set", "send_keys=off", cwd=tmp_path).stdout
    assert "keys go to the server" not in text


class _PlainServer(flight.FlightServerBase):
    """Knows tables by their paths, nothing of Windrow's requests, and has own tickets."""

    def __init__(self, tables: dict[str, pa.Table]):
        super().__init__("grpc://127.0.0.1:0")
        self._tables = tables

    def get_flight_info(self, context, descriptor):
        if descriptor.descriptor_type != flight.DescriptorType.PATH:
            raise flight.FlightServerError("a path is expected")
        table = self._tables[descriptor.path[0].decode()]
        half = table.num_rows // 2
        endpoints = [
            flight.FlightEndpoint(f"{descriptor.path[0].decode()} {begin} {end}".encode(), [])
            for begin, end in ((0, half), (half, table.num_rows))
        ]
        return flight.FlightInfo(table.schema, descriptor, endpoints, table.num_rows, table.nbytes)

    def do_get(self, context, ticket):
        name, begin, end = ticket.ticket.decode().split()
        part = self._tables[name].slice(int(begin), int(end) - int(begin))
        return flight.RecordBatchStream(part)


PLAIN_CASES = {
    "inner": "",
    "left": "--how left",
    "anti": "--how anti",
    "columns": "--columns ISIN,NAME",
    "key_only": "--columns ID",
    "filter": "--columns NAME,COUPON --filter COUPON>3",
}


@pytest.mark.parametrize("name", PLAIN_CASES)
def test_a_server_that_is_not_windrows(name: str, folder: Path, tmp_path: Path):
    securities = pa.ipc.open_file(folder / "few.arrow").read_all()
    quotes, words = folder / "quotes.arrow", PLAIN_CASES[name].split()
    _enrich(tmp_path, quotes, [_files(folder, "few")], *words, out="a.arrow")
    with _PlainServer({"few": securities}) as plain:
        uri = f"grpc://127.0.0.1:{plain.port}/few"
        report = _enrich(tmp_path, quotes, [uri], *words, out="b.arrow")
    assert (tmp_path / "a.arrow").read_bytes() == (tmp_path / "b.arrow").read_bytes()
    assert report["rows_in"]["securities"] == SECURITIES


def test_views_and_runs_of_a_strange_server_come_out_flat(tmp_path: Path):
    tables = flight_tables.write_tables(tmp_path)
    with _PlainServer({"views": pa.ipc.open_file(tables["views"].path).read_all()}) as plain:
        uri = f"grpc://127.0.0.1:{plain.port}/views"
        job = _write_job(tmp_path, uri, tmp_path / "one.arrow", *JOBS["all"])
        command.run_well("run", job, cwd=tmp_path)
    found = pa.ipc.open_file(tmp_path / "out.arrow").read_all()
    assert flight_tables.difference(found, tables["views"].expected) == ""
