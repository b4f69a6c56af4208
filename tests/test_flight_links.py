# SPDX-License-Identifier: Apache-2.0
"""Scans over a link that is slow or cut for a while: two network namespaces of the test's
own, joined by a pair of virtual devices, with no way out of them."""

import itertools
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import command
import pyarrow as pa
import pytest
from support import flight_tables
from support.flight_server import FlightServer

TOKEN = "a-token-of-the-tests"
SERVER_IP, CLIENT_IP = "10.78.77.1", "10.78.77.2"
DEVICE = "eth0"
_numbers = itertools.count(1)


class Link:
    """Two namespaces, `server` and `client`, and the link between them."""

    def __init__(self):
        name = f"wr{os.getpid()}-{next(_numbers)}"
        self.server, self.client = f"{name}s", f"{name}c"

    def __enter__(self) -> "Link":
        try:
            for space in (self.server, self.client):
                _ip("netns", "add", space)
                _ip("-n", space, "link", "set", "lo", "up")
            peer = ["peer", "name", DEVICE, "netns", self.client]
            _ip("-n", self.server, "link", "add", DEVICE, "type", "veth", *peer)
            for space, address in ((self.server, SERVER_IP), (self.client, CLIENT_IP)):
                _ip("-n", space, "addr", "add", f"{address}/24", "dev", DEVICE)
                _ip("-n", space, "link", "set", DEVICE, "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for space in (self.server, self.client):
            words = ["ip", "netns", "delete", space]
            subprocess.run(words, capture_output=True, check=False, timeout=10)

    def limit(self, rate: str) -> None:
        """Of what the server sends."""
        words = f"qdisc replace dev {DEVICE} root tbf rate {rate} burst 64kb latency 50ms"
        _run("tc", "-n", self.server, *words.split())

    def set(self, state: str) -> None:
        _ip("-n", self.client, "link", "set", DEVICE, state)


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, text=True, timeout=10)


def _ip(*words: str) -> None:
    _run("ip", *words)


def _reason_to_skip() -> str:
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None or shutil.which("tc") is None:
        return "network namespaces need the commands ip and tc"
    try:
        with Link() as link:
            link.limit("100mbit")
    except (subprocess.SubprocessError, OSError) as error:
        return f"network namespaces cannot be made here: {error}"
    return ""


@pytest.fixture
def link() -> Iterator[Link]:
    reason = _reason_to_skip()
    if reason:
        pytest.skip(reason)
    with Link() as link:
        yield link


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with quotes.arrow, a table of 8 MB that does not compress, and their join."""
    folder = tmp_path_factory.mktemp("tables")
    rows = 20_000
    table = pa.table({"id": pa.array(range(rows))})
    for number in range(49):
        noise = pa.array(memoryview(os.urandom(8 * rows)).cast("q"), pa.int64())
        table = table.append_column(f"c{number}", noise)
    flight_tables.write_ipc(folder / "wide.arrow", table, 1000)
    keys = pa.array([n * 7 % (rows + 100) for n in range(30_000)])
    flight_tables.write_ipc(folder / "quotes.arrow", pa.table({"key": keys}))
    (folder / "token").write_text(TOKEN, encoding="utf-8")
    command.run_well(*_enrich("wide.arrow"), "-o", "expected.arrow", cwd=folder)
    return folder


def _enrich(securities: str) -> list[str]:
    words = ["enrich", "--quotes", "quotes.arrow", "--securities", securities, "--on", "key=id"]
    return [*words, "--progress", "none"]


def _server(link: Link, folder: Path) -> FlightServer:
    prefix = ["ip", "netns", "exec", link.server]
    path = {"wide": folder / "wide.arrow"}
    return FlightServer(path, token=TOKEN, prefix=prefix, host=SERVER_IP)


def _start(link: Link, server: FlightServer, folder: Path, output: Path) -> subprocess.Popen:
    words = ["ip", "netns", "exec", link.client, str(command.find_binary())]
    words += [*_enrich(server.uri("wide")), "--token-file", "token", "-o", str(output)]
    return subprocess.Popen(words, cwd=folder, stderr=subprocess.PIPE, text=True)


def _is_right(process: subprocess.Popen, folder: Path, output: Path) -> bool:
    try:
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    return output.read_bytes() == (folder / "expected.arrow").read_bytes()


def test_a_slow_link(link: Link, folder: Path, tmp_path: Path):
    link.limit("50mbit")
    output = tmp_path / "out.arrow"
    with _server(link, folder) as server:
        began = time.monotonic()
        assert _is_right(_start(link, server, folder, output), folder, output)
        # The limit was one.
        assert time.monotonic() - began > 1


def test_a_link_that_is_cut_for_five_seconds(link: Link, folder: Path, tmp_path: Path):
    link.limit("50mbit")
    output = tmp_path / "out.arrow"
    with _server(link, folder) as server:
        process = _start(link, server, folder, output)
        time.sleep(0.8)
        assert process.poll() is None, process.communicate()
        link.set("down")
        time.sleep(5)
        assert process.poll() is None, process.communicate()
        link.set("up")
        assert _is_right(process, folder, output)
