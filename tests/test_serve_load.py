# SPDX-License-Identifier: Apache-2.0
"""A server among many clients, slow ones, and ones that go without a word."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.flight as flight
import pytest
from support import flight_tables
from support.flight_server import CALL_SECONDS, FlightServer

ROWS = 100_000
SUPPORT = Path(__file__).parent / "support"


@pytest.fixture(scope="module")
def wide(tmp_path_factory) -> Path:
    """A table of 80 MB."""
    table = pa.table({f"c{n}": pa.array(range(ROWS), pa.int64()) for n in range(100)})
    folder = tmp_path_factory.mktemp("tables")
    return flight_tables.write_ipc(folder / "wide.arrow", table, 5000)


@pytest.fixture(scope="module")
def server(wide: Path) -> Iterator[FlightServer]:
    with FlightServer({"wide": wide}) as server:
        yield server


def _is_all(readers: list[flight.FlightStreamReader], rows: list[int]) -> bool:
    """Reads the rest of each."""
    for place, reader in enumerate(readers):
        for chunk in reader:
            rows[place] += chunk.data.num_rows
    return rows == [ROWS] * len(rows)


@pytest.mark.parametrize(("codec", "count"), [("none", 50), ("lz4", 50)])
def test_slow_clients_cost_little_and_let_others_pass(codec: str, count: int, server: FlightServer):
    request = f'{{"windrow_scan": 1, "table": "wide", "codec": "{codec}"}}'
    server.wait_for_streams(0)
    with ExitStack() as stack:
        clients = [stack.enter_context(server.client()) for _ in range(count)]
        readers = [c.do_get(flight.Ticket(request), server.call_options()) for c in clients]
        for reader in readers:
            stack.callback(reader.cancel)
        rows = [reader.read_chunk().data.num_rows for reader in readers]
        server.wait_for_streams(count)
        most = 0
        for _ in range(20):
            most = max(most, server.memory_kib())
            time.sleep(0.05)
        assert most < 300 << 10
        with server.client() as other:
            options = flight.FlightCallOptions(timeout=10)
            reader = other.do_get(flight.Ticket(request), options)
            assert _is_all([reader], [0])
        assert _is_all(readers[:2], rows[:2])
    server.wait_for_streams(0)


PULLER = """
import sys, pyarrow.flight as flight
client = flight.FlightClient(sys.argv[1])
reader = client.do_get(flight.Ticket("wide"))
reader.read_chunk()
print("begun", flush=True)
sys.stdin.read()
"""


def test_a_client_that_disappears_frees_its_stream(server: FlightServer):
    clients = [
        subprocess.Popen(
            [sys.executable, "-c", PULLER, server.address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        assert [client.stdout.readline() for client in clients] == ["begun\n"] * 2
        server.wait_for_streams(2)
    finally:
        for client in clients:
            client.kill()
            client.communicate()
    server.wait_for_streams(0, seconds=5)


def test_a_client_that_cancels_frees_its_stream(server: FlightServer):
    with server.client() as client:
        reader = client.do_get(flight.Ticket("wide"), server.call_options())
        reader.read_chunk()
        server.wait_for_streams(1)
        reader.cancel()
        server.wait_for_streams(0, seconds=5)


def test_a_deadline_ends_a_stream(server: FlightServer):
    with server.client() as client:
        options = flight.FlightCallOptions(timeout=0.5)
        reader = client.do_get(flight.Ticket("wide"), options)
        reader.read_chunk()
        server.wait_for_streams(1)
        server.wait_for_streams(0, seconds=5)


def test_a_client_that_goes_while_it_waits_leaves_its_place(wide: Path):
    with FlightServer({"wide": wide}, "--streams", "1") as server, server.client() as client:
        reader = client.do_get(flight.Ticket("wide"), server.call_options())
        rows = reader.read_chunk().data.num_rows
        begun = server.metrics()["streams_total"]
        for _ in range(3):
            with server.client() as other:
                options = flight.FlightCallOptions(timeout=0.3)
                with pytest.raises(flight.FlightTimedOutError):
                    other.do_get(flight.Ticket("wide"), options).read_all()
        time.sleep(0.5)
        assert _is_all([reader], [rows])
        server.wait_for_streams(0, seconds=5)
        # Nobody has scanned for those who went.
        assert server.metrics()["streams_total"] == begun


def test_who_waits_too_long_is_told(wide: Path):
    options = ["--streams", "1", "--wait-seconds", "1"]
    with FlightServer({"wide": wide}, *options) as server, server.client() as client:
        reader = client.do_get(flight.Ticket("wide"), server.call_options())
        rows = reader.read_chunk().data.num_rows
        with (
            server.client() as other,
            pytest.raises(
                flight.FlightUnavailableError, match="found all 1 streams of this server busy"
            ),
        ):
            other.do_get(flight.Ticket("wide"), server.call_options()).read_all()
        # Short calls need no turn.
        assert server.act("health") == b"ok"
        assert _is_all([reader], [rows])


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_stopped_breaks_its_streams_off(stop: signal.Signals, wide: Path):
    with FlightServer({"wide": wide}, "--streams", "2") as server, ExitStack() as stack:
        readers = []
        for _ in range(2):
            client = stack.enter_context(server.client())
            readers.append(client.do_get(flight.Ticket("wide"), server.call_options()))
            readers[-1].read_chunk()
        # And one that waits for its turn.
        waiting = subprocess.Popen(
            [sys.executable, "-c", PULLER, server.address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            time.sleep(1)
            exit_code, seconds = server.stop(stop)
            _, errors = waiting.communicate(timeout=CALL_SECONDS)
        finally:
            waiting.kill()
        assert (exit_code, server.errors()) == (0, "")
        assert seconds < 3
        assert "FlightUnavailableError" in errors
        for reader in readers:
            with pytest.raises(flight.FlightUnavailableError):
                _is_all([reader], [0])


def test_an_idle_server_stops_at_once(wide: Path):
    with FlightServer({"wide": wide}) as server:
        exit_code, seconds = server.stop()
        assert exit_code == 0
        assert seconds < 1


def test_five_hundred_clients_are_all_answered_right(tmp_path: Path):
    rows, processes, each = 2000, 4, 125
    table = flight_tables.plain_table(rows)
    path = flight_tables.write_ipc(tmp_path / "t.arrow", table)
    with FlightServer({"t": path}, "--streams", "8") as server:
        words = [server.address, "t", str(each), str(rows), str(sum(range(rows)))]
        pullers = [
            subprocess.Popen(
                [sys.executable, str(SUPPORT / "flight_pullers.py"), *words],
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(processes)
        ]
        try:
            answers = [puller.communicate(timeout=60)[0] for puller in pullers]
        finally:
            for puller in pullers:
                puller.kill()
        assert answers == [f"{each} []\n"] * processes
        metrics = server.metrics()
        assert metrics["streams_total"] == processes * each
        assert metrics["streams"] == 0
        assert server.memory_kib() < 300 << 10
