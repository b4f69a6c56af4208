# SPDX-License-Identifier: Apache-2.0
"""The daily summary of pod-usage as SQL for DuckDB, over the hourly layout.

    naive    the labels of every row are parsed, filtered and merged, then rows are grouped
    expert   rows are grouped by the texts as they are stored; labels are worked on for the
             distinct texts alone

Both give the columns of the summary, without its uuid, with labels as JSON of sorted keys.
They hold for data in which no label text repeats a key and nothing is null.
"""

from __future__ import annotations

import json
from pathlib import Path

ALWAYS_ENABLED = "vm_kubevirt_io_name"
NO_COST = '{"cpu":0.0,"memory":0.0,"storage":0.0}'
PER_GIB = "9.313225746154785e-10"

TABLES = {
    "pods": "openshift_pod_usage_line_items",
    "volumes": "openshift_storage_usage_line_items_daily",
    "node_labels": "openshift_node_labels_line_items",
    "namespace_labels": "openshift_namespace_labels_line_items",
}

# A part of a label text that has one colon is a label.
MACROS = """
CREATE OR REPLACE TEMP MACRO key_of(part) AS
    replace(split_part(part, ':', 1), 'label_', '');
CREATE OR REPLACE TEMP MACRO sorted(labels) AS
    map_from_entries(list_sort(map_entries(labels)));
CREATE OR REPLACE TEMP MACRO enabled(text) AS
    sorted(map_from_entries([
        {{'key': key_of(part), 'value': split_part(part, ':', 2)}}
        for part in string_split(text, '|')
        if length(part) - length(replace(part, ':', '')) = 1
        and list_contains([{keys}], key_of(part))
    ]));
CREATE OR REPLACE TEMP MACRO merged(node, namespace, own) AS
    sorted(map_concat(node, namespace, own));
"""

INPUTS = """
hours AS (
    SELECT interval_start::DATE AS day, *,
        greatest(pod_usage_cpu_core_seconds, pod_request_cpu_core_seconds)
            AS pod_effective_cpu_core_seconds,
        greatest(pod_usage_memory_byte_seconds, pod_request_memory_byte_seconds)
            AS pod_effective_memory_byte_seconds
    FROM read_parquet('{pods}', hive_partitioning = false)
    WHERE interval_start >= TIMESTAMP '{start}'
        AND interval_start < TIMESTAMP '{end}' + INTERVAL 1 DAY
),
categories(pattern, cost_category_id) AS (VALUES {categories}),
nodes(node, resource_id, node_role) AS (VALUES {nodes}),
capacity_hours AS (
    SELECT interval_start, node,
        max(node_capacity_cpu_core_seconds)::DOUBLE AS cpu,
        max(node_capacity_memory_byte_seconds)::DOUBLE AS memory
    FROM hours GROUP BY ALL
),
node_capacity AS (
    SELECT interval_start::DATE AS day, node, sum(cpu) AS cpu, sum(memory) AS memory
    FROM capacity_hours GROUP BY ALL
),
cluster_capacity AS (
    SELECT day, sum(cpu) AS cpu, sum(memory) AS memory FROM node_capacity GROUP BY ALL
),
"""

NAIVE_LABELS = """
node_sets AS (
    SELECT DISTINCT interval_start::DATE AS day, node, enabled(node_labels) AS labels
    FROM read_parquet('{node_labels}', hive_partitioning = false)
),
namespace_sets AS (
    SELECT DISTINCT interval_start::DATE AS day, namespace,
        enabled(namespace_labels) AS labels
    FROM read_parquet('{namespace_labels}', hive_partitioning = false)
),
"""

EXPERT_LABELS = """
node_sets AS MATERIALIZED (
    SELECT DISTINCT day, node, enabled(text) AS labels FROM (
        SELECT DISTINCT interval_start::DATE AS day, node, node_labels AS text
        FROM read_parquet('{node_labels}', hive_partitioning = false)
    )
),
namespace_sets AS MATERIALIZED (
    SELECT DISTINCT day, namespace, enabled(text) AS labels FROM (
        SELECT DISTINCT interval_start::DATE AS day, namespace, namespace_labels AS text
        FROM read_parquet('{namespace_labels}', hive_partitioning = false)
    )
),
"""

