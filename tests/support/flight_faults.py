# SPDX-License-Identifier: Apache-2.0
"""What goes wrong between a Flight server and its client: a TCP proxy, and a bad relay."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.flight as flight

PIECE_BYTES = 64 << 10
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Cut:
    """The connection ends after so many bytes to the client."""

    after_bytes: int


@dataclass(frozen=True)
class Stall:
    """No byte follows these, and the connection stays."""

    after_bytes: int


@dataclass(frozen=True)
class Call:
    """Something is done after so many bytes, then it goes on."""

    after_bytes: int
    action: Callable[[], object]


Fault = Cut | Stall | Call | None


class TcpProxy:
    """Listens on 127.0.0.1 and forwards to `port`. `rule` is asked before each piece that
    goes to the client, with the number of the connection and of its bytes so far, and says
    what is to happen after how many."""

    def __init__(self, port: int, rule: Callable[[int, int], Fault] = lambda *_: None):
        self._port = port
        self._rule = rule
        self.connections = 0
        self.bytes_to_client = 0

    def __enter__(self) -> "TcpProxy":
        self._ended = threading.Event()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for one in [self._listener, *self._sockets]:
            _end(one)

    @property
    def address(self) -> str:
        return f"grpc://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            number = self.connections
            self.connections += 1
            try:
                server = socket.create_connection(("127.0.0.1", self._port))
            except OSError:
                _end(client)
                continue
            self._sockets += [client, server]
            for target, words in (
                (self._to_server, (client, server)),
                (self._to_client, (server, client, number)),
            ):
                threading.Thread(target=target, args=words, daemon=True).start()

    def _to_server(self, client: socket.socket, server: socket.socket) -> None:
        try:
            while piece := client.recv(PIECE_BYTES):
                server.sendall(piece)
        except OSError:
            pass
        _end(server)

    def _to_client(self, server: socket.socket, client: socket.socket, number: int) -> None:
        sent = 0
        called = False
        try:
            while piece := server.recv(PIECE_BYTES):
                fault = self._rule(number, sent)
                if fault is not None and sent + len(piece) > fault.after_bytes:
                    if isinstance(fault, Call) and not called:
                        called = True
                        fault.action()
                    if isinstance(fault, Cut | Stall):
                        client.sendall(piece[: max(0, fault.after_bytes - sent)])
                    if isinstance(fault, Stall):
                        self._ended.wait(PATIENCE_SECONDS)
                    if isinstance(fault, Cut | Stall):
                        break
                client.sendall(piece)
                sent += len(piece)
                self.bytes_to_client += len(piece)
        except OSError:
            pass
        _end(client)
        _end(server)


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


class SilentListener:
    """Takes connections on 127.0.0.1 and never says a word."""

    def __enter__(self) -> "SilentListener":
        self._listener = socket.create_server(("127.0.0.1", 0))
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    @property
    def address(self) -> str:
        return f"grpc://127.0.0.1:{self._listener.getsockname()[1]}"


Message = tuple[pa.RecordBatch, bytes]
SKIP_HEADER = "windrow-skip-rows"


class _Skip(flight.ServerMiddleware):
    def __init__(self, batches: str):
        self.batches = batches


class _SkipFactory(flight.ServerMiddlewareFactory):
    """Keeps a call's header."""

    def start_call(self, info, headers):
        return _Skip(headers.get(SKIP_HEADER, ["0"])[0])


class Relay(flight.FlightServerBase):
    """Hands on what a Windrow server says, with its streams' messages changed by `change`,
    which gets them one by one."""

    def __init__(self, server: str, change: Callable[[Iterator[Message]], Iterator[Message]]):
        super().__init__("grpc://127.0.0.1:0", middleware={"skip": _SkipFactory()})
        self._client = flight.FlightClient(server)
        self._change = change
        self.streams = 0

    @property
    def address(self) -> str:
        return f"grpc://127.0.0.1:{self.port}"

    def get_flight_info(self, context, descriptor):
        return self._client.get_flight_info(descriptor)

    def do_action(self, context, action):
        return self._client.do_action(action)

    def do_get(self, context, ticket):
        self.streams += 1
        skip = context.get_middleware("skip").batches
        options = flight.FlightCallOptions(headers=[(SKIP_HEADER.encode(), skip.encode())])
        reader = self._client.do_get(ticket, options)

        def messages() -> Iterator[Message]:
            for chunk in reader:
                yield chunk.data, chunk.app_metadata.to_pybytes()

        return flight.GeneratorStream(reader.schema, self._change(messages()))


@dataclass(frozen=True)
class Mark:
    """What goes along with a message of a Windrow server: see flight/stream_mark.h."""

    flags: int
    batches: int
    rows: int
    bytes: int
    checksum: int

    @staticmethod
    def read(text: bytes) -> "Mark":
        return Mark(*struct.unpack("<4xIqqqQ", text))

    def write(self) -> bytes:
        numbers = (self.flags, self.batches, self.rows, self.bytes, self.checksum)
        return struct.pack("<4sIqqqQ", b"WSM\1", *numbers)


def sleep_for_ever() -> None:
    """For a server's thread; long enough for any test."""
    time.sleep(PATIENCE_SECONDS)


class SleepyServer(flight.FlightServerBase):
    """Describes the table, then sleeps before the stream's schema or in its middle."""

    def __init__(self, table: pa.Table, batches: int | None):
        super().__init__("grpc://127.0.0.1:0")
        self._table = table
        self._batches = batches

    def get_flight_info(self, context, descriptor):
        endpoint = flight.FlightEndpoint(b"ticket", [])
        return flight.FlightInfo(self._table.schema, descriptor, [endpoint], -1, -1)

    def do_get(self, context, ticket):
        if self._batches is None:
            sleep_for_ever()

        def batches() -> Iterator[pa.RecordBatch]:
            yield from self._table.to_batches(max_chunksize=100)[: self._batches]
            sleep_for_ever()

        return flight.GeneratorStream(self._table.schema, batches())
