# SPDX-License-Identifier: Apache-2.0
"""Stands in for our command and contestant, to test the frame without a build.

    stand_in.py generate TABLE --rows N --seed S [--option shuffled=true]
                         [--compression zstd:3] -o FILE     makes data of the right shape
    stand_in.py JOB.yaml --slots N                          speaks the protocol

The join is pyarrow's index_in and take, a plan that no peer uses; the grouping is its
sort.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from serve import Query, serve, threads

FIRST_ID = 10_000_000
WORDS = "['FR','AMR','GLOB','Acme Industrial Holdings Corp','', 'NAC', 'NULL', 'Sr Note']"
# How many of each kind of column securities has, beside the named ones.
FILLERS = {"s": 51, "i": 16, "d": 10, "f": 8, "t": 1, "m": 1}
QUOTE_TEXTS = [
    "companyShortName", "companyName", "side", "action", "quoteType", "itemType",
    "marketSegment", "productCD", "actualFirmness",
]  # fmt: skip
QUOTE_TIMES = [
    "contributionTimestamp", "processedTimestamp", "kafkaCreateTimestamp",
    "singlestoreTimestamp",
]  # fmt: skip


def text(i: int) -> str:
    """Returns SQL for a string column."""
    return f"{WORDS}[1 + (hash(r * 100 + {i}) % 8)::INT]"


def number(i: int) -> str:
    """Returns SQL for an int64 column with 20 % nulls."""
    return f"CASE WHEN hash(r + {i}) % 5 > 0 THEN (hash(r + {i}) % 900000)::BIGINT END"


def real(i: int) -> str:
    """Returns SQL for a float64 column with 20 % nulls."""
    return f"CASE WHEN hash(r + {i}) % 5 > 0 THEN (hash(r + {i}) % 99991) / 1e4 END"


def day(i: int) -> str:
    """Returns SQL for a date32 column."""
    return f"DATE '1996-01-01' + (hash(r + {i}) % 20000)::INT"


def time_of(i: int) -> str:
    """Returns SQL for a timestamp[s] column."""
    return f"to_timestamp((hash(r + {i}) % 2000000000)::BIGINT)::TIMESTAMP_S"


def key(row: str, is_sparse: bool) -> str:
    """Returns SQL for the key of instrument number `row`: dense, or far apart."""
    if not is_sparse:
        return f"{FIRST_ID} + {row}"
    return f"({row}) * 1000003 + (hash({row}) % 1000003)::BIGINT"


def securities_sql(rows: int, is_sparse: bool) -> str:
    """Returns a query of 95 columns."""
    named = {
        "ID": key("r", is_sparse), "ISIN": "'US' || lpad(r::VARCHAR, 10, '0')",
        "NAME": text(901), "ISSUER": text(902), "SECTOR": text(903),
        "COUPON": real(904), "MATURITY": day(905), "MARKETSEGMENT": number(906),
    }  # fmt: skip
    makers = {"s": text, "i": number, "d": day, "f": real, "t": time_of, "m": text}
    for kind, count in FILLERS.items():
        for i in range(count):
            named[f"{kind.upper()}{i}"] = makers[kind](i * 7 + ord(kind))
    order = "ORDER BY hash(r)" if is_sparse else "ORDER BY r"
    columns = ", ".join(f'{sql} AS "{name}"' for name, sql in named.items())
    return f"SELECT {columns} FROM range({rows}) t(r) {order}"


def quotes_sql(rows: int, is_sparse: bool) -> str:
    """Returns a query of 20 columns; `onBehalfOf` has no type in SQL."""
    instrument = f"(hash(r * 31 + 1) % {25 * max(rows, 1)})::BIGINT"
    named = {name: text(i) for i, name in enumerate(QUOTE_TEXTS)}
    named |= {name: time_of(i) for i, name in enumerate(QUOTE_TIMES)}
    named["instrumentId"] = f"CASE WHEN hash(r) % 50 > 0 THEN {key(instrument, is_sparse)} END"
    for i, name in enumerate(["benchmarkInstrumentId", "size", "level", "tier"]):
        named[name] = number(i)
    named |= {"spread": real(1), "price": real(2)}
    columns = ", ".join(f'{sql} AS "{name}"' for name, sql in named.items())
    return f"SELECT {columns} FROM range({rows}) t(r)"


def pings_sql(rows: int) -> str:
    """Returns a query of the columns that grouping reads."""
    named = {
        "event_time": "to_timestamp(1750723200 + r // 50)",
        "src_addr": "CASE WHEN hash(r) % 99 > 0 THEN '10.0.0.' || hash(r) % 200 END",
        "dst_addr": f"'192.0.2.' || {number(1)} % 250",
        "ip_version": "4::BIGINT",
        "rtt": "(hash(r + 2) % 99991) / 1e3",
    }
    columns = ", ".join(f"{sql} AS {name}" for name, sql in named.items())
    return f"SELECT {columns} FROM range({rows}) t(r)"


def generate(arguments: list[str]) -> None:
    """Makes one table."""
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

    parser = argparse.ArgumentParser()
    parser.add_argument("table", choices=["securities", "quotes", "pings"])
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--option", default="")
    parser.add_argument("--compression", default="")
    parser.add_argument("-o", dest="output", required=True)
    options = parser.parse_args(arguments)
    if options.table == "pings":
        sql = pings_sql(options.rows)
    else:
        make = securities_sql if options.table == "securities" else quotes_sql
        sql = make(options.rows, options.option == "shuffled=true")
    table = duckdb.sql(sql).to_arrow_table()
    if options.table == "quotes":
        table = table.add_column(2, "onBehalfOf", pa.nulls(table.num_rows))
    if options.output.endswith(".parquet"):
        pq.write_table(table, options.output, compression="zstd")
        return
    codec = "zstd" if options.compression else None
    how = pa.ipc.IpcWriteOptions(compression=codec)
    with pa.ipc.new_file(options.output, table.schema, options=how) as writer:
        writer.write_table(table, max_chunksize=65536)


def prepare() -> dict[str, Any]:
    """Sets pyarrow's thread count."""
    import pyarrow as pa

    pa.set_cpu_count(threads())
    return {"version": pa.__version__}


