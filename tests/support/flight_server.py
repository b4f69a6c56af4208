# SPDX-License-Identifier: Apache-2.0
"""`windrow serve` as a child process on 127.0.0.1, and plain Flight clients of it."""

import os
import select
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import command
import pyarrow as pa
import pyarrow.flight as flight

START_SECONDS = 30
CALL_SECONDS = 30


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class FlightServer:
    """Started on entry, killed on exit unless it has ended.

    `tables` has paths by name. With `token`, calls must bring it; `certificate` is a
    test_certificates.Certificate, and the server then speaks TLS.
    """

    def __init__(
        self,
        tables: Mapping[str, Path | str],
        *options: str | Path,
        token: str = "",
        certificate=None,
        port: int = 0,
        env: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
        host: str = "127.0.0.1",
    ):
        self._tables = tables
        self._options = options
        self._token = token
        self._certificate = certificate
        self._env = {**os.environ, **(env or {})}
        self._prefix = prefix
        self._host = host
        self.port = port
        self.output = ""

    def __enter__(self) -> "FlightServer":
        self._folder = tempfile.TemporaryDirectory(prefix="windrow serve ")
        folder = Path(self._folder.name)
        scheme = "grpc" if self._certificate is None else "grpc+tls"
        words = [f"{name}={path}" for name, path in self._tables.items()]
        words += ["--listen", f"{scheme}://{self._host}:{self.port}", *map(str, self._options)]
        if self._token:
            (folder / "token").write_text(self._token + "\n", encoding="utf-8")
            words += ["--token-file", str(folder / "token")]
        if self._certificate is not None:
            words += ["--tls-cert", str(self._certificate.cert)]
            words += ["--tls-key", str(self._certificate.key)]
        self._errors = (folder / "stderr").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [*self._prefix, str(command.find_binary()), "serve", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=self._env,
        )
        try:
            self._wait_until_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.process.stdout.close()
        self._errors.close()
        self._folder.cleanup()

    def _wait_until_up(self) -> None:
        ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        assert ready, "the server did not start"
        self.output = self.process.stdout.readline()
        assert self.output.startswith("serving "), self.output + self.errors()
        self.port = int(self.output.rsplit(":", 1)[1])

    def errors(self) -> str:
        self._errors.flush()
        return Path(self._errors.name).read_text(encoding="utf-8")

    def kill(self) -> None:
        """With SIGKILL: no goodbye."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(CALL_SECONDS)

    def stop(self, stop: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """The exit code, and how many seconds it took to end."""
        sent = time.monotonic()
        self.process.send_signal(stop)
        self.process.wait(CALL_SECONDS)
        return self.process.returncode, time.monotonic() - sent

    @property
    def address(self) -> str:
        scheme = "grpc" if self._certificate is None else "grpc+tls"
        return f"{scheme}://{self._host}:{self.port}"

    def uri(self, table: str) -> str:
        return f"{self.address}/{table}"

    def client(self, **options) -> flight.FlightClient:
        """The caller closes it. Calls of a server with a token need call_options."""
        return flight.FlightClient(self.address, **options)

    def call_options(self, token: str | None = None, **options) -> flight.FlightCallOptions:
        token = self._token if token is None else token
        headers = [(b"authorization", b"Bearer " + token.encode())] if token else []
        headers += options.pop("headers", [])
        return flight.FlightCallOptions(timeout=CALL_SECONDS, headers=headers, **options)

    def act(self, action: str, body: bytes = b"") -> bytes:
        """What an action answers, all of it."""
        with self.client() as client:
            results = client.do_action(flight.Action(action, body), self.call_options())
            return b"".join(result.body.to_pybytes() for result in results)

    def metrics(self) -> dict[str, int]:
        """Values by name, without the common beginning."""
        lines = self.act("metrics").decode().splitlines()
        pairs = (line.split() for line in lines if not line.startswith("#"))
        return {name.removeprefix("windrow_serve_"): int(value) for name, value in pairs}

    def wait_for_streams(self, count: int, seconds: float = CALL_SECONDS) -> None:
        """Until so many streams are under way."""
        deadline = time.monotonic() + seconds
        while (streams := self.metrics()["streams"]) != count:
            assert time.monotonic() < deadline, f"{streams} streams, expected {count}"
            time.sleep(0.02)

    def memory_kib(self, name: str = "RssAnon") -> int:
        """Of the process now: RssAnon, VmRSS and so on."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(status.split(f"{name}:")[1].split()[0])


def read_endpoints(
    server: FlightServer, descriptor: flight.FlightDescriptor
) -> tuple[flight.FlightInfo, pa.Table]:
    """What a client gets that asks for a FlightInfo and then for its endpoints in order."""
    with server.client() as client:
        info = client.get_flight_info(descriptor, server.call_options())
        parts = [
            client.do_get(endpoint.ticket, server.call_options()).read_all()
            for endpoint in info.endpoints
        ]
    return info, pa.concat_tables(parts)


def read_ticket(server: FlightServer, ticket: bytes | str) -> pa.Table:
    with server.client() as client:
        return client.do_get(flight.Ticket(ticket), server.call_options()).read_all()


@contextmanager
def replicas(
    count: int, tables: Mapping[str, Path | str], *options: str | Path, token: str
) -> Iterator[list[FlightServer]]:
    """Servers of the same tables that name each other as replicas."""
    ports = [free_port() for _ in range(count)]
    with ExitStack() as stack:
        servers = []
        for port in ports:
            others = [f"grpc://127.0.0.1:{other}" for other in ports if other != port]
            words = [word for other in others for word in ("--replica", other)]
            server = FlightServer(tables, *words, *options, token=token, port=port)
            servers.append(stack.enter_context(server))
        yield servers
