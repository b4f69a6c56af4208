# SPDX-License-Identifier: Apache-2.0
"""What `windrow serve` refuses, and in which words."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import command
import pyarrow as pa
import pyarrow.flight as flight
import pytest
from support import flight_tables
from support.certificates import Certificate, make_certificate
from support.flight_server import FlightServer, read_ticket, replicas

TOKEN = "a-token-of-the-tests"


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    return flight_tables.write_ipc(folder / "t.arrow", flight_tables.plain_table())


@pytest.fixture(scope="module")
def server(table: Path) -> Iterator[FlightServer]:
    options = ["--filter-bytes", "1KiB", "--ticket-seconds", "1"]
    with FlightServer({"plain": table}, *options) as server:
        yield server


@pytest.fixture(scope="module")
def guarded(table: Path) -> Iterator[FlightServer]:
    with FlightServer({"plain": table}, token=TOKEN) as server:
        yield server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def _message(error: pytest.ExceptionInfo) -> str:
    """The server's own words."""
    text = str(error.value)
    assert "\n" not in text
    return re.split(r"\. (?:Detail|gRPC client debug context|Client context):", text)[0]


def _refusals(server: FlightServer, request: bytes) -> set[str]:
    """What the ways of asking for a scan are answered; the same, one hopes."""
    descriptor = flight.FlightDescriptor.for_command(request)
    ticket = flight.Ticket(request)
    found = set()
    with server.client() as client:
        options = server.call_options()
        for ask in (
            lambda: client.get_flight_info(descriptor, options),
            lambda: client.do_get(ticket, options),
        ):
            with pytest.raises(flight.FlightError) as error:
                ask()
            found.add(_message(error))
    return found


def _json(**members) -> bytes:
    return json.dumps({"windrow_scan": 1, "table": "plain", **members}).encode()


REQUESTS = {
    b"plane": "found no table 'plane' here; did you mean 'plain'?",
    b"../plain": "found no table '../plain' here",
    b"/etc/passwd": "found no table '/etc/passwd' here",
    b"plain/..": "found no table 'plain/..' here",
    b"..": "found no table '..' here",
    b"": "the scan request: key 'table': found no name",
    b"a\0b": "the scan request: found a text with a NUL, expected a table's name",
    b"\xff\xfe": "the scan request: found a text that is not UTF-8, expected a table's name",
    b"{": "the scan request: ",
    b"{} x": "the scan request: ",
    b"{}": "the scan request: key 'windrow_scan' is missing",
    b'{"windrow_scan":1}': "the scan request: key 'table' is missing",
    b'{"windrow_scan":2,"table":"plain"}': "the scan request: key 'windrow_scan': found "
    "version 2, expected 1",
    _json(columns=["id", "prise"]): "table plain: found no column 'prise'; did you mean 'price'?",
    _json(columns=["id", "id"]): "table plain: found the column 'id' twice",
    _json(columns="id"): "the scan request: key 'columns': found a text, expected a list of texts",
    _json(colums=["id"]): "the scan request: unknown key \"colums\"; did you mean 'columns'?",
    _json(limit=-1): "the scan request: key 'limit': found ",
    _json(limit="3"): "the scan request: key 'limit': found a text, expected a whole number",
    _json(limit=2**64): "the scan request: key 'limit': found ",
    _json(endpoints=0): "the scan request: key 'endpoints': found 0, expected 1 to ",
    _json(where="id <"): "table plain: column 5: found the end of the expression",
    _json(where="ids = 3"): "table plain: column 1: unknown column 'ids'; did you mean 'id'?",
    _json(where="id"): "table plain: column 1: found bigint from 'id', expected a condition",
    _json(where="name < 4"): "table plain: column 6: found varchar at column 1 and bigint",
    _json(codec="gzip"): "codec 'gzip': expected auto, none, lz4, or zstd:1 to zstd:19",
    _json(codec="zstd:99"): "codec 'zstd:99': expected auto, none, lz4, or zstd:1 to zstd:19",
    _json(key_column="id"): "the scan request: key 'key_column' without 'key_filter'",
    _json(key_filter="x"): "the scan request: key 'key_filter' without 'key_column'",
    _json(key_column="ID", key_filter="x"): "table plain: found no column 'ID'; did you mean 'id'?",
    b'{"table":"' + b"x" * (17 << 20): "the scan request: ",
}


