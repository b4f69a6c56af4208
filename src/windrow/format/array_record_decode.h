// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>

#include "windrow/base/status.h"
#include "windrow/format/array_record_codec.h"
#include "windrow/format/riegeli_chunk.h"

namespace windrow::format {

/// Most bytes of records in a chunk that is read: what one Arrow array can hold.
inline constexpr int64_t kDecodedSizeMax = INT32_MAX;

/// Checks that `chunk` holds records in the way that is read: a simple chunk of at most
/// kDecodedSizeMax. Its counts then fit what DecodeChunk is given. A transposed chunk is
/// refused by name.
Status CheckIsDecodable(const RiegeliChunk& chunk);

/// The codec of a simple chunk, or another byte.
ChunkCodec CodecOf(const RiegeliChunk& chunk);

/// Decodes a chunk that passed CheckIsDecodable. `values` has room for its decoded size
/// and gets its records one behind the other; `ends`, one for each record, gets
/// where they end, counted from `values` plus `base`. DataErrors name the position.
Status DecodeChunk(const RiegeliChunk& chunk, uint8_t* values, int32_t base,
                   int32_t* ends, arrow::MemoryPool* pool);

}  // namespace windrow::format
