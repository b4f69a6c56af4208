// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/array_record_codec.h"

#include <brotli/decode.h>
#include <brotli/encode.h>
#include <snappy-c.h>
#include <zstd.h>

#include <charconv>
#include <cstring>
#include <memory>
#include <vector>

#include "windrow/base/check.h"
#include "windrow/base/near_name.h"

namespace windrow::format {
namespace {

// The writers of other engines' files use the same.
constexpr int kZstdWindowLog = 20;

template <auto free_state>
struct FreeState {
  template <typename State>
  void operator()(State* state) const {
    free_state(state);
  }
};
using ZstdCompressor = std::unique_ptr<ZSTD_CCtx, FreeState<ZSTD_freeCCtx>>;
using ZstdDecompressor = std::unique_ptr<ZSTD_DCtx, FreeState<ZSTD_freeDCtx>>;
using BrotliDecoder =
    std::unique_ptr<BrotliDecoderState, FreeState<BrotliDecoderDestroyInstance>>;

struct LevelRange {
  int least;
  int most;
};

LevelRange LevelsOf(ChunkCodec codec) {
  switch (codec) {
    case ChunkCodec::kZstd:
      return {-131072, 22};
    case ChunkCodec::kBrotli:
      return {BROTLI_MIN_QUALITY, BROTLI_MAX_QUALITY};
    default:
      return {0, -1};
  }
}

Result<int64_t> CompressZstd(int level, std::span<const uint8_t> bytes, uint8_t* out,
                             int64_t room) {
  thread_local const ZstdCompressor state(ZSTD_createCCtx());
  if (state == nullptr) return ResourceError("no memory for a zstd compressor");
  ZSTD_CCtx_setParameter(state.get(), ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(state.get(), ZSTD_c_windowLog, kZstdWindowLog);
  const size_t size = ZSTD_compress2(state.get(), out, room, bytes.data(), bytes.size());
  if (ZSTD_isError(size)) return ResourceError("zstd: ", ZSTD_getErrorName(size));
  return static_cast<int64_t>(size);
}

Status DecompressZstd(std::span<const uint8_t> stored, std::span<uint8_t> out) {
  uint32_t magic = 0;
  if (stored.size() >= 4) std::memcpy(&magic, stored.data(), 4);
  if (magic != ZSTD_MAGICNUMBER) return DataError("no zstd frame");
  const size_t frame = ZSTD_findFrameCompressedSize(stored.data(), stored.size());
  if (ZSTD_isError(frame)) return DataError("zstd: ", ZSTD_getErrorName(frame));
  if (frame != stored.size()) {
    return DataError(stored.size() - frame, " bytes behind the zstd frame");
  }
  thread_local const ZstdDecompressor state(ZSTD_createDCtx());
  if (state == nullptr) return ResourceError("no memory for a zstd decompressor");
  const size_t size = ZSTD_decompressDCtx(state.get(), out.data(), out.size(),
                                          stored.data(), stored.size());
  if (ZSTD_isError(size)) return DataError("zstd: ", ZSTD_getErrorName(size));
  if (size != out.size()) {
    return DataError("the zstd frame holds ", size, " bytes, expected ", out.size());
  }
  return Status::OK();
}

Status DecompressBrotli(std::span<const uint8_t> stored, std::span<uint8_t> out) {
  const BrotliDecoder state(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr));
  if (state == nullptr) return ResourceError("no memory for a brotli decoder");
  BrotliDecoderSetParameter(state.get(), BROTLI_DECODER_PARAM_LARGE_WINDOW, 1);
  const uint8_t* next = stored.data();
  size_t rest = stored.size();
  uint8_t* to = out.data();
  size_t room = out.size();
  const auto result =
      BrotliDecoderDecompressStream(state.get(), &rest, &next, &room, &to, nullptr);
  if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
    return DataError("the brotli stream holds more than ", out.size(), " bytes");
  }
  if (result != BROTLI_DECODER_RESULT_SUCCESS) {
    return DataError("the brotli stream is damaged or cut");
  }
  if (rest > 0) return DataError(rest, " bytes behind the brotli stream");
  if (room > 0) {
    return DataError("the brotli stream holds ", out.size() - room, " bytes, expected ",
                     out.size());
  }
  return Status::OK();
}

Status DecompressSnappy(std::span<const uint8_t> stored, std::span<uint8_t> out) {
  const char* bytes = reinterpret_cast<const char*>(stored.data());
  size_t size = 0;
  if (snappy_uncompressed_length(bytes, stored.size(), &size) != SNAPPY_OK ||
      size != out.size()) {
    return DataError("the snappy stream does not hold ", out.size(), " bytes");
  }
  char nothing;
  char* to = out.empty() ? &nothing : reinterpret_cast<char*>(out.data());
  if (snappy_uncompress(bytes, stored.size(), to, &size) != SNAPPY_OK) {
    return DataError("the snappy stream is damaged");
  }
  return Status::OK();
}

}  // namespace

