// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <vector>

#include "windrow/base/status.h"

namespace windrow::exec {

// A pipeline is a chain that ends in a sink:
//
//   units ─> decode ─> Operator* ─> Breaker::Prepare          in parallel, in any order
//                                   Breaker::Consume          one at a time, in row order
//   emitted batches ─> Operator* ─> Breaker::Prepare, Consume as above, and so on
//   emitted batches ─> Operator* ─> Sink::Encode              in parallel
//                                   Sink::Write               one at a time, in row order
//
// Operators map one batch to one batch and may run on many batches at once. A breaker
// sees the batches in order and emits when it likes: a join probe by windows, a sort at
// the end.

/// Maps a batch to a batch. Process is called from many threads at once.
class Operator {
 public:
  virtual ~Operator() = default;
  virtual const std::shared_ptr<arrow::Schema>& output_schema() const = 0;
  /// Zero rows are dropped by the pipeline.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> Process(
      std::shared_ptr<arrow::RecordBatch> batch) = 0;
};

/// Where a breaker puts its output. Runs the rest of the pipeline before it returns, so a
/// breaker that emits piece by piece never holds more than one piece.
class Emitter {
 public:
  virtual ~Emitter() = default;
  /// `batches` in output order. They are processed in parallel.
  virtual Status Emit(std::vector<std::shared_ptr<arrow::RecordBatch>> batches) = 0;
};

/// What Prepare or Encode made of one batch.
struct Prepared {
  virtual ~Prepared() = default;
};

/// Ends a chain of operators and may start the next one.
class Breaker {
 public:
  virtual ~Breaker() = default;
  /// Null for a breaker that emits nothing (a join build).
  virtual const std::shared_ptr<arrow::Schema>& output_schema() const = 0;
  /// The parallel part of the work on one batch. Called from many threads at once.
  virtual Result<std::unique_ptr<Prepared>> Prepare(
      std::shared_ptr<arrow::RecordBatch> batch) = 0;
  /// One call at a time, in row order.
  virtual Status Consume(std::unique_ptr<Prepared> prepared, Emitter* emitter) = 0;
  /// After the last Consume.
  virtual Status Finish(Emitter* emitter) = 0;
  /// True when further input cannot change the output; the pipeline then stops its
  /// source.
  virtual bool done() const { return false; }
};

/// Writes a pipeline's rows. Nothing is visible under the output's name before Commit.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Serialises and compresses one batch. Called from many threads at once.
  virtual Result<std::unique_ptr<Prepared>> Encode(
      std::shared_ptr<arrow::RecordBatch> batch) = 0;
  /// One call at a time, in row order.
  virtual Status Write(std::unique_ptr<Prepared> encoded) = 0;
  /// For a sink whose taker may be slow: true when it is full, and then `resume` is
  /// called once when it no longer is. Whoever is about to make more rows on a worker
  /// asks this instead of letting a Write wait.
  virtual bool Park(std::function<void()> resume) {
    static_cast<void>(resume);
    return false;
  }
  /// Completes the output; still invisible. After it only Commit or Abort may follow.
  virtual Status Finish() = 0;
  /// Publishes the output under its name.
  virtual Status Commit() = 0;
  /// Removes everything written. Also what destruction without Commit does.
  virtual void Abort() = 0;
  /// Bytes written to storage so far.
  virtual int64_t bytes_written() const = 0;
};

/// A sink that stores nothing: there is nothing to publish and nothing to remove.
class TransientSink : public Sink {
 public:
  Status Finish() override { return Status::OK(); }
  Status Commit() override { return Status::OK(); }
  void Abort() override {}
  int64_t bytes_written() const override { return 0; }
};

}  // namespace windrow::exec
