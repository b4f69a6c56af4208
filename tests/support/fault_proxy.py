# SPDX-License-Identifier: Apache-2.0
"""An HTTP proxy in front of an object store that counts requests and spoils some of them."""

import http.client
import http.server
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Request:
    method: str
    path: str  # "/bucket/key", decoded
    query: dict[str, list[str]]
    range: str  # "bytes=0-99", or empty

    @property
    def kind(self) -> str:
        """list, head or get."""
        if "list-type" in self.query:
            return "list"
        return "head" if self.method == "HEAD" else "get"


@dataclass(frozen=True)
class Answer:
    """What a client gets instead of the store's answer."""

    status: int
    code: str = ""  # of the XML error document; none without

    def body(self) -> bytes:
        if not self.code:
            return b""
        return (
            '<?xml version="1.0"?>'
            f"<Error><Code>{self.code}</Code><Message>made by a test</Message></Error>"
        ).encode()


@dataclass(frozen=True)
class Cut:
    """The connection ends after so many bytes of the true body."""

    after_bytes: int = 0


@dataclass(frozen=True)
class Slow:
    """The true body, after a wait and in small pieces with a wait before each."""

    seconds: float
    pieces: int = 1


class Hang:
    """No answer at all, until the proxy ends."""


Fault = Answer | Cut | Slow | Hang | None
Rule = Callable[[Request], Fault]


@dataclass
class FaultProxy:
    """Listens on 127.0.0.1 and forwards to the store at `port`, by `rule`."""

    store_port: int
    rule: Rule = lambda request: None
    tls: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)
    most_in_flight: int = 0

    def __enter__(self) -> "FaultProxy":
        self._lock = threading.Lock()
        self._in_flight = 0
        self._ended = threading.Event()
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE_SECONDS)

    @property
    def url(self) -> str:
        scheme = "http" if self.tls is None else "https"
        return f"{scheme}://127.0.0.1:{self._server.server_port}"

    def of_kind(self, kind: str) -> list[Request]:
        return [request for request in list(self.requests) if request.kind == kind]

    def enter(self, request: Request) -> None:
        with self._lock:
            self.requests.append(request)
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)

    def leave(self) -> None:
        with self._lock:
            self._in_flight -= 1

    def wait_for_end(self) -> None:
        self._ended.wait(PATIENCE_SECONDS)

    def wait_for_request(self, kind: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.of_kind(kind):
            assert time.monotonic() < deadline, f"no request of kind {kind}"
            time.sleep(0.01)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is nothing to report."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    proxy: FaultProxy

    def log_message(self, *_: object) -> None:
        """The tests look at FaultProxy.requests."""

    def do_GET(self) -> None:
        target = urlsplit(self.path)
        request = Request(
            self.command,
            unquote(target.path),
            parse_qs(target.query),
            self.headers.get("Range", ""),
        )
        self.proxy.enter(request)
        try:
            self._serve(self.proxy.rule(request))
        finally:
            self.proxy.leave()

    do_HEAD = do_GET

    def _serve(self, fault: Fault) -> None:
        if isinstance(fault, Hang):
            self.proxy.wait_for_end()
            self._end_connection()
            return
        if isinstance(fault, Answer):
            self._send(fault.status, {"Content-Type": "application/xml"}, fault.body())
            return
        if isinstance(fault, Slow):
            time.sleep(fault.seconds)
        status, headers, body = self._ask_store()
        if isinstance(fault, Cut):
            self._send(status, headers, body, cut_after=fault.after_bytes)
            self._end_connection()
            return
        pieces = fault.pieces if isinstance(fault, Slow) else 1
        wait = fault.seconds if isinstance(fault, Slow) else 0
        self._send(status, headers, body, pieces=pieces, wait=wait)

    def _ask_store(self) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.proxy.store_port, timeout=PATIENCE_SECONDS
        )
        try:
            connection.request(self.command, self.path, headers=dict(self.headers))
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def _send(
        self,
        status: int,
        headers: dict[str, str],
        body: bytes,
        cut_after: int | None = None,
        pieces: int = 1,
        wait: float = 0,
    ) -> None:
        self.send_response(status)
        left_out = {"connection", "content-length", "transfer-encoding", "server", "date"}
        for name, value in headers.items():
            if name.lower() not in left_out:
                self.send_header(name, value)
        length = len(body)
        if self.command == "HEAD":
            length = int(headers.get("Content-Length", headers.get("content-length", 0)))
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command == "HEAD":
            return
        if cut_after is not None:
            self.wfile.write(body[:cut_after])
            self.wfile.flush()
            return
        size = -(-len(body) // pieces) or 1
        for begin in range(0, len(body), size):
            if begin > 0:
                time.sleep(wait)
            self.wfile.write(body[begin : begin + size])
            self.wfile.flush()

    def _end_connection(self) -> None:
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