PAIRS = [
    (f"{kind}_{unit}", f"pod_{kind}_{column}")
    for unit, column in (("cpu", "cpu_core_seconds"), ("memory", "memory_byte_seconds"))
    for kind in ("usage", "request", "effective", "limit")
]
# How rows of pods add up, from the columns of the reports and from former sums.
HOUR_SUMS = ",\n        ".join(
    [f"sum({column})::DOUBLE AS {name}" for name, column in PAIRS]
    + [
        "max(node_capacity_cpu_cores) AS cores",
        "max(node_capacity_memory_bytes) AS bytes",
        "max(resource_id) AS resource_id",
    ]
)
TEXT_SUMS = ",\n        ".join(
    [f"sum({name}) AS {name}" for name, _ in PAIRS]
    + [f"max({name}) AS {name}" for name in ("cores", "bytes", "resource_id")]
)

NAIVE_PODS = f"""
pod_days AS (
    SELECT day, namespace, node, pod, max(resource_id) AS resource_id
    FROM hours GROUP BY day, namespace, node, pod, pod_labels
),
labelled AS (
    SELECT h.*, c.cost_category_id,
        merged(n.labels, s.labels, enabled(h.pod_labels)) AS labels
    FROM hours h
    LEFT JOIN node_sets n ON n.day = h.day AND n.node = h.node
    LEFT JOIN namespace_sets s ON s.day = h.day AND s.namespace = h.namespace
    LEFT JOIN categories c ON h.namespace LIKE c.pattern
    WHERE h.node <> ''
),
pod_groups AS MATERIALIZED (
    SELECT day, namespace, node, to_json(labels)::VARCHAR AS labels,
        max(cost_category_id) AS cost_category_id,
        {HOUR_SUMS}
    FROM labelled GROUP BY day, namespace, node, labels
),
"""

EXPERT_PODS = f"""
pod_days AS MATERIALIZED (
    SELECT day, namespace, node, pod, pod_labels,
        {HOUR_SUMS}
    FROM hours GROUP BY day, namespace, node, pod, pod_labels
),
category_of AS MATERIALIZED (
    SELECT n.namespace, c.cost_category_id
    FROM (SELECT DISTINCT namespace FROM pod_days) n
    JOIN categories c ON n.namespace LIKE c.pattern
),
pod_texts AS (
    SELECT day, namespace, node, pod_labels,
        {TEXT_SUMS}
    FROM pod_days WHERE node <> '' GROUP BY ALL
),
labelled AS (
    SELECT t.*, c.cost_category_id,
        merged(n.labels, s.labels, enabled(t.pod_labels)) AS labels
    FROM pod_texts t
    LEFT JOIN node_sets n ON n.day = t.day AND n.node = t.node
    LEFT JOIN namespace_sets s ON s.day = t.day AND s.namespace = t.namespace
    LEFT JOIN category_of c ON c.namespace = t.namespace
),
pod_groups AS MATERIALIZED (
    SELECT day, namespace, node, to_json(labels)::VARCHAR AS labels,
        max(cost_category_id) AS cost_category_id,
        {TEXT_SUMS}
    FROM labelled GROUP BY day, namespace, node, labels
),
"""

PODS = """
pods AS MATERIALIZED (
    SELECT 'Pod' AS data_source, g.day AS usage_start, g.namespace, g.node, g.resource_id,
        g.labels AS pod_labels,
        usage_cpu / 3600 AS pod_usage_cpu_core_hours,
        request_cpu / 3600 AS pod_request_cpu_core_hours,
        effective_cpu / 3600 AS pod_effective_usage_cpu_core_hours,
        limit_cpu / 3600 AS pod_limit_cpu_core_hours,
        usage_memory / 3600 * {per_gib} AS pod_usage_memory_gigabyte_hours,
        request_memory / 3600 * {per_gib} AS pod_request_memory_gigabyte_hours,
        effective_memory / 3600 * {per_gib} AS pod_effective_usage_memory_gigabyte_hours,
        limit_memory / 3600 * {per_gib} AS pod_limit_memory_gigabyte_hours,
        cores::DOUBLE AS node_capacity_cpu_cores,
        n.cpu / 3600 AS node_capacity_cpu_core_hours,
        bytes * {per_gib} AS node_capacity_memory_gigabytes,
        n.memory / 3600 * {per_gib} AS node_capacity_memory_gigabyte_hours,
        c.cpu / 3600 AS cluster_capacity_cpu_core_hours,
        c.memory / 3600 * {per_gib} AS cluster_capacity_memory_gigabyte_hours,
        '{no_cost}' AS infrastructure_usage_cost,
        cost_category_id
    FROM pod_groups g
    LEFT JOIN node_capacity n ON n.day = g.day AND n.node = g.node
    LEFT JOIN cluster_capacity c ON c.day = g.day
),
"""

