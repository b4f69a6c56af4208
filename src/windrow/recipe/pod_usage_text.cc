// SPDX-License-Identifier: Apache-2.0
#include "windrow/recipe/pod_usage_text.h"

namespace windrow::recipe {

const char kPodUsageKoku[] = R"yaml(
windrow: 1
sources:
  capacity_reports:
    scan: "${input}/data/parquet/${account}/OCP/pod_usage/${month}"
    allow_empty: true
    schema:
      interval_start: timestamp(3)
      node: varchar
      node_capacity_cpu_core_seconds: double
      node_capacity_memory_byte_seconds: double
  pod_reports:
    scan: "${input}/data/parquet/daily/${account}/OCP/pod_usage/${month}"
    allow_empty: true
    schema: %{pod_schema}
  volume_reports:
    scan: "${input}/data/parquet/daily/${account}/OCP/storage_usage/${month}"
    allow_empty: true
    schema: %{volume_schema}
  node_reports:
    scan: "${input}/data/parquet/daily/${account}/OCP/node_labels/${month}"
    allow_empty: true
    schema: {interval_start: timestamp(3), node: varchar, node_labels: labels}
  namespace_reports:
    scan: "${input}/data/parquet/daily/${account}/OCP/namespace_labels/${month}"
    allow_empty: true
    schema: {interval_start: timestamp(3), namespace: varchar, namespace_labels: labels}
%{reference}
steps:
  pod_rows: {filter: "${window}", from: pod_reports}
  pod_days: {select: %{pod_columns}}
  capacity_rows: {filter: "${window}", from: capacity_reports}
  capacity_hours:
    aggregate:
      by: [interval_start, node]
      columns:
        cpu: max(node_capacity_cpu_core_seconds)
        memory: max(node_capacity_memory_byte_seconds)
)yaml";

const char kPodUsageHourly[] = R"yaml(
windrow: 1
sources:
  pod_reports:
    scan: "${input}/${month}/day=*/openshift_pod_usage_line_items/*.parquet"
    allow_empty: true
    schema: %{pod_schema}
  volume_reports:
    scan: "${input}/${month}/day=*/openshift_storage_usage_line_items*/*.parquet"
    allow_empty: true
    schema: %{volume_schema}
  node_reports:
    scan: "${input}/${month}/day=*/openshift_node_labels_line_items*/*.parquet"
    allow_empty: true
    schema: {interval_start: timestamp(3), node: varchar, node_labels: labels}
  namespace_reports:
    scan: "${input}/${month}/day=*/openshift_namespace_labels_line_items*/*.parquet"
    allow_empty: true
    schema: {interval_start: timestamp(3), namespace: varchar, namespace_labels: labels}
%{reference}
steps:
  pod_rows: {filter: "${window}", from: pod_reports}
  pod_hours: {select: %{pod_columns}}
  # By texts as they are stored: there are many hours and few texts. Koku's ingest makes
  # empty texts and zeros of null.
  pod_texts:
    aggregate:
      by: [day, namespace, node, pod, pod_labels]
      columns:
%{pod_sums}
  pod_days:
    with_columns:
      namespace: coalesce(namespace, '')
      node: coalesce(node, '')
      pod: coalesce(pod, '')
      pod_labels: coalesce(pod_labels, '')
      resource_id: coalesce(resource_id, '')
      cpu_usage: coalesce(cpu_usage, 0)
      cpu_request: coalesce(cpu_request, 0)
      cpu_limit: coalesce(cpu_limit, 0)
      memory_usage: coalesce(memory_usage, 0)
      memory_request: coalesce(memory_request, 0)
      memory_limit: coalesce(memory_limit, 0)
      node_cores: coalesce(node_cores, 0)
      node_memory: coalesce(node_memory, 0)
  capacity_texts:
    aggregate:
      by: [interval_start, node]
      columns:
        cpu: max(node_capacity_cpu_core_seconds)
        memory: max(node_capacity_memory_byte_seconds)
    from: pod_rows
  capacity_filled:
    with_columns:
      node: coalesce(node, '')
      cpu: coalesce(cpu, 0)
      memory: coalesce(memory, 0)
  capacity_hours:
    aggregate:
      by: [interval_start, node]
      columns: {cpu: max(cpu), memory: max(memory)}
)yaml";

