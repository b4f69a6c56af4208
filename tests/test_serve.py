# SPDX-License-Identifier: Apache-2.0
"""What `windrow serve` delivers to a plain Flight client, of every kind of table."""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.flight as flight
import pytest
from support import flight_tables
from support.flight_server import FlightServer, read_endpoints, read_ticket
from support.flight_tables import ServedTable

KINDS = [
    *("ipc_none ipc_lz4 ipc_zstd stream parquet glob_ipc glob_parquet dictionary".split()),
    *("dictionaries nested nested_parquet scalars nulls unions extensions views".split()),
    *("empty empty_parquet one".split()),
]
Tables = dict[str, ServedTable]


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> Tables:
    return flight_tables.write_tables(tmp_path_factory.mktemp("tables"))


@pytest.fixture(scope="module")
def server(tables: Tables) -> Iterator[FlightServer]:
    with FlightServer({name: table.path for name, table in tables.items()}) as server:
        yield server


def _request(table: str, **members) -> bytes:
    return json.dumps({"windrow_scan": 1, "table": table, **members}).encode()


def _command(table: str, **members) -> flight.FlightDescriptor:
    return flight.FlightDescriptor.for_command(_request(table, **members))


def _messages(server: FlightServer, ticket: bytes) -> list[pa.RecordBatch]:
    """The batches that have rows, each as it was sent."""
    with server.client() as client:
        reader = client.do_get(flight.Ticket(ticket), server.call_options())
        return [chunk.data for chunk in reader if chunk.data.num_rows]


def test_kinds_are_all_there_are(tables: Tables):
    assert sorted(KINDS) == sorted(tables)


@pytest.mark.parametrize("kind", KINDS)
def test_a_bare_name_gets_the_table(kind: str, server: FlightServer, tables: Tables):
    found = read_ticket(server, kind)
    assert flight_tables.difference(found, tables[kind].expected) == ""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("endpoints", [1, 3, 1000])
def test_endpoints_are_the_table_in_pieces(
    kind: str, endpoints: int, server: FlightServer, tables: Tables
):
    expected = tables[kind].expected
    info, found = read_endpoints(server, _command(kind, endpoints=endpoints))
    assert flight_tables.difference(found, expected) == ""
    assert info.schema == expected.schema
    assert info.total_records == expected.num_rows
    assert 1 <= len(info.endpoints) <= endpoints
    if endpoints > 1 and expected.num_rows > 1:
        assert len(info.endpoints) > 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("codec", ["lz4", "zstd:1", "zstd:19"])
def test_a_codec_changes_no_value(kind: str, codec: str, server: FlightServer, tables: Tables):
    _, found = read_endpoints(server, _command(kind, codec=codec, endpoints=2))
    assert flight_tables.difference(found, tables[kind].expected) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_small_messages_are_the_table_in_order(kind: str, server: FlightServer, tables: Tables):
    _, found = read_endpoints(server, _command(kind, message_bytes=4096))
    assert flight_tables.difference(found, tables[kind].expected) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_each_column_alone_and_all_in_turned_order(kind: str, server: FlightServer, tables: Tables):
    expected = tables[kind].expected
    names = expected.column_names
    for columns in [*([name] for name in names), names[::-1]]:
        found = read_ticket(server, _request(kind, columns=columns))
        assert flight_tables.difference(found, expected.select(columns)) == ""
        info, found = read_endpoints(server, _command(kind, columns=columns, endpoints=2))
        assert flight_tables.difference(found, expected.select(columns)) == ""
        assert info.schema.names == columns


@pytest.mark.parametrize("kind", KINDS)
def test_get_schema_by_path_and_by_command(kind: str, server: FlightServer, tables: Tables):
    schema = tables[kind].expected.schema
    last = schema.names[-1]
    with server.client() as client:
        path = flight.FlightDescriptor.for_path(kind)
        assert client.get_schema(path, server.call_options()).schema == schema
        asked = _command(kind, columns=[last])
        found = client.get_schema(asked, server.call_options()).schema
    assert found == pa.schema([schema.field(last)])


def test_get_flight_info_by_path_and_by_bare_name(server: FlightServer, tables: Tables):
    for descriptor in (
        flight.FlightDescriptor.for_path("parquet"),
        flight.FlightDescriptor.for_command(b"parquet"),
    ):
        info, found = read_endpoints(server, descriptor)
        assert flight_tables.difference(found, tables["parquet"].expected) == ""
        assert info.descriptor == descriptor
        assert info.total_bytes > 0


