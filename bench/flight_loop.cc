// SPDX-License-Identifier: Apache-2.0
// What Flight itself can do: a server that hands out the batches of a mapped Arrow file
// and a client that reads them and lets them go, with nothing of Windrow between.
//
//   windrow-flight-loop serve FILE [--listen grpc://HOST:PORT]
//   windrow-flight-loop pull URI [--streams N] [--message-bytes N] [--codec C]
//                                [--columns A,B,C]
//
// The second is a contestant; see harness.py. Each stream has a connection of its own and
// pulls its share of the file's batches. A ticket names what the server has to know:
// "BEGIN END MESSAGE_BYTES CODEC COLUMNS". Codecs are none, lz4 and zstd:N.
#include <arrow/flight/client.h>
#include <arrow/flight/server.h>
#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/compression.h>
#include <malloc.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <iostream>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>

#include "contestant.h"

namespace windrow::bench {
namespace {

namespace wire = arrow::flight;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

constexpr char kAll[] = "*";

struct Request {
  int begin = 0;
  int end = 0;
  int64_t message_bytes = 0;  ///< 0: batches as they are in the file
  std::string codec = "none";
  std::string columns = kAll;
};

std::string TicketOf(const Request& request) {
  std::ostringstream text;
  text << request.begin << ' ' << request.end << ' ' << request.message_bytes << ' '
       << request.codec << ' ' << request.columns;
  return text.str();
}

Result<Request> RequestOf(const std::string& ticket) {
  Request request;
  std::istringstream text(ticket);
  text >> request.begin >> request.end >> request.message_bytes >> request.codec >>
      request.columns;
  if (text.fail()) return UserError("found the ticket '", ticket, "'");
  return request;
}

Result<std::shared_ptr<arrow::util::Codec>> CodecOf(const std::string& codec) {
  if (codec == "none") return nullptr;
  if (codec == "lz4") return arrow::util::Codec::Create(arrow::Compression::LZ4_FRAME);
  if (!codec.starts_with("zstd:")) return UserError("found the codec '", codec, "'");
  return arrow::util::Codec::Create(arrow::Compression::ZSTD, std::stoi(codec.substr(5)));
}

/// Batches [begin, end) of a file, cut so that none is much longer than asked for.
class CutBatches : public arrow::RecordBatchReader {
 public:
  CutBatches(std::shared_ptr<arrow::ipc::RecordBatchFileReader> file,
             const Request& request)
      : file_(std::move(file)), request_(request), next_(request.begin) {}

  std::shared_ptr<arrow::Schema> schema() const override { return file_->schema(); }

  arrow::Status ReadNext(BatchPtr* batch) override {
    while (batch_ == nullptr || offset_ == batch_->num_rows()) {
      *batch = nullptr;
      if (next_ == request_.end) return arrow::Status::OK();
      ARROW_ASSIGN_OR_RAISE(batch_, file_->ReadRecordBatch(next_++));
      ARROW_ASSIGN_OR_RAISE(const int64_t bytes,
                            arrow::util::ReferencedBufferSize(*batch_));
      const int64_t parts =
          request_.message_bytes == 0 ? 1 : bytes / request_.message_bytes + 1;
      rows_ = (batch_->num_rows() + parts - 1) / parts;
      offset_ = 0;
    }
    *batch = batch_->Slice(offset_, rows_);
    offset_ += (*batch)->num_rows();
    return arrow::Status::OK();
  }

 private:
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> file_;
  Request request_;
  int next_;
  BatchPtr batch_;
  int64_t offset_ = 0;
  int64_t rows_ = 0;
};

class FileServer : public wire::FlightServerBase {
 public:
  explicit FileServer(std::shared_ptr<arrow::io::RandomAccessFile> file)
      : file_(std::move(file)) {}

  arrow::Status GetFlightInfo(const wire::ServerCallContext&,
                              const wire::FlightDescriptor& descriptor,
                              std::unique_ptr<wire::FlightInfo>* info) override {
    ARROW_ASSIGN_OR_RAISE(const auto reader, Open(Request{}));
    // Its total records are the file's batches, which is what clients share out.
    ARROW_ASSIGN_OR_RAISE(auto made,
                          wire::FlightInfo::Make(*reader->schema(), descriptor, {},
                                                 reader->num_record_batches(), -1));
    *info = std::make_unique<wire::FlightInfo>(std::move(made));
    return arrow::Status::OK();
  }

  arrow::Status DoGet(const wire::ServerCallContext&, const wire::Ticket& ticket,
                      std::unique_ptr<wire::FlightDataStream>* stream) override {
    ARROW_ASSIGN_OR_RAISE(const Request request, RequestOf(ticket.ticket));
    auto options = arrow::ipc::IpcWriteOptions::Defaults();
    ARROW_ASSIGN_OR_RAISE(options.codec, CodecOf(request.codec));
    ARROW_ASSIGN_OR_RAISE(auto file, Open(request));
    auto batches = std::make_shared<CutBatches>(std::move(file), request);
    *stream = std::make_unique<wire::RecordBatchStream>(std::move(batches), options);
    return arrow::Status::OK();
  }

