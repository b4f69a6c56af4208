// SPDX-License-Identifier: Apache-2.0
#include "windrow/fs/object_store.h"

#include <arrow/filesystem/s3fs.h>

#include <map>
#include <mutex>
#include <utility>

#include "windrow/fs/fetch_threads.h"
#include "windrow/fs/retry_policy.h"
#include "windrow/fs/s3_settings.h"
#include "windrow/fs/s3_store.h"

namespace windrow::fs {
namespace {

/// The stores opened so far, by endpoint: their connections are kept alive.
struct OpenedStores {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<ObjectStore>> by_endpoint;

  static OpenedStores& Get() {
    static auto* stores = new OpenedStores();
    return *stores;
  }
};

}  // namespace

bool IsObjectPath(std::string_view path) { return path.starts_with("s3://"); }

Result<std::shared_ptr<ObjectStore>> OpenObjectStore(const ObjectAccess& access) {
  ARROW_RETURN_NOT_OK(
      FetchThreads::SetWidth(access.prefetch ? FetchThreads::kThreads : 1));
  if (access.store != nullptr) return access.store;
  OpenedStores& stores = OpenedStores::Get();
  const std::scoped_lock lock(stores.mutex);
  std::shared_ptr<ObjectStore>& store = stores.by_endpoint[access.s3_endpoint];
  if (store == nullptr) {
    ARROW_ASSIGN_OR_RAISE(const auto settings,
                          S3Settings::FromEnvironment(access.s3_endpoint));
    ARROW_ASSIGN_OR_RAISE(const auto policy, RetryPolicy::FromEnvironment());
    ARROW_ASSIGN_OR_RAISE(store, MakeS3Store(settings, policy));
  }
  return store;
}

bool CloseObjectStores() {
  // A request that was given up may take a moment to notice.
  constexpr double kPatienceSeconds = 0.2;
  if (!arrow::fs::IsS3Initialized()) return true;
  if (!FetchThreads::WaitUntilIdle(kPatienceSeconds)) return false;
  {
    OpenedStores& stores = OpenedStores::Get();
    const std::scoped_lock lock(stores.mutex);
    stores.by_endpoint.clear();
  }
  return arrow::fs::EnsureS3Finalized().ok();
}

}  // namespace windrow::fs
