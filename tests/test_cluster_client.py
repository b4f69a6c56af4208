# SPDX-License-Identifier: Apache-2.0
"""Runs by Ray Client, from a process that is no part of the cluster."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import python_process

START_SECONDS = 60
CODE = """
import windrow as wr
with wr.Cluster("ray://127.0.0.2:{port}") as cluster:
    clicks = wr.generate("clicks", 40000)
    switches = {{"split_rows": 4000, "piece_bytes": 20000, "broadcast": False}}
    joined = clicks.join(wr.generate("users", 2000), on="user_id")
    ranked = joined.sort("country", "event_time", "user_id")
    there = ranked.collect(on=cluster, switches=switches)
    assert there.num_rows > 0
    assert there.to_pydict() == ranked.collect().to_pydict()
    rows = wr.from_dict({{"a": [1, 2, 1], "b": [1, 2, 3]}})
    sums = rows.group_by("a").agg(b=wr.col("b").sum()).collect(on=cluster)
    assert sums.to_pydict() == {{"a": [1, 2], "b": [4, 2]}}
    try:
        joined.with_columns(n=wr.col("country").cast(int)).collect(on=cluster)
    except wr.DataError as error:
        print("DataError", "'US'" in str(error))
"""


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.2", 0))
        return bound.getsockname()[1]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of a head node's server for clients."""
    folder = Path(tempfile.mkdtemp(prefix="wc", dir="/tmp"))  # sockets need a short path
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text(secrets.token_hex(32))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(token))
    port = _free_port()
    words = [
        *("start", "--head", "--block", "--node-ip-address=127.0.0.2", "--num-cpus=2"),
        *(f"--port={_free_port()}", f"--ray-client-server-port={port}", f"--temp-dir={folder}"),
        *("--object-store-memory=100000000", "--include-dashboard=false"),
    ]
    with (folder / "head.log").open("w") as log:
        head = subprocess.Popen(
            [str(Path(sys.executable).parent / "ray"), *words],
            env={
                **python_process.environment(),
                "RAY_TMPDIR": str(folder),
                "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0",
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        _await(port, head, folder / "head.log")
        yield port
    finally:
        head.terminate()
        head.wait(START_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


def _await(port: int, head: subprocess.Popen, log: Path) -> None:
    patience = time.monotonic() + START_SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.2", port), 1).close()
        except OSError:
            assert head.poll() is None, log.read_text()
            assert time.monotonic() < patience, log.read_text()
            time.sleep(0.2)


def test_a_client(server: int, tmp_path: Path):
    assert os.environ["RAY_AUTH_MODE"] == "token"
    done = python_process.run(CODE.format(port=server), tmp_path, timeout=90)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "DataError True\n"
    assert "Traceback" not in done.stderr