@pytest.mark.parametrize("request_bytes", REQUESTS, ids=lambda text: repr(text[:60]))
def test_a_bad_request_is_refused_alike_by_every_call(request_bytes: bytes, server: FlightServer):
    before = server.metrics()["refused_total"]
    found = _refusals(server, request_bytes)
    assert len(found) == 1, found
    assert found.pop().startswith(REQUESTS[request_bytes])
    assert server.metrics()["refused_total"] == before + 2


def test_get_schema_refuses_too(server: FlightServer):
    with server.client() as client:
        for request in (b"plane", _json(columns=["prise"])):
            # pyarrow has no Flight error for this call.
            with pytest.raises(OSError, match="did you mean"):
                client.get_schema(
                    flight.FlightDescriptor.for_command(request), server.call_options()
                )


@pytest.mark.parametrize("path", [[], ["plain", "plain"], ["..", "plain"]])
def test_a_path_has_one_name(path: list[str], server: FlightServer):
    descriptor = flight.FlightDescriptor.for_path(*path)
    with server.client() as client, pytest.raises(flight.FlightError) as error:
        client.get_flight_info(descriptor, server.call_options())
    assert _message(error).endswith(f"of {len(path)} names; expected the name of a table")


def test_a_filter_that_is_none_or_too_long(server: FlightServer):
    for body in (b"", b"no filter", b"WKF\1" + b"\0" * 100):
        with pytest.raises(flight.FlightServerError, match="filter"):
            server.act("filter", body)
    with pytest.raises(flight.FlightServerError, match=r"found a key filter of .*; expected at"):
        server.act("filter", b"x" * 2000)
    request = flight.FlightDescriptor.for_command(_json(key_column="id", key_filter="0" * 64))
    with server.client() as client:
        info = client.get_flight_info(request, server.call_options())
        with pytest.raises(flight.FlightUnavailableError, match="found no key filter 0000"):
            client.do_get(info.endpoints[0].ticket, server.call_options())


def _exchange_error(server: FlightServer, request: bytes, batch: pa.RecordBatch) -> str:
    descriptor = flight.FlightDescriptor.for_command(request)

    def exchange() -> None:
        with server.client() as client:
            writer, reader = client.do_exchange(descriptor, server.call_options())
            with writer:
                writer.begin(batch.schema)
                writer.write_batch(batch)
                writer.done_writing()
                reader.read_all()

    with pytest.raises(flight.FlightError) as error:
        exchange()
    return _message(error)


def test_an_exchange_of_wrong_keys(server: FlightServer):
    numbers = pa.array(range(1000))
    for request, batch, message in (
        (b"plane", {"id": numbers}, "found no table 'plane' here; did you mean 'plain'?"),
        (b"plain", {"ids": numbers}, "table plain: found no column 'ids'; did you mean 'id'?"),
        (b"plain", {"id": numbers, "n": numbers}, "found 2 columns of keys; expected one"),
        (b"plain", {"id": numbers}, "found more than 1.00 KiB of keys; expected at most that"),
        (b"plain", {"id": pa.array(["x"])}, "keys of id: "),
        (_json(key_column="idd"), {"id": numbers}, "table plain: found no column 'idd'"),
    ):
        assert _exchange_error(server, request, pa.record_batch(batch)).startswith(message)


def _ticket(server: FlightServer) -> bytes:
    descriptor = flight.FlightDescriptor.for_path("plain")
    with server.client() as client:
        info = client.get_flight_info(descriptor, server.call_options())
    return info.endpoints[0].ticket.ticket


EXPIRED = r"the ticket expired \d+ seconds ago"


def _used_ticket(server: FlightServer) -> bytes:
    """A ticket that was good. On a busy machine its second may pass before it is read."""
    for _ in range(20):
        ticket = _ticket(server)
        try:
            assert read_ticket(server, ticket).num_rows == flight_tables.ROWS
        except flight.FlightServerError as error:
            if not re.search(EXPIRED, str(error)):
                raise
        else:
            return ticket
    pytest.fail("no ticket could be read within its second")


