// SPDX-License-Identifier: Apache-2.0
#include "windrow/fs/s3_store.h"

#include <arrow/filesystem/s3fs.h>
#include <arrow/util/io_util.h>
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace windrow::fs {
namespace {

constexpr std::string_view kScheme = "s3://";

/// Leaves trying again to our RetryPolicy, which can be stopped.
class NoRetries : public arrow::fs::S3RetryStrategy {
 public:
  bool ShouldRetry(const AWSErrorDetail&, int64_t) override { return false; }
  int64_t CalculateDelayBeforeNextRetry(const AWSErrorDetail&, int64_t) override {
    return 0;
  }
};

/// "bucket/key" of "s3://bucket/key".
std::string KeyOf(std::string_view path) {
  std::string key(path.substr(kScheme.size()));
  while (key.ends_with('/')) key.pop_back();
  return key;
}

ObjectInfo InfoOf(const arrow::fs::FileInfo& info) {
  const auto changed = info.mtime().time_since_epoch();
  return {std::string(kScheme) + info.path(), info.size(),
          std::chrono::duration_cast<std::chrono::nanoseconds>(changed).count()};
}

bool IsAbsent(const Status& status) {
  return arrow::internal::ErrnoFromStatus(status) == ENOENT;
}

class S3Store : public ObjectStore {
 public:
  S3Store(std::shared_ptr<arrow::fs::S3FileSystem> files, S3Settings settings,
          RetryPolicy policy)
      : files_(std::move(files)), settings_(std::move(settings)), policy_(policy) {}

  Result<std::optional<std::vector<ObjectInfo>>> List(
      const std::string& folder, const arrow::StopToken& stop) override {
    arrow::fs::FileSelector selector;
    selector.base_dir = KeyOf(folder);
    selector.recursive = true;
    std::vector<ObjectInfo> objects;
    const auto list = [&]() -> Status {
      ARROW_ASSIGN_OR_RAISE(const auto infos, files_->GetFileInfo(selector));
      objects.clear();
      for (const arrow::fs::FileInfo& info : infos) {
        if (info.IsFile()) objects.push_back(InfoOf(info));
      }
      return Status::OK();
    };
    bool is_absent = false;
    const Status status = Ask(folder, list, stop, &is_absent);
    if (is_absent) return std::nullopt;
    ARROW_RETURN_NOT_OK(status);
    std::sort(objects.begin(), objects.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    return objects;
  }

  Result<std::optional<ObjectInfo>> Find(const std::string& path,
                                         const arrow::StopToken& stop) override {
    std::optional<ObjectInfo> found;
    const auto find = [&]() -> Status {
      ARROW_ASSIGN_OR_RAISE(const auto info, files_->GetFileInfo(KeyOf(path)));
      if (info.IsFile()) found = InfoOf(info);
      return Status::OK();
    };
    bool is_absent = false;
    ARROW_RETURN_NOT_OK(Ask(path, find, stop, &is_absent));
    return found;
  }

  Status Read(const ObjectInfo& object, int64_t offset, int64_t length, uint8_t* out,
              const arrow::StopToken& stop) override {
    arrow::fs::FileInfo info(KeyOf(object.path), arrow::fs::FileType::File);
    info.set_size(object.size_bytes);  // spares asking for it
    const auto read = [&]() -> Status {
      ARROW_ASSIGN_OR_RAISE(const auto file, files_->OpenInputFile(info));
      ARROW_ASSIGN_OR_RAISE(const int64_t found, file->ReadAt(offset, length, out));
      if (found == length) return Status::OK();
      return Status::IOError("AWS Error NETWORK_CONNECTION during GetObject operation: ",
                             found, " of ", length, " bytes came");
    };
    bool is_absent = false;
    const Status status = Ask(object.path, read, stop, &is_absent);
    // The listing named it, so it was there.
    if (!is_absent) return status;
    return StorageError(object.path, ": the object was deleted while it was read");
  }

 private:
  /// Sets `is_absent` when it fails because what was asked for is not there.
  Status Ask(const std::string& path, const std::function<Status()>& request,
             const arrow::StopToken& stop, bool* is_absent) const;

  std::shared_ptr<arrow::fs::S3FileSystem> files_;
  S3Settings settings_;
  RetryPolicy policy_;
};

/// What Arrow's message names: "... AWS Error NAME during OPERATION operation: DETAIL".
struct NamedFailure {
  std::string name;    ///< "SLOW_DOWN", "UNKNOWN (HTTP status 503)"; "" for other texts
  std::string detail;  ///< may be empty
};

NamedFailure NameFailure(const std::string& message) {
  constexpr std::string_view kStart = "AWS Error ";
  constexpr std::string_view kMiddle = " during ";
  constexpr std::string_view kEnd = " operation: ";
  const size_t start = message.find(kStart);
  if (start == std::string::npos) return {"", message};
  const size_t name = start + kStart.size();
  const size_t middle = message.find(kMiddle, name);
  const size_t end = message.find(kEnd, name);
  if (middle == std::string::npos || end == std::string::npos) return {"", message};
  NamedFailure failure{message.substr(name, middle - name),
                       message.substr(end + kEnd.size())};
  std::replace(failure.detail.begin(), failure.detail.end(), '\n', ' ');
  // Says nothing, or nothing that helps.
  if (failure.detail == "No response body.") failure.detail.clear();
  const size_t request = failure.detail.find(" (Request ID: ");
  if (request != std::string::npos) failure.detail.resize(request);
  return failure;
}

bool IsOneOf(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool MayPass(std::string_view name) {
  constexpr std::string_view kStatus = "UNKNOWN (HTTP status ";
  if (name.starts_with(kStatus)) {
    name.remove_prefix(kStatus.size());
    return name.starts_with('5') || name.starts_with("429") || name.starts_with("408");
  }
  return IsOneOf(name,
                 {"SLOW_DOWN", "THROTTLING", "SERVICE_UNAVAILABLE", "INTERNAL_FAILURE",
                  "NETWORK_CONNECTION", "REQUEST_TIMEOUT", "REQUEST_TIME_TOO_SKEWED"});
}

}  // namespace

TryResult ReadS3Failure(const Status& status) {
  if (status.ok() || IsAbsent(status)) return {status, false};
  const NamedFailure failure = NameFailure(status.message());
  const std::string text = failure.name.empty() ? failure.detail
                           : failure.detail.empty()
                               ? failure.name
                               : failure.name + ", " + failure.detail;
  if (failure.name == "NO_SUCH_BUCKET") {
    return {StorageError("no such bucket"), false};
  }
  if (IsOneOf(failure.name, {"NO_SUCH_KEY", "RESOURCE_NOT_FOUND"}) ||
      failure.name.ends_with("(HTTP status 404)")) {
    return {arrow::internal::IOErrorFromErrno(ENOENT, "no such object"), false};
  }
  if (failure.name == "INVALID_RANGE" || failure.name.ends_with("(HTTP status 416)") ||
      failure.name.ends_with("(HTTP status 412)")) {
    return {StorageError("the object was changed while it was read: it is shorter than "
                         "when it was listed"),
            false};
  }
  if (IsOneOf(failure.name, {"ACCESS_DENIED", "SIGNATURE_DOES_NOT_MATCH",
                             "INVALID_ACCESS_KEY_ID", "INVALID_CLIENT_TOKEN_ID",
                             "UNRECOGNIZED_CLIENT", "MISSING_AUTHENTICATION_TOKEN"}) ||
      failure.detail.find("ExpiredToken") != std::string::npos ||
      failure.detail.find("InvalidToken") != std::string::npos) {
    return {StorageError("access denied (", text,
                         "); expected credentials that may read it, in "
                         "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
            false};
  }
  return {StorageError(text), MayPass(failure.name)};
}

namespace {

Status S3Store::Ask(const std::string& path, const std::function<Status()>& request,
                    const arrow::StopToken& stop, bool* is_absent) const {
  const auto attempt = [&] {
    const TryResult result = ReadS3Failure(request());
    *is_absent = IsAbsent(result.status);
    return result;
  };
  const Status status = policy_.Run(path, attempt, stop);
  if (status.ok() || BlameOf(status) == Blame::kCancelled) return status;
  return status.WithMessage(settings_.Redact(status.message()));
}

}  // namespace

Result<std::shared_ptr<ObjectStore>> MakeS3Store(const S3Settings& settings,
                                                 const RetryPolicy& policy) {
  // Waits of seconds for a service that only Amazon's machines have.
  if (!settings.host.empty() || !settings.access_key.empty()) {
    setenv("AWS_EC2_METADATA_DISABLED", "true", /*overwrite=*/0);
  }
  if (!arrow::fs::IsS3Initialized()) {
    arrow::fs::S3GlobalOptions global = arrow::fs::S3GlobalOptions::Defaults();
    ARROW_RETURN_NOT_OK(arrow::fs::InitializeS3(global));
  }
  arrow::fs::S3Options options;
  options.region = settings.region;
  options.scheme = settings.scheme;
  options.endpoint_override = settings.host;  // path style follows from it
  options.connect_timeout = policy.request_seconds;
  options.request_timeout = policy.request_seconds;
  options.tls_ca_file_path = settings.ca_file;
  options.retry_strategy = std::make_shared<NoRetries>();
  if (settings.access_key.empty()) {
    options.ConfigureDefaultCredentials();
    if (options.GetAccessKey().empty()) {
      return StorageError(
          "S3: no credentials; expected AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    }
  } else {
    options.ConfigureAccessKey(settings.access_key, settings.secret_key,
                               settings.session_token);
  }
  auto files = arrow::fs::S3FileSystem::Make(options);
  if (!files.ok()) {
    return StorageError("S3: ", settings.Redact(files.status().message()));
  }
  return std::make_shared<S3Store>(*std::move(files), settings, policy);
}

}  // namespace windrow::fs
