// SPDX-License-Identifier: Apache-2.0
#include "windrow/cli/inspect_array_record.h"

#include <arrow/array/array_binary.h>
#include <arrow/memory_pool.h>
#include <arrow/util/checked_cast.h>
#include <arrow/util/utf8.h>
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <ostream>

#include "windrow/base/byte_size.h"
#include "windrow/format/array_record_verify.h"
#include "windrow/source/array_record_file.h"
#include "windrow/source/mapped_file.h"

namespace windrow::cli {
namespace {

using arrow::internal::checked_cast;

constexpr size_t kShownBytes = 32;
constexpr size_t kShownTextBytes = 1024;

std::string SizeText(int64_t bytes) {
  return FormatByteSize(bytes) + " (" + std::to_string(bytes) + " bytes)";
}

/// Where a text of at most `size` bytes can be cut between two characters.
size_t CutBefore(std::string_view text, size_t size) {
  if (text.size() <= size) return text.size();
  while (size > 0 && (static_cast<uint8_t>(text[size]) & 0xc0) == 0x80) --size;
  return size;
}

std::string RecordText(std::string_view record) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(record.data());
  if (!arrow::util::ValidateUTF8(bytes, static_cast<int64_t>(record.size()))) {
    const size_t shown = std::min(record.size(), kShownBytes);
    return fmt::format("{} bytes, {:02x}{}", record.size(),
                       fmt::join(bytes, bytes + shown, ""),
                       shown < record.size() ? "…" : "");
  }
  std::string text;
  const size_t shown = CutBefore(record, kShownTextBytes);
  for (const char c : record.substr(0, shown)) {
    const bool is_control = static_cast<uint8_t>(c) < 0x20 || c == 0x7f;
    text += is_control ? fmt::format("\\x{:02x}", c) : std::string(1, c);
  }
  return text + (shown < record.size() ? "…" : "");
}

void PrintFooter(const source::ArrayRecordFile& file, std::ostream& out) {
  const format::ArrayRecordIndex& index = file.index;
  const int64_t decoded =
      std::accumulate(index.decoded_sizes.begin(), index.decoded_sizes.end(), int64_t{0});
  out << file.path << ": arrayrecord\n"
      << "records: " << index.num_records << '\n'
      << "chunks: " << index.num_chunks() << '\n'
      << "group size: " << index.group_size << '\n'
      << "codec: " << format::ChunkCodecName(index.footer_codec) << '\n'
      << "stored: " << SizeText(index.file_size) << '\n'
      << "decoded: " << SizeText(decoded) << '\n'
      << "writer options: " << index.writer_options << '\n';
}

Status PrintRecords(const source::ArrayRecordFile& file, int64_t count,
                    std::ostream& out) {
  arrow::util::InitializeUTF8();
  arrow::MemoryPool* pool = arrow::default_memory_pool();
  count = std::min(count, file.index.num_records);
  for (int64_t chunk = 0; file.index.first_record(chunk) < count; ++chunk) {
    ARROW_ASSIGN_OR_RAISE(const auto stretch, file.ReadChunks(chunk, chunk + 1, pool));
    ARROW_ASSIGN_OR_RAISE(const auto decoded,
                          file.DecodeChunks(stretch, chunk, chunk + 1, pool));
    const auto& records = checked_cast<const arrow::BinaryArray&>(*decoded);
    const int64_t first = file.index.first_record(chunk);
    for (int64_t i = 0; i < records.length() && first + i < count; ++i) {
      out << "record " << first + i << ": " << RecordText(records.GetView(i)) << '\n';
    }
  }
  return Status::OK();
}

Status Verify(const source::ArrayRecordFile& file, const arrow::StopToken& stop) {
  ARROW_ASSIGN_OR_RAISE(const auto mapped, source::MappedFile::Open(file.path));
  const format::ReadAt read =
      [&](int64_t begin, int64_t size) -> Result<std::shared_ptr<arrow::Buffer>> {
    if (begin > mapped->size() || size > mapped->size() - begin) {
      return DataError("the file has shrunk to ", mapped->size(), " bytes");
    }
    return mapped->Slice(begin, size);
  };
  return At(file.path, format::VerifyArrayRecord(file.index, read, stop,
                                                 arrow::default_memory_pool()));
}

}  // namespace

Status InspectArrayRecord(const InspectOptions& options, const arrow::StopToken& stop,
                          std::ostream& out) {
  ARROW_ASSIGN_OR_RAISE(const auto file, source::OpenArrayRecordFile(options.path));
  PrintFooter(*file, out);
  ARROW_RETURN_NOT_OK(PrintRecords(*file, options.samples, out));
  if (!options.verify) return Status::OK();
  ARROW_RETURN_NOT_OK(Verify(*file, stop));
  out << "verified: " << file->index.num_records << " records in "
      << file->index.num_chunks() << " chunks, every byte of the file\n";
  return Status::OK();
}

}  // namespace windrow::cli
