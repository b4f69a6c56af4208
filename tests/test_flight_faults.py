# SPDX-License-Identifier: Apache-2.0
"""Streams that break, stall or lie: the right rows in the end, or one line and no output."""

import dataclasses
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import command
import pyarrow as pa
import pyarrow.flight as flight
import pytest
from support import flight_tables
from support.flight_faults import (
    Call,
    Cut,
    Mark,
    Message,
    Relay,
    SilentListener,
    SleepyServer,
    Stall,
    TcpProxy,
)
from support.flight_server import CALL_SECONDS, FlightServer, free_port, replicas

TOKEN = "a-token-of-the-tests"
OLD_CONTENT = b"what the output held before\n"
STOP_SECONDS = 2.0  # a second, and what a loaded machine adds
# Past what a client moves to measure the link.
FAR = 6 << 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with quotes.arrow, a table of 24 MB, and what a local join makes of them."""
    folder = tmp_path_factory.mktemp("tables")
    rows = 60_000
    columns = {f"c{n}": pa.array(range(n, n + rows), pa.int64()) for n in range(48)}
    keys = pa.array([None if n % 7 == 0 else n * 5 % (rows + 1000) for n in range(90_000)])
    table = pa.table({"id": pa.array(range(rows)), "text": [f"t{n}" for n in range(rows)]})
    for name, column in columns.items():
        table = table.append_column(name, column)
    flight_tables.write_ipc(folder / "wide.arrow", table, 2000)
    flight_tables.write_ipc(folder / "quotes.arrow", pa.table({"key": keys}), 10_000)
    (folder / "token").write_text(TOKEN, encoding="utf-8")
    words = _words(str(folder / "wide.arrow"), folder)
    command.run_well("enrich", *words, "-o", "expected.arrow", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[FlightServer]:
    with FlightServer({"wide": folder / "wide.arrow"}) as server:
        yield server


def _words(securities: str, folder: Path) -> list[str]:
    quotes = str(folder / "quotes.arrow")
    words = ["--quotes", quotes, "--securities", securities, "--on", "key=id"]
    return [*words, "--progress", "none"]


def _environment(patience: float) -> dict[str, str]:
    return {**os.environ, "WINDROW_FLIGHT_PATIENCE_SECONDS": str(patience)}


def _is_right(
    folder: Path, tmp_path: Path, address: str, *words: str, patience: float = 30
) -> bool:
    uri = f"{address}/wide"
    words = (*_words(uri, folder), *words, "-o", "out.arrow")
    command.run_well("enrich", *words, cwd=tmp_path, env=_environment(patience))
    assert command.names_in(tmp_path) == ["out.arrow"]
    expected = (folder / "expected.arrow").read_bytes()
    return (tmp_path / "out.arrow").read_bytes() == expected


def _fails(
    folder: Path,
    tmp_path: Path,
    address: str,
    *words: str,
    patience: float = 30,
    place: str = "127.0.0.1:",
) -> command.Outcome:
    """One line names the server (`place`), and the output is what it was."""
    (tmp_path / "out.arrow").write_bytes(OLD_CONTENT)
    words = (*_words(f"{address}/wide", folder), *words, "-o", "out.arrow")
    outcome = command.run("enrich", *words, cwd=tmp_path, env=_environment(patience))
    assert outcome.exit_code != 0
    assert command.is_one_line(outcome.stderr), outcome.stderr
    assert place in outcome.stderr
    assert (tmp_path / "out.arrow").read_bytes() == OLD_CONTENT
    assert command.names_in(tmp_path) == ["out.arrow"]
    return outcome


def test_a_stream_that_is_cut_goes_on(folder: Path, server: FlightServer, tmp_path: Path):
    cuts = []

    def rule(number: int, _: int) -> Cut | None:
        if number not in cuts and len(cuts) < 1:
            return Call(FAR, lambda: cuts.append(number))
        return Cut(FAR + 100_000) if number in cuts else None

    with TcpProxy(server.port, rule) as proxy:
        assert _is_right(folder, tmp_path, proxy.address)
        assert len(cuts) == 1
        # What came before the cut was not sent again.
        assert proxy.bytes_to_client < 1.7 * (folder / "wide.arrow").stat().st_size
    server.wait_for_streams(0)


@pytest.mark.parametrize(("codec", "cut"), [("none", 3 << 20), ("zstd:1", 300 << 10)])
def test_a_stream_that_is_cut_again_and_again_goes_on(
    codec: str, cut: int, folder: Path, tmp_path: Path
):
    path = {"wide": folder / "wide.arrow"}
    options = ["--codec", codec, "--message-bytes", "256KiB"]
    with (
        FlightServer(path, *options) as server,
        TcpProxy(server.port, lambda *_: Cut(cut)) as proxy,
    ):
        assert _is_right(folder, tmp_path, proxy.address)
        # More often than a server is asked that delivers nothing.
        assert proxy.connections > 8


def test_a_connection_that_never_gets_far_is_given_up(
    folder: Path, server: FlightServer, tmp_path: Path
):
    # Enough to be told about the table, but for no batch of it.
    with TcpProxy(server.port, lambda number, _: Cut(2000) if number > 1 else None) as proxy:
        outcome = _fails(folder, tmp_path, proxy.address)
        assert outcome.exit_code == 4


@pytest.mark.parametrize("after", [FAR, 0], ids=["midway", "at_once"])
def test_a_stream_that_stalls_goes_on_elsewhere(
    after: int, folder: Path, server: FlightServer, tmp_path: Path
):
    stalled = []

    def rule(number: int, _: int) -> Stall | None:
        # The first two tell about the table.
        if (number > 1 and not stalled) or number in stalled:
            stalled.append(number)
            return Stall(after)
        return None

    with TcpProxy(server.port, rule) as proxy:
        began = time.monotonic()
        assert _is_right(folder, tmp_path, proxy.address, patience=1)
        assert stalled
        assert time.monotonic() - began < 15
    server.wait_for_streams(0)


def test_a_server_that_stalls_is_given_up(folder: Path, server: FlightServer, tmp_path: Path):
    rule = lambda number, _: Stall(0) if number > 1 else None  # noqa: E731
    with TcpProxy(server.port, rule) as proxy:
        outcome = _fails(folder, tmp_path, proxy.address, patience=0.3)
    assert outcome.exit_code == 4
    assert "0.3 s" in outcome.stderr


def test_a_server_that_never_answers_is_given_up(folder: Path, tmp_path: Path):
    with SilentListener() as silent:
        assert _fails(folder, tmp_path, silent.address, patience=0.5).exit_code == 4


def _ending(server: FlightServer, end: str) -> Callable[[], object]:
    """Kills a server, or lets it end by itself: its streams are broken off by then."""

    def stop() -> None:
        server.process.terminate()
        time.sleep(0.5)

    return server.kill if end == "kill" else stop


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_a_replica_goes_on_when_the_server_ends(end: str, folder: Path, tmp_path: Path):
    path = {"wide": folder / "wide.arrow"}
    with replicas(2, path, token=TOKEN) as (first, second):
        action = _ending(first, end)
        with TcpProxy(first.port, lambda *_: Call(FAR, action)) as proxy:
            words = ["--token-file", str(folder / "token")]
            assert _is_right(folder, tmp_path, proxy.address, *words)
        first.process.wait(CALL_SECONDS)
        assert second.metrics()["streams_total"] > 0
        second.wait_for_streams(0)


def test_a_replica_with_other_settings_goes_on(folder: Path, tmp_path: Path):
    """It cuts other batches, but sends the same rows in the same order."""
    path = {"wide": folder / "wide.arrow"}
    ports = [free_port(), free_port()]
    options = [
        ["--replica", f"grpc://127.0.0.1:{ports[1]}", "--message-bytes", "500KiB"],
        ["--message-bytes", "2MiB", "--codec", "lz4", "--slots", "1", "--memory", "64MiB"],
    ]
    with (
        FlightServer(path, *options[0], token=TOKEN, port=ports[0]) as first,
        FlightServer(path, *options[1], token=TOKEN, port=ports[1]) as second,
        TcpProxy(first.port, lambda *_: Call(FAR, first.kill)) as proxy,
    ):
        words = ["--token-file", str(folder / "token")]
        assert _is_right(folder, tmp_path, proxy.address, *words)
        assert second.metrics()["streams_total"] > 0


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_without_a_replica_the_old_output_stays(end: str, folder: Path, tmp_path: Path):
    with FlightServer({"wide": folder / "wide.arrow"}) as server:
        action = _ending(server, end)
        with TcpProxy(server.port, lambda *_: Call(FAR, action)) as proxy:
            assert _fails(folder, tmp_path, proxy.address).exit_code == 4
        server.process.wait(CALL_SECONDS)


def test_a_server_that_comes_back_is_asked_again(folder: Path, tmp_path: Path):
    """Killed and started again on its port, with the token it had: tickets stay good."""
    path = {"wide": folder / "wide.arrow"}
    with FlightServer(path, token=TOKEN) as first:
        again = FlightServer(path, token=TOKEN, port=first.port)

        def restart() -> None:
            if first.process.poll() is None:
                first.kill()
                again.__enter__()

        with TcpProxy(first.port, lambda *_: Call(FAR, restart)) as proxy:
            words = ["--token-file", str(folder / "token")]
            try:
                assert _is_right(folder, tmp_path, proxy.address, *words)
            finally:
                again.__exit__()


def test_rows_that_do_not_fit_are_not_asked_for_again(folder: Path, tmp_path: Path):
    """What fails at the client is no reason to go on behind the batch it failed with."""
    columns = {f"c{n}": pa.array(range(n, n + 60_000), pa.int64()) for n in range(250)}
    table = pa.table({"id": pa.array(range(60_000)), **columns})
    flight_tables.write_ipc(tmp_path / "wider.arrow", table, 2000)
    with FlightServer({"wide": tmp_path / "wider.arrow"}, "--message-bytes", "256KiB") as server:
        (tmp_path / "out").mkdir()
        outcome = _fails(folder, tmp_path / "out", server.address, "--memory", "64MiB", place="")
        assert outcome.exit_code == 5
        assert server.metrics()["streams_total"] <= 4


def _pass_on(messages: Iterator[Message]) -> Iterator[Message]:
    yield from messages


def _drop_end(messages: Iterator[Message]) -> Iterator[Message]:
    return (message for message in messages if not Mark.read(message[1]).flags)


class _CutShort:
    """However often it is begun, no more than three messages come."""

    def __init__(self):
        self._left = 3

    def __call__(self, messages: Iterator[Message]) -> Iterator[Message]:
        for message in messages:
            if self._left == 0:
                return
            self._left -= 1
            yield message


def _drop_one(messages: Iterator[Message]) -> Iterator[Message]:
    return (message for number, message in enumerate(messages) if number != 2)


def _repeat_one(messages: Iterator[Message]) -> Iterator[Message]:
    for number, message in enumerate(messages):
        yield message
        if number == 2:
            yield message


def _swap_columns(messages: Iterator[Message]) -> Iterator[Message]:
    """All counts are right, and all types."""
    for number, (batch, mark) in enumerate(messages):
        if number == 2:
            columns = batch.columns
            columns[-1], columns[-2] = columns[-2], columns[-1]
            batch = pa.RecordBatch.from_arrays(columns, schema=batch.schema)
        yield batch, mark


def _change_end(**changes: int) -> Callable[[Iterator[Message]], Iterator[Message]]:
    def change(messages: Iterator[Message]) -> Iterator[Message]:
        for batch, text in messages:
            mark = Mark.read(text)
            yield batch, (dataclasses.replace(mark, **changes).write() if mark.flags else text)

    return change


def _spoil_marks(messages: Iterator[Message]) -> Iterator[Message]:
    for batch, _ in messages:
        yield batch, b"no mark"


RELAYS = {
    "no_end": (_drop_end, 4, "expected its end mark"),
    "short": (_CutShort(), 4, "expected its end mark"),
    "dropped": (_drop_one, 3, "found batch 3; expected batch 2"),
    "repeated": (_repeat_one, 3, "found batch 2; expected batch 3"),
    "swapped": (_swap_columns, 3, "checksum"),
    "checksum": (_change_end(checksum=1), 3, "checksum 1"),
    "rows": (_change_end(rows=10**6), 3, "of 1000000, checksum"),
    "marks": (_spoil_marks, 3, "the stream mark: found 7 bytes, expected 40"),
}


def test_a_relay_that_changes_nothing(folder: Path, server: FlightServer, tmp_path: Path):
    with Relay(server.address, _pass_on) as relay:
        assert _is_right(folder, tmp_path, relay.address)
        assert relay.streams > 0


@pytest.mark.parametrize("name", RELAYS)
def test_a_relay_that_lies(name: str, folder: Path, server: FlightServer, tmp_path: Path):
    change, exit_code, message = RELAYS[name]
    with Relay(server.address, change) as relay:
        outcome = _fails(folder, tmp_path, relay.address)
    assert outcome.exit_code == exit_code, outcome.stderr
    assert message in outcome.stderr


@contextmanager
def _waiting(where: str, folder: Path) -> Iterator[str]:
    """The address of a server that lets its clients wait."""
    if where == "connect":
        with SilentListener() as silent:
            yield silent.address
    elif where == "turn":
        path = {"wide": folder / "wide.arrow"}
        with FlightServer(path, "--streams", "1") as server, server.client() as client:
            reader = client.do_get(flight.Ticket("wide"), server.call_options())
            reader.read_chunk()
            yield server.address
            reader.cancel()
    else:
        table = flight_tables.plain_table()
        sleepy = SleepyServer(table, None if where == "schema" else 2)
        yield f"grpc://127.0.0.1:{sleepy.port}"
        # Its threads sleep on, so it is not waited for.


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("where", ["connect", "turn", "schema", "batch"])
def test_a_client_that_waits_is_stopped_at_once(
    where: str, stop: signal.Signals, folder: Path, tmp_path: Path
):
    (tmp_path / "out.arrow").write_bytes(OLD_CONTENT)
    with _waiting(where, folder) as address:
        words = [*_words(f"{address}/wide", folder), "-o", "out.arrow"]
        process = command.start("enrich", *words, cwd=tmp_path)
        time.sleep(0.7)
        assert process.poll() is None, process.communicate()
        process.send_signal(stop)
        sent = time.monotonic()
        try:
            _, stderr = process.communicate(timeout=15)
        finally:
            process.kill()
        assert process.returncode == 130, stderr
        assert time.monotonic() - sent < STOP_SECONDS
    assert command.is_one_line(stderr), stderr
    assert (tmp_path / "out.arrow").read_bytes() == OLD_CONTENT
    assert command.names_in(tmp_path) == ["out.arrow"]
