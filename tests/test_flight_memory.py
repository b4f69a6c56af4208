# SPDX-License-Identifier: Apache-2.0
"""A reader that is slower than its server."""

import time
from pathlib import Path

import pyarrow as pa
from support import flight_tables
from support.flight_server import FlightServer

import windrow as wr

ROWS = 1_000_000
COLUMNS = 80


def test_a_slow_reader_is_waited_for(tmp_path: Path):
    column = pa.array(range(ROWS), pa.int64())
    table = pa.table({f"c{n}": column for n in range(COLUMNS)})
    flight_tables.write_ipc(tmp_path / "wide.arrow", table, 10_000)
    with FlightServer({"wide": tmp_path / "wide.arrow"}) as server:
        batches = wr.scan(server.uri("wide")).iter_batches(slots=1)
        rows = next(batches).num_rows
        time.sleep(2)
        sent = server.metrics()["sent_bytes_total"]
        time.sleep(0.5)
        assert server.metrics()["sent_bytes_total"] == sent
        rows += sum(batch.num_rows for batch in batches)
        assert rows == ROWS
        server.wait_for_streams(0)
        # Four streams may each be one endpoint of 32 MB ahead of another that is read.
        assert sent < 400e6
        assert server.metrics()["sent_bytes_total"] > 600e6
