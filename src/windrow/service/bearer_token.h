// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/flight/server_middleware.h>

#include <memory>
#include <string>

namespace windrow::service {

/// Lets only calls through whose "authorization" header is "Bearer TOKEN"; others are
/// refused as unauthenticated. Compares in constant time. Thread-safe.
std::shared_ptr<arrow::flight::ServerMiddlewareFactory> RequireToken(std::string token);

}  // namespace windrow::service
