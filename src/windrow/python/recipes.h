// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>

#include "windrow/plan/job_spec.h"

namespace windrow::python {

/// A job that has no Python object behind it. Its secrets stay here.
struct Job {
  plan::JobSpec spec;
};

/// Adds Job and the functions that make the jobs of recipes.
void DefineRecipes(nanobind::module_& module);

}  // namespace windrow::python
