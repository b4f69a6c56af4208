# SPDX-License-Identifier: Apache-2.0
"""Two summaries of the same days, and which of them a table holds after something went wrong.

states = TwoStates(folder, tables)          # makes inputs that are not there, loads both
states.put("old")
windrow *states.words("new")                # is killed
states.held()                               # "old", "new" or what is there instead
"""

import time
from pathlib import Path

import command
from support.pod_usage.case import ACCOUNT, Settings
from support.pod_usage.summary_tables import SummaryTables

PODS = {"old": 40, "new": 50}  # a node
NODES = 20
FINGERPRINT = """
select source_uuid, usage_start, infrastructure_raw_cost, cluster_alias, data_source, count(*),
  count(distinct uuid), round(sum(pod_request_cpu_core_hours), 6),
  md5(string_agg(md5(concat_ws('|', namespace, node, all_labels, persistentvolumeclaim)), ''
    order by namespace, node, all_labels, persistentvolumeclaim))
from {table} group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5"""


class TwoStates:
    """Beside the rows of a state the table has bystanders, which belong to both."""

    def __init__(self, folder: Path, tables: SummaryTables):
        self.folder = folder
        self.tables = tables
        self.settings = Settings()
        tables.create([self.settings.start])
        tables.put_bystanders(self.settings)
        self._fingerprints = {}
        for seed, name in enumerate(PODS, 1):
            if not (folder / name).exists():
                self._generate(name, seed)
            begun = time.monotonic()
            command.run_well(*self.words(name), cwd=folder)
            self.seconds = time.monotonic() - begun
            tables.database.execute(f"create table {self._saved(name)} as table {tables.table}")
            self._fingerprints[name] = self._fingerprint()
        assert self._fingerprints["old"] != self._fingerprints["new"]

    def _generate(self, name: str, seed: int) -> None:
        rows = 24 * 2 * NODES * PODS[name]
        options = [f"nodes={NODES}", f"pods={PODS[name]}", "days=2"]
        words = [word for option in options for word in ("--option", option)]
        words += ["--rows", str(rows), "--seed", str(seed), "--progress", "none", "-o", name]
        command.run_well("generate", "pod-usage", *words, cwd=self.folder)

    def words(
        self, name: str, *more: str, reports: str | None = None, **parameters: str
    ) -> list[str]:
        """A run that loads a state; `parameters` are more of the data base's URL."""
        arguments = self.settings.arguments()
        arguments[arguments.index("--cluster-alias") + 1] = name
        return [
            *("pod-usage", "--input", reports or name, "--account", ACCOUNT, *arguments),
            *("--reference", f"{name}/reference.json", "--to", self.tables.url(**parameters)),
            *("--progress", "none", "--set", "morsel_rows=200", *more),
        ]

    def put(self, name: str) -> None:
        """Makes the table hold a state, without a run."""
        self.tables.database.execute(
            f"begin; truncate {self.tables.table};"
            f"insert into {self.tables.table} table {self._saved(name)}; commit"
        )

    def held(self) -> str:
        found = self._fingerprint()
        for name, fingerprint in self._fingerprints.items():
            if found == fingerprint:
                return name
        return f"neither old nor new:\n{found}"

    def _saved(self, name: str) -> str:
        schema, _ = self.tables.table.split(".")
        return f"{schema}.saved_{name}"

    def _fingerprint(self) -> str:
        rows = self.tables.database.rows(FINGERPRINT.format(table=self.tables.table))
        return "\n".join(" ".join(map(str, row)) for row in rows)
