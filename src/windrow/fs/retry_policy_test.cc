// SPDX-License-Identifier: Apache-2.0
#include "windrow/fs/retry_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <vector>

namespace windrow::fs {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;
using testing::HasSubstr;

/// A clock that only moves when someone sleeps or a test moves it.
class FakeClock : public RetryClock {
 public:
  double Now() override { return now; }
  void Sleep(double seconds, const arrow::StopToken&) override {
    slept.push_back(seconds);
    now += seconds;
  }
  double Random() override { return random; }

  double now = 100;
  double random = 0;
  std::vector<double> slept;
};

struct Attempts {
  int count = 0;
  int failures = 1000;
  bool may_pass = true;
  double seconds = 0;
  FakeClock* clock = nullptr;

  TryResult operator()() {
    ++count;
    clock->now += seconds;
    if (count > failures) return {Status::OK(), false};
    return {StorageError("failure ", count), may_pass};
  }
};

class RetryPolicyTest : public testing::Test {
 protected:
  RetryPolicyTest() { attempts_.clock = &clock_; }

  Status Run() {
    return policy_.Run("s3://b/k", std::ref(attempts_), source_.token(), clock_);
  }

  RetryPolicy policy_;
  FakeClock clock_;
  Attempts attempts_;
  arrow::StopSource source_;
};

TEST_F(RetryPolicyTest, SucceedsAtOnceWithoutWaiting) {
  attempts_.failures = 0;
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(attempts_.count, 1);
  EXPECT_TRUE(clock_.slept.empty());
}

TEST_F(RetryPolicyTest, WaitsTwiceAsLongEachTime) {
  attempts_.failures = 3;
  EXPECT_TRUE(Run().ok());
  EXPECT_THAT(clock_.slept, ElementsAre(DoubleEq(0.2), DoubleEq(0.4), DoubleEq(0.8)));
}

TEST_F(RetryPolicyTest, LeavesOutHalfOfTheWaitAtMost) {
  clock_.random = 1;
  attempts_.failures = 2;
  EXPECT_TRUE(Run().ok());
  EXPECT_THAT(clock_.slept, ElementsAre(DoubleEq(0.1), DoubleEq(0.2)));
}

TEST_F(RetryPolicyTest, GivesUpAfterTheTriesWithTheLastCause) {
  const Status status = Run();
  EXPECT_EQ(attempts_.count, 5);
  EXPECT_EQ(BlameOf(status), Blame::kStorage);
  EXPECT_EQ(status.message(), "s3://b/k: after 5 tries: failure 5");
}

TEST_F(RetryPolicyTest, GivesUpWhenTheTimeIsOver) {
  attempts_.seconds = 4;
  EXPECT_EQ(Run().message(), "s3://b/k: after 3 tries: failure 3");
}

TEST_F(RetryPolicyTest, DoesNotTryAgainWhatCannotPass) {
  attempts_.may_pass = false;
  const Status status = Run();
  EXPECT_EQ(attempts_.count, 1);
  EXPECT_EQ(status.message(), "s3://b/k: failure 1");
}

TEST_F(RetryPolicyTest, EndsWhenStopped) {
  source_.RequestStop();
  EXPECT_EQ(BlameOf(Run()), Blame::kCancelled);
  EXPECT_EQ(attempts_.count, 0);
}

TEST_F(RetryPolicyTest, ReadsTheEnvironment) {
  setenv("WINDROW_STORE_TRIES", "2", 1);
  setenv("WINDROW_STORE_RETRY_SECONDS", "0.5", 1);
  const auto policy = RetryPolicy::FromEnvironment();
  ASSERT_TRUE(policy.ok());
  EXPECT_EQ(policy->most_tries, 2);
  EXPECT_EQ(policy->most_seconds, 0.5);
  for (const char* wrong : {"0", "-1", "x", "2x", "nan"}) {
    setenv("WINDROW_STORE_RETRY_SECONDS", wrong, 1);
    const Status status = RetryPolicy::FromEnvironment().status();
    EXPECT_EQ(BlameOf(status), Blame::kUser) << wrong;
    EXPECT_THAT(status.message(), HasSubstr("WINDROW_STORE_RETRY_SECONDS"));
  }
  unsetenv("WINDROW_STORE_TRIES");
  unsetenv("WINDROW_STORE_RETRY_SECONDS");
}

}  // namespace
}  // namespace windrow::fs