VOLUMES = """
volume_hours AS (
    SELECT interval_start::DATE AS day, *
    FROM read_parquet('{volumes}', hive_partitioning = false)
),
volume_days AS MATERIALIZED (
    SELECT day, namespace, pod, persistentvolumeclaim, persistentvolume, storageclass,
        csi_volume_handle, persistentvolume_labels, persistentvolumeclaim_labels,
        max(persistentvolumeclaim_capacity_bytes) AS capacity,
        sum(persistentvolumeclaim_capacity_byte_seconds)::DOUBLE AS capacity_seconds,
        sum(volume_request_storage_byte_seconds)::DOUBLE AS request_seconds,
        sum(persistentvolumeclaim_usage_byte_seconds)::DOUBLE AS usage_seconds
    FROM volume_hours GROUP BY ALL
),
places AS MATERIALIZED (
    SELECT DISTINCT v.day, v.namespace, v.pod, v.persistentvolumeclaim, v.persistentvolume,
        p.node, p.resource_id
    FROM volume_days v
    JOIN pod_days p ON p.day = v.day AND p.namespace = v.namespace AND p.pod = v.pod
),
volume_nodes AS (
    SELECT day, persistentvolume, count(DISTINCT node) AS nodes FROM places GROUP BY ALL
),
volumes_labelled AS (
    SELECT v.*, p.node, p.resource_id, m.nodes, c.cost_category_id,
        sorted(map_concat(n.labels, s.labels, enabled(v.persistentvolume_labels),
            enabled(v.persistentvolumeclaim_labels))) AS labels
    FROM volume_days v
    LEFT JOIN places p ON p.day = v.day AND p.namespace = v.namespace AND p.pod = v.pod
        AND p.persistentvolumeclaim = v.persistentvolumeclaim
    LEFT JOIN volume_nodes m ON m.day = v.day AND m.persistentvolume = v.persistentvolume
    LEFT JOIN node_sets n ON n.day = v.day AND n.node = p.node
    LEFT JOIN namespace_sets s ON s.day = v.day AND s.namespace = v.namespace
    LEFT JOIN categories c ON v.namespace LIKE c.pattern
),
volume_groups AS (
    SELECT day, namespace, node, resource_id, persistentvolumeclaim, persistentvolume,
        storageclass, csi_volume_handle, to_json(labels)::VARCHAR AS labels,
        86400 * day(last_day(day)) AS month_seconds,
        max(cost_category_id) AS cost_category_id, max(capacity) AS capacity,
        sum(capacity_seconds) AS capacity_seconds,
        sum(request_seconds) / max(nodes) AS request_seconds,
        sum(usage_seconds) / max(nodes) AS usage_seconds
    FROM volumes_labelled
    GROUP BY day, namespace, node, resource_id, persistentvolumeclaim, persistentvolume,
        storageclass, csi_volume_handle, labels
),
volumes AS (
    SELECT 'Storage' AS data_source, day AS usage_start, namespace, node, resource_id,
        persistentvolumeclaim, persistentvolume, storageclass, labels AS volume_labels,
        capacity * {per_gib} AS persistentvolumeclaim_capacity_gigabyte,
        capacity_seconds / month_seconds * {per_gib}
            AS persistentvolumeclaim_capacity_gigabyte_months,
        request_seconds / month_seconds * {per_gib} AS volume_request_storage_gigabyte_months,
        usage_seconds / month_seconds * {per_gib}
            AS persistentvolumeclaim_usage_gigabyte_months,
        '{no_cost}' AS infrastructure_usage_cost,
        cost_category_id
    FROM volume_groups
),
"""

KEPT = """node_capacity_cpu_cores node_capacity_cpu_core_hours node_capacity_memory_gigabytes
node_capacity_memory_gigabyte_hours cluster_capacity_cpu_core_hours
cluster_capacity_memory_gigabyte_hours""".split()
RESTS = ",\n        ".join(
    [
        f"max(node_capacity_{unit}) - sum(pod_{kind}_{unit}) AS pod_{kind}_{unit}"
        for unit in ("cpu_core_hours", "memory_gigabyte_hours")
        for kind in ("usage", "request", "effective_usage")
    ]
    + [f"max({name}) AS {name}" for name in KEPT]
)

