# SPDX-License-Identifier: Apache-2.0
"""Polars: lazy scans of Parquet or IPC files, collected by the better engine."""

from __future__ import annotations

import os
from typing import Any

from serve import Case, Query, serve_works, threads


def prepare() -> dict[str, Any]:
    """Imports Polars; its pool takes the thread count at import."""
    os.environ["POLARS_MAX_THREADS"] = str(threads())
    import polars

    return {"version": polars.__version__, "threads": polars.thread_pool_size()}


def enrich(case: Case) -> Query:
    """Joins quotes with securities; see enrich.py for the case."""
    import polars as pl

    scan: Any = pl.scan_parquet if case["through"] == "parquet" else pl.scan_ipc

    def run() -> Any:
        quotes, securities = scan(case["quotes"]), scan(case["securities"])
        joined = quotes.join(
            securities,
            left_on="instrumentId",
            right_on="ID",
            how="inner",
            coalesce=False,
            build_side=case["build_side"],
        )
        if case["columns"] == "count":
            return joined.select(pl.len()).collect(engine=case["engine"]).item()
        names = case["quote_columns"] + case["security_columns"]
        return joined.select(names).collect(engine=case["engine"])

    return run


def group(case: Case) -> Query:
    """Groups pings into ordered lists; see probe_rows.py for the case."""
    import polars as pl

    def run() -> Any:
        rows = pl.scan_parquet(case["pings"]).filter(pl.col("src_addr").is_not_null())
        groups = rows.sort("event_time").group_by("src_addr", maintain_order=case["maintain_order"])
        return groups.agg(case["columns"]).collect(engine=case["engine"])

    return run


if __name__ == "__main__":
    serve_works(prepare, {"enrich": enrich, "group": group})