def read(path: str) -> Any:
    """Reads a whole table; plain IPC is mapped."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.endswith(".parquet"):
        return pq.read_table(path)
    return pa.ipc.open_file(pa.memory_map(path)).read_all()


def group(path: str, by: list[str], order: list[str], columns: list[str]) -> Any:
    """Sorts rows with a key and cuts them into lists."""
    import pyarrow as pa
    from sorted_groups import grouped

    table = read(path).select([*by, *columns])
    table = table.filter(table[by[0]].is_valid())
    table = table.sort_by([(name, "ascending") for name in (*by, *order)])
    return pa.Table.from_batches(grouped(table.to_batches(), by[0]))


def job_query(path: str) -> Query:
    """Returns the query of an enrich job document, or of a grouping."""
    import pyarrow.compute as pc
    import yaml

    job = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    files = {name: source["scan"] for name, source in job["sources"].items()}
    last = list(job["steps"].values())[-1]
    if "collect" in last:
        return lambda: group(files["pings"], **last["collect"])

    def run() -> Any:
        quotes, securities = read(files["quotes"]), read(files["securities"])
        at = pc.index_in(
            quotes["instrumentId"].combine_chunks(),
            value_set=securities["ID"].combine_chunks(),
        )
        is_match = pc.and_(pc.is_valid(quotes["instrumentId"].combine_chunks()), at.is_valid())
        if "aggregate" in last:
            return int(pc.sum(is_match).as_py() or 0)
        names = last.get("select", quotes.schema.names + securities.schema.names)
        kept = quotes.select([n for n in quotes.schema.names if n in names])
        found = securities.select([n for n in securities.schema.names if n in names])
        result, found = kept.filter(is_match), found.take(at.filter(is_match))
        for field in found.schema:
            result = result.append_column(field, found[field.name])
        return result

    return run


if __name__ == "__main__":
    if sys.argv[1] == "generate":
        generate(sys.argv[2:])
    else:
        serve(prepare, lambda: job_query(sys.argv[1]))