UNALLOCATED = f"""
roles AS (
    SELECT node, resource_id, max(node_role) AS node_role FROM nodes GROUP BY ALL
),
rest AS (
    SELECT 'Pod' AS data_source, p.usage_start, p.node, max(p.resource_id) AS resource_id,
        CASE WHEN max(r.node_role) IN ('master', 'infra') THEN 'Platform unallocated'
            WHEN max(r.node_role) = 'worker' THEN 'Worker unallocated' END AS namespace,
        {RESTS}
    FROM pods p LEFT JOIN roles r ON r.node = p.node AND r.resource_id = p.resource_id
    WHERE p.namespace NOT IN ('Platform unallocated', 'Worker unallocated',
        'Network unattributed', 'Storage unattributed')
    GROUP BY p.usage_start, p.node
),
unallocated AS (
    SELECT rest.*, c.cost_category_id
    FROM rest LEFT JOIN categories c ON rest.namespace LIKE c.pattern
)
"""

SUMMARY = """
SELECT {period}::INTEGER AS report_period_id, '{cluster_id}' AS cluster_id,
    '{cluster_alias}' AS cluster_alias, '{source}' AS source_uuid,
    usage_start AS usage_end, coalesce(pod_labels, volume_labels, '{{}}') AS all_labels, *
FROM (
    FROM pods UNION ALL BY NAME FROM volumes UNION ALL BY NAME FROM unallocated
)
"""

PLANS = {"naive": NAIVE_LABELS + NAIVE_PODS, "expert": EXPERT_LABELS + EXPERT_PODS}


COLUMNS = """report_period_id cluster_id cluster_alias data_source usage_start usage_end
namespace node resource_id pod_labels pod_usage_cpu_core_hours pod_request_cpu_core_hours
pod_effective_usage_cpu_core_hours pod_limit_cpu_core_hours pod_usage_memory_gigabyte_hours
pod_request_memory_gigabyte_hours pod_effective_usage_memory_gigabyte_hours
pod_limit_memory_gigabyte_hours node_capacity_cpu_cores node_capacity_cpu_core_hours
node_capacity_memory_gigabytes node_capacity_memory_gigabyte_hours
cluster_capacity_cpu_core_hours cluster_capacity_memory_gigabyte_hours persistentvolumeclaim
persistentvolume storageclass volume_labels all_labels persistentvolumeclaim_capacity_gigabyte
persistentvolumeclaim_capacity_gigabyte_months volume_request_storage_gigabyte_months
persistentvolumeclaim_usage_gigabyte_months source_uuid infrastructure_usage_cost
cost_category_id""".split()


def is_number(column: str) -> bool:
    """Says whether a column of the summary is one of its sums and capacities."""
    return column.endswith(("_hours", "_cores")) or "_gigabyte" in column


def literal(value: str | int | None) -> str:
    """Returns a value as SQL."""
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def values(rows: list[list[str | int | None]]) -> str:
    """Returns rows as SQL."""
    return ", ".join(f"({', '.join(map(literal, row))})" for row in rows)


def macros(reference: Path) -> str:
    """Returns statements that make the functions of the query."""
    enabled = json.loads(reference.read_text(encoding="utf-8"))["enabled_keys"]
    return MACROS.format(keys=", ".join(map(literal, [ALWAYS_ENABLED, *enabled])))


def summary_sql(plan: str, folder: Path, settings: dict[str, str]) -> str:
    """Returns the query over the reports of a folder in the hourly layout.

    `settings` are account, source, start, end, period, cluster_id and cluster_alias.
    """
    reference = json.loads((folder / "reference.json").read_text(encoding="utf-8"))
    year, month, _ = settings["start"].split("-")
    place = folder / "data" / settings["account"] / "OCP" / f"source={settings['source']}"
    days = place / f"year={year}" / f"month={month}" / "day=*"
    text = INPUTS + PLANS[plan] + PODS + VOLUMES + UNALLOCATED + SUMMARY
    return "WITH " + text.format(
        **{name: f"{days}/{table}/*.parquet" for name, table in TABLES.items()},
        **settings,
        categories=values(reference["cost_categories"]),
        nodes=values(reference["nodes"]),
        per_gib=PER_GIB,
        no_cost=NO_COST,
    )