def test_a_ticket_expires(server: FlightServer):
    ticket = _used_ticket(server)
    time.sleep(1.1)
    with pytest.raises(flight.FlightServerError, match=EXPIRED):
        read_ticket(server, ticket)


def test_a_ticket_that_was_changed_or_cut(guarded: FlightServer):
    ticket = _ticket(guarded)
    places = [*range(4, len(ticket), 7), len(ticket) - 1]
    changed = [ticket[:at] + bytes([ticket[at] ^ 1]) + ticket[at + 1 :] for at in places]
    for wrong in [*changed, ticket[:-1], ticket[:10], ticket + b"x", ticket[:4]]:
        with pytest.raises(flight.FlightServerError):
            read_ticket(guarded, wrong)
    assert read_ticket(guarded, ticket).num_rows == flight_tables.ROWS


def test_a_ticket_of_another_server(guarded: FlightServer, server: FlightServer, table: Path):
    ticket = _ticket(guarded)
    with pytest.raises(flight.FlightServerError, match="signed by another server"):
        read_ticket(server, ticket)
    # The same token and files, and so the same server as far as tickets go.
    with FlightServer({"plain": table}, token=TOKEN) as twin:
        assert read_ticket(twin, ticket).num_rows == flight_tables.ROWS
    with (
        FlightServer({"plain": table}, token="another-token") as other,
        pytest.raises(flight.FlightServerError, match="signed by another server"),
    ):
        read_ticket(other, ticket)


def test_a_ticket_for_files_that_have_changed(guarded: FlightServer, tmp_path: Path):
    other = flight_tables.write_ipc(tmp_path / "t.arrow", flight_tables.plain_table(1001))
    with (
        FlightServer({"plain": other}, token=TOKEN) as twin,
        pytest.raises(flight.FlightUnavailableError, match="not those the ticket was made for"),
    ):
        read_ticket(twin, _ticket(guarded))


def test_every_call_needs_the_token(guarded: FlightServer):
    descriptor = flight.FlightDescriptor.for_path("plain")
    calls = {
        "list": lambda client, options: list(client.list_flights(options=options)),
        "info": lambda client, options: client.get_flight_info(descriptor, options),
        "schema": lambda client, options: client.get_schema(descriptor, options),
        "get": lambda client, options: client.do_get(flight.Ticket("plain"), options).read_all(),
        "action": lambda client, options: list(
            client.do_action(flight.Action("health", b""), options)
        ),
        "actions": lambda client, options: client.list_actions(options),
        "exchange": lambda client, options: client.do_exchange(descriptor, options)[1].read_all(),
    }
    right = b"Bearer " + TOKEN.encode()
    with guarded.client() as client:
        for headers, message in (
            ([], "found no token; expected the header 'authorization: Bearer TOKEN'"),
            ([(b"authorization", right[:-1])], "found another token than this server's"),
            ([(b"authorization", right + b"x")], "found another token than this server's"),
            ([(b"authorization", right.lower())], "found another token than this server's"),
            ([(b"authorization", TOKEN.encode())], "found another token than this server's"),
            ([(b"token", right)], "found no token; expected the header"),
        ):
            options = flight.FlightCallOptions(timeout=20, headers=headers)
            for name, call in calls.items():
                kind = OSError if name == "schema" else flight.FlightUnauthenticatedError
                with pytest.raises(kind) as error:
                    call(client, options)
                assert message in str(error.value), name
                assert "Unauthenticated" in str(error.value)
        assert TOKEN not in guarded.errors()