std::string_view ChunkCodecName(ChunkCodec codec) {
  switch (codec) {
    case ChunkCodec::kNone:
      return "uncompressed";
    case ChunkCodec::kBrotli:
      return "brotli";
    case ChunkCodec::kSnappy:
      return "snappy";
    case ChunkCodec::kZstd:
      return "zstd";
  }
  return "";
}

Result<ChunkCompression> ChunkCompression::Parse(std::string_view text) {
  const size_t colon = text.find(':');
  const std::string name(text.substr(0, colon));
  ChunkCompression compression;
  if (name == "zstd") {
    compression = {ChunkCodec::kZstd, 3};
  } else if (name == "brotli") {
    compression = {ChunkCodec::kBrotli, 6};
  } else if (name == "snappy") {
    compression = {ChunkCodec::kSnappy, 0};
  } else if (name == "uncompressed" || name == "none") {
    compression = {ChunkCodec::kNone, 0};
  } else {
    const std::vector<std::string> known = {"zstd", "brotli", "snappy", "uncompressed",
                                            "none"};
    return UserError("compression '", name,
                     "' is not known here, expected one of zstd, brotli, snappy, "
                     "uncompressed, none",
                     DidYouMean(name, known));
  }
  if (colon == std::string_view::npos) return compression;
  const std::string_view level = text.substr(colon + 1);
  const LevelRange range = LevelsOf(compression.codec);
  if (range.least > range.most) {
    return UserError("compression '", text, "': this codec has no levels");
  }
  const auto [end, error] =
      std::from_chars(level.data(), level.data() + level.size(), compression.level);
  if (error != std::errc() || end != level.data() + level.size() ||
      compression.level < range.least || compression.level > range.most) {
    return UserError("compression '", text, "': expected a level from ", range.least,
                     " to ", range.most);
  }
  return compression;
}

std::string ChunkCompression::OptionsText() const {
  std::string text(ChunkCodecName(codec));
  if (codec == ChunkCodec::kNone || codec == ChunkCodec::kSnappy) return text;
  text += ":" + std::to_string(level);
  if (codec == ChunkCodec::kZstd) text += ",window_log:" + std::to_string(kZstdWindowLog);
  return text;
}

int64_t CompressedSizeMax(ChunkCodec codec, int64_t size) {
  switch (codec) {
    case ChunkCodec::kZstd:
      return static_cast<int64_t>(ZSTD_compressBound(size));
    case ChunkCodec::kBrotli:
      return static_cast<int64_t>(BrotliEncoderMaxCompressedSize(size));
    case ChunkCodec::kSnappy:
      return static_cast<int64_t>(snappy_max_compressed_length(size));
    case ChunkCodec::kNone:
      break;
  }
  return size;
}

Result<int64_t> Compress(const ChunkCompression& compression,
                         std::span<const uint8_t> bytes, uint8_t* out) {
  const auto size = static_cast<int64_t>(bytes.size());
  const int64_t room = CompressedSizeMax(compression.codec, size);
  size_t written = room;
  switch (compression.codec) {
    case ChunkCodec::kZstd:
      return CompressZstd(compression.level, bytes, out, room);
    case ChunkCodec::kBrotli:
      if (!BrotliEncoderCompress(compression.level, BROTLI_DEFAULT_WINDOW,
                                 BROTLI_DEFAULT_MODE, bytes.size(), bytes.data(),
                                 &written, out)) {
        return ResourceError("no memory for a brotli encoder");
      }
      return static_cast<int64_t>(written);
    case ChunkCodec::kSnappy:
      WINDROW_CHECK(snappy_compress(reinterpret_cast<const char*>(bytes.data()),
                                    bytes.size(), reinterpret_cast<char*>(out),
                                    &written) == SNAPPY_OK);
      return static_cast<int64_t>(written);
    case ChunkCodec::kNone:
      break;
  }
  return InternalError("compressing without a codec");
}

Status Decompress(ChunkCodec codec, std::span<const uint8_t> stored,
                  std::span<uint8_t> out) {
  switch (codec) {
    case ChunkCodec::kZstd:
      return DecompressZstd(stored, out);
    case ChunkCodec::kBrotli:
      return DecompressBrotli(stored, out);
    case ChunkCodec::kSnappy:
      return DecompressSnappy(stored, out);
    case ChunkCodec::kNone:
      break;
  }
  return InternalError("decompressing without a codec");
}

}  // namespace windrow::format
