# SPDX-License-Identifier: Apache-2.0
"""How many bytes a plain TCP connection carries: the roofline of whatever goes over it.

wire_rate.py serve HOST           prints its address, then sends to whoever connects
wire_rate.py pull HOST:PORT BYTES prints GB/s, the best of several
"""

from __future__ import annotations

import itertools
import socket
import sys
import time

CHUNK = 1 << 20
TRIES = 4


def serve(host: str) -> None:
    """Sends to one client after the other until it has enough."""
    chunk = bytes(CHUNK)
    with socket.create_server((host, 0)) as listener:
        print(f"serving bytes at grpc://{host}:{listener.getsockname()[1]}", flush=True)
        while True:
            connection, _ = listener.accept()
            with connection:
                try:
                    while True:
                        connection.sendall(chunk)
                except OSError:
                    pass


def pull(address: str, wanted: int) -> float:
    """Receives the bytes once and returns GB/s; the first eighth is not counted."""
    host, _, port = address.rpartition(":")
    buffer = bytearray(CHUNK)
    received, start, before = 0, 0.0, 0
    with socket.create_connection((host, int(port))) as connection:
        while received < wanted:
            received += connection.recv_into(buffer)
            if start == 0.0 and received >= wanted // 8:
                start, before = time.perf_counter(), received
        return (received - before) / (time.perf_counter() - start) * 1e-9


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    else:
        rates = (pull(sys.argv[2], int(sys.argv[3])) for _ in itertools.repeat(None, TRIES))
        print(f"{max(rates):.6f}")
