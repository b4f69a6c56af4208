# SPDX-License-Identifier: Apache-2.0
"""Places for a server and its clients: a loopback interface of their own, or a link.

Both are network namespaces, which need root. They belong to this run and go with it; no
other interface is touched. Where they cannot be made, the machine's loopback serves, whose
counters others add to.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cases import PEERS

NUMBERS = itertools.count()
NAMES = Path("/run/netns")
SERVER_HOST, CLIENT_HOST = "10.231.7.1", "10.231.7.2"
START_SECONDS = 60.0
MEASURED_BYTES = 1 << 30
# A token bucket must hold what a link sends between two ticks of the kernel.
BUCKET_SECONDS, BUCKET_LEAST, QUEUE_SECONDS = 0.004, 256 << 10, 0.02


@dataclass(frozen=True)
class Network:
    """Words to put before a server's and a client's command, and where it listens."""

    name: str
    host: str = "127.0.0.1"
    server_words: Sequence[str] = ()
    client_words: Sequence[str] = ()
    is_ours: bool = True


def ip(*words: str) -> None:
    """Runs one command of iproute2."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")


def why_no_namespace() -> str:
    """Returns why no namespace can be made; empty when one can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    missing = [name for name in ("ip", "tc", "nsenter") if shutil.which(name) is None]
    return f"{', '.join(missing)} not found" if missing else ""


@contextlib.contextmanager
def namespace() -> Iterator[str]:
    """Makes a namespace whose loopback interface is up."""
    name = f"windrow-bench-{os.getpid()}-{next(NUMBERS)}"
    ip("ip", "netns", "add", name)
    try:
        ip("ip", "-n", name, "link", "set", "lo", "up")
        yield name
    finally:
        ip("ip", "netns", "delete", name)


def words_for(name: str) -> tuple[str, ...]:
    """Returns the words that run a command in a namespace."""
    return ("nsenter", f"--net={NAMES / name}")


@contextlib.contextmanager
def loopback() -> Iterator[Network]:
    """Yields a loopback interface that nobody else uses, if one can be made."""
    if why_no_namespace():
        yield Network("loopback", is_ours=False)
        return
    with namespace() as name:
        yield Network("loopback", server_words=words_for(name), client_words=words_for(name))


@contextlib.contextmanager
def link(name: str, bits_per_second: float) -> Iterator[Network]:
    """Yields a link between two namespaces that carries so much each way."""
    with namespace() as near, namespace() as far:
        ends = ["ip", "-n", near, "link", "add", "wire", "type", "veth"]
        ip(*ends, "peer", "name", "wire", "netns", far)
        for place, host in ((near, SERVER_HOST), (far, CLIENT_HOST)):
            ip("ip", "-n", place, "address", "add", f"{host}/30", "dev", "wire")
            ip("ip", "-n", place, "link", "set", "wire", "up")
            rate = bits_per_second / 8
            burst = max(BUCKET_LEAST, int(rate * BUCKET_SECONDS))
            shape = ["tbf", "rate", f"{bits_per_second:.0f}bit", "burst", str(burst)]
            shape += ["limit", str(burst + int(rate * QUEUE_SECONDS))]
            ip("tc", "-n", place, "qdisc", "add", "dev", "wire", "root", *shape)
        yield Network(name, SERVER_HOST, words_for(near), words_for(far))


@contextlib.contextmanager
def server(network: Network, words: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Starts a server; yields its process id and address, without the scheme."""
    process = subprocess.Popen(
        [*network.server_words, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
        line = process.stdout.readline() if ready else ""
        _, scheme, address = line.strip().partition(" at grpc://")
        if not scheme:
            raise RuntimeError(f"{' '.join(map(str, words))}: did not start: {line}")
        yield process.pid, address
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@functools.cache
def wire_gb_s(network: Network, nbytes: int = MEASURED_BYTES) -> float:
    """Measures what one plain TCP connection carries, in GB/s."""
    script = str(PEERS / "wire_rate.py")
    with server(network, [sys.executable, script, "serve", network.host]) as (_, address):
        pull = [sys.executable, script, "pull", address, str(nbytes)]
        done = subprocess.run(
            [*network.client_words, *pull], check=True, capture_output=True, text=True
        )
    return float(done.stdout)
