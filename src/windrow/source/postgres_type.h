// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "windrow/format/copy_type.h"

namespace windrow::source {

/// How values of PostgreSQL's type `oid` with the modifier `modifier` come in a binary
/// COPY; nullopt for types that are better read as text.
std::optional<format::CopyType> CopyTypeOf(uint32_t oid, int32_t modifier);

}  // namespace windrow::source
