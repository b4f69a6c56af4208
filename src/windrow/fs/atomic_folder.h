// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "windrow/base/status.h"

namespace windrow::fs {

/// A local folder of output files that appears whole or not at all. Files are written
/// into a hidden folder next to the target; Commit gives it the target's name, Abort or
/// destruction removes it. After kill -9 it stays until the next Make of the same target.
///
/// A target that holds nothing but files of an earlier output of the kind is exchanged as
/// a whole. One that holds other things, is a mount point, or cannot be exchanged keeps
/// them: the files are then moved into it one by one, each whole, and files of an earlier
/// output that this one does not have are removed; the manifest is away meanwhile.
///
/// Every error carries the path. A full disk or quota is Blame::kResource, whatever else
/// the system refuses Blame::kStorage. Single-threaded.
class AtomicFolder {
 public:
  struct Options {
    /// File of the output that says it is complete; "" for none.
    std::string manifest;
    /// Whether a file of that name belongs to an earlier output of the kind. Files that
    /// are written now do anyway. May be null.
    std::function<bool(const std::string& name)> is_owned;
    bool is_synced = false;  ///< survive a power cut too
  };

  /// Makes the hidden folder. A target that is a file is a UserError; its parent folder
  /// must exist.
  static Result<std::unique_ptr<AtomicFolder>> Make(const std::string& path,
                                                    Options options);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  const std::string& path() const { return path_; }
  /// The folder to write into: regular files only, complete by Commit.
  const std::string& staging() const { return staging_; }

  /// Publishes what the hidden folder holds. At most once.
  Status Commit();
  /// Removes the hidden folder. Does nothing after Commit.
  void Abort();

  /// `status` with the target's path wherever its message names the hidden folder.
  Status Locate(const Status& status) const;

 private:
  AtomicFolder(std::string path, std::string target, Options options);
  Status MakeStaging();
  Status Publish();
  Result<bool> TryWhole(const std::vector<std::string>& names);
  Status MoveFiles(const std::vector<std::string>& names);
  bool IsOwned(const std::string& name, const std::vector<std::string>& names) const;

  std::string path_;    ///< as given by the user
  std::string target_;  ///< path_ with links resolved
  Options options_;
  bool is_inside_ = false;  ///< the hidden folder is in the target, not next to it
  std::string staging_;     ///< "" when published or removed
  std::string shown_as_;    ///< what staging_ was, for Locate
  int lock_ = -1;
};

}  // namespace windrow::fs
