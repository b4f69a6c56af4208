// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/base/status.h"

namespace windrow::fs {

/// One object as the store listed it. A reader holds the store to it: see ObjectStore.
struct ObjectInfo {
  std::string path;  ///< "s3://bucket/key"
  int64_t size_bytes = 0;
  int64_t changed_at = 0;  ///< nanoseconds since 1970; 0 when the store does not say

  bool operator==(const ObjectInfo&) const = default;
};

/// A store of objects. Every call asks the store and waits, so it belongs on a thread of
/// FetchThreads; it tries again what may pass, and ends early with Cancelled when `stop`
/// is requested between two tries. Thread-safe.
///
/// Errors are storage errors that begin with the path: no such bucket, no access, or what
/// the store last said.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  /// The objects below `folder`, at any depth, in the order of their paths; nothing when
  /// there is no such folder. A bucket that is absent is an error.
  virtual Result<std::optional<std::vector<ObjectInfo>>> List(
      const std::string& folder, const arrow::StopToken& stop) = 0;
  /// The object of exactly this path, or nothing.
  virtual Result<std::optional<ObjectInfo>> Find(const std::string& path,
                                                 const arrow::StopToken& stop) = 0;
  /// Bytes `offset` to `offset + length` of the object: all of them, or an error, also
  /// when the object is gone or is shorter than it was.
  virtual Status Read(const ObjectInfo& object, int64_t offset, int64_t length,
                      uint8_t* out, const arrow::StopToken& stop) = 0;
};

/// True for paths of an object store ("s3://…") rather than of the local file system.
bool IsObjectPath(std::string_view path);

/// How a job reaches object stores. Copied freely.
struct ObjectAccess {
  std::string s3_endpoint;  ///< URL; empty: AWS_ENDPOINT_URL, or else AWS
  arrow::StopToken stop;    ///< ends every wait
  bool prefetch = true;     ///< false: one request at a time
  std::string temp_dir;     ///< for files that are fetched whole; empty: TMPDIR, or /tmp
  /// What to ask instead of S3; null outside of tests.
  std::shared_ptr<ObjectStore> store;
};

/// The store behind `access`: made at the first call in the process, with the
/// credentials of the environment.
Result<std::shared_ptr<ObjectStore>> OpenObjectStore(const ObjectAccess& access);

/// To be called once before the process ends. False when requests are still under way:
/// then the process must end without running destructors.
bool CloseObjectStores();

}  // namespace windrow::fs