def test_list_flights_has_every_table_ready_to_get(server: FlightServer, tables: Tables):
    with server.client() as client:
        infos = list(client.list_flights(options=server.call_options()))
        assert [info.descriptor.path for info in infos] == [[n.encode()] for n in sorted(tables)]
        for info in infos:
            name = info.descriptor.path[0].decode()
            expected = tables[name].expected
            assert info.schema == expected.schema
            assert info.total_records == expected.num_rows
            parts = [
                client.do_get(endpoint.ticket, server.call_options()).read_all()
                for endpoint in info.endpoints
            ]
            assert flight_tables.difference(pa.concat_tables(parts), expected) == ""


WHERE = {
    "id < 10": lambda t: pc.less(t["id"], 10),
    "id >= 140 and id < 460": lambda t: pc.and_(
        pc.greater_equal(t["id"], 140), pc.less(t["id"], 460)
    ),
    "name = 'name 3'": lambda t: pc.equal(t["name"], "name 3"),
    "name is null or price > 100": lambda t: pc.or_kleene(
        pc.is_null(t["name"]), pc.greater(t["price"], 100)
    ),
    "id < 0": lambda t: pc.less(t["id"], 0),
    "text = 'row 777 of the table'": lambda t: pc.equal(t["id"], 777),
}


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("kind", ["ipc_none", "ipc_lz4", "parquet", "glob_parquet"])
def test_where_keeps_rows_whether_or_not_its_columns_are_asked_for(
    where: str, kind: str, server: FlightServer, tables: Tables
):
    expected = tables[kind].expected
    expected = expected.filter(WHERE[where](expected))
    found = read_ticket(server, _request(kind, where=where))
    assert flight_tables.difference(found, expected) == ""
    info, found = read_endpoints(server, _command(kind, where=where, columns=["price"]))
    assert flight_tables.difference(found, expected.select(["price"])) == ""
    # How many rows fulfil it is not known before.
    assert info.total_records == -1


@pytest.mark.parametrize("limit", [0, 1, 149, 150, 151, 999, 1000, 5000])
@pytest.mark.parametrize("kind", ["ipc_none", "parquet"])
def test_limit_is_of_the_whole_scan(limit: int, kind: str, server: FlightServer, tables: Tables):
    expected = tables[kind].expected
    asked = _command(kind, limit=limit, endpoints=7, message_bytes=4096)
    _, found = read_endpoints(server, asked)
    assert flight_tables.difference(found, expected.slice(0, limit)) == ""
    rest = expected.filter(pc.greater_equal(expected["id"], 300))
    found = read_ticket(server, _request(kind, limit=limit, where="id >= 300"))
    assert flight_tables.difference(found, rest.slice(0, limit)) == ""


def test_no_columns_are_rows_still(server: FlightServer):
    found = read_ticket(server, _request("parquet", columns=[], where="id < 10"))
    assert found.shape == (10, 0)


def test_messages_are_cut_by_bytes(server: FlightServer):
    whole = _messages(server, b"glob_ipc")
    small = _messages(server, _request("glob_ipc", message_bytes=4096))
    assert len(small) > len(whole)
    assert max(batch.nbytes for batch in small) <= 2 * 4096
    # Neither a message for every row, nor one that no client could take.
    least = _messages(server, _request("glob_ipc", message_bytes=1))
    assert len(least) == len(small)
    most = _messages(server, _request("glob_ipc", message_bytes=2**62))
    assert len(most) <= len(whole)


def test_the_servers_own_message_size_and_codec(tables: Tables):
    path = {"plain": tables["ipc_none"].path}
    with FlightServer(path, "--message-bytes", "4KiB", "--codec", "zstd:3") as server:
        messages = _messages(server, b"plain")
        assert len(messages) > 10
        found = pa.Table.from_batches(messages)
        assert flight_tables.difference(found, tables["ipc_none"].expected) == ""
        before = server.metrics()["sent_bytes_total"]
        read_ticket(server, _request("plain", codec="none", message_bytes=1 << 20))
        plain = server.metrics()["sent_bytes_total"] - before
        read_ticket(server, _request("plain", message_bytes=1 << 20))
        compressed = server.metrics()["sent_bytes_total"] - before - plain
        assert compressed < plain / 2


