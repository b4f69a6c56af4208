// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>

namespace windrow::python {

/// Adds RecordReader, the random access to ArrayRecord files.
void DefineRecords(nanobind::module_& module);

}  // namespace windrow::python
