// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>

#include "windrow/runner/engine_options.h"

namespace windrow::python {

/// What windrow.options.native_options gives. TypeError for an unknown name. Call with
/// the interpreter's lock held.
runner::EngineOptions OptionsOf(const nanobind::dict& given);

}  // namespace windrow::python
