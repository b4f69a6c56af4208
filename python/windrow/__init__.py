# SPDX-License-Identifier: Apache-2.0
"""Windrow: joins, groups and moves columnar data at the speed of this machine's memory.

A frame is a job that is being written; the engine plans and runs it as a whole.

>>> prices = wr.from_dict({"id": [1, 2], "price": [10.0, 0.0]})
>>> rates = prices.with_columns(rate=100 / wr.col("price")).filter(wr.col("id") < 3)
>>> rates.collect().to_pydict()
{'id': [1, 2], 'price': [10.0, 0.0], 'rate': [10.0, None]}
"""

import atexit

from windrow import _native, recipes
from windrow.cluster import Cluster
from windrow.errors import (
    DataError,
    InternalError,
    ResourceError,
    SchemaError,
    StorageError,
    UserError,
    WindrowError,
)
from windrow.expr import Expr, col, lit, sql_expr
from windrow.frame import LazyFrame
from windrow.functions import coalesce, concat_str, count, greatest, least, uuid, when
from windrow.group_by import GroupBy
from windrow.options import RunOptions, configure
from windrow.records import ArrayRecords, DecodedRecords, read_array_record
from windrow.running import run
from windrow.simulation import Simulated, scaling_curve, simulate
from windrow.sources import (
    from_arrow,
    from_dict,
    generate,
    scan,
    scan_array_record,
    scan_ipc,
    scan_parquet,
    scan_postgres,
)
from windrow.table import Schema, Table

__version__: str = _native.version

__all__ = [
    "ArrayRecords",
    "Cluster",
    "DataError",
    "DecodedRecords",
    "Expr",
    "GroupBy",
    "InternalError",
    "LazyFrame",
    "ResourceError",
    "RunOptions",
    "Schema",
    "SchemaError",
    "Simulated",
    "StorageError",
    "Table",
    "UserError",
    "WindrowError",
    "coalesce",
    "col",
    "concat_str",
    "configure",
    "count",
    "from_arrow",
    "from_dict",
    "generate",
    "greatest",
    "least",
    "lit",
    "read_array_record",
    "recipes",
    "run",
    "scaling_curve",
    "scan",
    "scan_array_record",
    "scan_ipc",
    "scan_parquet",
    "scan_postgres",
    "simulate",
    "sql_expr",
    "uuid",
    "when",
]

atexit.register(_native.close_all)
