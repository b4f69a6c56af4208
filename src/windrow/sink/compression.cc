// SPDX-License-Identifier: Apache-2.0
#include "windrow/sink/compression.h"

#include <arrow/util/compression.h>

#include <charconv>

#include "windrow/base/near_name.h"

namespace windrow::sink {
namespace {

static_assert(Compression::kDefaultLevel == arrow::util::kUseDefaultCompressionLevel);

struct Name {
  std::string_view text;
  arrow::Compression::type type;
};

Status Unknown(std::string_view name, const std::vector<Name>& known) {
  std::vector<std::string> names;
  std::string list;
  for (const Name& candidate : known) {
    if (!list.empty()) list += ", ";
    list += candidate.text;
    names.emplace_back(candidate.text);
  }
  return UserError("compression '", name, "' is not known here, expected one of ", list,
                   DidYouMean(name, names));
}

Status CheckLevel(std::string_view text, const Compression& compression) {
  if (!arrow::util::Codec::SupportsCompressionLevel(compression.type)) {
    return UserError("compression '", text, "': this codec has no levels");
  }
  ARROW_ASSIGN_OR_RAISE(const int least,
                        arrow::util::Codec::MinimumCompressionLevel(compression.type));
  ARROW_ASSIGN_OR_RAISE(const int most,
                        arrow::util::Codec::MaximumCompressionLevel(compression.type));
  if (compression.level < least || compression.level > most) {
    return UserError("compression '", text, "': expected a level from ", least, " to ",
                     most);
  }
  return Status::OK();
}

Result<Compression> Parse(std::string_view text, const std::vector<Name>& known) {
  const size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  Compression compression;
  bool is_known = false;
  for (const Name& candidate : known) {
    if (candidate.text != name) continue;
    compression.type = candidate.type;
    is_known = true;
  }
  if (!is_known) return Unknown(name, known);
  if (colon == std::string_view::npos) return compression;
  const std::string_view level = text.substr(colon + 1);
  const auto [end, error] =
      std::from_chars(level.data(), level.data() + level.size(), compression.level);
  if (error != std::errc() || end != level.data() + level.size()) {
    return UserError("compression '", text, "': expected a whole number after ':'");
  }
  ARROW_RETURN_NOT_OK(CheckLevel(text, compression));
  return compression;
}

}  // namespace

Result<Compression> ParseIpcCompression(std::string_view text) {
  return Parse(text, {{"none", arrow::Compression::UNCOMPRESSED},
                      {"lz4", arrow::Compression::LZ4_FRAME},
                      {"zstd", arrow::Compression::ZSTD}});
}

Result<Compression> ParseParquetCompression(std::string_view text) {
  return Parse(text, {{"snappy", arrow::Compression::SNAPPY},
                      {"none", arrow::Compression::UNCOMPRESSED},
                      {"zstd", arrow::Compression::ZSTD},
                      {"lz4", arrow::Compression::LZ4},
                      {"gzip", arrow::Compression::GZIP},
                      {"brotli", arrow::Compression::BROTLI}});
}

}  // namespace windrow::sink
