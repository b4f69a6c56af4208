// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/metrics.h"

#include <algorithm>
#include <chrono>

#include "windrow/exec/task_slots.h"

namespace windrow::exec {

void StepMetrics::Touch(int64_t start_nanos, int64_t end_nanos) {
  int64_t first = first_nanos_;
  while (start_nanos < first && !first_nanos_.compare_exchange_weak(first, start_nanos)) {
  }
  int64_t last = last_nanos_;
  while (end_nanos > last && !last_nanos_.compare_exchange_weak(last, end_nanos)) {
  }
}

std::optional<int64_t> StepMetrics::first_nanos() const {
  const int64_t first = first_nanos_;
  return first == INT64_MAX ? std::nullopt : std::optional<int64_t>(first);
}

int64_t StepMetrics::wall_nanos() const {
  return std::max<int64_t>(
      0, last_nanos_ - std::min(first_nanos_.load(), last_nanos_.load()));
}

void StepMetrics::Count(std::string_view name, int64_t amount) {
  const std::scoped_lock lock(mutex_);
  counts_[std::string(name)] += amount;
}

std::map<std::string, int64_t> StepMetrics::counts() const {
  const std::scoped_lock lock(mutex_);
  return counts_;
}

void StepMetrics::Reject(std::string_view reason, int64_t rows) {
  const std::scoped_lock lock(mutex_);
  rejected_[std::string(reason)] += rows;
}

std::map<std::string, int64_t> StepMetrics::rejected() const {
  const std::scoped_lock lock(mutex_);
  return rejected_;
}

void StepMetrics::SetStrategy(std::string_view strategy, std::string_view reason) {
  const std::scoped_lock lock(mutex_);
  strategy_ = strategy;
  reason_ = reason;
}

std::string StepMetrics::strategy() const {
  const std::scoped_lock lock(mutex_);
  return strategy_;
}

std::string StepMetrics::reason() const {
  const std::scoped_lock lock(mutex_);
  return reason_;
}

namespace {
thread_local StepTimer* innermost_timer = nullptr;
}  // namespace

StepTimer::StepTimer(StepMetrics* metrics)
    : metrics_(metrics),
      outer_(innermost_timer),
      wall_start_(WallNanos()),
      cpu_start_(ThreadCpuNanos()) {
  if (outer_ != nullptr) {
    outer_->ChargeCpu();
    cpu_start_ = outer_->cpu_start_;
  }
  innermost_timer = this;
}

StepTimer::~StepTimer() {
  ChargeCpu();
  metrics_->Touch(wall_start_, WallNanos());
  innermost_timer = outer_;
  if (outer_ != nullptr) outer_->cpu_start_ = ThreadCpuNanos();
}

void StepTimer::ChargeCpu() {
  const int64_t now = ThreadCpuNanos();
  metrics_->cpu_nanos += now - cpu_start_;
  cpu_start_ = now;
}

int64_t WallNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace windrow::exec
