// SPDX-License-Identifier: Apache-2.0
#include "windrow/service/codec_choice.h"

#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <chrono>

#include "windrow/service/message_sink.h"

namespace windrow::service {
namespace {

constexpr int64_t kSampleRows = 16 * 1024;
/// Faster than compression by so much, about.
constexpr double kDecompression = 2;

/// Rows of the first batches, as the scan would deliver them.
Result<std::shared_ptr<arrow::RecordBatch>> SampleRows(const flight::ScanRequest& request,
                                                       const ServedTable& served,
                                                       const runner::RunOptions& run) {
  flight::ScanRequest first = request;
  first.where.clear();
  first.key_column.clear();
  first.key_filter.clear();
  first.limit = kSampleRows;
  ARROW_ASSIGN_OR_RAISE(
      const plan::PreparedJob job,
      PrepareScan(first, {&served, std::nullopt}, nullptr, run.switches));
  runner::LocalRunner runner(run, arrow::StopToken::Unstoppable());
  ARROW_RETURN_NOT_OK(runner.Run(job));
  const auto& batches = *runner.collected().at(kScanResult);
  if (batches.empty()) return nullptr;
  // Out of the run's memory, which ends here.
  return batches[0]->CopyTo(arrow::default_cpu_memory_manager());
}

Result<CodecSample> Compress(const std::string& codec, const arrow::RecordBatch& rows) {
  arrow::ipc::IpcWriteOptions options = arrow::ipc::IpcWriteOptions::Defaults();
  options.use_threads = false;
  arrow::ipc::IpcPayload plain;
  ARROW_RETURN_NOT_OK(arrow::ipc::GetRecordBatchPayload(rows, options, &plain));
  ARROW_ASSIGN_OR_RAISE(options.codec, CodecOf(codec));
  arrow::ipc::IpcPayload compressed;
  const auto begin = std::chrono::steady_clock::now();
  ARROW_RETURN_NOT_OK(arrow::ipc::GetRecordBatchPayload(rows, options, &compressed));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const auto bytes = static_cast<double>(std::max<int64_t>(1, plain.body_length));
  return CodecSample{codec, static_cast<double>(compressed.body_length) / bytes,
                     bytes / std::max(took.count(), 1e-9)};
}

}  // namespace

std::string ChooseCodec(const std::vector<CodecSample>& samples, double link_rate,
                        int slots) {
  constexpr double kLeastGain = 1.1;
  std::string choice = "none";
  if (link_rate <= 0) return choice;
  double best = link_rate * kLeastGain;
  for (const CodecSample& sample : samples) {
    const double rate = std::min(link_rate / sample.ratio, sample.rate * slots);
    if (rate <= best) continue;
    best = rate;
    choice = sample.codec;
  }
  return choice;
}

std::string_view CodecFamily(std::string_view codec) {
  return codec.substr(0, codec.find(':'));
}

CodecSample StoredSample(const std::vector<CodecSample>& samples,
                         const std::string& family) {
  for (const CodecSample& sample : samples) {
    if (CodecFamily(sample.codec) != family) continue;
    return {family, sample.ratio, kDecompression * sample.rate};
  }
  return {family};
}

Result<std::vector<CodecSample>> CodecSamples::Of(const flight::ScanRequest& request,
                                                  const ServedTable& served,
                                                  const runner::RunOptions& run) {
  std::string key = served.name;
  if (request.columns.has_value()) {
    for (const std::string& column : *request.columns) key += '\0' + column;
  }
  const std::scoped_lock lock(mutex_);
  const auto known = samples_.find(key);
  if (known != samples_.end()) return known->second;
  ARROW_ASSIGN_OR_RAISE(const auto rows, SampleRows(request, served, run));
  std::vector<CodecSample> samples;
  if (rows != nullptr) {
    for (const char* codec : {"lz4", "zstd:1"}) {
      ARROW_ASSIGN_OR_RAISE(samples.emplace_back(), Compress(codec, *rows));
    }
  }
  return samples_[key] = std::move(samples);
}

}  // namespace windrow::service
