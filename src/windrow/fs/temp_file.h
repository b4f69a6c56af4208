// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "windrow/base/status.h"

namespace windrow::fs {

/// A file without a name, for data that does not fit into memory. It is gone when it is
/// closed, however the process ends. Thread-safe, since positions are the caller's.
///
/// Every error carries the folder. A full disk or quota is Blame::kResource, whatever
/// else the system refuses Blame::kStorage.
class TempFile {
 public:
  static Result<std::unique_ptr<TempFile>> Open(const std::string& folder);
  ~TempFile();
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;

  Status WriteAt(int64_t offset, const uint8_t* bytes, int64_t size);
  /// Reading beyond what was written is an error.
  Status ReadAt(int64_t offset, uint8_t* bytes, int64_t size) const;
  const std::string& folder() const { return folder_; }
  int descriptor() const { return descriptor_; }

 private:
  TempFile(std::string folder, int descriptor);

  std::string folder_;
  int descriptor_;
};

}  // namespace windrow::fs
