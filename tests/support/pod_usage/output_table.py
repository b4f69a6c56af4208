# SPDX-License-Identifier: Apache-2.0
"""koku's output table in PostgreSQL: the SQL that makes it, and its rows read back."""

import datetime as dt
import json
from collections.abc import Iterable

from support.pod_usage.case import Row
from support.pod_usage.comparison import COLUMNS, NUMBERS

TABLE = "reporting_ocpusagelineitem_daily_summary"

OTHER_NUMBERS = """infrastructure_raw_cost infrastructure_project_raw_cost
infrastructure_data_in_gigabytes infrastructure_data_out_gigabytes infrastructure_markup_cost
infrastructure_project_markup_cost infrastructure_monthly_cost supplementary_monthly_cost
cost_model_cpu_cost cost_model_memory_cost cost_model_volume_cost cost_model_gpu_cost
distributed_cost""".split()
OTHER_OBJECTS = """infrastructure_monthly_cost_json infrastructure_project_monthly_cost
supplementary_usage_cost supplementary_monthly_cost_json
supplementary_project_monthly_cost""".split()
TYPES = {
    "uuid": "uuid NOT NULL",
    "report_period_id": "integer",
    "cost_category_id": "integer",
    "cluster_id": "varchar(50)",
    "cluster_alias": "varchar(256)",
    "data_source": "varchar(64)",
    **dict.fromkeys(("namespace", "node", "resource_id"), "varchar(253)"),
    **dict.fromkeys(("usage_start", "usage_end"), "date NOT NULL"),
    **dict.fromkeys(("pod_labels", "volume_labels", "all_labels"), "jsonb"),
    **dict.fromkeys(("persistentvolumeclaim", "persistentvolume", "storageclass"), "varchar(253)"),
    **dict.fromkeys(NUMBERS, "numeric(33,15)"),
    "source_uuid": "uuid",
    "infrastructure_usage_cost": "jsonb",
    **dict.fromkeys(OTHER_NUMBERS, "numeric(33,15)"),
    **dict.fromkeys(OTHER_OBJECTS, "jsonb"),
    **dict.fromkeys(("cost_model_rate_type", "monthly_cost_type", "raw_currency"), "text"),
}
INDEXES = {
    **dict.fromkeys(("usage_start", "data_source", "monthly_cost_type"), "({})"),
    "cost_model_rate_type": "({})",
    **dict.fromkeys(("namespace", "node"), "({} varchar_pattern_ops)"),
    **dict.fromkeys(("pod_labels", "volume_labels", "all_labels"), "USING gin ({})"),
}


def create(schema: str, months: list[dt.date], with_indexes: bool = True) -> str:
    """SQL for the table, its partitions (the months of these days, and a default one)."""
    table = f'"{schema}".{TABLE}'
    columns = ", ".join(f"{name} {type_}" for name, type_ in TYPES.items())
    statements = [
        f'CREATE SCHEMA IF NOT EXISTS "{schema}"',
        f"CREATE TABLE {table} ({columns}, PRIMARY KEY (usage_start, uuid)) "
        "PARTITION BY RANGE (usage_start)",
        f'CREATE TABLE "{schema}".{TABLE}_default PARTITION OF {table} DEFAULT',
    ]
    for first in sorted({day.replace(day=1) for day in months}):
        after = (first + dt.timedelta(days=31)).replace(day=1)
        statements.append(
            f'CREATE TABLE "{schema}".{TABLE}_{first:%Y_%m} PARTITION OF {table} '
            f"FOR VALUES FROM ('{first}') TO ('{after}')"
        )
    if with_indexes:
        statements += [f"CREATE INDEX ON {table} {how.format(n)}" for n, how in INDEXES.items()]
    return "".join(f"{statement};\n" for statement in statements)


def select(schema: str) -> str:
    """SQL for the table's rows, each as a JSON text."""
    names = ", ".join(["uuid", *COLUMNS])
    return f'SELECT row_to_json(r) FROM (SELECT {names} FROM "{schema}".{TABLE}) r'


def rows(texts: Iterable[str]) -> list[Row]:
    """The rows of what `select` gave, ready for a comparison."""
    return [json.loads(text) for text in texts]
