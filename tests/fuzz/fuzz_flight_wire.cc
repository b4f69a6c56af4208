// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>

#include "fuzz_target.h"
#include "windrow/base/check.h"
#include "windrow/flight/key_filter.h"
#include "windrow/flight/scan_request.h"
#include "windrow/flight/server_address.h"
#include "windrow/flight/stream_mark.h"
#include "windrow/flight/ticket.h"

namespace windrow::fuzz {
namespace {

constexpr int kDecoded = 0;
constexpr int kRefused = -1;

std::string_view Text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// A decoder may refuse its input only as the fault of whoever sent it.
int Refused(const Status& status, Blame blame) {
  WINDROW_CHECK(BlameOf(status) == blame);
  WINDROW_CHECK(status.message().find('\n') == std::string::npos);
  return kRefused;
}

int DecodeScanRequest(const uint8_t* data, size_t size) {
  const auto read = flight::ReadScanRequest(Text(data, size));
  if (!read.ok()) return Refused(read.status(), Blame::kUser);
  const auto again = flight::ReadScanRequest(flight::WriteScanRequest(*read));
  WINDROW_CHECK(again.ok() && *again == *read);
  return kDecoded;
}

int DecodeTicketText(const uint8_t* data, size_t size) {
  const auto read = flight::ReadTicketText(Text(data, size));
  if (!read.ok()) return Refused(read.status(), Blame::kUser);
  const auto again = flight::ReadTicketText(flight::WriteTicketText(*read));
  WINDROW_CHECK(again.ok() && *again == *read);
  return kDecoded;
}

flight::Ticket ExampleTicket() {
  return {.request = {.table = "quotes", .columns = {{"id"}}, .limit = 7},
          .snapshot = "2026",
          .first_chunk = 1,
          .end_chunk = 9,
          .expires_at = 100};
}

const flight::TicketKey& ExampleKey() {
  static const flight::TicketKey kKey = *flight::TicketKey::OfToken("token");
  return kKey;
}

int DecodeTicket(const uint8_t* data, size_t size) {
  const auto read = ExampleKey().Check(Text(data, size), 0);
  if (!read.ok()) return Refused(read.status(), Blame::kUser);
  WINDROW_CHECK(*read == ExampleTicket());  // no other was ever signed
  return kDecoded;
}

int DecodeKeyFilter(const uint8_t* data, size_t size) {
  const auto filter = flight::KeyFilter::Parse(std::string(Text(data, size)));
  if (!filter.ok()) return Refused(filter.status(), Blame::kData);
  WINDROW_CHECK(filter->bytes() == Text(data, size));
  arrow::MemoryPool* const pool = arrow::default_memory_pool();
  if (filter->form() == flight::KeyFilter::Form::kBloom) {
    const auto keys = *arrow::MakeArrayOfNull(filter->type(), 3);
    WINDROW_CHECK((*filter->Test(*keys, pool))->true_count() == 0);
    return kDecoded;
  }
  const auto keys = filter->SortedKeys(filter->type(), pool);
  if (!keys.ok()) return Refused(keys.status(), Blame::kData);
  WINDROW_CHECK((*keys)->length() <= filter->num_keys());
  const auto again = flight::KeyFilter::Make(**keys, 1e6);
  WINDROW_CHECK(again.ok() && again->num_keys() == (*keys)->length());
  WINDROW_CHECK((*again->SortedKeys(filter->type(), pool))->Equals(**keys));
  return kDecoded;
}

int DecodeStreamMark(const uint8_t* data, size_t size) {
  const auto mark = flight::ReadStreamMark(Text(data, size));
  if (!mark.ok()) return Refused(mark.status(), Blame::kData);
  WINDROW_CHECK(flight::WriteStreamMark(*mark) == Text(data, size));
  return kDecoded;
}

int DecodeTableAddress(const uint8_t* data, size_t size) {
  const auto read = flight::ParseTableAddress(Text(data, size));
  if (!read.ok()) return Refused(read.status(), Blame::kUser);
  const auto again = flight::ParseTableAddress(read->server.uri() + "/" + read->table);
  WINDROW_CHECK(again.ok() && again->server == read->server);
  WINDROW_CHECK(again->table == read->table);
  return kDecoded;
}

std::vector<std::string> ScanRequestSeeds() {
  return {"quotes",
          R"({"windrow_scan":1,"table":"t","columns":["a","b\u00e9\n"],"where":"a > 1",)"
          R"("limit":5,"key_column":"a","key_filter":"00ff","codec":"zstd:3",)"
          R"("message_bytes":4194304,"endpoints":4})"};
}

std::vector<std::string> KeyFilterSeeds() {
  arrow::Int64Builder numbers;
  arrow::TimestampBuilder times(arrow::timestamp(arrow::TimeUnit::NANO, "UTC"),
                                arrow::default_memory_pool());
  arrow::StringBuilder texts;
  for (int64_t i = 0; i < 60; ++i) {
    const int64_t key = i < 30 ? i - 300 : i * i * i;
    WINDROW_CHECK(numbers.Append(key).ok() && times.Append(key << 20).ok());
    WINDROW_CHECK(texts.Append(std::to_string(key)).ok());
  }
  std::vector<std::string> seeds;
  for (const auto& keys : {*numbers.Finish(), *times.Finish(), *texts.Finish()}) {
    for (const double bits_per_key : {0.1, 10.0}) {
      seeds.push_back(flight::KeyFilter::Make(*keys, bits_per_key)->bytes());
    }
  }
  return seeds;
}

}  // namespace

std::vector<FuzzTarget> FlightWireTargets() {
  return {{"scan_request", DecodeScanRequest, ScanRequestSeeds()},
          {"ticket_text", DecodeTicketText, {flight::WriteTicketText(ExampleTicket())}},
          {"ticket", DecodeTicket, {*ExampleKey().Sign(ExampleTicket())}},
          {"key_filter", DecodeKeyFilter, KeyFilterSeeds()},
          {"stream_mark", DecodeStreamMark, {flight::WriteStreamMark({true, 1, 2, 3})}},
          {"table_address",
           DecodeTableAddress,
           {"grpc://127.0.0.1:8815/quotes", "grpc+tls://[2001:db8::1]:443/a/b"}}};
}

}  // namespace windrow::fuzz
