// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/remote_table.h"

#include <stdlib.h>

#include <atomic>
#include <initializer_list>
#include <map>
#include <string_view>
#include <utility>

#include "windrow/fs/fetch_threads.h"
#include "windrow/fs/object_listing.h"
#include "windrow/fs/temp_file.h"
#include "windrow/source/ipc_table.h"
#include "windrow/source/mapped_file.h"
#include "windrow/source/parquet_file.h"
#include "windrow/source/parquet_table.h"
#include "windrow/source/read_ranges.h"
#include "windrow/source/remote_file.h"

namespace windrow::source {
namespace {

using TablePtr = std::shared_ptr<exec::Table>;
using StorePtr = std::shared_ptr<fs::ObjectStore>;

constexpr int64_t kPieceBytes = 8 << 20;

bool EndsIn(const std::string& path, std::initializer_list<const char*> endings) {
  for (const char* ending : endings) {
    if (path.ends_with(ending)) return true;
  }
  return false;
}

/// By the name alone; nothing when it says nothing.
std::optional<FileKind> KindByName(const std::string& path) {
  if (EndsIn(path, {".parquet", ".pq"})) return FileKind::kParquet;
  if (EndsIn(path, {".arrow", ".arrows", ".ipc", ".feather"})) return FileKind::kIpc;
  if (EndsIn(path, {".arrayrecord", ".array_record"})) return FileKind::kArrayRecord;
  return std::nullopt;
}

fs::ObjectInfo ObjectOf(const fs::FileEntry& entry) {
  return {entry.path, entry.size_bytes, entry.changed_at};
}

std::string TempDirOf(const fs::ObjectAccess& access) {
  if (!access.temp_dir.empty()) return access.temp_dir;
  const char* system_folder = getenv("TMPDIR");
  const bool is_set = system_folder != nullptr && *system_folder != '\0';
  return is_set ? system_folder : "/tmp";
}

/// Tells queued tasks, when it goes, that nobody waits for them.
struct GiveUp {
  std::shared_ptr<std::atomic<bool>> flag = std::make_shared<std::atomic<bool>>(false);
  ~GiveUp() { *flag = true; }
};

Result<TablePtr> FetchIpcTable(const StorePtr& store, const fs::ObjectInfo& object,
                               const fs::ObjectAccess& access) {
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<fs::TempFile> file,
                        fs::TempFile::Open(TempDirOf(access)));
  const GiveUp give_up;
  std::vector<arrow::Future<>> requests;
  for (const auto& piece : SplitRange({0, object.size_bytes}, kPieceBytes)) {
    requests.push_back(
        fs::FetchThreads::Start([store, object, file, piece, stop = access.stop,
                                 flag = give_up.flag]() -> Status {
          if (*flag) return Status::Cancelled("given up");
          ARROW_ASSIGN_OR_RAISE(
              const auto bytes,
              arrow::AllocateBuffer(piece.length, arrow::default_memory_pool()));
          ARROW_RETURN_NOT_OK(store->Read(object, piece.offset, piece.length,
                                          bytes->mutable_data(), stop));
          return file->WriteAt(piece.offset, bytes->data(), piece.length);
        }));
  }
  for (const auto& request : requests) {
    ARROW_RETURN_NOT_OK(fs::WaitFor(request, access.stop).status());
  }
  ARROW_ASSIGN_OR_RAISE(auto mapped,
                        MappedFile::Map(object.path, *file, object.size_bytes));
  return OpenIpcTable(object.path, std::move(mapped));
}

/// The Parquet table of the object, or null when it is none.
Result<TablePtr> OpenIfParquet(const StorePtr& store, const fs::ObjectInfo& object,
                               std::optional<FileKind> kind,
                               const arrow::StopToken& stop) {
  ARROW_ASSIGN_OR_RAISE(auto remote, RemoteFile::Open(store, object, stop));
  const std::string_view ending = remote->Ending(4);
  const bool is_parquet =
      kind == FileKind::kParquet || ending == "PAR1" || ending == "PARE";
  if (!is_parquet) return nullptr;
  ARROW_ASSIGN_OR_RAISE(auto file, OpenParquetFile(std::move(remote)));
  return MakeParquetTable(std::move(file));
}

}  // namespace

Result<std::vector<TablePtr>> OpenRemoteTables(const std::vector<fs::FileEntry>& objects,
                                               std::optional<FileKind> kind,
                                               const fs::ObjectAccess& access) {
  ARROW_ASSIGN_OR_RAISE(const StorePtr store, fs::OpenObjectStore(access));
  const GiveUp give_up;
  std::vector<arrow::Future<TablePtr>> opened(objects.size());
  for (size_t i = 0; i < objects.size(); ++i) {
    const auto known = kind.has_value() ? kind : KindByName(objects[i].path);
    if (known == FileKind::kArrayRecord) {
      return UserError(objects[i].path,
                       ": ArrayRecord files are read from local folders only; expected "
                       "Parquet or Arrow IPC");
    }
    if (known == FileKind::kIpc) continue;
    opened[i] = fs::FetchThreads::Start([store, object = ObjectOf(objects[i]), known,
                                         stop = access.stop,
                                         flag = give_up.flag]() -> Result<TablePtr> {
      if (*flag) return Status::Cancelled("given up");
      return OpenIfParquet(store, object, known, stop);
    });
  }
  std::vector<TablePtr> tables(objects.size());
  for (size_t i = 0; i < objects.size(); ++i) {
    if (opened[i].is_valid()) {
      ARROW_ASSIGN_OR_RAISE(tables[i], fs::WaitFor(opened[i], access.stop));
    }
    if (tables[i] == nullptr) {
      ARROW_ASSIGN_OR_RAISE(tables[i],
                            FetchIpcTable(store, ObjectOf(objects[i]), access));
    }
  }
  return tables;
}

Status CheckUnchanged(const std::vector<std::string>& patterns,
                      const std::vector<fs::FileEntry>& objects,
                      const fs::ObjectAccess& access) {
  std::vector<std::string> remote;
  for (const std::string& pattern : patterns) {
    if (fs::IsObjectPath(pattern)) remote.push_back(pattern);
  }
  auto listed = fs::ListFiles(remote, access);
  // Nothing is left where something was.
  if (!listed.ok() && BlameOf(listed.status()) == Blame::kStorage) return Status::OK();
  ARROW_RETURN_NOT_OK(listed.status());
  std::map<std::string, const fs::FileEntry*> now;
  for (const auto& list : *listed) {
    for (const fs::FileEntry& entry : list) now[entry.path] = &entry;
  }
  for (const fs::FileEntry& object : objects) {
    const auto found = now.find(object.path);
    if (found == now.end()) continue;
    if (found->second->size_bytes == object.size_bytes &&
        found->second->changed_at == object.changed_at) {
      continue;
    }
    return StorageError(object.path, ": the object was changed while it was read: ",
                        found->second->size_bytes, " bytes now, ", object.size_bytes,
                        " when it was listed");
  }
  return Status::OK();
}

}  // namespace windrow::source
