// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>

#include <map>
#include <string>

#include "windrow/plan/prepare.h"
#include "windrow/python/job_run.h"
#include "windrow/python/recipes.h"

namespace windrow::python {

/// The columns of a table.
struct Schema {
  std::shared_ptr<arrow::Schema> schema;
};

using Variables = std::map<std::string, std::string>;

JobRequest RequestOf(const Job& job, const nanobind::dict& options);

/// A job and tables for those of its sources that `inputs` names: a Schema stands for a
/// table without rows.
JobRequest RequestOf(const std::string& document, const std::string& name,
                     const Variables& variables, const nanobind::dict& inputs,
                     const nanobind::dict& options);

/// Opens what the job reads, in the background.
plan::PreparedJob Prepared(const JobRequest& request);

}  // namespace windrow::python
