// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/ipc_batch_message.h"

#include <arrow/buffer.h>

#include <string>
#include <vector>

#include "windrow/format/ipc_message_generated.h"

namespace windrow::format {

std::shared_ptr<arrow::Buffer> WriteIpcBatchMessage(int64_t rows, IpcCodec codec,
                                                    std::span<const IpcNode> arrays,
                                                    std::span<const IpcSpan> buffers,
                                                    int64_t body_bytes) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<ipc_wire::FieldNode> nodes;
  for (const IpcNode& array : arrays) nodes.emplace_back(array.length, array.null_count);
  std::vector<ipc_wire::Buffer> places;
  for (const IpcSpan& buffer : buffers) {
    places.emplace_back(buffer.offset, buffer.length);
  }
  flatbuffers::Offset<ipc_wire::BodyCompression> compression;
  if (codec != IpcCodec::kNone) {
    compression = ipc_wire::CreateBodyCompression(
        builder, codec == IpcCodec::kZstd ? ipc_wire::CompressionType::ZSTD
                                          : ipc_wire::CompressionType::LZ4_FRAME);
  }
  const auto batch =
      ipc_wire::CreateRecordBatch(builder, rows, builder.CreateVectorOfStructs(nodes),
                                  builder.CreateVectorOfStructs(places), compression);
  builder.Finish(ipc_wire::CreateMessage(builder, ipc_wire::MetadataVersion::V5,
                                         ipc_wire::MessageHeader::RecordBatch,
                                         batch.Union(), body_bytes));
  return arrow::Buffer::FromString(
      {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()});
}

}  // namespace windrow::format