def _exchange(
    server: FlightServer, request: bytes, *batches: pa.RecordBatch, schema: pa.Schema | None = None
) -> pa.Table:
    descriptor = flight.FlightDescriptor.for_command(request)
    with server.client() as client:
        writer, reader = client.do_exchange(descriptor, server.call_options())
        with writer:
            writer.begin(batches[0].schema if schema is None else schema)
            for batch in batches:
                writer.write_batch(batch)
            writer.done_writing()
            return reader.read_all()


@pytest.mark.parametrize("kind", ["ipc_none", "ipc_lz4", "parquet", "glob_ipc", "glob_parquet"])
def test_an_exchange_of_keys_for_their_rows(kind: str, server: FlightServer, tables: Tables):
    numbers = [7, 7, None, 500, -3, 149, 150, 10**12, 0, 999]
    keys = [pa.record_batch({"id": pa.array(part, pa.int64())}) for part in (numbers, [500, 3])]
    expected = tables[kind].expected
    expected = expected.filter(pc.is_in(expected["id"], pa.array([*numbers[3:], 7, 3])))
    found = _exchange(server, kind.encode(), *keys).sort_by("id")
    assert flight_tables.difference(found, expected) == ""
    asked = _request(kind, columns=["text", "id"], where="id > 5", limit=3)
    found = _exchange(server, asked, *keys)
    assert found.column_names == ["text", "id"]
    assert found.num_rows == 3
    assert set(found["id"].to_pylist()) <= set(expected["id"].to_pylist()) - {0, 3}


def test_an_exchange_names_its_column_or_takes_the_keys_name(server: FlightServer):
    narrow = pa.record_batch({"whatever": pa.array([3, 4], pa.int16())})
    found = _exchange(server, _request("parquet", key_column="id"), narrow)
    assert sorted(found["id"].to_pylist()) == [3, 4]
    names = pa.record_batch({"name": pa.array(["name 3", "name 3", None, "x"]).dictionary_encode()})
    found = _exchange(server, b"parquet", names)
    assert set(found["name"].to_pylist()) == {"name 3"}
    assert found.num_rows > 100


def test_an_exchange_without_keys_gets_no_rows(server: FlightServer, tables: Tables):
    empty = pa.record_batch({"id": pa.array([], pa.int64())})
    for batches in ([empty], []):
        found = _exchange(server, b"parquet", *batches, schema=empty.schema)
        assert flight_tables.difference(found, tables["parquet"].expected.slice(0, 0)) == ""


def test_actions(server: FlightServer):
    with server.client() as client:
        listed = {action.type for action in client.list_actions(server.call_options())}
    assert listed == {"health", "metrics", "filter", "cancel", "probe"}
    assert server.act("health") == b"ok"
    before = server.metrics()
    read_ticket(server, "one")
    after = server.metrics()
    assert after["streams_total"] == before["streams_total"] + 1
    assert after["messages_total"] > before["messages_total"]
    assert after["sent_bytes_total"] > before["sent_bytes_total"]
    assert server.act("cancel", b"nobody reads this") == b"0"


def test_cancel_breaks_off_the_streams_of_a_ticket(tmp_path: Path):
    path = flight_tables.write_ipc(tmp_path / "t.arrow", _wide(100_000), batch_rows=10_000)
    with FlightServer({"t": path}) as server, server.client() as client:
        info = client.get_flight_info(_command("t", endpoints=1), server.call_options())
        ticket = info.endpoints[0].ticket
        readers = [client.do_get(ticket, server.call_options()) for _ in range(2)]
        for reader in readers:
            assert reader.read_chunk().data.num_rows
        server.wait_for_streams(2)
        assert server.act("cancel", ticket.ticket) == b"2"
        for reader in readers:
            # read_all would take it for a Ctrl-C.
            with pytest.raises(flight.FlightCancelledError):
                _drop_all(reader)
        server.wait_for_streams(0)


def _drop_all(reader: flight.FlightStreamReader) -> None:
    while True:
        reader.read_chunk()


def _wide(rows: int) -> pa.Table:
    """So long that a stream of it waits for a client that does not read."""
    return pa.table({f"c{n}": pa.array(range(rows), pa.int64()) for n in range(100)})


def test_it_says_where_it_serves_and_how_many(tables: Tables):
    with FlightServer({"a": tables["one"].path}) as server:
        assert server.output == f"serving 1 table at grpc://127.0.0.1:{server.port}\n"
    two = {"a": tables["one"].path, "b": tables["empty"].path}
    with FlightServer(two) as server:
        assert server.output == f"serving 2 tables at grpc://127.0.0.1:{server.port}\n"
