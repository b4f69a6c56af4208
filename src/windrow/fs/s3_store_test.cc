// SPDX-License-Identifier: Apache-2.0
#include "windrow/fs/s3_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

namespace windrow::fs {
namespace {

using testing::HasSubstr;
using testing::Not;

TryResult Read(const std::string& name, const std::string& detail = "") {
  return ReadS3Failure(Status::IOError("When reading: AWS Error ", name,
                                       " during GetObject operation: ", detail));
}

TEST(S3FailureTest, WhatMayPassIsKnownByItsName) {
  for (const char* name :
       {"SLOW_DOWN", "SERVICE_UNAVAILABLE", "INTERNAL_FAILURE", "NETWORK_CONNECTION",
        "REQUEST_TIMEOUT", "UNKNOWN (HTTP status 500)", "UNKNOWN (HTTP status 502)",
        "UNKNOWN (HTTP status 503)", "UNKNOWN (HTTP status 429)"}) {
    EXPECT_TRUE(Read(name).may_pass) << name;
  }
  for (const char* name : {"ACCESS_DENIED", "NO_SUCH_BUCKET", "NO_SUCH_KEY",
                           "UNKNOWN (HTTP status 400)", "INVALID_RANGE"}) {
    EXPECT_FALSE(Read(name).may_pass) << name;
  }
}

TEST(S3FailureTest, SaysWhatTheStoreSaid) {
  EXPECT_EQ(Read("SLOW_DOWN", "Reduce\nyour rate (Request ID: x)").status.message(),
            "SLOW_DOWN, Reduce your rate");
  EXPECT_EQ(Read("UNKNOWN (HTTP status 503)", "No response body.").status.message(),
            "UNKNOWN (HTTP status 503)");
  EXPECT_EQ(Read("NO_SUCH_BUCKET").status.message(), "no such bucket");
  EXPECT_THAT(Read("SIGNATURE_DOES_NOT_MATCH").status.message(),
              HasSubstr("access denied (SIGNATURE_DOES_NOT_MATCH)"));
  EXPECT_THAT(
      Read("UNKNOWN (HTTP status 400)", "ExceptionName: ExpiredToken").status.message(),
      HasSubstr("access denied"));
  EXPECT_EQ(BlameOf(ReadS3Failure(Status::Invalid("odd path")).status), Blame::kStorage);
}

TEST(S3SettingsTest, SecretsAreTakenOut) {
  S3Settings settings;
  settings.access_key = "AKEY";
  settings.secret_key = "hush";
  EXPECT_EQ(settings.Redact("AKEY said hush, hush"), "... said ..., ...");
  EXPECT_THAT(S3Settings().Redact("nothing"), Not(HasSubstr("...")));
}

TEST(S3SettingsTest, TheEndpointIsAServer) {
  const auto settings = S3Settings::FromEnvironment("https://store:9000/");
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->scheme, "https");
  EXPECT_EQ(settings->host, "store:9000");
  for (const char* wrong :
       {"store:9000", "http://", "http://u:p@store", "http://s/path"}) {
    const Status status = S3Settings::FromEnvironment(wrong).status();
    EXPECT_EQ(BlameOf(status), Blame::kUser) << wrong;
    EXPECT_THAT(status.message(), Not(HasSubstr("u:p")));
  }
}

}  // namespace
}  // namespace windrow::fs
