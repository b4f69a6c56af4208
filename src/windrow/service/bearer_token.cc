// SPDX-License-Identifier: Apache-2.0
#include "windrow/service/bearer_token.h"

#include <arrow/flight/server.h>
#include <arrow/flight/types.h>

#include <utility>

#include "windrow/flight/call_names.h"
#include "windrow/flight/ticket.h"

namespace windrow::service {
namespace {

namespace wire = arrow::flight;

class TokenCheck : public wire::ServerMiddlewareFactory {
 public:
  explicit TokenCheck(std::string token) : expected_(flight::kTokenPrefix + token) {}

  arrow::Status StartCall(const wire::CallInfo&, const wire::ServerCallContext& context,
                          std::shared_ptr<wire::ServerMiddleware>*) override {
    const auto headers = context.incoming_headers().equal_range(flight::kTokenHeader);
    for (auto header = headers.first; header != headers.second; ++header) {
      if (flight::EqualInConstantTime(header->second, expected_)) {
        return arrow::Status::OK();
      }
    }
    return wire::MakeFlightError(
        wire::FlightStatusCode::Unauthenticated,
        headers.first == headers.second
            ? "found no token; expected the header 'authorization: Bearer TOKEN'"
            : "found another token than this server's");
  }

 private:
  const std::string expected_;
};

}  // namespace

std::shared_ptr<wire::ServerMiddlewareFactory> RequireToken(std::string token) {
  return std::make_shared<TokenCheck>(std::move(token));
}

}  // namespace windrow::service
