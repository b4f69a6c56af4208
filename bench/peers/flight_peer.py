# SPDX-License-Identifier: Apache-2.0
"""Flight clients as one writes them with pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from serve import Case, Query, serve_works, threads
from written_files import ArrowFile


def prepare() -> dict[str, Any]:
    """Sets the sizes of both of Arrow's pools."""
    import pyarrow as pa
    import pyarrow.acero
    import pyarrow.flight

    pa.set_cpu_count(threads())
    pa.set_io_thread_count(threads())
    return {"version": pa.__version__}


def batches_of(case: Case) -> Iterator[Any]:
    """Yields the batches of one DoGet."""
    import pyarrow.flight as flight

    with flight.connect(case["server"]) as client:
        for chunk in client.do_get(flight.Ticket(case["ticket"].encode())):
            yield chunk.data


@dataclass(frozen=True)
class Pulled:
    """What is left of batches that were counted and dropped."""

    case: Case
    num_rows: int

    def write_answer(self, path: str) -> int:
        """Pulls once more, into a file."""
        import pyarrow as pa

        writer = None
        for batch in batches_of(self.case):
            if writer is None:
                writer = pa.ipc.new_file(path, batch.schema)
            writer.write_batch(batch)
        if writer is not None:
            writer.close()
        return self.num_rows


def pull(case: Case) -> Query:
    """Receives all batches and drops each."""
    return lambda: Pulled(case, sum(batch.num_rows for batch in batches_of(case)))


def without_null_columns(table: Any) -> Any:
    """Drops columns of the type null, which Acero cannot join."""
    import pyarrow as pa

    return table.drop_columns([f.name for f in table.schema if pa.types.is_null(f.type)])


def join(case: Case) -> Query:
    """Collects the securities, joins them with the quotes, writes an Arrow file.

    `columns` are those of the result, null for all. Acero builds the table of quotes, its
    better side.
    """
    import pyarrow as pa

    def run() -> Any:
        securities = pa.Table.from_batches(list(batches_of(case)))
        quotes = pa.ipc.open_file(pa.memory_map(case["quotes"])).read_all()
        quotes, securities = map(without_null_columns, (quotes, securities))
        joined = securities.join(
            quotes, "ID", right_keys="instrumentId", join_type="inner", coalesce_keys=False
        )
        if case["columns"] is not None:
            joined = joined.select([*quotes.schema.names, *case["columns"]])
        with pa.OSFile(case["output"], "wb") as file, pa.ipc.new_file(file, joined.schema) as out:
            out.write_table(joined, max_chunksize=65536)
        return ArrowFile(case["output"])

    return run


if __name__ == "__main__":
    serve_works(prepare, {"pull": pull, "join": join})
