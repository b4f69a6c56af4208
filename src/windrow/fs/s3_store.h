// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "windrow/fs/object_store.h"
#include "windrow/fs/retry_policy.h"
#include "windrow/fs/s3_settings.h"

namespace windrow::fs {

/// S3 and what speaks its protocol, by Arrow's S3 file system. Starts the S3 library at
/// the first call; CloseObjectStores ends it. StorageError when there are no credentials:
/// nobody is asked without any.
Result<std::shared_ptr<ObjectStore>> MakeS3Store(const S3Settings& settings,
                                                 const RetryPolicy& policy);

/// What Arrow's message says went wrong with `object`, in words of ours, and whether it
/// may pass.
TryResult ReadS3Failure(const Status& status);

}  // namespace windrow::fs
