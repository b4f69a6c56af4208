// SPDX-License-Identifier: Apache-2.0
// A ticket on the wire: the magic, the text, and the HMAC-SHA-256 of both.
#include "windrow/flight/ticket.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <span>

#include "windrow/flight/flat_json.h"

namespace windrow::flight {
namespace {

constexpr int64_t kVersion = 1;
constexpr std::string_view kMagic("WTK\1", 4);
constexpr size_t kMacBytes = 32;
/// A request and, generously, the members beside it.
constexpr size_t kTextBytesMax = kScanRequestBytesMax + (size_t{1} << 20);
/// Keeps keys made of a token apart from anything else that is signed with it.
constexpr std::string_view kKeyPurpose = "windrow flight ticket 1";

using Mac = std::array<uint8_t, kMacBytes>;

Result<Mac> MacOf(std::span<const uint8_t> key, std::string_view message) {
  Mac mac{};
  unsigned size = 0;
  const auto* made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                          reinterpret_cast<const unsigned char*>(message.data()),
                          message.size(), mac.data(), &size);
  if (made == nullptr || size != mac.size()) {
    return InternalError("OpenSSL made no HMAC-SHA-256");
  }
  return mac;
}

std::string_view AsText(const Mac& mac) {
  return {reinterpret_cast<const char*>(mac.data()), mac.size()};
}

Status NoTicket(std::string_view why) {
  return UserError("the ticket: ", why,
                   "; expected one that this server's answer to "
                   "GetFlightInfo holds");
}

Result<Ticket> ReadLines(std::string_view own, std::string_view request) {
  Ticket read;
  int64_t version = 0;
  ARROW_RETURN_NOT_OK(ReadFlatJson(own, {{"windrow_ticket", &version, true},
                                         {"snapshot", &read.snapshot, true},
                                         {"first_chunk", &read.first_chunk, true},
                                         {"end_chunk", &read.end_chunk, true},
                                         {"expires_at", &read.expires_at, true}}));
  if (version != kVersion) {
    return UserError("key 'windrow_ticket': found version ", version, ", expected ",
                     kVersion);
  }
  if (read.first_chunk > read.end_chunk) {
    return UserError("chunks from ", read.first_chunk, " to ", read.end_chunk);
  }
  ARROW_ASSIGN_OR_RAISE(read.request, ReadScanRequest(request));
  return read;
}

}  // namespace

std::string WriteTicketText(const Ticket& ticket) {
  rapidjson::StringBuffer text;
  rapidjson::Writer<rapidjson::StringBuffer> json(text);
  json.StartObject();
  json.Key("windrow_ticket");
  json.Int64(kVersion);
  json.Key("snapshot");
  json.String(ticket.snapshot.data(),
              static_cast<rapidjson::SizeType>(ticket.snapshot.size()));
  json.Key("first_chunk");
  json.Int64(ticket.first_chunk);
  json.Key("end_chunk");
  json.Int64(ticket.end_chunk);
  json.Key("expires_at");
  json.Int64(ticket.expires_at);
  json.EndObject();
  return std::string(text.GetString(), text.GetSize()) + "\n" +
         WriteScanRequest(ticket.request);
}

Result<Ticket> ReadTicketText(std::string_view text) {
  // JSON writes a line feed inside a text as an escape.
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return NoTicket("its text has one line");
  Result<Ticket> read = ReadLines(text.substr(0, end), text.substr(end + 1));
  if (!read.ok()) return At("the ticket", read.status());
  return read;
}

bool IsTicket(std::string_view bytes) { return bytes.starts_with(kMagic.substr(0, 3)); }

Result<TicketKey> TicketKey::Random() {
  TicketKey made;
  if (RAND_bytes(made.key_.data(), static_cast<int>(made.key_.size())) != 1) {
    return ResourceError("the system gave no random bytes for a key that signs tickets");
  }
  return made;
}

Result<TicketKey> TicketKey::OfToken(std::string_view token) {
  if (token.empty()) return UserError("the token is empty");
  TicketKey made;
  const std::span bytes(reinterpret_cast<const uint8_t*>(token.data()), token.size());
  ARROW_ASSIGN_OR_RAISE(made.key_, MacOf(bytes, kKeyPurpose));
  return made;
}

Result<std::string> TicketKey::Sign(const Ticket& ticket) const {
  std::string bytes(kMagic);
  bytes += WriteTicketText(ticket);
  if (bytes.size() > kMagic.size() + kTextBytesMax) {
    return UserError("the ticket: ", bytes.size(), " bytes, expected ", kTextBytesMax,
                     " at most");
  }
  ARROW_RETURN_NOT_OK(ReadTicketText(std::string_view(bytes).substr(kMagic.size())));
  ARROW_ASSIGN_OR_RAISE(const Mac mac, MacOf(key_, bytes));
  bytes += AsText(mac);
  return bytes;
}

Result<Ticket> TicketKey::Check(std::string_view bytes, int64_t now) const {
  constexpr size_t kFrameBytes = kMagic.size() + kMacBytes;
  if (bytes.size() < kFrameBytes || bytes.size() > kFrameBytes + kTextBytesMax) {
    return NoTicket("found " + std::to_string(bytes.size()) + " bytes");
  }
  const std::string_view message = bytes.substr(0, bytes.size() - kMacBytes);
  ARROW_ASSIGN_OR_RAISE(const Mac mac, MacOf(key_, message));
  if (!EqualInConstantTime(AsText(mac), bytes.substr(message.size()))) {
    return NoTicket(
        "it was changed, or signed by another server or before this one began");
  }
  if (!message.starts_with(kMagic)) return NoTicket("it is of another version");
  ARROW_ASSIGN_OR_RAISE(Ticket ticket, ReadTicketText(message.substr(kMagic.size())));
  if (now >= ticket.expires_at) {
    return UserError("the ticket expired ", now - ticket.expires_at,
                     " seconds ago; ask for the table again");
  }
  return ticket;
}

bool EqualInConstantTime(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace windrow::flight