const char kPodUsagePods[] = R"yaml(
  node_rows: {filter: "${window}", from: node_reports}
  node_sets:
    aggregate:
      by:
        - day: cast(interval_start as date)
        - node: ${node}
        - node_set: label_filter(${labels}(node_labels)${keys})
      columns: {}
  namespace_rows: {filter: "${window}", from: namespace_reports}
  namespace_sets:
    aggregate:
      by:
        - day: cast(interval_start as date)
        - namespace: ${namespace}
        - namespace_set: label_filter(${labels}(namespace_labels)${keys})
      columns: {}

  node_capacity:
    aggregate:
      by: [{day: cast(interval_start as date)}, node]
      columns: {node_cpu: sum(cpu), node_memory_seconds: sum(memory)}
    from: capacity_hours
  cluster_capacity:
    aggregate:
      by: [day]
      columns: {cluster_cpu: sum(node_cpu), cluster_memory: sum(node_memory_seconds)}
    from: node_capacity

  pods_on_nodes: {filter: "node <> ''", from: pod_days}
  pod_sets:
    with_columns: {labels: "label_filter(${labels}(pod_labels)${keys})"}
  pod_namespaces: {select: [namespace], from: pods_on_nodes}
  all_namespaces: {union: [%{namespaces}]}
  namespaces: {aggregate: {by: [namespace], columns: {}}}
  namespace_categories:
    join: {left: namespaces, right: categories, on: [], how: inner,
           where: namespace like pattern}
  category_of: {select: [namespace, cost_category_id]}

  pods_by_node: {join: {left: pod_sets, right: node_sets, on: [day, node], how: left}}
  pods_by_namespace:
    join: {left: pods_by_node, right: namespace_sets, on: [day, namespace], how: left}
  pods_by_category:
    join: {left: pods_by_namespace, right: category_of, on: [namespace], how: left}
  pod_merged:
    with_columns:
      labels: label_merge(coalesce(node_set, '{}'), coalesce(namespace_set, '{}'), labels)
  pod_groups:
    aggregate:
      by: [day, namespace, node, labels]
      columns:
        cost_category_id: max(cost_category_id)
%{pod_sums}
  pods_on_capacity:
    join: {left: pod_groups, right: node_capacity, on: [day, node], how: left}
  pods_in_cluster:
    join: {left: pods_on_capacity, right: cluster_capacity, on: [day], how: left}
  pods:
    select:
      - data_source: "'Pod'"
      - usage_start: day
      - namespace
      - node
      - resource_id
      - pod_labels: labels
      - pod_usage_cpu_core_hours: cpu_usage / 3600
      - pod_request_cpu_core_hours: cpu_request / 3600
      - pod_effective_usage_cpu_core_hours: cpu_effective / 3600
      - pod_limit_cpu_core_hours: cpu_limit / 3600
      - pod_usage_memory_gigabyte_hours: memory_usage / 3600 * ${per_gib}
      - pod_request_memory_gigabyte_hours: memory_request / 3600 * ${per_gib}
      - pod_effective_usage_memory_gigabyte_hours: memory_effective / 3600 * ${per_gib}
      - pod_limit_memory_gigabyte_hours: memory_limit / 3600 * ${per_gib}
      - node_capacity_cpu_cores: node_cores
      - node_capacity_cpu_core_hours: node_cpu / 3600
      - node_capacity_memory_gigabytes: node_memory * ${per_gib}
      - node_capacity_memory_gigabyte_hours: node_memory_seconds / 3600 * ${per_gib}
      - cluster_capacity_cpu_core_hours: cluster_cpu / 3600
      - cluster_capacity_memory_gigabyte_hours: cluster_memory / 3600 * ${per_gib}
      - infrastructure_usage_cost: >-
          '{"cpu":0.0,"memory":0.0,"storage":0.0}'
      - cost_category_id
)yaml";

