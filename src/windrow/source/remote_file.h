// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/buffer.h>
#include <arrow/util/cancel.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "windrow/fs/object_store.h"
#include "windrow/source/parquet_bytes.h"

namespace windrow::source {

/// An object of a store that is read at positions. Small ones are held whole, as long as
/// those of the process take no more than 128 MiB together. Thread-safe.
class RemoteFile : public PositionalFile {
 public:
  using PositionalFile::ReadAt;

  /// Reads the object's end with one request: all of it when it is small, else 256 KiB,
  /// and with a second one what is missing of a Parquet footer. Waits for the store: to
  /// be called on a thread of fs::FetchThreads.
  static Result<std::shared_ptr<RemoteFile>> Open(std::shared_ptr<fs::ObjectStore> store,
                                                  fs::ObjectInfo object,
                                                  const arrow::StopToken& stop);
  ~RemoteFile() override;

  const std::shared_ptr<fs::ObjectStore>& store() const { return store_; }
  const fs::ObjectInfo& object() const { return object_; }
  /// The whole object where it is held, else null.
  std::shared_ptr<arrow::Buffer> whole() const;
  /// The object's last bytes, `size` of them at most.
  std::string_view Ending(size_t size) const;
  /// Lets go of the end of an object that is not held whole.
  void DropEnd();

  Result<int64_t> GetSize() override { return object_.size_bytes; }
  /// Waits for a thread of fs::FetchThreads, so it must not be called on one of them for
  /// bytes that are not held.
  Result<int64_t> ReadAt(int64_t position, int64_t nbytes, void* out) override;
  Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position,
                                                int64_t nbytes) override;

 private:
  RemoteFile(std::shared_ptr<fs::ObjectStore> store, fs::ObjectInfo object,
             arrow::StopToken stop)
      : store_(std::move(store)), object_(std::move(object)), stop_(std::move(stop)) {}
  Status ReadEnd(int64_t size);

  std::shared_ptr<fs::ObjectStore> store_;
  fs::ObjectInfo object_;
  arrow::StopToken stop_;
  std::shared_ptr<arrow::Buffer> end_;  ///< the last bytes, or null
  int64_t held_bytes_ = 0;              ///< counted of those held whole
};

}  // namespace windrow::source