def test_tls_with_the_right_and_the_wrong_root(
    certificate: Certificate, table: Path, tmp_path: Path
):
    other = make_certificate(tmp_path, "other")
    descriptor = flight.FlightDescriptor.for_path("plain")
    with FlightServer({"plain": table}, token=TOKEN, certificate=certificate) as server:
        assert server.output == f"serving 1 table at grpc+tls://127.0.0.1:{server.port}\n"
        roots = certificate.cert.read_bytes()
        with server.client(tls_root_certs=roots) as client:
            reader = client.do_get(flight.Ticket("plain"), server.call_options())
            assert reader.read_all().num_rows == flight_tables.ROWS
        with (
            server.client(tls_root_certs=other.cert.read_bytes()) as client,
            pytest.raises(flight.FlightUnavailableError),
        ):
            client.get_flight_info(descriptor, server.call_options())
        plain = flight.FlightClient(f"grpc://127.0.0.1:{server.port}")
        with plain, pytest.raises(flight.FlightUnavailableError):
            plain.get_flight_info(descriptor, server.call_options())


def test_replicas_stand_behind_the_server_itself(table: Path):
    descriptor = flight.FlightDescriptor.for_path("plain")
    with replicas(2, {"plain": table}, token=TOKEN) as servers, servers[0].client() as client:
        info = client.get_flight_info(descriptor, servers[0].call_options())
        locations = [location.uri.decode() for location in info.endpoints[0].locations]
        assert locations == ["arrow-flight-reuse-connection://?", servers[1].address]
        ticket = info.endpoints[0].ticket.ticket
        assert read_ticket(servers[1], ticket).num_rows == flight_tables.ROWS


STARTS = {
    "listen": (2, ["--listen", "http://127.0.0.1:1"], "--listen: "),
    "public": (
        2,
        ["--listen", "grpc://0.0.0.0:0"],
        "others can reach this address; expected --tok",
    ),
    "named": (2, ["--listen", "grpc://example.org:0"], "others can reach this address"),
    "ipv6": (2, ["--listen", "grpc://[::]:0"], "others can reach this address"),
    "replica": (2, ["--replica", "grpc://127.0.0.1:1"], "expected --token-file with it"),
    "tls": (2, ["--listen", "grpc+tls://127.0.0.1:0"], "expected --tls-cert and --tls-key"),
    "cert": (2, ["--tls-cert", "cert.pem"], "expected grpc+tls://HOST:PORT with it"),
    "no cert": (2, ["--tls-cert", "none.pem"], "--tls-cert none.pem: cannot be read"),
    "codec": (2, ["--codec", "gzip"], "codec 'gzip': expected auto, none, lz4"),
    "message": (2, ["--message-bytes", "1KiB"], "--message-bytes 1KiB: expected 4.00 KiB to"),
    "token": (2, ["--token-file", "none"], "--token-file none"),
    "empty": (2, ["--token-file", "empty"], "--token-file empty"),
    "file": (4, ["b=none.arrow"], "none.arrow"),
    "twice": (2, ["a=t.arrow"], "found the name 'a' twice"),
    "slash": (2, ["a/b=t.arrow"], "expected NAME=PATH, with no '/' in the name"),
    "bare": (2, ["t.arrow"], "expected NAME=PATH"),
    "damaged": (3, ["b=damaged.arrow"], "damaged.arrow"),
}


@pytest.mark.parametrize("name", STARTS)
def test_a_start_that_is_refused(name: str, table: Path, certificate: Certificate, tmp_path: Path):
    exit_code, words, message = STARTS[name]
    (tmp_path / "t.arrow").write_bytes(table.read_bytes())
    (tmp_path / "damaged.arrow").write_bytes(table.read_bytes()[:-9])
    (tmp_path / "cert.pem").write_bytes(certificate.cert.read_bytes())
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    outcome = command.run("serve", "a=t.arrow", *words, cwd=tmp_path, timeout=10)
    assert (outcome.exit_code, outcome.stdout) == (exit_code, ""), outcome.stderr
    assert command.is_one_line(outcome.stderr)
    assert message in outcome.stderr


def test_a_port_that_is_taken(server: FlightServer, table: Path, tmp_path: Path):
    words = ["serve", f"a={table}", "--listen", server.address]
    outcome = command.run(*words, cwd=tmp_path, timeout=10)
    assert outcome.exit_code == 4, outcome.stdout
    assert command.is_one_line(outcome.stderr)
    assert server.address in outcome.stderr
