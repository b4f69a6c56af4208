// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/io/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>

#include "windrow/base/status.h"

namespace windrow::fs {

/// A local output file that appears whole or not at all. Bytes go to a hidden temporary
/// file in the same folder; Commit gives it the output's name, Abort or destruction
/// removes it. After kill -9 the temporary stays until the next Open of the same output
/// removes it.
///
/// An existing special file (/dev/null, a FIFO) is written straight to, since there is
/// nothing to replace. A symbolic link keeps pointing where it did.
///
/// Every error carries the path. A full disk or quota is Blame::kResource, whatever else
/// the system refuses Blame::kStorage. Single-threaded.
///
/// A process that ends at any point leaves the old content or the new. A power cut is
/// survived too when the output is opened to be synced, which waits for the device.
class AtomicOutput {
 public:
  /// Opens the temporary, so that an output that cannot be written fails before any work.
  /// Refuses a folder, a missing parent folder and a file without write permission.
  static Result<std::unique_ptr<AtomicOutput>> Open(const std::string& path,
                                                    bool is_synced = false);
  ~AtomicOutput();

  /// Where the bytes go. Writes are gathered into large aligned ones.
  /// Closing the stream is not needed and does not publish. Must not be used after Abort.
  const std::shared_ptr<arrow::io::OutputStream>& stream() const;
  /// Bytes written so far, those still gathered included.
  int64_t bytes_written() const;
  const std::string& path() const { return path_; }

  /// Writes out everything gathered (to the device if synced) and closes the file; still
  /// invisible. Repeatable.
  Status Finish();
  /// Finish, then publishes under the output's name. At most once.
  Status Commit();
  /// Removes the temporary. Does nothing after Commit.
  void Abort();

  /// `status` with the path before its message; a failure of the stream, which carries
  /// the path already and explains whatever failed after it, takes precedence.
  Status Locate(const Status& status) const;

 private:
  class FileStream;
  AtomicOutput(std::string path, std::string target, std::string temporary,
               std::shared_ptr<FileStream> file, bool is_synced);

  std::string path_;       ///< as given by the user
  std::string target_;     ///< path_ with links resolved
  std::string temporary_;  ///< "" when written straight to a special file or published
  bool is_direct_;
  bool is_synced_;
  std::shared_ptr<FileStream> file_;
  std::shared_ptr<arrow::io::OutputStream> stream_;
};

}  // namespace windrow::fs
