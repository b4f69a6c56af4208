// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace windrow::recipe {

// The pod-usage job as text, in pieces; pod_usage.cc fills in variables, ${...}, and
// parts of the document, %{...}. Its rows are those of koku's SQL of the daily summary
// for OpenShift, also where that looks odd: rows repeat for each variant of a label set
// and for each category, capacity comes from hourly rows alone, a volume's request and
// usage are divided by the nodes that use it.

/// Sources in koku's layout, and its daily rows of pods.
extern const char kPodUsageKoku[];
/// Sources in the hourly layout, and daily rows of pods made from them.
extern const char kPodUsageHourly[];
/// Label sets, categories, capacity, rows of pods.
extern const char kPodUsagePods[];
/// Rows of volumes.
extern const char kPodUsageVolumes[];
/// Rows of unallocated capacity.
extern const char kPodUsageUnallocated[];
/// The rows that are written: of pods, of volumes if there are any, unallocated.
extern const char kPodUsageSummary[];

}  // namespace windrow::recipe
