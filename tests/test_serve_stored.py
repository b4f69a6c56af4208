# SPDX-License-Identifier: Apache-2.0
"""Batches that files hold compressed, sent on as they are."""

import json
from collections.abc import Iterator
from pathlib import Path

import command
import pyarrow as pa
import pyarrow.flight as flight
import pytest
from support import flight_tables
from support.flight_faults import Cut, TcpProxy
from support.flight_server import FlightServer, read_endpoints, read_ticket

ROWS = 20_000
BATCH_ROWS = 1500
CODECS = ["lz4", "zstd"]


def _table(first: int = 0, rows: int = ROWS) -> pa.Table:
    table = flight_tables.plain_table(rows, first)
    more = {
        "none": pa.nulls(rows),
        "flag": pa.array([n % 3 == 0 for n in range(rows)]),
        "noise": pa.array([n * 2654435761 % 2**32 for n in range(rows)], pa.uint32()),
    }
    for name, column in more.items():
        table = table.append_column(name, column)
    return table


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    table = _table()
    flight_tables.write_ipc(folder / "quotes.arrow", table.select(["id"]).rename_columns(["key"]))
    for codec in [*CODECS, None]:
        flight_tables.write_ipc(folder / f"{codec}.arrow", table, BATCH_ROWS, codec)
    (folder / "parts").mkdir()
    for part, bounds in enumerate([(0, 7000), (7000, 7000), (7000, ROWS)]):
        rows = table.slice(bounds[0], bounds[1] - bounds[0])
        flight_tables.write_ipc(folder / "parts" / f"{part}.arrow", rows, BATCH_ROWS, "zstd")
    mixed = folder / "mixed"
    mixed.mkdir()
    for part, codec in enumerate(["zstd", "lz4"]):
        rows = table.slice(part * 10_000, 10_000)
        flight_tables.write_ipc(mixed / f"{part}.arrow", rows, BATCH_ROWS, codec)
    coded = table.set_column(1, "name", table["name"].dictionary_encode())
    flight_tables.write_ipc(folder / "coded.arrow", coded, BATCH_ROWS, "zstd")
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[FlightServer]:
    tables = {path.stem: path for path in folder.iterdir()}
    with FlightServer(tables) as server:
        yield server


def _read(server: FlightServer, **request) -> tuple[pa.Table, int]:
    """The rows of all endpoints without the end marks' batches, and how many bytes of
    them were sent as the files hold them."""
    before = server.metrics()["stored_bytes_total"]
    command_bytes = json.dumps({"windrow_scan": 1, "endpoints": 3, **request}).encode()
    info, rows = read_endpoints(server, flight.FlightDescriptor.for_command(command_bytes))
    assert len(info.endpoints) > 1 or "limit" in request
    server.wait_for_streams(0)
    return rows, server.metrics()["stored_bytes_total"] - before


@pytest.mark.parametrize("table", [*CODECS, "parts"])
def test_compressed_batches_are_sent_as_they_are(table: str, server: FlightServer, folder: Path):
    codec = table if table in CODECS else "zstd"
    for asked in (codec, "zstd:7") if codec == "zstd" else (codec,):
        rows, stored = _read(server, table=table, codec=asked)
        assert rows.equals(_table())
        files = [folder / f"{table}.arrow"] if table in CODECS else (folder / table).iterdir()
        size = sum(path.stat().st_size for path in files)
        assert 0.8 * size < stored < size


def test_columns_are_picked_out_of_them(server: FlightServer):
    _, everything = _read(server, table="zstd", codec="zstd")
    for columns in (["price"], ["text", "none", "id"], ["noise"], ["none", "flag"]):
        rows, stored = _read(server, table="zstd", codec="zstd", columns=columns)
        assert rows.equals(_table().select(columns))
        assert 0 < stored < everything / 2


@pytest.mark.parametrize(
    "request_of_others",
    [
        {"table": "zstd", "codec": "lz4"},
        {"table": "zstd", "codec": "none"},
        {"table": "zstd"},
        {"table": "None", "codec": "zstd"},
        {"table": "mixed", "codec": "zstd"},
        {"table": "coded", "codec": "zstd"},
        {"table": "zstd", "codec": "zstd", "where": "id < 100000"},
        {"table": "zstd", "codec": "zstd", "limit": 1_000_000},
    ],
    ids=str,
)
def test_others_are_compressed_anew_or_not_at_all(
    request_of_others: dict, server: FlightServer, folder: Path
):
    rows, stored = _read(server, **request_of_others)
    assert stored == 0
    if request_of_others["table"] == "coded":
        rows = rows.set_column(1, "name", rows["name"].cast(pa.string()))
    assert rows.equals(_table())


def test_columns_that_need_more_leave_the_others_as_they_are(server: FlightServer):
    rows, stored = _read(server, table="coded", codec="zstd", columns=["id", "text"])
    assert rows.equals(_table().select(["id", "text"]))
    assert stored > 0


def test_a_slow_link_takes_them(server: FlightServer):
    _, stored = _read(server, table="zstd", link_rate=10_000_000)
    assert stored > 0
    _, stored = _read(server, table="zstd", link_rate=100_000_000_000)
    assert stored == 0


def test_a_bare_name_gets_them_where_the_server_says_so(folder: Path):
    with FlightServer({"t": folder / "lz4.arrow"}, "--codec", "lz4") as server:
        assert read_ticket(server, "t").equals(_table())
        assert server.metrics()["stored_bytes_total"] > 0


def _enrich(address: str, folder: Path, *words: str) -> command.Outcome:
    return command.run(
        *["enrich", "--quotes", folder / "quotes.arrow", "--securities", f"{address}/t"],
        *["--on", "key=id", "--columns", "price,noise", "--set", "send_keys=off"],
        *["--progress", "none", *words],
        cwd=folder,
    )


def test_a_stream_of_them_that_is_cut_goes_on(folder: Path, tmp_path: Path):
    expected = tmp_path / "expected.arrow"
    words = ["--quotes", "quotes.arrow", "--securities", "zstd.arrow", "--on", "key=id"]
    words += ["--columns", "price,noise", "-o", str(expected)]
    command.run_well("enrich", *words, cwd=folder)
    with (
        FlightServer({"t": folder / "zstd.arrow"}, "--codec", "zstd:3") as server,
        TcpProxy(server.port, lambda *_: Cut(50_000)) as proxy,
    ):
        outcome = _enrich(proxy.address, folder, "-o", str(tmp_path / "out.arrow"))
        assert outcome.exit_code == 0, outcome.stderr
        assert (tmp_path / "out.arrow").read_bytes() == expected.read_bytes()
        assert proxy.connections > 3
        server.wait_for_streams(0)
        assert server.metrics()["stored_bytes_total"] > 0


def test_a_damaged_batch_is_not_sent(folder: Path, tmp_path: Path):
    path = flight_tables.write_ipc(tmp_path / "bad.arrow", _table(), BATCH_ROWS, "zstd")
    content = bytearray(path.read_bytes())
    frames = [n for n in range(len(content)) if content[n : n + 4] == b"\x28\xb5\x2f\xfd"]
    place = frames[len(frames) // 2]
    content[place : place + 4] = b"none"
    path.write_bytes(content)
    with FlightServer({"t": path}, "--codec", "zstd") as server:
        with pytest.raises(flight.FlightError, match=r"bad\.arrow: record batch \d+"):
            read_ticket(server, "t")
        outcome = _enrich(server.address, folder, "-o", str(tmp_path / "out.arrow"))
        assert outcome.exit_code == 3
        assert not (tmp_path / "out.arrow").exists()
