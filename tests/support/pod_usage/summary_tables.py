# SPDX-License-Identifier: Apache-2.0
"""A schema with koku's tables: what pod-usage reads its reference from and writes rows to.

tables = SummaryTables(database, "org1234567")
tables.create([dt.date(2025, 10, 1)])
tables.put_reference(case.settings)
windrow pod-usage ... --reference tables.url() --to tables.url()
difference(tables.rows(), expected)
tables.put_bystanders(case.settings)    # rows that no run may touch
before = tables.state()                 # changes with any value of any row
"""

import datetime as dt
from collections.abc import Iterable

from support.pod_usage import output_table
from support.pod_usage.case import Row, Settings
from support.pod_usage.output_table import TABLE
from support.postgres_server import PASSWORD, PostgresServer, encoded

OTHER_SOURCE = "ffffffff-0000-0000-0000-000000000000"
BYSTANDER = "bystander"
STAGINGS = "select count(*) from pg_class where relname ~ '^windrow_staging'"
REFERENCE = """
create table {schema}.reporting_enabledtagkeys
  (uuid uuid default gen_random_uuid() primary key, key varchar(253) not null,
   enabled boolean not null, provider_type varchar(50) not null, unique (key, provider_type));
create table {schema}.reporting_ocp_cost_category_namespace
  (id integer generated always as identity primary key, namespace varchar(253),
   system_default boolean not null default false, cost_category_id integer);
create table {schema}.reporting_ocp_nodes
  (uuid uuid default gen_random_uuid() primary key, node varchar(253), resource_id varchar(253),
   node_capacity_cpu_cores numeric(73,9), cluster_id uuid, node_role varchar(253));
"""


class SummaryTables:
    def __init__(self, database: PostgresServer, schema: str = "org1234567"):
        self.database = database
        self._schema = schema
        self._quoted = '"' + schema.replace('"', '""') + '"'
        self.table = f"{self._quoted}.{TABLE}"

    def url(self, **parameters: str) -> str:
        return self.database.url(schema=self._schema, **parameters)

    def safe_url(self) -> str:
        return self.database.safe_url(schema=self._schema)

    def create(self, months: Iterable[dt.date], with_indexes: bool = True) -> None:
        self.database.execute(output_table.create(self._schema, list(months), with_indexes))

    def put_reference(self, settings: Settings) -> None:
        """The three tables of the reference, beside keys that are not to count."""
        statements = [REFERENCE.format(schema=self._quoted)]
        keys = [(key, "true", "'OCP'") for key in settings.enabled_keys]
        keys += [("zzz", "false", "'OCP'"), ("zzz", "true", "'AWS'"), ("off", "true", "'Azure'")]
        for name, columns, rows in (
            (
                "reporting_enabledtagkeys",
                "key, enabled, provider_type",
                [(literal(key), *more) for key, *more in dict.fromkeys(keys)],
            ),
            (
                "reporting_ocp_cost_category_namespace",
                "namespace, cost_category_id",
                [tuple(map(literal, row)) for row in settings.cost_categories],
            ),
            (
                "reporting_ocp_nodes",
                "node, resource_id, node_role",
                [tuple(map(literal, row)) for row in settings.nodes],
            ),
        ):
            if rows:
                values = ", ".join(f"({', '.join(row)})" for row in rows)
                statements.append(f"insert into {self._quoted}.{name} ({columns}) values {values}")
        self.database.execute(";\n".join(statements))

    def put_row(
        self, day: dt.date, source: str, cost: str = "null", alias: str = BYSTANDER
    ) -> None:
        self.database.execute(
            f"insert into {self.table} (uuid, usage_start, usage_end, source_uuid, "
            "infrastructure_raw_cost, cluster_alias, data_source) values (gen_random_uuid(), "
            f"'{day}', '{day}', '{source}', {cost}, {literal(alias)}, 'Pod')"
        )

    def put_bystanders(self, settings: Settings) -> int:
        """Rows that no run of these settings may touch; how many."""
        one = dt.timedelta(days=1)
        kept = [
            (settings.start, OTHER_SOURCE, "null"),
            (settings.end, OTHER_SOURCE, "0"),
            (settings.start - one, settings.source, "null"),
            (settings.end + one, settings.source, "0"),
            (settings.start, settings.source, "1.5"),
            (settings.end, settings.source, "-0.000000000000001"),
        ]
        for row in kept:
            self.put_row(*row)
        return len(kept)

    def rows(self) -> list[Row]:
        """All rows but bystanders."""
        query = output_table.select(self._schema)
        query += f" where cluster_alias is distinct from '{BYSTANDER}'"
        return output_table.rows(text for (text,) in self.database.rows(query) if text)

    def bystanders(self) -> int:
        return self._count(f"select count(*) from {self.table} where cluster_alias = '{BYSTANDER}'")

    def stagings(self) -> int:
        return self._count(STAGINGS)

    def _count(self, query: str) -> int:
        return int(self.database.value(query) or 0)

    def state(self) -> str | None:
        """A digest of every value of every row, identifiers included, and of what runs left
        beside the table; None without rows."""
        return self.database.value(
            f"select count(*) || ' ' || md5(string_agg(r::text, '|' order by uuid)) || ' ' || "
            f"({STAGINGS}) from {self.table} r"
        )


def literal(value: object) -> str:
    """A value as a literal of SQL."""
    if value is None or isinstance(value, int):
        return "null" if value is None else str(value)
    return "'" + str(value).replace("'", "''") + "'"


def shows_password(text: str) -> bool:
    return PASSWORD in text or encoded(PASSWORD) in text
