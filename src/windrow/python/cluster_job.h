// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>

namespace windrow::python {

/// Adds the classes with which a runner in Python drives a job on a cluster: ClusterJob
/// decides, TaskRun runs one task. See the package's cluster_run.py.
void DefineCluster(nanobind::module_& module);

}  // namespace windrow::python
