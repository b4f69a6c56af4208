// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/remote_file.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "windrow/fs/fetch_threads.h"

namespace windrow::source {
namespace {

constexpr int64_t kSmallObject = 1 << 20;
constexpr int64_t kEndBytes = 256 << 10;
constexpr int64_t kMostHeld = int64_t{128} << 20;
constexpr int64_t kFrameBytes = 8;  // length of a Parquet footer, and its magic

std::atomic<int64_t> held_by_all = 0;

bool Hold(int64_t bytes) {
  if (held_by_all.fetch_add(bytes) + bytes <= kMostHeld) return true;
  held_by_all -= bytes;
  return false;
}

}  // namespace

Result<std::shared_ptr<RemoteFile>> RemoteFile::Open(
    std::shared_ptr<fs::ObjectStore> store, fs::ObjectInfo object,
    const arrow::StopToken& stop) {
  std::shared_ptr<RemoteFile> file(
      new RemoteFile(std::move(store), std::move(object), stop));
  const int64_t size = file->object_.size_bytes;
  if (size <= kSmallObject && Hold(size)) {
    file->held_bytes_ = size;
    ARROW_RETURN_NOT_OK(file->ReadEnd(size));
    return file;
  }
  ARROW_RETURN_NOT_OK(file->ReadEnd(std::min(size, kEndBytes)));
  if (file->Ending(4) == "PAR1" && file->end_->size() >= kFrameBytes) {
    uint32_t footer_bytes;
    std::memcpy(&footer_bytes, file->Ending(kFrameBytes).data(), sizeof(footer_bytes));
    const int64_t wanted = int64_t{footer_bytes} + kFrameBytes;
    if (wanted > file->end_->size() && wanted <= size) {
      ARROW_RETURN_NOT_OK(file->ReadEnd(wanted));
    }
  }
  return file;
}

RemoteFile::~RemoteFile() { held_by_all -= held_bytes_; }

/// Asks for what is not there yet of the last `size` bytes.
Status RemoteFile::ReadEnd(int64_t size) {
  const int64_t known = end_ == nullptr ? 0 : end_->size();
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer,
                        arrow::AllocateBuffer(size, arrow::default_memory_pool()));
  if (size > known) {
    ARROW_RETURN_NOT_OK(store_->Read(object_, object_.size_bytes - size, size - known,
                                     buffer->mutable_data(), stop_));
  }
  if (known > 0) {
    std::memcpy(buffer->mutable_data() + size - known, end_->data(), known);
  }
  end_ = std::move(buffer);
  return Status::OK();
}

std::shared_ptr<arrow::Buffer> RemoteFile::whole() const {
  return end_ != nullptr && end_->size() == object_.size_bytes ? end_ : nullptr;
}

std::string_view RemoteFile::Ending(size_t size) const {
  const std::string_view end(*end_);
  return end.substr(end.size() - std::min(size, end.size()));
}

void RemoteFile::DropEnd() {
  if (held_bytes_ < object_.size_bytes) end_.reset();
}

Result<int64_t> RemoteFile::ReadAt(int64_t position, int64_t nbytes, void* out) {
  ARROW_ASSIGN_OR_RAISE(const auto bytes, ReadAt(position, nbytes));
  if (bytes->size() > 0) std::memcpy(out, bytes->data(), bytes->size());
  return bytes->size();
}

Result<std::shared_ptr<arrow::Buffer>> RemoteFile::ReadAt(int64_t position,
                                                          int64_t nbytes) {
  const int64_t size = object_.size_bytes;
  if (position < 0 || nbytes < 0 || position > size || nbytes > size - position) {
    return DataError("the footer names ", nbytes, " bytes at ", position,
                     ", the file has ", size);
  }
  const int64_t end_begin = size - (end_ == nullptr ? 0 : end_->size());
  if (position >= end_begin) {
    if (end_ == nullptr) return std::make_shared<arrow::Buffer>(nullptr, 0);
    return arrow::SliceBuffer(end_, position - end_begin, nbytes);
  }
  // The task owns the bytes, since whoever waits for them may be stopped.
  using BufferPtr = std::shared_ptr<arrow::Buffer>;
  const auto read = [store = store_, object = object_, stop = stop_, position,
                     nbytes]() -> Result<BufferPtr> {
    ARROW_ASSIGN_OR_RAISE(BufferPtr bytes,
                          arrow::AllocateBuffer(nbytes, arrow::default_memory_pool()));
    ARROW_RETURN_NOT_OK(
        store->Read(object, position, nbytes, bytes->mutable_data(), stop));
    return bytes;
  };
  return fs::WaitFor(fs::FetchThreads::Start(read), stop_);
}

}  // namespace windrow::source
