# SPDX-License-Identifier: Apache-2.0
"""A Flight server as one writes it with pyarrow: a table in memory, a stream a ticket.

    flight_server.py FILE HOST

The table is mapped, so that it takes no memory of its own. A ticket is the table's name,
with columns if not all are wanted: "securities columns:ISIN,NAME".
"""

from __future__ import annotations

import sys

import pyarrow as pa
import pyarrow.flight as flight


class TableServer(flight.FlightServerBase):
    """Serves one table."""

    def __init__(self, location: str, table: pa.Table) -> None:
        super().__init__(location)
        self._table = table

    def do_get(self, _: object, ticket: flight.Ticket) -> flight.RecordBatchStream:
        """Streams the table in the batches that it has."""
        _, _, columns = ticket.ticket.decode().partition(" columns:")
        table = self._table.select(columns.split(",")) if columns else self._table
        return flight.RecordBatchStream(table)


if __name__ == "__main__":
    mapped = pa.ipc.open_file(pa.memory_map(sys.argv[1])).read_all()
    server = TableServer(f"grpc://{sys.argv[2]}:0", mapped)
    print(f"serving a table at grpc://{sys.argv[2]}:{server.port}", flush=True)
    server.serve()
