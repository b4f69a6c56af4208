// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "windrow/base/status.h"

namespace windrow::format {

/// How the chunks of a file are compressed. A byte of this value stands before the data
/// of each chunk.
enum class ChunkCodec : uint8_t {
  kNone = 0,
  kBrotli = 'b',
  kSnappy = 's',
  kZstd = 'z',
};

/// "uncompressed", "brotli", "snappy", "zstd", or "" for a byte that is none of them.
std::string_view ChunkCodecName(ChunkCodec codec);

/// A codec and its level, for writing.
struct ChunkCompression {
  ChunkCodec codec = ChunkCodec::kZstd;
  int level = 3;  ///< of zstd and brotli

  /// Reads "zstd" (level 3), "zstd:N", "brotli" (level 6), "brotli:N", "snappy",
  /// "uncompressed" or "none". Anything else is a UserError.
  static Result<ChunkCompression> Parse(std::string_view text);
  /// As the options text of a file has it: "zstd:3,window_log:20".
  std::string OptionsText() const;
};

/// Most bytes that `size` bytes can take when compressed.
int64_t CompressedSizeMax(ChunkCodec codec, int64_t size);

/// Compresses `bytes` to `out`, which has room for CompressedSizeMax, and returns the
/// size. Codec states are kept for each thread. Not for kNone. Thread-safe.
Result<int64_t> Compress(const ChunkCompression& compression,
                         std::span<const uint8_t> bytes, uint8_t* out);

/// Fills `out` from `stored`. DataError unless that is exactly one stream of `codec`, not
/// a byte more, of just as many bytes; of zstd one frame. Not for kNone. Thread-safe.
Status Decompress(ChunkCodec codec, std::span<const uint8_t> stored,
                  std::span<uint8_t> out);

}  // namespace windrow::format