 private:
  arrow::Result<std::shared_ptr<arrow::ipc::RecordBatchFileReader>> Open(
      const Request& request) {
    auto options = arrow::ipc::IpcReadOptions::Defaults();
    if (request.columns != kAll) {
      ARROW_ASSIGN_OR_RAISE(const auto whole,
                            arrow::ipc::RecordBatchFileReader::Open(file_, options));
      std::istringstream names(request.columns);
      for (std::string name; std::getline(names, name, ',');) {
        options.included_fields.push_back(whole->schema()->GetFieldIndex(name));
      }
    }
    return arrow::ipc::RecordBatchFileReader::Open(file_, options);
  }

  std::shared_ptr<arrow::io::RandomAccessFile> file_;
};

Status ServeFile(const std::string& path, const std::string& listen) {
  ARROW_ASSIGN_OR_RAISE(
      auto file, arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ));
  FileServer server(std::move(file));
  ARROW_ASSIGN_OR_RAISE(const auto location, wire::Location::Parse(listen));
  ARROW_RETURN_NOT_OK(server.Init(wire::FlightServerOptions(location)));
  ARROW_RETURN_NOT_OK(server.SetShutdownOnSignals({SIGTERM}));
  const std::string host = listen.substr(0, listen.rfind(':'));
  std::cout << "serving a file at " << host << ':' << server.port() << std::endl;
  return server.Serve();
}

class Pull : public Work {
 public:
  Pull(std::string uri, int streams, Request request)
      : uri_(std::move(uri)), streams_(streams), request_(std::move(request)) {}

  Result<int64_t> Run() override { return PullAll(nullptr); }

  Status WriteAnswer(const std::string& path) override {
    std::unique_ptr<AnswerFile> file;
    std::mutex mutex;
    const Receiver write = [&](const arrow::RecordBatch& batch) -> Status {
      const std::scoped_lock lock(mutex);
      if (file == nullptr) {
        ARROW_ASSIGN_OR_RAISE(file, AnswerFile::Open(path, batch.schema()));
      }
      return file->Write(batch);
    };
    ARROW_RETURN_NOT_OK(PullAll(write).status());
    return file == nullptr ? UserError("found no batch") : file->Close();
  }

 private:
  using Receiver = std::function<Status(const arrow::RecordBatch&)>;

  Result<int64_t> PullAll(const Receiver& receive) {
    ARROW_ASSIGN_OR_RAISE(const auto client, Connect());
    ARROW_ASSIGN_OR_RAISE(const auto info,
                          client->GetFlightInfo(wire::FlightDescriptor::Path({"file"})));
    const auto batches = static_cast<int>(info->total_records());
    const int streams = std::clamp(streams_, 1, std::max(1, batches));
    std::vector<Result<int64_t>> rows(streams, 0);
    std::vector<std::thread> threads;
    for (int i = 0; i < streams; ++i) {
      Request request = request_;
      request.begin = batches * i / streams;
      request.end = batches * (i + 1) / streams;
      threads.emplace_back(
          [this, &receive, &rows, i, request] { rows[i] = PullOne(request, receive); });
    }
    for (std::thread& thread : threads) thread.join();
    int64_t sum = 0;
    for (const Result<int64_t>& each : rows) {
      ARROW_RETURN_NOT_OK(each.status());
      sum += *each;
    }
    return sum;
  }

  Result<int64_t> PullOne(const Request& request, const Receiver& receive) {
    ARROW_ASSIGN_OR_RAISE(const auto client, Connect());
    ARROW_ASSIGN_OR_RAISE(const auto stream,
                          client->DoGet(wire::Ticket{TicketOf(request)}));
    int64_t rows = 0;
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const wire::FlightStreamChunk chunk, stream->Next());
      if (chunk.data == nullptr) return rows;
      rows += chunk.data->num_rows();
      if (receive != nullptr) ARROW_RETURN_NOT_OK(receive(*chunk.data));
    }
  }

  Result<std::unique_ptr<wire::FlightClient>> Connect() const {
    ARROW_ASSIGN_OR_RAISE(const auto location, wire::Location::Parse(uri_));
    return wire::FlightClient::Connect(location);
  }

  std::string uri_;
  int streams_;
  Request request_;
};

/// Messages of many megabytes are allocated one after the other; without this each one
/// gets new pages from the kernel.
void KeepFreedMemory() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
}

Status Loop(int argc, char** argv) {
  if (argc < 3) return UserError("expected serve FILE or pull URI, and options in pairs");
  const std::string verb = argv[1];
  std::map<std::string, std::string> options;
  for (int i = 3; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
  auto option = [&](const char* name, const char* otherwise) {
    return options.contains(name) ? options[name] : otherwise;
  };
  KeepFreedMemory();
  if (verb == "serve") {
    return ServeFile(argv[2], option("--listen", "grpc://127.0.0.1:0"));
  }
  if (verb != "pull") return UserError("found '", verb, "', expected serve or pull");
  Request request;
  request.message_bytes = std::stoll(option("--message-bytes", "4194304"));
  request.codec = option("--codec", "none");
  request.columns = option("--columns", kAll);
  Pull pull(argv[2], std::stoi(option("--streams", "1")), request);
  return ServeVerbs(&pull);
}

}  // namespace
}  // namespace windrow::bench

int main(int argc, char** argv) {
  const windrow::Status status = windrow::bench::Loop(argc, argv);
  if (!status.ok()) std::cerr << "windrow-flight-loop: " << status.message() << '\n';
  return windrow::ExitCode(status);
}