const char kPodUsageVolumes[] = R"yaml(
  volume_rows: {filter: "${window}", from: volume_reports}
  volume_hours: {select: %{volume_columns}}
  volume_days:
    aggregate:
      by: [day, namespace, pod, persistentvolumeclaim, persistentvolume, storageclass,
           csi_volume_handle, volume_set, claim_set]
      columns:
        capacity: max(capacity)
        capacity_seconds: sum(capacity_seconds)
        request_seconds: sum(request_seconds)
        usage_seconds: sum(usage_seconds)

  volume_namespaces: {select: [namespace]}

  pod_places:
    aggregate: {by: [day, namespace, pod, node, resource_id], columns: {}}
    from: pod_days
  claims:
    aggregate:
      by: [day, namespace, pod, persistentvolumeclaim, persistentvolume]
      columns: {}
    from: volume_days
  claim_places: {join: {left: claims, right: pod_places, on: [day, namespace, pod]}}
  volume_nodes:
    aggregate:
      by: [day, persistentvolume]
      columns: {volume_nodes: count(distinct node)}
    from: claim_places
  places:
    select: [day, namespace, pod, persistentvolumeclaim, node, resource_id]
    from: claim_places

  volume_places:
    join: {left: volume_days, right: places, how: left,
           on: [day, namespace, pod, persistentvolumeclaim]}
  volumes_shared:
    join: {left: volume_places, right: volume_nodes, on: [day, persistentvolume],
           how: left}
  volumes_by_node:
    join: {left: volumes_shared, right: node_sets, on: [day, node], how: left}
  volumes_by_namespace:
    join: {left: volumes_by_node, right: namespace_sets, on: [day, namespace], how: left}
  volumes_by_category:
    join: {left: volumes_by_namespace, right: category_of, on: [namespace], how: left}
  volume_merged:
    with_columns:
      labels: "label_merge(coalesce(node_set, '{}'), coalesce(namespace_set, '{}'),
        volume_set, claim_set)"
  volume_groups:
    aggregate:
      by: [namespace, node, resource_id, persistentvolumeclaim, persistentvolume,
           storageclass, csi_volume_handle, day, labels]
      columns:
        cost_category_id: max(cost_category_id)
        nodes: max(volume_nodes)
        capacity: max(capacity)
        capacity_seconds: sum(capacity_seconds)
        request_seconds: sum(request_seconds)
        usage_seconds: sum(usage_seconds)
  # A volume all of whose pods have no node counts 0 nodes; the SQL then divides by zero.
  volumes_per_node:
    with_columns:
      request_seconds: "case when nodes = 0
        then request_seconds * cast('Infinity' as double)
        else request_seconds / nodes end"
      usage_seconds: "case when nodes = 0
        then usage_seconds * cast('Infinity' as double)
        else usage_seconds / nodes end"
      month_seconds: 86400 * days_in_month(day)
  volumes:
    select:
      - data_source: "'Storage'"
      - usage_start: day
      - namespace
      - node
      - resource_id
      - persistentvolumeclaim
      - persistentvolume
      - storageclass
      - volume_labels: labels
      - persistentvolumeclaim_capacity_gigabyte: capacity * ${per_gib}
      - persistentvolumeclaim_capacity_gigabyte_months:
          capacity_seconds / month_seconds * ${per_gib}
      - volume_request_storage_gigabyte_months:
          request_seconds / month_seconds * ${per_gib}
      - persistentvolumeclaim_usage_gigabyte_months:
          usage_seconds / month_seconds * ${per_gib}
      - infrastructure_usage_cost: >-
          '{"cpu":0.0,"memory":0.0,"storage":0.0}'
      - cost_category_id
)yaml";

const char kPodUsageUnallocated[] = R"yaml(
  allocated:
    filter: "node is not null and namespace not in ('Platform unallocated',
      'Worker unallocated', 'Network unattributed', 'Storage unattributed')"
    from: pods
  roles:
    aggregate: {by: [node, resource_id], columns: {node_role: max(node_role)}}
    from: nodes
  allocated_roles:
    join: {left: allocated, right: roles, on: [node, resource_id], how: left}
  node_days:
    aggregate:
      by: [node, usage_start]
      columns:
        resource_id: max(resource_id)
        node_role: max(node_role)
        cpu: max(node_capacity_cpu_core_hours)
        memory: max(node_capacity_memory_gigabyte_hours)
        cpu_usage: sum(pod_usage_cpu_core_hours)
        cpu_request: sum(pod_request_cpu_core_hours)
        cpu_effective: sum(pod_effective_usage_cpu_core_hours)
        memory_usage: sum(pod_usage_memory_gigabyte_hours)
        memory_request: sum(pod_request_memory_gigabyte_hours)
        memory_effective: sum(pod_effective_usage_memory_gigabyte_hours)
        cores: max(node_capacity_cpu_cores)
        gigabytes: max(node_capacity_memory_gigabytes)
        cluster_cpu: max(cluster_capacity_cpu_core_hours)
        cluster_memory: max(cluster_capacity_memory_gigabyte_hours)
  node_rest:
    select:
      - data_source: "'Pod'"
      - usage_start
      - namespace: "case when node_role in ('master', 'infra') then 'Platform unallocated'
          when node_role = 'worker' then 'Worker unallocated' end"
      - node
      - resource_id
      - pod_usage_cpu_core_hours: cpu - cpu_usage
      - pod_request_cpu_core_hours: cpu - cpu_request
      - pod_effective_usage_cpu_core_hours: cpu - cpu_effective
      - pod_usage_memory_gigabyte_hours: memory - memory_usage
      - pod_request_memory_gigabyte_hours: memory - memory_request
      - pod_effective_usage_memory_gigabyte_hours: memory - memory_effective
      - node_capacity_cpu_cores: cores
      - node_capacity_cpu_core_hours: cpu
      - node_capacity_memory_gigabytes: gigabytes
      - node_capacity_memory_gigabyte_hours: memory
      - cluster_capacity_cpu_core_hours: cluster_cpu
      - cluster_capacity_memory_gigabyte_hours: cluster_memory
  unallocated:
    join: {left: node_rest, right: categories, on: [], how: left,
           where: namespace like pattern, columns: [cost_category_id]}
)yaml";

const char kPodUsageSummary[] = R"yaml(
  all_rows: {union: [%{rows}]}
  daily_summary: {select: %{summary_columns}}
sinks:
  - %{sink}
)yaml";

}  // namespace windrow::recipe
